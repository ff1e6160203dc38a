//! What is text, and that it comes back.

use proptest::prelude::*;

use super::*;

/// Every charset there is.
fn charsets() -> Vec<Charset> {
    let legacy = [
        "windows-1250",
        "windows-1251",
        "windows-1252",
        "windows-1253",
        "windows-1254",
        "windows-1255",
        "windows-1256",
        "windows-1257",
        "windows-1258",
        "windows-874",
        "ibm866",
        "iso-8859-2",
        "iso-8859-3",
        "iso-8859-4",
        "iso-8859-5",
        "iso-8859-6",
        "iso-8859-7",
        "iso-8859-8",
        "iso-8859-8-i",
        "iso-8859-10",
        "iso-8859-13",
        "iso-8859-14",
        "iso-8859-15",
        "iso-8859-16",
        "koi8-r",
        "koi8-u",
        "macintosh",
        "x-mac-cyrillic",
        "gbk",
        "gb18030",
        "big5",
        "euc-jp",
        "iso-2022-jp",
        "shift_jis",
        "euc-kr",
        "x-user-defined",
    ];
    let unicode = ["utf-8", "utf-16le", "utf-16be"];
    unicode.iter().chain(&legacy).map(|name| Charset::named(name).unwrap()).collect()
}

fn again(text: &Decoded<'_>) -> Vec<u8> {
    encode(&text.text, Some(text.charset.name()), text.has_bom).unwrap().into_owned()
}

/// Bytes are found to be this text, in this charset, and come back.
#[track_caller]
fn check(bytes: &[u8], charset: &str, has_bom: bool, expect: &str) {
    let text = detect(bytes).unwrap();
    assert_eq!((&*text.text, text.charset.name(), text.has_bom), (expect, charset, has_bom));
    assert_eq!(again(&text), bytes);
}

#[test]
fn text_is_found_in_its_charset() {
    check(b"", "UTF-8", false, "");
    check(b"plain\r\n", "UTF-8", false, "plain\r\n");
    check("grüße".as_bytes(), "UTF-8", false, "grüße");
    check(b"\xef\xbb\xbfa", "UTF-8", true, "a");
    check(b"\xef\xbb\xbf\xef\xbb\xbf", "UTF-8", true, "\u{feff}");
    check(b"\xff\xfea\0\n\0", "UTF-16LE", true, "a\n");
    check(b"\xfe\xff\0a\xd8\x3d\xde\0", "UTF-16BE", true, "a😀");
    check(b"\xff\xfe", "UTF-16LE", true, "");
    check(&utf_16::encode(Endian::Little, "no mark\r\n"), "UTF-16LE", false, "no mark\r\n");
    check(&utf_16::encode(Endian::Big, "Grüße, 世界\n"), "UTF-16BE", false, "Grüße, 世界\n");
    check(b"Gr\xfc\xdfe aus K\xf6ln\n", "windows-1252", false, "Grüße aus Köln\n");
    check(b"\xcf\xf0\xe8\xe2\xe5\xf2, \xea\xe0\xea \xe4\xe5\xeb\xe0?\n", "windows-1251", false, "Привет, как дела?\n");
    let japanese = "これは日本語の文章です。\n";
    check(&encode(japanese, Some("shift_jis"), false).unwrap(), "Shift_JIS", false, japanese);
    check(&encode(japanese, Some("euc-jp"), false).unwrap(), "EUC-JP", false, japanese);
    // What the sample says is not true of all.
    let mixed = [encode(&japanese.repeat(4000), Some("euc-jp"), false).unwrap().as_ref(), b"\xff"].concat();
    assert_eq!(detect(&mixed).unwrap().charset.name(), "windows-1252");
}

#[test]
fn what_is_no_text_is_binary() {
    let cases: [&[u8]; 8] = [
        b"\0",
        b"\x7fELF\x02\x01\x01\0\0\0",
        b"text\0text",
        b"\xff\0\xfe",
        // A mark, and then something else.
        b"\xff\xfe\0\0",
        b"\xff\xfe\x00\xd8",
        // Numbers of two bytes.
        b"\x01\0\x02\0\x03\0\x04\0",
        b"\x1f\x8b\x08\x88\xff\x02\x03",
    ];
    for bytes in cases {
        assert_eq!(detect(bytes), None, "{bytes:?}");
    }
    // A sign that is far from the beginning is not seen.
    let far = [vec![b'a'; HEAD_BYTES], vec![0]].concat();
    assert_eq!(detect(&far).unwrap().charset, Charset::Utf8);
}

