//! Cuts output at what not everybody is to get: questions to the terminal, which the daemon alone answers, and the marks by
//! which a shell tells of its commands.
//!
//! Whoever shows a terminal gets no question, so that a real terminal does not answer it once more, each time it is shown. What may
//! be the beginning of one is held until it is known: it would show nothing.

use memchr::memchr2;

/// A control sequence that asks something is shorter.
const SEQUENCE_BYTES_MAX: usize = 64;

/// A string that asks something, or marks something, is shorter.
const STRING_BYTES_MAX: usize = 8 << 10;

const ENQUIRY: u8 = 0x05;
const BELL: u8 = 0x07;
const CANCEL: u8 = 0x18;
const SUBSTITUTE: u8 = 0x1a;
const ESCAPE: u8 = 0x1b;

/// What a piece of output is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// To be shown.
    Shown,
    /// A question: to be answered, and not shown.
    Question,
    /// What a shell tells of a command (OSC 133 and 633): shown, too.
    Mark,
}

/// What is held.
#[derive(Debug, Default)]
pub(super) struct Cutter(Vec<u8>);

/// What begins with an escape.
enum Found {
    /// So many bytes that mean nothing here.
    Other(usize),
    /// So many bytes of a kind.
    Piece(Kind, usize),
    /// More is needed to say.
    Unfinished,
}

impl Cutter {
    /// One that holds what another has held.
    pub(super) fn restored(held: Vec<u8>) -> Self {
        Self(held)
    }

    /// What is held: at the end it is shown.
    pub(super) fn held(&self) -> &[u8] {
        &self.0
    }

    /// Cuts output, which may end anywhere.
    pub(super) fn cut(&mut self, bytes: &[u8], visit: &mut dyn FnMut(&[u8], Kind)) {
        if self.0.is_empty() {
            self.0.extend_from_slice(cut_whole(bytes, visit));
            return;
        }
        self.0.extend_from_slice(bytes);
        let all = std::mem::take(&mut self.0);
        self.0.extend_from_slice(cut_whole(&all, visit));
    }
}

/// Cuts what is there, and returns what must be held.
fn cut_whole<'a>(bytes: &'a [u8], visit: &mut dyn FnMut(&[u8], Kind)) -> &'a [u8] {
    let (mut begin, mut place) = (0, 0);
    let show = |part: &[u8], visit: &mut dyn FnMut(&[u8], Kind)| {
        if !part.is_empty() {
            visit(part, Kind::Shown);
        }
    };
    while let Some(distance) = memchr2(ESCAPE, ENQUIRY, &bytes[place..]) {
        let start = place + distance;
        match find(&bytes[start..]) {
            Found::Other(length) => place = start + length,
            Found::Piece(kind, length) => {
                show(&bytes[begin..start], visit);
                place = start + length;
                begin = place;
                visit(&bytes[start..place], kind);
            }
            Found::Unfinished => {
                show(&bytes[begin..start], visit);
                return &bytes[start..];
            }
        }
    }
    show(&bytes[begin..], visit);
    &[]
}

/// What is at the beginning: an escape or an enquiry.
fn find(bytes: &[u8]) -> Found {
    match bytes {
        [ENQUIRY, ..] => Found::Piece(Kind::Question, 1),
        [_, b'[', rest @ ..] => control(rest),
        [_, b']', rest @ ..] => command(rest),
        [_, b'P', rest @ ..] => device(rest),
        [_, b'_', rest @ ..] => application(rest),
        // DECID.
        [_, b'Z', ..] => Found::Piece(Kind::Question, 2),
        [_, ESCAPE, ..] => Found::Other(1),
        [_, _, ..] => Found::Other(2),
        _ => Found::Unfinished,
    }
}

/// What is behind `ESC [`.
fn control(rest: &[u8]) -> Found {
    let end = rest.iter().take(SEQUENCE_BYTES_MAX).position(|byte| !(0x20..=0x3f).contains(byte));
    match end.map(|end| (end, rest[end])) {
        None if rest.len() < SEQUENCE_BYTES_MAX => Found::Unfinished,
        None => Found::Other(2),
        Some((end, action)) if is_question(&rest[..end], action) => Found::Piece(Kind::Question, end + 3),
        Some((end, _)) => Found::Other(end + 2),
    }
}

