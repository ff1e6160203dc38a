//! How two texts differ, and three: what a file on disk has become, merged into a text that was changed meanwhile.

use std::collections::VecDeque;
use std::ops::Range;

use imara_diff::{Algorithm, Diff, InternedInput, Token};

use super::effort::Effort;

/// Of a part that both sides have changed, so many bytes at most are compared word by word.
const WORDS_BYTES_MAX: usize = 64 << 10;

/// A change of one side: a range of bytes of the base that has become a range of the side.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Hunk {
    base: Range<usize>,
    side: Range<usize>,
}

/// What is left of a change that cannot be merged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Clash {
    /// Where it is in our text, in bytes.
    pub ours: Range<usize>,
    /// What it was on both sides.
    pub base: String,
    /// What the other side has there.
    pub theirs: String,
}

/// A merge of the changes of another side into our text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Merge {
    /// What changes in our text, in bytes of it.
    pub edits: Vec<(Range<usize>, String)>,
    /// What both sides have changed, each in its own way: our text stays there.
    pub clashes: Vec<Clash>,
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

/// Merges what has become of `base` on the other side into our text.
pub fn merge(base: &str, ours: &str, theirs: &str) -> Merge {
    merge_within(&mut Effort::default(), base, ours, theirs)
}

/// The same with so much work.
pub(super) fn merge_within(effort: &mut Effort, base: &str, ours: &str, theirs: &str) -> Merge {
    let mut merge = Merge::default();
    merge_by(hunks(base, [ours, theirs], lines, effort), &mut |part| {
        let (base, our, their) = (&base[part.base], &ours[part.ours.clone()], &theirs[part.theirs]);
        let mut finer = Merge::default();
        let is_short = base.len() + our.len() + their.len() <= WORDS_BYTES_MAX;
        if is_short {
            merge_by(hunks(base, [our, their], words, effort), &mut |part| {
                let clash = Clash { ours: part.ours, base: base[part.base].into(), theirs: their[part.theirs].into() };
                finer.take(clash, our);
            });
        }
        let place = part.ours.start;
        match is_short && finer.clashes.is_empty() {
            true => merge.edits.extend(finer.edits.into_iter().map(|(range, text)| (shifted(&range, place), text))),
            false => merge.take(Clash { ours: part.ours, base: base.into(), theirs: their.into() }, ours),
        }
    });
    merge
}

fn shifted(range: &Range<usize>, by: usize) -> Range<usize> {
    range.start + by..range.end + by
}

impl Merge {
    /// Takes a part in which the other side has changed something.
    fn take(&mut self, part: Clash, ours: &str) {
        let our = &ours[part.ours.clone()];
        if our == part.base || goes_on(our, &part.theirs) {
            self.edits.push((part.ours, part.theirs));
        } else if our != part.theirs && !goes_on(&part.theirs, our) {
            self.clashes.push(part);
        }
    }
}

/// Whether one side did what the other did and put something into it.
fn goes_on(less: &str, more: &str) -> bool {
    let (less, more) = (words(less), words(more));
    let (begin, end) = same_edges(&less, &more);
    less.count() > 0 && less.count() < more.count() && begin + end == less.count()
}

/// A part of three texts that belongs together.
struct Part {
    base: Range<usize>,
    ours: Range<usize>,
    theirs: Range<usize>,
}