#[test]
fn a_charset_has_many_names_and_some_have_none() {
    for (name, expect) in
        [("utf8", "UTF-8"), ("latin1", "windows-1252"), ("UTF-16", "UTF-16LE"), (" sjis ", "Shift_JIS")]
    {
        assert_eq!(Charset::named(name).unwrap().name(), expect);
    }
    for name in ["", "utf-9", "utf-7", "utf-32", "replacement", "hz-gb-2312", "\0"] {
        let error = Charset::named(name).unwrap_err();
        assert!(error.message().contains(&format!("`{name}`")), "{error}");
    }
}

#[test]
fn what_a_charset_does_not_have_is_named_with_its_line() {
    let refused = |text: &str, charset: &str, expect: &str| {
        let error = encode(text, Some(charset), false).unwrap_err();
        assert_eq!(error.message(), expect);
    };
    refused("a\nb\n語", "latin1", "`windows-1252` has no character `語` (U+8A9E), which is in line 3");
    // It would come back as a backslash.
    refused("1 \u{a5}", "shift_jis", "`Shift_JIS` has no character `¥` (U+00A5), which is in line 1");
    refused("\u{1b}$B", "iso-2022-jp", "`ISO-2022-JP` has no character `\\u{1b}` (U+001B), which is in line 1");
    let error = encode("a", Some("latin1"), true).unwrap_err();
    assert_eq!(error.message(), "a text in `windows-1252` has no byte order mark");
}

#[test]
fn line_ends_are_told() {
    use FsLineEnds::{Cr, Crlf, Lf, Mixed, None};
    let cases = [
        ("", None, false),
        ("a", None, false),
        ("a\n", Lf, true),
        ("a\nb", Lf, false),
        ("a\r\nb\r\n", Crlf, true),
        ("a\rb\r", Cr, true),
        ("a\r\nb\n", Mixed, true),
        ("a\rb\n", Mixed, true),
        ("a\n\r", Mixed, true),
        ("\r\r\n", Mixed, true),
    ];
    for (text, expect, ends_with_newline) in cases {
        assert_eq!(line_ends(text), (expect, ends_with_newline), "{text:?}");
    }
}

proptest! {
    #[test]
    fn all_bytes_that_are_text_come_back(bytes: Vec<u8>) {
        if let Some(text) = detect(&bytes) {
            prop_assert_eq!(again(&text), &bytes[..]);
        }
        for charset in charsets() {
            if let Some(text) = charset.decode(&bytes) {
                prop_assert_eq!(again(&text), &bytes[..], "{}", charset.name());
            }
        }
    }

    #[test]
    fn all_text_that_a_charset_takes_comes_back(text: String, has_bom: bool) {
        // The first one would be taken for a mark.
        let text = text.trim_start_matches('\u{feff}');
        for charset in charsets() {
            let has_bom = has_bom && charset.bom().is_some();
            match encode(text, Some(charset.name()), has_bom) {
                Ok(bytes) => {
                    let back = charset.decode(&bytes);
                    prop_assert_eq!(back, Some(Decoded { text: text.into(), charset, has_bom }));
                }
                Err(_) => prop_assert!(matches!(charset, Charset::Legacy(_)), "{}", charset.name()),
            }
        }
    }

    #[test]
    fn parts_of_text_make_the_whole(text: String, length in 1..9_usize) {
        let latin: String = text.chars().map(|it| if u32::from(it) < 128 { it } else { 'é' }).collect();
        for (charset, text) in [("utf-8", &text), ("utf-16le", &text), ("utf-16be", &text), ("latin1", &latin)] {
            let bytes = encode(text, Some(charset), false).unwrap();
            let charset = Charset::named(charset).unwrap();
            let parts = (0..bytes.len()).step_by(length).map(|start| {
                let part = characters(charset, &bytes, start..bytes.len().min(start + length)).unwrap();
                charset.decode_part(&bytes[part]).unwrap().into_owned()
            });
            prop_assert_eq!(&parts.collect::<String>(), text);
        }
    }

    #[test]
    fn no_part_of_any_bytes_is_left_out_unseen(bytes: Vec<u8>, start: prop::sample::Index) {
        let start = if bytes.is_empty() { 0 } else { start.index(bytes.len()) };
        for name in ["utf-8", "utf-16le", "utf-16be"] {
            let charset = Charset::named(name).unwrap();
            if let Some(part) = characters(charset, &bytes, start..bytes.len()) {
                prop_assert!(part.start >= start && part.start <= start + 3);
                // What is left out before it is the end of a character.
                let ends_character = (start.saturating_sub(3)..start)
                    .any(|from| charset.decode_part(&bytes[from..part.start]).is_some());
                prop_assert!(part.start == start || (name != "utf-8" && start % 2 == 1) || ends_character);
            }
        }
    }
}