/// Whether a control sequence asks for an answer: what is before its last byte, and that.
fn is_question(params: &[u8], action: u8) -> bool {
    let mark = params.first().copied().filter(|byte| (0x3c..=0x3f).contains(byte));
    let between = params.iter().position(|byte| *byte < 0x30).map_or(&b""[..], |place| &params[place..]);
    let first = params.split(|byte| *byte == b';').next().unwrap_or_default();
    match (mark, between, action) {
        // XTWINOPS: state, places and sizes of the window, and its titles.
        (None, b"", b't') => matches!(first, b"11" | b"13" | b"14" | b"15" | b"16" | b"18" | b"19" | b"20" | b"21"),
        // DA1, DA2 and DA3; DSR; DECREQTPARM; DECRQM.
        (None | Some(b'>' | b'='), b"", b'c')
        | (None | Some(b'?'), b"", b'n')
        | (None, b"", b'x')
        | (None | Some(b'?'), b"$", b'p')
        // XTVERSION; the keyboard's modes (kitty); XTQMODKEYS; XTSMGRAPHICS.
        | (Some(b'>'), b"", b'q')
        | (Some(b'?'), b"", b'u' | b'm' | b'S')
        // DECRQPSR, DECRQTSR, DECRQUPSS, DECRQDE, DECRQCRA, DECRQLP and XTREPORTSGR.
        | (None, b"$", b'w' | b'u')
        | (None, b"&", b'u')
        | (None, b"\"", b'v')
        | (None, b"*", b'y')
        | (None, b"'" | b"#", b'|') => true,
        _ => false,
    }
}

/// What is behind `ESC ]`.
fn command(rest: &[u8]) -> Found {
    let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
    if digits == rest.len() && digits < 5 {
        return Found::Unfinished;
    }
    let is_mark = matches!(&rest[..digits], b"133" | b"633");
    let is_color = matches!(
        &rest[..digits],
        b"4" | b"5" | b"10" | b"11" | b"12" | b"13" | b"14" | b"15" | b"16" | b"17" | b"18" | b"19" | b"21"
    );
    let is_clipboard = &rest[..digits] == b"52";
    if !is_mark && !is_color && !is_clipboard {
        return Found::Other(2);
    }
    if is_clipboard {
        // What sets one may be long, and is known by its beginning.
        let data = rest[digits..].iter().enumerate().filter(|(_, byte)| **byte == b';').nth(1);
        match data.map(|(place, _)| rest.get(digits + place + 1)) {
            None | Some(Some(b'?') | None) => {}
            Some(Some(_)) => return Found::Other(2),
        }
    }
    let (end, length) = match string_end(rest, true) {
        Ok(end) => end,
        Err(other) => return other,
    };
    let asks = |field: &[u8]| field == b"?" || field.ends_with(b"=?");
    match is_mark {
        true => Found::Piece(Kind::Mark, length),
        false if rest[digits..end].split(|byte| *byte == b';').any(asks) => Found::Piece(Kind::Question, length),
        false => Found::Other(length),
    }
}

/// What is behind `ESC P`: DECRQSS, XTGETTCAP and XTGETXRES ask.
fn device(rest: &[u8]) -> Found {
    match rest {
        [] | [b'$' | b'+'] => Found::Unfinished,
        [b'$', b'q', ..] | [b'+', b'q' | b'Q', ..] => {
            string_end(rest, false).map_or_else(|other| other, |(_, length)| Found::Piece(Kind::Question, length))
        }
        _ => Found::Other(2),
    }
}

/// What is behind `ESC _`: kitty's images, of which one may ask whether there are any.
fn application(rest: &[u8]) -> Found {
    let Some(first) = rest.first() else { return Found::Unfinished };
    let end = rest.iter().take(SEQUENCE_BYTES_MAX).position(|byte| matches!(*byte, b';' | ESCAPE));
    match end {
        _ if *first != b'G' => Found::Other(2),
        None if rest.len() < SEQUENCE_BYTES_MAX => Found::Unfinished,
        Some(end) if rest[1..end].split(|byte| *byte == b',').any(|pair| pair == b"a=q") => {
            string_end(rest, false).map_or_else(|other| other, |(_, length)| Found::Piece(Kind::Question, length))
        }
        _ => Found::Other(2),
    }
}

