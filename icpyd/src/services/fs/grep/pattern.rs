//! What is looked for: a text or a regular expression, and how it is compared. It makes the matcher that decides, and the
//! plan that says which files are worth a look; both come from the same parsed expression.

use grep_matcher::LineTerminator;
use grep_regex::{RegexMatcher, RegexMatcherBuilder};
use icpy_protocol::error::{Error, Result};
use icpy_protocol::fs::FsGrepParams;
use regex_syntax::ParserBuilder;
use regex_syntax::ast::parse::Parser as AstParser;
use regex_syntax::ast::{Ast, ClassSetItem, Visitor, visit};
use regex_syntax::hir::Hir;

use super::plan::Plan;

/// The longest pattern, in bytes.
const PATTERN_BYTES_MAX: usize = 64 << 10;

/// The most memory that a compiled expression takes, in bytes.
const COMPILED_BYTES_MAX: usize = 32 << 20;

/// A pattern that can be searched for.
#[derive(Clone, Debug)]
pub(super) struct Pattern {
    /// Decides what matches.
    pub(super) matcher: RegexMatcher,
    /// What every file with a match holds.
    pub(super) plan: Plan,
    /// Whether a match may go over several lines.
    pub(super) is_multiline: bool,
    /// What ends a line, which a pattern that is no multi-line one cannot match: `\n`, with a `\r` before it or not. For a
    /// pattern that names `\r` itself only `\n`, so that it can be looked for.
    pub(super) line_end: LineTerminator,
}

impl Pattern {
    /// Reads a pattern as the request describes it.
    pub(super) fn new(params: &FsGrepParams) -> Result<Self> {
        let pattern = params.pattern.as_str();
        if pattern.len() > PATTERN_BYTES_MAX {
            let message =
                format!("the pattern has {} bytes, and one may have {PATTERN_BYTES_MAX}", params.pattern.len());
            return Err(Error::invalid_params(message));
        }
        let characters = Characters::of(pattern, params.is_literal);
        let ignores_case = params.ignore_case || (params.smart_case && characters.are_all_lower_case());
        let line_end = match characters.has_carriage_return {
            true => LineTerminator::byte(b'\n'),
            false => LineTerminator::crlf(),
        };
        let mut builder = RegexMatcherBuilder::new();
        builder
            .multi_line(true)
            .case_insensitive(ignores_case)
            .fixed_strings(params.is_literal)
            .word(params.whole_word)
            .size_limit(COMPILED_BYTES_MAX);
        if params.is_multiline {
            builder.crlf(true).line_terminator(None).dot_matches_new_line(params.is_dot_all);
        } else if line_end.is_crlf() {
            builder.crlf(true);
        } else {
            builder.line_terminator(Some(line_end.as_byte()));
        }
        let matcher = builder.build(pattern).map_err(|error| unreadable(&error.to_string()))?;
        let plan = Plan::new(&hir(params, ignores_case)?);
        Ok(Self { matcher, plan, is_multiline: params.is_multiline, line_end })
    }
}

fn unreadable(why: &str) -> Error {
    // The library speaks of its own option.
    let why = why.trim_end().replace("the literal \"\\n\" is not allowed in a regex", "a newline needs `isMultiline`");
    Error::invalid_params(format!("the pattern cannot be read: {why}"))
}

/// The expression, with case folded by the same tables as the matcher's own.
fn hir(params: &FsGrepParams, ignores_case: bool) -> Result<Hir> {
    let escaped = params.is_literal.then(|| regex_syntax::escape(&params.pattern));
    let mut parser = ParserBuilder::new()
        .utf8(false)
        .multi_line(true)
        .case_insensitive(ignores_case)
        .dot_matches_new_line(params.is_multiline && params.is_dot_all)
        .build();
    parser.parse(escaped.as_ref().unwrap_or(&params.pattern)).map_err(|error| unreadable(&error.to_string()))
}

/// The characters of a pattern that stand for themselves.
#[derive(Default)]
struct Characters {
    has_any: bool,
    has_upper_case: bool,
    has_carriage_return: bool,
}

impl Characters {
    fn of(pattern: &str, is_literal: bool) -> Self {
        let mut characters = Self::default();
        if is_literal {
            pattern.chars().for_each(|char| characters.take(char));
        } else if let Ok(ast) = AstParser::new().parse(pattern) {
            characters = visit(&ast, characters).unwrap_or_default();
        }
        characters
    }

