//! How texts differ.

use std::collections::{HashMap, HashSet};
use std::iter;
use std::ops::Range;

use imara_diff::{Algorithm, Diff, InternedInput, Token};

use super::effort::Effort;

/// Of a part that both sides have changed, so many bytes at most are compared word by word.
pub(super) const WORDS_BYTES_MAX: usize = 64 << 10;

/// A change of one side: a range of bytes of the base that has become a range of the side.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Hunk {
    pub(super) base: Range<usize>,
    pub(super) side: Range<usize>,
}

/// The edits that make `new` of `old`, by lines, and in what has changed by words.
pub fn edits_between(old: &str, new: &str) -> Vec<(Range<usize>, String)> {
    edits_within(&mut Effort::default(), old, new)
}

/// The same with so much work.
pub(super) fn edits_within(effort: &mut Effort, old: &str, new: &str) -> Vec<(Range<usize>, String)> {
    let mut edits = Vec::new();
    let [by_lines] = hunks(old, [new], lines, effort);
    for hunk in by_lines {
        let (before, after) = (&old[hunk.base.clone()], &new[hunk.side.clone()]);
        let place = hunk.base.start;
        let [finer] = match before.len() + after.len() <= WORDS_BYTES_MAX {
            true => hunks(before, [after], words, effort),
            false => [vec![Hunk { base: 0..before.len(), side: 0..after.len() }]],
        };
        let moved = |it: Hunk| (place + it.base.start..place + it.base.end, after[it.side].to_owned());
        edits.extend(finer.into_iter().map(moved));
    }
    edits
}

/// A text that was cut into what is compared as a whole.
pub(super) struct Tokens<'a> {
    text: &'a str,
    /// Where each begins, and the last one ends.
    bounds: Vec<usize>,
}

/// A way to cut a text.
pub(super) type Cut = fn(&str) -> Tokens<'_>;

impl<'a> Tokens<'a> {
    pub(super) fn count(&self) -> usize {
        self.bounds.len() - 1
    }

    pub(super) fn get(&self, number: usize) -> &'a str {
        &self.text[self.bounds[number]..self.bounds[number + 1]]
    }

    pub(super) fn bytes(&self, numbers: &Range<usize>) -> Range<usize> {
        self.bounds[numbers.start]..self.bounds[numbers.end]
    }

    fn part(&self, numbers: Range<usize>) -> &'a str {
        &self.text[self.bytes(&numbers)]
    }
}

pub(super) fn lines(text: &str) -> Tokens<'_> {
    let mut bounds = vec![0];
    bounds.extend(memchr::memchr_iter(b'\n', text.as_bytes()).map(|place| place + 1));
    if bounds.last() != Some(&text.len()) {
        bounds.push(text.len());
    }
    Tokens { text, bounds }
}

/// Words, and whatever is between them letter by letter.
pub(super) fn words(text: &str) -> Tokens<'_> {
    let ends = pieces(text).scan(0, |place, piece| {
        *place += piece.len();
        Some(*place)
    });
    Tokens { text, bounds: iter::once(0).chain(ends).collect() }
}

fn pieces(mut text: &str) -> impl Iterator<Item = &str> {
    let is_of_word = |letter: char| letter.is_alphanumeric() || letter == '_';
    iter::from_fn(move || {
        let first = text.chars().next()?;
        let end = match is_of_word(first) {
            true => text.find(|letter| !is_of_word(letter)).unwrap_or(text.len()),
            false => first.len_utf8(),
        };
        let piece;
        (piece, text) = text.split_at(end);
        Some(piece)
    })
}

/// The words of a text, without blanks and punctuation.
pub(super) fn telling(text: &str) -> impl Iterator<Item = &str> {
    pieces(text)
        .filter(|piece| !piece.starts_with(|it: char| it.is_whitespace() || it.is_ascii_punctuation() && it != '_'))
}

/// What some sides have changed.
pub(super) fn hunks<const SIDES: usize>(
    base: &str,
    sides: [&str; SIDES],
    cut: Cut,
    effort: &mut Effort,
) -> [Vec<Hunk>; SIDES] {
    let (base, sides) = (cut(base), sides.map(cut));
    let mut number = 0;
    changes(&base, &sides, effort).map(|changes| {
        let side = &sides[number];
        number += 1;
        let changes = with_what_moved(&base, side, changes);
        changes.iter().map(|(of_base, of_side)| Hunk { base: base.bytes(of_base), side: side.bytes(of_side) }).collect()
    })
}

/// Tokens of a base, and what they have become.
type Change = (Range<usize>, Range<usize>);