/// Where a string ends, and the length of all with the two bytes before it and its end.
fn string_end(rest: &[u8], is_ended_by_bell: bool) -> Result<(usize, usize), Found> {
    let is_end = |byte: &u8| matches!(*byte, CANCEL | SUBSTITUTE | ESCAPE) || (is_ended_by_bell && *byte == BELL);
    let Some(end) = rest.iter().take(STRING_BYTES_MAX).position(is_end) else {
        return Err(if rest.len() < STRING_BYTES_MAX { Found::Unfinished } else { Found::Other(2) });
    };
    match &rest[end..] {
        [BELL, ..] => Ok((end, end + 3)),
        [ESCAPE] => Err(Found::Unfinished),
        [ESCAPE, b'\\', ..] => Ok((end, end + 4)),
        // It is broken off.
        _ => Err(Found::Other(end + 2)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is shown, and what is a question `<..>` or a mark `{..}`, however the output comes; and what is held at the end.
    fn check(output: &str, expected: &str, held: &str) {
        for size in 1..=output.len() {
            let mut cutter = Cutter::default();
            let mut text = Vec::new();
            for piece in output.as_bytes().chunks(size) {
                cutter.cut(piece, &mut |piece, kind| match kind {
                    Kind::Shown => text.extend_from_slice(piece),
                    Kind::Question => text.extend([b"<", piece, b">"].concat()),
                    Kind::Mark => text.extend([b"{", piece, b"}"].concat()),
                });
            }
            assert_eq!(
                (
                    String::from_utf8_lossy(&text).replace('\x1b', "^"),
                    &*String::from_utf8_lossy(cutter.held()).replace('\x1b', "^")
                ),
                (expected.to_owned(), held),
                "{output:?} in pieces of {size}"
            );
        }
    }

    #[test]
    fn questions_are_found() {
        for question in [
            "\x1b[c",
            "\x1b[0c",
            "\x1b[>c",
            "\x1b[=0c",
            "\x1b[5n",
            "\x1b[6n",
            "\x1b[?6n",
            "\x1b[?996n",
            "\x1b[?2026$p",
            "\x1b[4$p",
            "\x1b[>0q",
            "\x1b[?u",
            "\x1b[?4m",
            "\x1b[14t",
            "\x1b[18t",
            "\x1b[21t",
            "\x1b[1;1;1;1;1;1*y",
            "\x1b]11;?\x07",
            "\x1b]11;?\x1b\\",
            "\x1b]4;1;?\x1b\\",
            "\x1b]52;c;?\x07",
            "\x1b]21;foreground=?\x1b\\",
            "\x1bP$qm\x1b\\",
            "\x1bP+q544e\x1b\\",
            "\x1b_Gi=1,a=q;AAAA\x1b\\",
            "\x1bZ",
            "\x05",
        ] {
            check(&format!("a{question}b"), &format!("a<{}>b", question.replace('\x1b', "^")), "");
        }
    }

    #[test]
    fn all_else_is_shown() {
        for shown in [
            "\x1b[1;31mtext\x1b[0m",
            "\x1b[?25l",
            "\x1b[22;0t",
            "\x1b[8;24;80t",
            "\x1b[>4;2m",
            "\x1b[2 q",
            "\x1b[>1u",
            "\x1b[s\x1b[u",
            "\x1b[1;2r",
            "\x1b]0;c? 6n ?\x07",
            "\x1b]8;;http://a?\x1b\\link\x1b]8;;\x1b\\",
            "\x1b]11;rgb:0/0/0\x07",
            "\x1b]52;c;aGk=\x07",
            "\x1bPq#0;2;0;0;0~\x1b\\",
            "\x1b_Ga=T,f=100;AAAA\x1b\\",
            "\x1b(B\x1b7\x1b8\x1bM",
            "é\u{1f600}",
            "\x1b[31\rm",
            "\x1b]11;?\x1b[m",
        ] {
            check(&format!("{shown}."), &format!("{}.", shown.replace('\x1b', "^")), "");
        }
        check(&format!("\x1b]52;c;{}\x07.", "A".repeat(200)), &format!("^]52;c;{}\x07.", "A".repeat(200)), "");
    }

    #[test]
    fn marks_are_pieces_and_what_is_not_known_yet_is_held() {
        check("a\x1b]133;C\x07b\x1b]633;E;l;s\x1b\\c", "a{^]133;C\x07}b{^]633;E;l;s^\\}c", "");
        check("a\x1b[6", "a", "^[6");
        check("a\x1b]133;D;0", "a", "^]133;D;0");
        check("a\x1b", "a", "^");
        check("\x1b\x1b[6n\x1b", "^<^[6n>", "^");
    }
}
