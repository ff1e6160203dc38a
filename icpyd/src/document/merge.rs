//! Three texts: what a file on disk has become, merged into a text that was changed meanwhile.

use std::collections::{HashSet, VecDeque};
use std::ops::Range;

use super::diff::{Hunk, WORDS_BYTES_MAX, hunks, lines, same_edges, telling, words};
use super::effort::Effort;

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
        if our == part.base || goes_on(&part.base, our, &part.theirs) {
            self.edits.push((part.ours, part.theirs));
        } else if our != part.theirs && !goes_on(&part.base, &part.theirs, our) {
            self.clashes.push(part);
        }
    }
}

/// Whether one side did what the other did and put something into it: not where that was there before, and was removed.
fn goes_on(base: &str, less: &str, more: &str) -> bool {
    let (less, more_words) = (words(less), words(more));
    let (begin, end) = same_edges(&less, &more_words);
    let (count, more_count) = (less.count(), more_words.count());
    let is_more = count > 0 && count < more_count && begin + end == count;
    let put = || &more[more_words.bytes(&(begin..more_count - end))];
    is_more && telling(put()).collect::<HashSet<_>>().is_disjoint(&telling(base).collect())
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
