//! What a program has written, without what only a terminal understands.

use super::sequence::{Piece, Sequencer};

/// The modes that show the alternate screen.
const ALTERNATE: [&[u8]; 3] = [b"47", b"1047", b"1049"];

/// Text and its line ends as a program wrote them: the terminal's own carriage returns, control sequences, and what was shown on
/// the alternate screen are left out. What is no text is replaced.
pub fn plain_text(bytes: &[u8]) -> String {
    let (mut text, mut is_alternate) = (String::new(), false);
    Sequencer::default().feed(bytes, &mut |piece| {
        if let Piece::Sequence(sequence) = piece {
            is_alternate = alternate(sequence).unwrap_or(is_alternate);
        } else if !is_alternate {
            push(piece, &mut text);
        }
    });
    text
}

fn push(piece: Piece<'_>, text: &mut String) {
    match piece {
        Piece::Ascii(ascii) => text.push_str(&String::from_utf8_lossy(ascii)),
        Piece::Text(other) => text.push_str(other),
        Piece::Invalid => text.push(char::REPLACEMENT_CHARACTER),
        Piece::Control(b'\n') => {
            if text.ends_with('\r') {
                text.pop();
            }
            text.push('\n');
        }
        Piece::LineEnd => text.push('\n'),
        Piece::Control(byte @ (b'\r' | b'\t' | b'\x08')) => text.push(char::from(byte)),
        Piece::Control(_) | Piece::Escape(_) | Piece::Sequence(_) | Piece::Command(..) | Piece::Device(_) => {}
    }
}

/// Whether what is behind `ESC [` shows the alternate screen, or the other one.
fn alternate(sequence: &[u8]) -> Option<bool> {
    let inner = sequence.strip_prefix(b"?")?;
    let (action, modes) = inner.split_last()?;
    let is_meant = modes.split(|byte| *byte == b';').any(|mode| ALTERNATE.contains(&mode));
    match (is_meant, action) {
        (true, b'h') => Some(true),
        (true, b'l') => Some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::plain_text;

    #[test]
    fn text_is_as_it_was_written() {
        let check = |bytes: &[u8], text: &str| assert_eq!(plain_text(bytes), text, "{}", bytes.escape_ascii());
        check(b"a\tb  \r\n\r\nc\r\r\n", "a\tb  \n\nc\r\n");
        check(b"\x1b[1;31mred\x1b[0m \x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\\x07", "red link");
        check(b"10%\r20%\r\n", "10%\r20%\n");
        check(b"a\x1b[?1049h\x1b[Hfull\x1b[?1049lb\x1b[?25h", "ab");
        check("ünï\u{1f600}".as_bytes(), "ünï\u{1f600}");
        check(b"\xffa", "\u{fffd}a");
    }
}
