//! That what was inserted once is there once, whatever is merged and undone.

use std::collections::HashSet;

use proptest::prelude::*;
use proptest::sample::Index;

use super::super::merge::{Clash, Merge, merge};
use super::*;

/// A letter that is no word.
fn letter(number: u32) -> char {
    char::from_u32(0xE000 + number).unwrap()
}

/// A change: where, how many letters go, how many come, and whether there is a new line between them.
type AnyChange = (Index, usize, usize, bool);

fn any_changes() -> impl Strategy<Value = Vec<AnyChange>> {
    let removed = prop_oneof![Just(0_usize), 1..5_usize];
    prop::collection::vec((any::<Index>(), removed, 0..3_usize, any::<bool>()), 0..8)
}

/// A text with changes that insert letters from a number on.
fn changed(text: &str, changes: &[AnyChange], first: u32) -> String {
    let mut letters: Vec<char> = text.chars().collect();
    let mut new = (first..).map(letter);
    for (place, removed, inserted, has_line) in changes {
        let place = place.index(letters.len() + 1);
        let end = (place + removed).min(letters.len());
        let mut more: Vec<char> = new.by_ref().take(*inserted).collect();
        if *has_line {
            more.insert(more.len() / 2, '\n');
        }
        letters.splice(place..end, more);
    }
    letters.into_iter().collect()
}

/// A letter that is in a text more than once.
fn double(text: &str) -> Option<char> {
    let mut before = HashSet::new();
    text.chars().find(|it| *it != '\n' && !before.insert(*it))
}

proptest! {
    /// Both sides work on one text, in which no letter is twice.
    #[test]
    fn a_merge_has_everything_once(ours in any_changes(), theirs in any_changes()) {
        let base: String = (0..40).map(|number| if number % 5 > 2 { '\n' } else { letter(number) }).collect();
        let [ours, theirs] = [(&ours, 1_000), (&theirs, 2_000)].map(|(changes, first)| changed(&base, changes, first));
        let Merge { edits, clashes } = merge(&base, &ours, &theirs);
        let with = |clashes: &[Clash]| {
            let mut all = edits.clone();
            all.extend(clashes.iter().map(|it| (it.ours.clone(), it.theirs.clone())));
            let text = Rope::from(&*ours);
            applied(&Delta::of(&text, all).unwrap(), &text).to_string()
        };
        let as_ours = with(&[]);
        for merged in [&as_ours, &with(&clashes)] {
            prop_assert_eq!(double(merged), None, "{:?} from {:?} and {:?}, {:?}", merged, ours, theirs, clashes);
        }
        let is_kept = |it: char| ours.contains(it) && (theirs.contains(it) || !base.contains(it));
        let is_come = |it: char| theirs.contains(it) && !base.contains(it);
        let is_there = |it: char| as_ours.contains(it) || !is_kept(it) && clashes.iter().any(|clash| clash.theirs.contains(it));
        let lost = ours.chars().chain(theirs.chars()).find(|it| (is_kept(*it) || is_come(*it)) && !is_there(*it));
        prop_assert_eq!(lost, None, "{:?} from {:?} and {:?}, {:?}", as_ours, ours, theirs, clashes);
    }

    /// Two who edit and undo, each also what the other has made: of what was inserted once, nothing is there twice.
    #[test]
    fn undoing_makes_nothing_twice(steps in prop::collection::vec((any::<bool>(), 0..4_u8, any_changes()), 0..24)) {
        let mut document = document("");
        let mut first = 0;
        for (number, (is_ours, kind, changes)) in steps.into_iter().enumerate() {
            let by = edit(if is_ours { "us" } else { "them" }, number as u64 * 400);
            match kind {
                0 => drop(document.reverse(Role::Undo, &by)),
                1 => drop(document.reverse(Role::Redo, &by)),
                _ => {
                    for change in changes {
                        let now = document.text().to_string();
                        let places: Vec<usize> = now.char_indices().map(|(place, _)| place).chain([now.len()]).collect();
                        let (place, removed, inserted, _) = change;
                        let place = place.index(places.len());
                        let end = (place + removed).min(places.len() - 1);
                        let come: String = (first..).take(inserted).map(letter).collect();
                        first += 2;
                        let delta = delta(document.text(), &[(places[place]..places[end], &come)]);
                        document.edit(&base(document.rev()), delta, &by).unwrap();
                    }
                }
            }
            let text = document.text().to_string();
            prop_assert_eq!(double(&text), None, "{:?}", text);
        }
        let mut again = Document::new(lineage("e"), 0, Rope::from(""));
        for revision in document.revisions() {
            prop_assert!(again.replay(revision.clone(), None).is_some());
        }
    }
}
