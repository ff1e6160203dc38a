//! What Tab completes: the same as in a shell.

use std::ffi::OsString;

use icpy::Finder;
use rustyline::completion::{Completer, Pair};
use rustyline::highlight::Highlighter;
use rustyline::hint::Hinter;
use rustyline::validate::Validator;
use rustyline::{Context, Helper};

use crate::complete;

/// Completes a line.
pub(super) struct Completion(Option<Finder>);

impl Completion {
    /// With what the daemon knows that is found so, if any is to be asked.
    pub(super) fn new(finder: Option<Finder>) -> Self {
        Self(finder)
    }
}

impl Completer for Completion {
    type Candidate = Pair;

    fn complete(&self, line: &str, place: usize, _: &Context<'_>) -> rustyline::Result<(usize, Vec<Pair>)> {
        let (begin, words) = typed(&line[..place]);
        let found = complete::candidates(words, self.0.as_ref()).into_iter();
        let pairs = found.filter_map(|found| {
            let value = found.get_value().to_str()?;
            let quoted = shlex::try_quote(value).ok()?;
            // A folder goes on.
            let end = if value.ends_with('/') { "" } else { " " };
            Some(Pair { display: value.to_owned(), replacement: format!("{quoted}{end}") })
        });
        Ok((begin, pairs.collect()))
    }
}

/// Where the last word begins, and all words as a command line has them. The last one may be empty, or an open quotation.
fn typed(line: &str) -> (usize, Vec<OsString>) {
    let (mut begin, mut quote, mut is_escaped) = (0, None, false);
    for (place, letter) in line.char_indices() {
        match (letter, quote) {
            _ if is_escaped => is_escaped = false,
            ('\\', None | Some('"')) => is_escaped = true,
            (letter, Some(open)) if letter == open => quote = None,
            ('\'' | '"', None) => quote = Some(letter),
            (letter, None) if letter.is_whitespace() => begin = place + letter.len_utf8(),
            _ => {}
        }
    }
    let closed = format!("{}{}", &line[begin..], quote.map(String::from).unwrap_or_default());
    let last = shlex::split(&closed).and_then(|words| words.into_iter().next()).unwrap_or_default();
    let before = shlex::split(&line[..begin]).unwrap_or_default();
    let skipped = usize::from(before.first().is_some_and(|first| first == "icpy"));
    let words = before.into_iter().skip(skipped).chain([last]).map(OsString::from);
    (begin, std::iter::once("icpy".into()).chain(words).collect())
}

impl Hinter for Completion {
    type Hint = String;
}

impl Highlighter for Completion {}

impl Validator for Completion {}

impl Helper for Completion {}

#[cfg(test)]
mod tests {
    use super::typed;

    #[test]
    fn the_last_word_is_being_typed() {
        let check = |line: &str, begin: usize, expect: &[&str]| {
            let (found, words) = typed(line);
            assert_eq!(
                (found, words.iter().map(|word| word.to_str().unwrap()).collect::<Vec<_>>()),
                (begin, expect.to_vec()),
                "{line}"
            );
        };
        check("", 0, &["icpy", ""]);
        check("wor", 0, &["icpy", "wor"]);
        check("icpy wor", 5, &["icpy", "wor"]);
        check("cat ", 4, &["icpy", "cat", ""]);
        check("cat 'a b' c", 10, &["icpy", "cat", "a b", "c"]);
        check("cat 'a b", 4, &["icpy", "cat", "a b"]);
        check("cat a\\ b", 4, &["icpy", "cat", "a b"]);
        check("cat \"it's", 4, &["icpy", "cat", "it's"]);
    }
}
