//! What edits, undoing and merging do to a text.

mod once;
mod random;
mod yjs;

use std::ops::Range;

use super::diff::edits_within;
use super::effort::Effort;
use super::merge::{Clash, Merge, merge};
use super::*;

fn lineage(epoch: &str) -> Lineage {
    Lineage { epoch: epoch.to_owned(), former: Vec::new() }
}

fn document(text: &str) -> Document {
    Document::new(lineage("e"), 0, Rope::from(text))
}

fn edit(author: &str, time_ms: u64) -> Edit {
    Edit { author: author.into(), label: None, who: None, seq: None, time_ms }
}

fn base(rev: u64) -> Base {
    Base { epoch: "e".to_owned(), rev }
}

fn delta(text: &Rope, edits: &[(Range<usize>, &str)]) -> Delta {
    Delta::of(text, edits.iter().map(|(range, text)| (range.clone(), (*text).to_owned()))).unwrap()
}

fn applied(delta: &Delta, text: &Rope) -> Rope {
    let mut text = text.clone();
    delta.apply(&mut text);
    text
}

#[test]
fn edits_are_places_of_one_text() {
    let text = Rope::from("0123456789");
    let edits = delta(&text, &[(8..9, "B"), (2..4, "A"), (2..2, "a"), (5..5, "x"), (5..5, "y")]);
    assert_eq!(applied(&edits, &text).to_string(), "01aA4xy567B9");
    let bad = |range: Range<usize>, other: Range<usize>| {
        Delta::of(&Rope::from("aé"), [(range, String::new()), (other, "x".to_owned())]).unwrap_err().to_string()
    };
    assert_eq!(bad(0..3, 1..3), "two edits touch bytes 1 to 3");
    assert_eq!(bad(0..1, 2..3), "no characters are from byte 2 to 3");
    assert_eq!(bad(0..1, 3..4), "no characters are from byte 3 to 4");
    #[expect(clippy::reversed_empty_ranges, reason = "it is refused")]
    let reversed = bad(0..1, 3..1);
    assert_eq!(reversed, "no characters are from byte 3 to 1");
}

#[test]
fn what_is_typed_in_a_row_is_undone_at_once() {
    let mut document = document("");
    let mut now = 0;
    let mut insert = |document: &mut Document, author: &str, label: Option<&str>, text: &str, wait_ms: u64| {
        now += wait_ms;
        let at = document.text().byte_len();
        let edit = Edit { label: label.map(Into::into), ..edit(author, now) };
        document.edit(&base(document.rev()), delta(document.text(), &[(at..at, text)]), &edit).unwrap();
    };
    insert(&mut document, "us", None, "a", 0);
    insert(&mut document, "us", None, "b", 100);
    insert(&mut document, "them", None, "-", 100);
    insert(&mut document, "us", None, "c", 100);
    insert(&mut document, "us", None, "d", 900);
    insert(&mut document, "agent", Some("task 1"), "1", 10_000);
    insert(&mut document, "agent", Some("task 1"), "2", 10_000);
    insert(&mut document, "agent", Some("task 2"), "3", 1);
    let mut reverse = |author: &str, role, expect: &str| {
        document.reverse(role, &edit(author, 0));
        assert_eq!(document.text().to_string(), expect);
    };
    reverse("us", Role::Undo, "ab-c123");
    reverse("us", Role::Undo, "-123");
    reverse("us", Role::Undo, "-123");
    reverse("us", Role::Redo, "ab-c123");
    reverse("agent", Role::Undo, "ab-c12");
    reverse("agent", Role::Undo, "ab-c");
    reverse("us", Role::Redo, "ab-cd");
    reverse("agent", Role::Redo, "ab-cd12");
    reverse("them", Role::Undo, "abcd12");
    reverse("us", Role::Undo, "abc12");
}

/// A group that changes what it has made is undone as a whole, also around what others did meanwhile.
#[test]
fn what_was_made_and_changed_is_undone_without_a_rest() {
    let mut document = document("");
    let task = Edit { label: Some("task".into()), ..edit("us", 0) };
    let mut change = |range: Range<usize>, text: &str, edit: &Edit| {
        let delta = delta(document.text(), &[(range, text)]);
        document.edit(&base(document.rev()), delta, edit).unwrap();
    };
    change(0..0, "abc", &task);
    change(1..2, "", &task);
    change(1..1, "X", &edit("them", 0));
    change(0..1, "", &task);
    assert_eq!(document.text().to_string(), "Xc");
    document.reverse(Role::Undo, &edit("us", 0));
    assert_eq!(document.text().to_string(), "X");
}

