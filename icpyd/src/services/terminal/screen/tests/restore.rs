//! A snapshot brings a new terminal to the same state, wherever the output was cut.

use std::collections::VecDeque;

use proptest::prelude::*;

use super::super::Screen;
use super::super::row::Row;
use super::oracle::Oracle;
use super::tokens::{Token, is_comparable, tokens};
use super::view::{feed, screen, size, view};

/// The tokens that both do the same with.
fn comparable(columns: u16, rows: u16, tokens: Vec<Token>) -> Vec<String> {
    let mut ours = screen(size(columns, rows));
    let mut kept = Vec::new();
    for token in tokens {
        if let Token::Bytes(text) = &token
            && is_comparable(&token, &ours)
        {
            feed(&mut ours, text);
            kept.push(text.clone());
        }
    }
    kept
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, max_shrink_iters: 20_000, ..ProptestConfig::default() })]

    #[test]
    fn a_snapshot_brings_another_terminal_to_the_same_state(
        columns in 2_u16..24,
        rows in 1_u16..10,
        tokens in tokens(50),
        place in any::<prop::sample::Index>(),
    ) {
        let texts = comparable(columns, rows, tokens);
        prop_assume!(!texts.is_empty());
        let total: usize = texts.iter().map(String::len).sum();
        let cut = place.index(total + 1);

        let mut ours = screen(size(columns, rows));
        let mut judge = Oracle::new(size(columns, rows));
        let mut restored: Option<(Oracle, Screen, Screen)> = None;
        let mut fed = 0;
        for text in &texts {
            let bytes = text.as_bytes();
            judge.feed(bytes);
            let rest = if restored.is_none() && fed + bytes.len() >= cut {
                let (before, rest) = bytes.split_at(cut - fed);
                feed(&mut ours, before);
                // No sequence says that the last row goes on, which erasing the screen looks at.
                let goes_on = |rows: &VecDeque<Row>| rows.back().is_some_and(|last| last.is_wrapped);
                let terminal = &ours.terminal;
                prop_assume!(!goes_on(&terminal.grid.rows) && !goes_on(&terminal.hidden.rows));
                restored = Some(copies(&ours, columns, rows));
                rest
            } else {
                bytes
            };
            feed(&mut ours, rest);
            if let Some((theirs, copy, kept)) = &mut restored {
                theirs.feed(rest);
                feed(copy, rest);
                feed(kept, rest);
            }
            fed += bytes.len();
        }
        let Some((mut theirs, mut copy, mut kept)) = restored else { return Ok(()) };
        // At the end the other screen is looked at too.
        for text in ["", "\x0f\x1b[?1049l", "\x1b8"] {
            judge.feed(text.as_bytes());
            theirs.feed(text.as_bytes());
            feed(&mut copy, text);
            feed(&mut kept, text);
            let views = [("alacritty", theirs.view()), ("a copy", view(&copy)), ("what was saved", view(&kept))];
            for (name, restored) in views {
                if let Some(difference) = restored.difference(&judge.view()) {
                    prop_assert!(false, "{name}: {difference}cut at {cut} of {texts:?} {text:?}");
                }
            }
        }
    }
}

/// Terminals that were made of what one of ours gives.
fn copies(ours: &Screen, columns: u16, rows: u16) -> (Oracle, Screen, Screen) {
    let snapshot = ours.snapshot(usize::MAX, None);
    let mut theirs = Oracle::new(size(columns, rows));
    theirs.feed(&snapshot);
    let mut copy = screen(size(columns, rows));
    let effects = feed(&mut copy, &snapshot);
    let answers = effects.iter().filter(|effect| matches!(effect, super::super::Effect::Answer(_)));
    assert_eq!(answers.count(), 0, "a snapshot asks nothing");
    let kept = Screen::restore(&ours.save()).expect("what was saved");
    (theirs, copy, kept)
}
