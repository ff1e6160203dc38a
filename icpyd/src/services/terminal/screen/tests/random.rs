//! Random output leads to the same as with alacritty, whatever pieces it comes in.

use proptest::prelude::*;

use super::oracle::Oracle;
use super::tokens::{Token, is_comparable, tokens, tokens_with_rows};
use super::view::{feed, screen, size, view};

fn check(columns: u16, rows: u16, tokens: &[Token], cuts: &[usize]) -> Result<(), TestCaseError> {
    let mut ours = screen(size(columns, rows));
    let mut theirs = Oracle::new(size(columns, rows));
    let mut fed = Vec::new();
    for (number, token) in tokens.iter().enumerate() {
        if !is_comparable(token, &ours) {
            continue;
        }
        fed.push(token);
        match token {
            Token::Bytes(text) => {
                let cut = cuts[number % cuts.len()] % (text.len() + 1);
                feed(&mut ours, &text.as_bytes()[..cut]);
                feed(&mut ours, &text.as_bytes()[cut..]);
                theirs.feed(text.as_bytes());
            }
            Token::Size(size) => {
                ours.resize(*size);
                theirs.resize(*size);
            }
        }
        if let Some(difference) = view(&ours).difference(&theirs.view()) {
            return Err(TestCaseError::fail(format!("{difference}after {fed:?}")));
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1500, failure_persistence: None, max_shrink_iters: 20_000, ..ProptestConfig::default() })]

    #[test]
    fn random_output_is_shown_as_by_alacritty(
        columns in 2_u16..24,
        rows in 1_u16..10,
        tokens in tokens(60),
        cuts in prop::collection::vec(0_usize..40, 16),
    ) {
        check(columns, rows, &tokens, &cuts)?;
    }

    #[test]
    fn more_and_fewer_rows_are_as_with_alacritty(
        rows in 1_u16..10,
        tokens in tokens_with_rows(60, 20),
        cuts in prop::collection::vec(0_usize..40, 16),
    ) {
        check(20, rows, &tokens, &cuts)?;
    }
}