/// What others have removed is not undone a second time, and what stood before it is.
#[test]
fn what_others_have_removed_is_not_undone() {
    let mut document = document("");
    let task = |label: &str| Edit { label: Some(label.into()), ..edit("us", 0) };
    let mut change = |range: Range<usize>, text: &str, edit: &Edit| {
        let delta = delta(document.text(), &[(range, text)]);
        document.edit(&base(document.rev()), delta, edit).unwrap();
    };
    change(0..0, "1", &task("first"));
    change(1..1, "ab", &task("other"));
    change(3..3, "é", &task("other"));
    change(3..5, "", &edit("them", 0));
    change(3..3, "x", &task("last"));
    change(3..4, "", &edit("them", 0));
    change(3..3, "😀", &edit("them", 0));
    let mut reverse = |role, expect: &str| {
        document.reverse(role, &edit("us", 0));
        assert_eq!(document.text().to_string(), expect);
    };
    reverse(Role::Undo, "1😀");
    reverse(Role::Undo, "😀");
    reverse(Role::Undo, "😀");
    reverse(Role::Redo, "1😀");
    reverse(Role::Redo, "1ab😀");
    reverse(Role::Redo, "1ab😀");
    reverse(Role::Undo, "1😀");
}

#[test]
fn a_history_that_is_not_ours_is_refused() {
    let former = vec![Base { epoch: "before".to_owned(), rev: 2 }];
    let mut document = Document::new(Lineage { epoch: "e".to_owned(), former }, 1, Rope::from("text"));
    for _ in 0..2 {
        let delta = delta(document.text(), &[(0..0, "a")]);
        document.edit(&base(document.rev()), delta, &edit("us", 0)).unwrap();
    }
    let text_at = |epoch: &str, rev| document.text_at(&Base { epoch: epoch.to_owned(), rev }).map(|it| it.to_string());
    assert_eq!(text_at("e", 3), Ok("aatext".to_owned()));
    assert_eq!(text_at("e", 1), Ok("text".to_owned()));
    assert_eq!(text_at("before", 2), Ok("atext".to_owned()), "both histories have it");
    assert_eq!(text_at("before", 3), Err(Stale), "it was lost");
    assert_eq!(text_at("e", 0), Err(Stale), "it is not kept");
    assert_eq!(text_at("e", 4), Err(Stale), "it is to come");
    assert_eq!(text_at("other", 2), Err(Stale));
}

#[test]
fn the_history_that_is_kept_has_a_bound() {
    let mut document = document("");
    for number in 0..5_000_u64 {
        let delta = delta(document.text(), &[(0..0, "0123456789")]);
        document.edit(&base(number), delta, &edit("us", number)).unwrap();
    }
    assert_eq!(document.rev(), 5_000);
    let kept = document.revisions().count();
    assert!((500..5_000).contains(&kept), "{kept}");
    assert_eq!(document.text_at(&base(5_000 - kept as u64)).unwrap().byte_len(), (5_000 - kept) * 10);
    assert_eq!(document.text_at(&base(4_999 - kept as u64)), Err(Stale));
}

