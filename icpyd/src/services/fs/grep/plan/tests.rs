//! What is asked for, and that it is never too much.

use proptest::prelude::*;
use regex_syntax::ParserBuilder;
use regex_syntax::hir::Hir;

use super::*;

fn hir(pattern: &str, ignores_case: bool) -> Option<Hir> {
    let mut parser = ParserBuilder::new().utf8(false).multi_line(true).case_insensitive(ignores_case).build();
    parser.parse(pattern).ok()
}

/// A plan in brackets: `(a b)` asks for all, `[a b]` for one.
fn shown(plan: &Plan) -> String {
    let join = |plans: &[Plan]| plans.iter().map(shown).collect::<Vec<_>>().join(" ");
    match plan {
        Plan::Any => "*".to_owned(),
        Plan::Text(text) => text.escape_ascii().to_string(),
        Plan::All(plans) => format!("({})", join(plans)),
        Plan::Either(plans) => format!("[{}]", join(plans)),
    }
}

impl Plan {
    /// Whether a file with this content can match: what the index answers, without its mistakes.
    fn accepts(&self, content: &[u8]) -> bool {
        match self {
            Self::Any => true,
            Self::Text(text) => content.to_ascii_lowercase().windows(text.len()).any(|window| window == text),
            Self::All(plans) => plans.iter().all(|plan| plan.accepts(content)),
            Self::Either(plans) => plans.iter().any(|plan| plan.accepts(content)),
        }
    }
}

#[test]
fn what_a_pattern_asks_for() {
    let check = |pattern: &str, expect: &str| {
        assert_eq!(shown(&Plan::new(&hir(pattern, false).unwrap())), expect, "{pattern}");
    };
    check("needle", "needle");
    check("NeedLE", "needle");
    check("ab", "*");
    check("", "*");
    check("foo.*bar", "(foo bar)");
    check("foo|bar", "[bar foo]");
    check("foo|b", "*");
    check("foo|", "*");
    check("(foo|bar)baz", "[barbaz foobaz]");
    check("ab[cd]ef", "[abcef abdef]");
    check("foo(bar)?", "foo");
    check("foo(bar)*qux", "(foo qux)");
    check("foo(bar)+qux", "(foobar barqux)");
    check("(abc){2}", "abcabc");
    check("a{3,5}", "aaa");
    check("^foo$", "foo");
    check(r"\bfoo\b.", "foo");
    check(r"\w+foo", "foo");
    check(r"a\d", "*");
    check("[^a]", "*");
    check("é€x", r"\xc3\xa9\xe2\x82\xacx");
    check(r"(?-u:\xff\xfe)a", r"\xff\xfea");
    check("(foo.*bar|baz.*qux)end", "([baz foo] [(foo bar) (baz qux)] [barend quxend])");
    let long = (100..150).map(|number| number.to_string() + "_").collect::<Vec<_>>().concat();
    check(&long, &format!("({} {})", &long[..128], &long[72..]));
}

#[test]
fn case_is_folded_as_the_matcher_folds_it() {
    let check = |pattern: &str, expect: &str| {
        assert_eq!(shown(&Plan::new(&hir(pattern, true).unwrap())), expect, "{pattern}");
    };
    check("ABC", "abc");
    check("add1", "add1");
    // The Kelvin sign and the long s.
    check("mark", r"[mark mar\xe2\x84\xaa]");
    check("rst", r"[rst r\xc5\xbft]");
    check("éab", r"[\xc3\x89ab \xc3\xa9ab]");
}

#[test]
fn many_texts_are_no_plan() {
    let words: Vec<String> = (1000..1300).map(|number| format!("w{number}w")).collect();
    assert_eq!(Plan::new(&hir(&words.join("|"), false).unwrap()), Plan::Any);
    assert_ne!(Plan::new(&hir(&words[..100].join("|"), false).unwrap()), Plan::Any);
    let gaps = Plan::new(&hir(&words.join(".*"), false).unwrap());
    assert!((100..=TEXTS_MAX + 1).contains(&gaps.texts()), "{}", gaps.texts());
}

/// Patterns of few letters, so that they match now and then.
fn patterns() -> impl Strategy<Value = String> {
    let letters = "[abkKsS]{1,4}";
    let leaf = prop_oneof![
        6 => letters.prop_map(|text| text),
        1 => Just("[ab]".to_owned()),
        1 => Just("[^a]".to_owned()),
        1 => Just(".".to_owned()),
        1 => Just("é".to_owned()),
        1 => Just("\u{17f}".to_owned()),
        1 => Just("^".to_owned()),
        1 => Just("$".to_owned()),
        1 => Just(r"\b".to_owned()),
        1 => Just(r"\r?\n".to_owned()),
        1 => Just(r"(?-u:\xe9)".to_owned()),
        1 => Just("()".to_owned()),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        let many = proptest::collection::vec(inner.clone(), 1..4);
        prop_oneof![
            many.clone().prop_map(|parts| parts.concat()),
            many.prop_map(|parts| format!("({})", parts.join("|"))),
            (inner, "[*+?]|\\{0,2\\}|\\{2\\}|\\{1,3\\}|\\{2,\\}")
                .prop_map(|(part, times)| format!("(?:{part}){times}")),
        ]
    })
}

fn texts() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        8 => "[abkKsS]{1,5}".prop_map(String::into_bytes),
        1 => Just("\u{212a}".as_bytes().to_vec()),
        1 => Just("\u{17f}".as_bytes().to_vec()),
        1 => Just("Éé".as_bytes().to_vec()),
        1 => Just(b"\xe9".to_vec()),
        1 => Just(b"\r\n".to_vec()),
        1 => Just(b"\n".to_vec()),
        1 => Just(b" ".to_vec()),
    ];
    proptest::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_matches_is_accepted(pattern in patterns(), text in texts(), ignores_case: bool) {
        let Some(hir) = hir(&pattern, ignores_case) else { return Ok(()) };
        let mut builder = grep_regex::RegexMatcherBuilder::new();
        let matcher = builder.multi_line(true).case_insensitive(ignores_case).build(&pattern).unwrap();
        if grep_matcher::Matcher::is_match(&matcher, &text).unwrap() {
            let plan = Plan::new(&hir);
            prop_assert!(plan.accepts(&text), "{} for {pattern}", shown(&plan));
        }
    }
}
