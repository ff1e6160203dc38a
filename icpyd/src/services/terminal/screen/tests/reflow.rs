//! More and fewer columns: text is laid out anew as alacritty does it.

use proptest::prelude::*;

use super::attach::copy;
use super::oracle::Oracle;
use super::view::{View, feed, screen, size, view};

/// Lines of text as a shell leaves them: the cursor is at the end.
fn texts(other: &'static str) -> impl Strategy<Value = Vec<String>> {
    let text = prop_oneof![
        6 => "[a-z0-9.,/-]{1,50}",
        2 => "[a-z]{1,9} [a-z]{1,30}",
        2 => other,
        6 => Just("\r\n".to_owned()),
    ];
    prop::collection::vec(text, 1..30)
}

/// Whoever attaches is shown the lines that were scrolled out as they are laid out there, and so a copy is compared.
fn check(begin: (u16, u16), texts: &[String], sizes: &[u16], seen: impl Fn(View) -> View) -> Result<(), TestCaseError> {
    let (columns, rows) = begin;
    let mut ours = screen(size(columns, rows));
    let mut theirs = Oracle::new(size(columns, rows));
    for text in texts {
        feed(&mut ours, text);
        theirs.feed(text.as_bytes());
    }
    for columns in sizes {
        ours.resize(size(*columns, rows));
        theirs.resize(size(*columns, rows));
        // Where the text before the cursor fills its row, alacritty begins another, or waits to do so where it does not.
        if view(&ours).cursor.2 || theirs.view().cursor.2 {
            return Ok(());
        }
        if let Some(difference) = seen(view(&copy(&ours))).difference(&seen(theirs.view())) {
            prop_assert!(false, "{difference}in {columns} columns of {texts:?}");
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, max_shrink_iters: 20_000, ..ProptestConfig::default() })]

    #[test]
    fn text_is_laid_out_anew_as_by_alacritty(
        begin in (2_u16..40, 2_u16..10),
        texts in texts("\x1b\\[(1;31)?m"),
        sizes in prop::collection::vec(2_u16..40, 1..4),
    ) {
        check(begin, &texts, &sizes, |view| view)?;
    }

    /// Alacritty leaves the cursor on a wide character's right half.
    #[test]
    fn wide_text_is_laid_out_anew_as_by_alacritty(
        begin in (2_u16..40, 2_u16..10),
        texts in texts("[a-z]{0,9}[世界漢字]{1,9}[a-z]{0,9}"),
        sizes in prop::collection::vec(2_u16..40, 1..4),
    ) {
        check(begin, &texts, &sizes, |view| View { cursor: (0, 0, false), ..view })?;
    }
}