/// Calls `take` for each part in which the other side has changed something, with all that touches it.
fn merge_by([ours, theirs]: [Vec<Hunk>; 2], take: &mut dyn FnMut(Part)) {
    let mut our: VecDeque<Hunk> = ours.into();
    // Where our text is, for a place of the base that is behind all hunks before.
    let mut our_shift = 0_isize;
    let mut their = theirs.into_iter().peekable();
    while let Some(first) = their.next() {
        while our.front().is_some_and(|it| !touch(&it.base, &first.base) && it.base.end <= first.base.start) {
            our_shift += our.pop_front().map_or(0, |it| grown(&it));
        }
        let mut part = Part { base: first.base.clone(), ours: 0..0, theirs: first.side.clone() };
        let (shift_before, mut their_shift) = (our_shift, grown(&first));
        let their_before = signed(first.side.start) - signed(first.base.start);
        loop {
            if let Some(hunk) = our.pop_front_if(|it| touch(&it.base, &part.base)) {
                our_shift += grown(&hunk);
                part.base = part.base.start.min(hunk.base.start)..part.base.end.max(hunk.base.end);
            } else if let Some(hunk) = their.next_if(|it| touch(&it.base, &part.base)) {
                their_shift += grown(&hunk);
                part.base.end = part.base.end.max(hunk.base.end);
            } else {
                break;
            }
        }
        part.ours = moved(part.base.start, shift_before)..moved(part.base.end, our_shift);
        part.theirs = moved(part.base.start, their_before)..moved(part.base.end, their_before + their_shift);
        take(part);
    }
}

/// Whether two changes of the base concern each other: they share some of it, or insert at one place.
fn touch(one: &Range<usize>, other: &Range<usize>) -> bool {
    match one.is_empty() || other.is_empty() {
        // What is inserted at the edge of a change is beside it, and where both insert nobody knows who is first.
        true if one.is_empty() && other.is_empty() => one.start == other.start,
        true => one.start < other.end && other.start < one.end && one != other,
        false => one.start < other.end && other.start < one.end,
    }
}

fn signed(place: usize) -> isize {
    place.cast_signed()
}

fn grown(hunk: &Hunk) -> isize {
    signed(hunk.side.len()) - signed(hunk.base.len())
}

fn moved(place: usize, by: isize) -> usize {
    place.saturating_add_signed(by)
}

/// A text that was cut into what is compared as a whole.
struct Tokens<'a> {
    text: &'a str,
    /// Where each begins, and the last one ends.
    bounds: Vec<usize>,
}

/// A way to cut a text.
type Cut = fn(&str) -> Tokens<'_>;

impl<'a> Tokens<'a> {
    fn count(&self) -> usize {
        self.bounds.len() - 1
    }

    fn get(&self, number: usize) -> &'a str {
        &self.text[self.bounds[number]..self.bounds[number + 1]]
    }

    fn bytes(&self, numbers: &Range<usize>) -> Range<usize> {
        self.bounds[numbers.start]..self.bounds[numbers.end]
    }
}

fn lines(text: &str) -> Tokens<'_> {
    let mut bounds = vec![0];
    bounds.extend(memchr::memchr_iter(b'\n', text.as_bytes()).map(|place| place + 1));
    if bounds.last() != Some(&text.len()) {
        bounds.push(text.len());
    }
    Tokens { text, bounds }
}

/// Words, and whatever is between them letter by letter.
fn words(text: &str) -> Tokens<'_> {
    let is_of_word = |letter: char| letter.is_alphanumeric() || letter == '_';
    let mut bounds = vec![0];
    let mut place = 0;
    while let Some(first) = text[place..].chars().next() {
        let rest = &text[place..];
        place += match is_of_word(first) {
            true => rest.find(|letter| !is_of_word(letter)).unwrap_or(rest.len()),
            false => first.len_utf8(),
        };
        bounds.push(place);
    }
    Tokens { text, bounds }
}

/// What some sides have changed.
fn hunks<const SIDES: usize>(base: &str, sides: [&str; SIDES], cut: Cut, effort: &mut Effort) -> [Vec<Hunk>; SIDES] {
    let (base, sides) = (cut(base), sides.map(cut));
    let mut number = 0;
    changes(&base, &sides, effort).map(|changes| {
        let side = &sides[number];
        number += 1;
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
fn same_edges(one: &Tokens<'_>, other: &Tokens<'_>) -> (usize, usize) {
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
