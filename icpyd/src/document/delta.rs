//! What changes from one revision of a text to the next, and what that becomes when something else was changed first.
//!
//! A delta is a list of splices. Each removes some text at a place and inserts other text there; places are bytes of the text
//! before the delta. In a splice what is inserted stands before what is removed: that says who is first where two people type
//! at one place.

use std::fmt;
use std::ops::Range;

use crop::Rope;

/// One place where text changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Splice {
    /// Where, in bytes of the text before.
    pub at: usize,
    /// What goes.
    pub removed: Box<str>,
    /// What comes.
    pub inserted: Box<str>,
}

/// What changes from one revision to the next: splices in the order of their places, of which no two touch the same text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Delta(Vec<Splice>);

/// Who stands first where two deltas insert at one place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum First {
    /// The delta that is transformed.
    This,
    /// The one that it is transformed over: it was there before.
    Other,
}

/// Edits that cannot be one delta.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BadEdit {
    /// Two of them touch the same text.
    Overlap(Range<usize>),
    /// One ends before it begins, or after the text does, or in a character.
    NoPlace(Range<usize>),
}

impl fmt::Display for BadEdit {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Overlap(range) => write!(formatter, "two edits touch bytes {} to {}", range.start, range.end),
            Self::NoPlace(range) => write!(formatter, "no characters are from byte {} to {}", range.start, range.end),
        }
    }
}

impl Splice {
    /// Where what it removes ends.
    pub fn end(&self) -> usize {
        self.at + self.removed.len()
    }

    fn is_nothing(&self) -> bool {
        self.removed.is_empty() && self.inserted.is_empty()
    }
}

impl Delta {
    /// Replaces ranges of a text, all of them at once. The order of edits counts only where they insert at one place.
    pub fn of(text: &Rope, edits: impl IntoIterator<Item = (Range<usize>, String)>) -> Result<Self, BadEdit> {
        let mut edits: Vec<_> = edits.into_iter().collect();
        edits.sort_by_key(|(range, _)| (range.start, range.end));
        let (mut delta, mut near) = (Self::default(), Near::default());
        for (range, inserted) in edits {
            let Some(removed) = near.get(text, &range) else { return Err(BadEdit::NoPlace(range)) };
            if let Some(last) = delta.0.last()
                && range.start < last.end()
            {
                return Err(BadEdit::Overlap(range.start..last.end().min(range.end)));
            }
            delta.push(Splice { at: range.start, removed, inserted: inserted.into() });
        }
        Ok(delta)
    }

    /// A delta of splices as they were stored. `None` where they are out of order.
    pub fn of_splices(splices: Vec<Splice>) -> Option<Self> {
        let is_sorted = splices.windows(2).all(|pair| pair[0].end() <= pair[1].at);
        is_sorted.then_some(Self(splices))
    }

    /// Its splices.
    pub fn splices(&self) -> &[Splice] {
        &self.0
    }

    /// Whether nothing changes.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// About how much memory it takes.
    pub fn bytes(&self) -> usize {
        self.0.iter().map(|it| size_of::<Splice>() + it.removed.len() + it.inserted.len()).sum()
    }

    /// Whether a text has what it removes, where it removes that.
    pub(super) fn fits(&self, text: &Rope) -> bool {
        let is_place = |at: usize| at <= text.byte_len() && text.is_char_boundary(at);
        let has =
            |it: &Splice| is_place(it.at) && is_place(it.end()) && text.byte_slice(it.at..it.end()) == *it.removed;
        self.0.iter().all(has)
    }

    /// Changes the text that it was made for.
    pub fn apply(&self, text: &mut Rope) {
        for splice in self.0.iter().rev() {
            text.replace(splice.at..splice.end(), &*splice.inserted);
        }
    }

    /// What undoes it.
    #[must_use]
    pub fn inverse(&self) -> Self {
        let mut shift = Shift::default();
        let invert = |splice: &Splice| {
            let at = shift.of(splice.at);
            shift.add(splice);
            Splice { at, removed: splice.inserted.clone(), inserted: splice.removed.clone() }
        };
        Self(self.0.iter().map(invert).collect())
    }