    fn take(&mut self, char: char) {
        self.has_any = true;
        self.has_upper_case |= char.is_uppercase();
        self.has_carriage_return |= char == '\r';
    }

    /// Whether there are some to compare, and none of upper case: smart case then ignores case.
    fn are_all_lower_case(&self) -> bool {
        self.has_any && !self.has_upper_case
    }
}

impl Visitor for Characters {
    type Output = Self;
    type Err = ();

    fn finish(self) -> std::result::Result<Self, ()> {
        Ok(self)
    }

    fn visit_pre(&mut self, ast: &Ast) -> std::result::Result<(), ()> {
        if let Ast::Literal(literal) = ast {
            self.take(literal.c);
        }
        Ok(())
    }

    fn visit_class_set_item_pre(&mut self, item: &ClassSetItem) -> std::result::Result<(), ()> {
        match item {
            ClassSetItem::Literal(literal) => self.take(literal.c),
            ClassSetItem::Range(range) => [&range.start, &range.end].into_iter().for_each(|end| self.take(end.c)),
            _ => {}
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use grep_matcher::Matcher as _;

    use super::*;

    fn params(pattern: &str, set: impl FnOnce(&mut FsGrepParams)) -> FsGrepParams {
        let mut params = FsGrepParams::new("/", pattern);
        set(&mut params);
        params
    }

    #[test]
    fn a_pattern_is_compared_as_asked() {
        let check = |pattern: &str, set: fn(&mut FsGrepParams), text: &str, expect: Option<&str>| {
            let found = Pattern::new(&params(pattern, set)).unwrap().matcher.find(text.as_bytes()).unwrap();
            assert_eq!(found.map(|found| &text[found.start()..found.end()]), expect, "{pattern} in {text}");
        };
        check("a.c", |_| (), "xabc", Some("abc"));
        check("a.c", |it| it.is_literal = true, "abc a.c", Some("a.c"));
        check("AbC", |_| (), "abc", None);
        check("AbC", |it| it.ignore_case = true, "abc", Some("abc"));
        check("k", |it| it.ignore_case = true, "\u{212a}", Some("\u{212a}"));
        check("abc", |it| it.smart_case = true, "ABC", Some("ABC"));
        check("aBc", |it| it.smart_case = true, "ABC", None);
        check("[a-z]B", |it| it.smart_case = true, "ab", None);
        check(r"\pL\Wx", |it| it.smart_case = true, "A-X", Some("A-X"));
        check(r"\S+", |it| it.smart_case = true, "A", Some("A"));
        check("in", |it| it.whole_word = true, "inner in", Some("in"));
        check("a.b", |_| (), "a\nb", None);
        check("a\\nb", |it| it.is_multiline = true, "a\nb", Some("a\nb"));
        check("a.b", |it| it.is_multiline = true, "a\nb", None);
        check("a.b", |it| (it.is_multiline, it.is_dot_all) = (true, true), "a\nb", Some("a\nb"));
        check("^b$", |_| (), "a\nb\nc", Some("b"));
        check("^b$", |_| (), "a\r\nb\r\nc", Some("b"));
        check("b.*", |_| (), "b\r\n", Some("b"));
        check("b\\s*", |_| (), "b \r\n", Some("b "));
        check("b.*$", |it| it.is_multiline = true, "b\r\nc", Some("b"));
        check(r"b.*\r", |_| (), "bc\r\n", Some("bc\r"));
        check("b\r", |it| it.is_literal = true, "b\r\n", Some("b\r"));
        check(r"b[\r\t]", |_| (), "b\r\n", Some("b\r"));
    }

    #[test]
    fn a_wrong_pattern_is_refused_with_the_reason() {
        let check = |pattern: &str, expect: &str| {
            let error = Pattern::new(&params(pattern, |_| ())).unwrap_err().to_string();
            assert!(error.contains(expect), "{pattern}: {error}");
        };
        check("a(b", "unclosed group");
        check("a\\nb", "a newline needs `isMultiline`");
        check("a{1000}{1000}{1000}", "size limit");
        check(&"x".repeat(PATTERN_BYTES_MAX + 1), "and one may have");
    }
}