#[test]
fn a_file_that_changed_is_merged() {
    let check = |base: &str, ours: &str, theirs: &str, expect: &str, expect_clashes: &[(&str, &str)]| {
        let Merge { edits, clashes } = merge(base, ours, theirs);
        let text = Rope::from(ours);
        let merged = applied(&Delta::of(&text, edits).unwrap(), &text).to_string();
        let clashes: Vec<(&str, &str)> =
            clashes.iter().map(|Clash { ours: range, theirs, .. }| (&ours[range.clone()], &**theirs)).collect();
        assert_eq!((merged.as_str(), &*clashes), (expect, expect_clashes), "{base:?} {ours:?} {theirs:?}");
    };
    // In other lines, next to each other, and in one line.
    check("a\nb\nc\n", "A\nb\nc\n", "a\nb\nC\n", "A\nb\nC\n", &[]);
    check("a\nb\n", "A\nb\n", "a\nB\n", "A\nB\n", &[]);
    check("let one = two;\n", "let first = two;\n", "let one = second;\n", "let first = second;\n", &[]);
    check("a\nb\nc\n", "b\nc\n", "a\nb\n", "b\n", &[]);
    check("a\nb\n", "a\nnew\nb\n", "a\nb\nlast\n", "a\nnew\nb\nlast\n", &[]);
    // The same on both sides.
    check("a\nb\n", "a\nB\n", "a\nB\nc\n", "a\nB\nc\n", &[]);
    // One side did what the other did, and more: word by word, where lines tell nothing.
    check("é\n", "😀 b\n", "😀\n", "😀 b\n", &[]);
    check("é\n", "😀\n", "😀 b\n", "😀 b\n", &[]);
    // What one side has removed does not come again, because the other one has changed something beside it.
    check("é\né😀\né\n", "\n\n", "😀\n\n😀", "\n\n", &[("\n\n", "😀\n\n😀")]);
    // Each in its own way.
    check("a\nb\nc\n", "a\nours\nc\n", "a\ntheirs\nc\n", "a\nours\nc\n", &[("ours\n", "theirs\n")]);
    check("a\nb\nc\n", "a\nc\n", "a\nb2\nc\n", "a\nc\n", &[("", "b2\n")]);
    check("a\n", "a\nours\n", "a\ntheirs\n", "a\nours\n", &[("ours\n", "theirs\n")]);
    // What clashes keeps nothing else from being merged.
    check("1\n2\n3\n4\n5\n", "1\nA\n3\n4\n5\n", "1\nB\n3\n4\nfive\n", "1\nA\n3\n4\nfive\n", &[("A\n", "B\n")]);
}

/// Many equal lines in another order would take as long as the square of their number.
#[test]
fn what_takes_too_long_to_compare_counts_as_replaced() {
    let lines = |seed: u64| -> String {
        let kinds = (0..3_000).scan(seed, |state, _| {
            *state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            Some((*state >> 33) as usize)
        });
        kinds.flat_map(|kind| ["line ", &"0123456789"[kind % 10..=kind % 10], "\n"]).collect()
    };
    let (old, new) = (lines(1), lines(2));
    let edits = |steps: u64| {
        let edits = edits_within(&mut Effort::of(steps), &old, &new);
        let text = Rope::from(&*old);
        assert!(applied(&Delta::of(&text, edits.clone()).unwrap(), &text) == new, "{steps} steps");
        edits
    };
    let (all, some, none) = (edits(1 << 32), edits(1 << 16), edits(0));
    let replaced = |edits: &[(Range<usize>, String)]| edits.iter().map(|(range, _)| range.len()).max().unwrap();
    assert!(all.len() > 100 && replaced(&all) < 1_000, "{} edits", all.len());
    assert!(some.len() > 10 && replaced(&some) > old.len() / 2, "{} edits", some.len());
    assert_eq!(none.len(), 1);
}

/// Whoever has changed what others have put there cannot have done so before.
#[test]
fn what_was_done_to_what_others_did_is_not_put_before_it() {
    let mut document = document("aé");
    for (author, range, text) in [("them", 1..1, "x"), ("us", 1..2, ""), ("us", 1..3, "")] {
        let delta = delta(document.text(), &[(range, text)]);
        document.edit(&base(document.rev()), delta, &edit(author, 0)).unwrap();
    }
    let revisions: Vec<Revision> = document.revisions().cloned().collect();
    assert_eq!(put_own_first(&mut Rope::from("aé"), &revisions, "us", document.text()), None);
}

#[test]
fn an_undoing_that_is_too_long_to_be_kept_is_returned_whole() {
    let mut document = document("");
    let task = Edit { label: Some("task".into()), ..edit("us", 0) };
    for _ in 0..4 {
        let delta = delta(document.text(), &[(0..0, &"x".repeat(60 << 10))]);
        document.edit(&base(document.rev()), delta, &task).unwrap();
    }
    let made = document.reverse(Role::Undo, &edit("us", 0));
    assert_eq!(made.iter().map(|it| it.rev).collect::<Vec<_>>(), [5, 6, 7, 8]);
    assert!(document.text().is_empty() && document.revisions().count() < 8);
}