    /// What this one becomes when `other` was applied first. Both are of the same text. What is inserted stays, and what is
    /// removed goes once: of a text that the other has removed, nothing is left to remove, and what the other has put into it
    /// stays.
    #[must_use]
    pub fn over(&self, other: &Self, first: First) -> Self {
        let mut result = Self::default();
        let mut others = Others { rest: &other.0, shift: Shift::default() };
        for splice in &self.0 {
            others.skip(splice.at, first);
            let at = others.place(splice.at, first);
            result.push(Splice { at, removed: "".into(), inserted: splice.inserted.clone() });
            others.remove(splice, &mut result);
        }
        result
    }

    /// Adds a splice behind the others. One that goes on where the last ended becomes part of it.
    fn push(&mut self, splice: Splice) {
        match self.0.last_mut() {
            _ if splice.is_nothing() => {}
            Some(last) if last.end() == splice.at && (last.removed.is_empty() || splice.inserted.is_empty()) => {
                last.inserted = [&*last.inserted, &*splice.inserted].concat().into();
                last.removed = [&*last.removed, &*splice.removed].concat().into();
            }
            _ => self.0.push(splice),
        }
    }
}

/// The piece of a text that was looked at last: what is looked up next is often in it too.
#[derive(Default)]
struct Near<'a> {
    begin: usize,
    piece: &'a str,
}

impl<'a> Near<'a> {
    /// What is at a place, if that begins and ends between characters.
    fn get(&mut self, text: &'a Rope, range: &Range<usize>) -> Option<Box<str>> {
        if range.start > range.end || range.end > text.byte_len() {
            return None;
        }
        let piece = |near: &Self| near.piece.get(range.start.checked_sub(near.begin)?..range.end - near.begin);
        if let Some(found) = piece(self) {
            return Some(found.into());
        }
        if !text.is_char_boundary(range.start) || !text.is_char_boundary(range.end) {
            return None;
        }
        let rest = text.byte_slice(range.start..);
        *self = Self { begin: range.start, piece: rest.chunks().next().unwrap_or_default() };
        piece(self).map_or_else(|| Some(rest.byte_slice(..range.len()).to_string().into()), |found| Some(found.into()))
    }
}

/// By how much places behind some splices move.
#[derive(Clone, Copy, Debug, Default)]
struct Shift {
    inserted: usize,
    removed: usize,
}

impl Shift {
    fn of(self, at: usize) -> usize {
        at + self.inserted - self.removed
    }

    fn add(&mut self, splice: &Splice) {
        self.inserted += splice.inserted.len();
        self.removed += splice.removed.len();
    }
}

/// The splices of another delta that are not behind us yet.
struct Others<'a> {
    rest: &'a [Splice],
    shift: Shift,
}

impl Others<'_> {
    /// Leaves behind what ends before a place.
    fn skip(&mut self, at: usize, first: First) {
        while let Some((next, rest)) = self.rest.split_first()
            && next.end() <= at
            && (next.at < at || first == First::Other)
        {
            self.shift.add(next);
            self.rest = rest;
        }
    }

    /// Where something is inserted that was to be inserted at a place.
    fn place(&self, at: usize, first: First) -> usize {
        match self.rest.first() {
            Some(next) if next.at < at || (next.at == at && first == First::Other) => {
                self.shift.of(next.at) + next.inserted.len()
            }
            _ => self.shift.of(at),
        }
    }

    /// Removes what of a splice's removed text is still there.
    fn remove(&mut self, splice: &Splice, result: &mut Delta) {
        let mut begin = splice.at;
        while let Some((next, rest)) = self.rest.split_first()
            && next.at < splice.end()
        {
            self.remove_part(splice, begin..next.at, result);
            begin = begin.max(next.end());
            if next.end() > splice.end() {
                return;
            }
            self.shift.add(next);
            self.rest = rest;
        }
        self.remove_part(splice, begin..splice.end(), result);
    }

    fn remove_part(&self, splice: &Splice, part: Range<usize>, result: &mut Delta) {
        if part.start < part.end {
            let removed = splice.removed[part.start - splice.at..part.end - splice.at].into();
            result.push(Splice { at: self.shift.of(part.start), removed, inserted: "".into() });
        }
    }
}
