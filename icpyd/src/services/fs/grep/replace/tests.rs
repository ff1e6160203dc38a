//! What changes, and that nothing else does.

use proptest::prelude::*;

use super::*;

fn params(pattern: &str, set: impl FnOnce(&mut FsGrepParams)) -> FsGrepParams {
    let mut params = FsGrepParams::new("/", pattern);
    set(&mut params);
    params
}

fn content(content: &[u8], params: &FsGrepParams, replacement: &str) -> Result<Vec<u8>, &'static str> {
    replace(content, &Pattern::new(params).unwrap(), params, replacement).map(|replaced| replaced.content())
}

/// Replaces, and takes that back.
fn there_and_back(content: &[u8], params: &FsGrepParams, replacement: &str) {
    let replaced = replace(content, &Pattern::new(params).unwrap(), params, replacement).unwrap();
    let (new, reversal) = (replaced.content(), Reversal::of(&replaced));
    let back = reversal.apply(&new).unwrap();
    assert_eq!(back, content, "{} by {replacement:?}", params.pattern);
}

fn utf16(text: &str, unit: fn(u16) -> [u8; 2]) -> Vec<u8> {
    text.encode_utf16().flat_map(unit).collect()
}

#[test]
fn matches_are_replaced_and_nothing_else() {
    let check = |text: &str, pattern: &str, replacement: &str, expect: &str| {
        let found = content(text.as_bytes(), &params(pattern, |_| ()), replacement).unwrap();
        assert_eq!(String::from_utf8(found).unwrap(), expect, "{pattern} in {text}");
    };
    check("a b a\na", "a", "xy", "xy b xy\nxy");
    check("a b\r\nb\r\n", "b$|b\r", "c", "a c\nc\n");
    check("one\ntwo\n", "^", "- ", "- one\n- two\n");
    check("key = value", r"(\w+) = (?<v>\w+)", "$v: ${1}s $$ $0", "value: keys $ key = value");
    check("abc", "x", "y", "abc");
    check("x\r\ny\r\n", "x", "1\n2", "1\r\n2\r\ny\r\n");
    check("x\ny\n", "x", "1\n2", "1\n2\ny\n");
    check("aaa", "a*", "b", "b");
    check("é x", "x", "€", "é €");
    check("", "x*", "y", "");
    check("a\nb", "$", ";", "a;\nb;");
    check("a\nb\n", "$", ";", "a;\nb;\n");
}

#[test]
fn what_was_replaced_is_taken_back() {
    let big = |text: &str| [&[0xfe, 0xff], &utf16(text, u16::to_be_bytes)[..]].concat();
    for replacement in ["", "x", "longer than it was"] {
        for content in [&b"a b a\r\nba\n"[..], b"a", b"", b"\xef\xbb\xbfa\na", b"caf\xe9 a", &big("a \u{1f600}a\r\n")] {
            for pattern in ["a", "^", "a$", "b|a"] {
                there_and_back(content, &params(pattern, |_| ()), replacement);
            }
        }
    }
    // What is not as it was left leads to nothing, and never beyond its end.
    let params = params("a", |_| ());
    let replaced = replace(b"a b a", &Pattern::new(&params).unwrap(), &params, "xyz").unwrap();
    assert_eq!(Reversal::of(&replaced).apply(b"x"), None);
}

#[test]
fn line_ends_stay_as_they_are() {
    let check = |text: &str, pattern: &str, replacement: &str, expect: &str| {
        for is_multiline in [false, true] {
            let params = params(pattern, |it| it.is_multiline = is_multiline);
            let found = content(text.as_bytes(), &params, replacement).unwrap();
            let found = String::from_utf8(found).unwrap();
            assert_eq!(found, expect, "{pattern} in {text:?}, over lines: {is_multiline}");
        }
    };
    check("a\r\nb", "a.*", "Q", "Q\r\nb");
    check("aXbX\r\n\r\nc", "$", ";", "aXbX;\r\n;\r\nc;");
    check("a\r\nba\r\na", "a$", "c", "c\r\nbc\r\nc");
    check("a \r\nb\t\r\n", "[ \t]+$", "", "a\r\nb\r\n");
    check("x\r\n\r\ny\n", "^", "- ", "- x\r\n- \r\n- y\n");
    check("a\r\nb\r\n", r"\r", "", "a\nb\n");
}