/// What some sides have changed, in numbers of tokens. The base is looked through once for all, and what all have in common at
/// both ends is not compared any further.
fn changes<const SIDES: usize>(
    base: &Tokens<'_>,
    sides: &[Tokens<'_>; SIDES],
    effort: &mut Effort,
) -> [Vec<Change>; SIDES] {
    let edges = sides.each_ref().map(|side| same_edges(base, side));
    let begin = edges.iter().map(|edge| edge.0).min().unwrap_or(0);
    let end = edges.iter().map(|edge| edge.1).min().unwrap_or(0);
    let middle = |tokens: &Tokens<'_>| begin..tokens.count() - end;
    let mut input = InternedInput::default();
    let count = |tokens: &Tokens<'_>| u32::try_from(middle(tokens).len()).unwrap_or(u32::MAX);
    input.reserve(count(base), sides.iter().map(count).max().unwrap_or(0));
    input.update_before(middle(base).map(|number| base.get(number)));
    // Two sides that are the same must be found to have changed in the same way: merged, what they have would be there twice.
    let each = *effort;
    sides.each_ref().map(|side| {
        let mut own = each;
        input.update_after(middle(side).map(|number| side.get(number)));
        let (before_end, after_end) = own.reach(&input);
        let rest = (input.before.split_off(before_end), input.after.split_off(after_end));
        let mut diff = Diff::compute(Algorithm::Myers, &input);
        own.spend(before_end + after_end, diff.count_additions() + diff.count_removals());
        *effort = own.min(*effort);
        diff.postprocess_no_heuristic(&input);
        let range = |range: Range<u32>| begin + range.start as usize..begin + range.end as usize;
        let mut changes: Vec<Change> = diff.hunks().map(|hunk| (range(hunk.before), range(hunk.after))).collect();
        add(&mut changes, replaced(&rest.0, &rest.1, begin + before_end, begin + after_end));
        input.before.extend(rest.0);
        changes
    })
}

/// Makes one of changes of which one removes what another one inserts, where nothing that tells anything is unchanged between
/// them. What is there often, as empty lines are, is easily taken for another one that is the same: then a line before it looks as
/// if it was removed there, and inserted behind it. Merged, such a line could be there twice.
fn with_what_moved(base: &Tokens<'_>, side: &Tokens<'_>, changes: Vec<Change>) -> Vec<Change> {
    let place = |change: &Change| change.0.start + change.1.start;
    let mut all: Vec<Change> = Vec::with_capacity(changes.len());
    // Of the changes that are near each other: which words go and come, and where that is first.
    let (mut removed, mut inserted) = (HashMap::new(), HashMap::new());
    let mut is_behind = false;
    let mut changes = changes.into_iter().peekable();
    while let Some(mut change) = changes.next() {
        let is_near = |next: &Change| telling(base.part(change.0.end..next.0.start)).next().is_none();
        let is_before = changes.peek().is_some_and(is_near);
        if !is_behind {
            removed.clear();
            inserted.clear();
        }
        let (before, after) = (base.part(change.0.clone()), side.part(change.1.clone()));
        let is_short = before.len() + after.len() <= WORDS_BYTES_MAX;
        if is_short && (is_behind || is_before) {
            let [gone, come] = [before, after].map(|it| telling(it).collect::<HashSet<&str>>());
            let here = place(&change);
            let (gone, come) = (&gone - &come, &come - &gone);
            let moved =
                gone.iter().filter_map(|it| inserted.get(it)).chain(come.iter().filter_map(|it| removed.get(it)));
            if let Some(first) = moved.min() {
                let joined = all.split_off(all.partition_point(|it| place(it) <= *first) - 1);
                change = (joined[0].0.start..change.0.end, joined[0].1.start..change.1.end);
            }
            for word in gone {
                removed.entry(word).or_insert(here);
            }
            for word in come {
                inserted.entry(word).or_insert(here);
            }
        }
        all.push(change);
        is_behind = is_before;
    }
    all
}

/// What is not compared: all but what is the same at both ends.
fn replaced(before: &[Token], after: &[Token], before_at: usize, after_at: usize) -> Change {
    let begin = before.iter().zip(after).take_while(|(one, other)| one == other).count();
    let (before, after) = (&before[begin..], &after[begin..]);
    let end = before.iter().rev().zip(after.iter().rev()).take_while(|(one, other)| one == other).count();
    let range = |at: usize, tokens: &[Token]| at + begin..at + begin + tokens.len() - end;
    (range(before_at, before), range(after_at, after))
}

/// Adds a change behind others, as part of the last one where it goes on with that.
fn add(changes: &mut Vec<Change>, change: Change) {
    match changes.last_mut() {
        _ if change.0.is_empty() && change.1.is_empty() => {}
        Some(last) if (last.0.end, last.1.end) == (change.0.start, change.1.start) => {
            (last.0.end, last.1.end) = (change.0.end, change.1.end);
        }
        _ => changes.push(change),
    }
}

/// How many tokens two texts have in common where they begin, and of the rest where they end.
pub(super) fn same_edges(one: &Tokens<'_>, other: &Tokens<'_>) -> (usize, usize) {
    let least = one.count().min(other.count());
    let begin = (0..least).take_while(|number| one.get(*number) == other.get(*number)).count();
    let is_same = |number: &usize| one.get(one.count() - number) == other.get(other.count() - number);
    (begin, (1..=least - begin).take_while(is_same).count())
}

/// The numbers of the lines that two texts have in common: in the first, and in the second.
pub fn unchanged_lines(before: &str, after: &str) -> Vec<(usize, usize)> {
    let (old, new) = (lines(before), [lines(after)]);
    let [changed] = changes(&old, &new, &mut Effort::default());
    let (mut number, mut now) = (0, 0);
    let mut same = Vec::with_capacity(old.count());
    let ends = (old.count(), new[0].count());
    let changed = changed.into_iter().map(|(old, new)| (old.start, (old.end, new.end)));
    for (until, behind) in changed.chain([(ends.0, ends)]) {
        same.extend((number..until).zip(now..));
        (number, now) = behind;
    }
    same
}