#[test]
fn matches_over_lines_are_replaced() {
    let check = |text: &str, pattern: &str, replacement: &str, expect: &str| {
        let found = content(text.as_bytes(), &params(pattern, |it| it.is_multiline = true), replacement).unwrap();
        assert_eq!(String::from_utf8(found).unwrap(), expect, "{pattern} in {text}");
    };
    check("a\nb\na\nb\n", "a\nb", "c", "c\nc\n");
    check("f(\n  x)\nf(\n  y)\n", r"f\(\n\s*(\w)\)", "f($1)", "f(x)\nf(y)\n");
    check("a \n\nb", r"\s+", " ", "a b");
}

#[test]
fn the_encoding_stays() {
    let check = |bytes: &[u8], replacement: &str, expect: Result<&[u8], &str>| {
        let found = content(bytes, &params("needle", |_| ()), replacement);
        assert_eq!(found, expect.map(<[u8]>::to_vec), "{bytes:?}");
    };
    check(b"\xef\xbb\xbfneedle\r\n", "pin", Ok(b"\xef\xbb\xbfpin\r\n"));
    check(b"\xe9 needle \xff", "pin", Ok(b"\xe9 pin \xff"));
    check(b"\xe9 needle", "\u{e9}", Err("it is not in Unicode, and the replacement is not in ASCII"));
    check(b"needle\0", "pin", Err("it is binary"));
    let (le, be) = (u16::to_le_bytes as fn(u16) -> [u8; 2], u16::to_be_bytes as fn(u16) -> [u8; 2]);
    for unit in [le, be] {
        let expect = utf16("\u{feff}é pin €😀\r\n", unit);
        check(&utf16("\u{feff}é needle €😀\r\n", unit), "pin", Ok(&expect));
    }
    check(&[&utf16("\u{feff}needle", le)[..], b"x"].concat(), "pin", Err("it is not well-formed UTF-16"));
    check(b"\xff\xfe\x00\xd8n\0", "pin", Err("it is not well-formed UTF-16"));
}

#[test]
fn an_edit_says_where_it_is() {
    let params = params("b.|x\ny", |it| it.is_multiline = true);
    let replaced = replace(b"\xef\xbb\xbfa bc\nx\ny bd\n", &Pattern::new(&params).unwrap(), &params, "B").unwrap();
    let places = replaced.edits.iter().map(|edit| (edit.line, edit.line_start, edit.range.clone()));
    assert_eq!(places.collect::<Vec<_>>(), [(1, 0, 2..4), (2, 5, 5..8), (3, 7, 9..11)]);
    assert_eq!(replaced.text(), b"a bc\nx\ny bd\n");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() })]

    /// What is replaced by itself leaves every byte as it is.
    #[test]
    fn a_match_for_itself_changes_nothing(
        bytes in proptest::collection::vec(prop_oneof![Just(b'a'), Just(b'b'), Just(b'\n'), Just(b'\r'), 1u8..], 0..200),
        is_multiline: bool,
    ) {
        let params = params("a+b*|[^a]b", |it| it.is_multiline = is_multiline);
        if let Ok(found) = content(&bytes, &params, "$0") {
            prop_assert_eq!(found, bytes);
        }
    }

    /// A whole text is what the regular expression itself makes of it.
    #[test]
    fn it_is_what_the_expression_makes_of_each_line(text in "[ab \n]{0,60}") {
        let expect: Vec<String> = text.split_inclusive('\n').map(|line| line.replace("ab", "<>")).collect();
        let found = content(text.as_bytes(), &params("ab", |_| ()), "<>").unwrap();
        prop_assert_eq!(String::from_utf8(found).unwrap(), expect.concat());
    }
}
