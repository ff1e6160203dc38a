//! A few texts, one of which stands somewhere.

use std::collections::BTreeSet;

use super::TEXT_BYTES_MAX;

/// The most texts that are told apart.
pub(super) const COUNT_MAX: usize = 32;

/// Different texts, at most [`COUNT_MAX`] of them. One that is empty says nothing of what stands there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Texts(BTreeSet<Vec<u8>>);

impl Texts {
    pub(super) fn one(text: Vec<u8>) -> Self {
        Self(BTreeSet::from([text]))
    }

    pub(super) fn empty_text() -> Self {
        Self::one(Vec::new())
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &[u8]> {
        self.0.iter().map(Vec::as_slice)
    }

    pub(super) fn longest(&self) -> usize {
        self.0.iter().map(Vec::len).max().unwrap_or_default()
    }

    /// Each of these followed by each of those, unless that is too many.
    pub(super) fn joined(&self, next: &Self) -> Option<Self> {
        if self.0.len() * next.0.len() > COUNT_MAX {
            return None;
        }
        let joined = self.0.iter().flat_map(|first| next.0.iter().map(|second| [&first[..], second].concat()));
        Some(joined.collect())
    }

    /// These and those, unless that is too many.
    pub(super) fn united(&self, other: &Self) -> Option<Self> {
        let texts = Self(self.0.union(&other.0).cloned().collect());
        (texts.0.len() <= COUNT_MAX).then_some(texts)
    }

    /// The beginnings, short enough to be asked for as one.
    pub(super) fn cut_to_begins(self) -> Self {
        self.0.into_iter().map(|text| text[..text.len().min(TEXT_BYTES_MAX)].to_vec()).collect()
    }

    /// The ends, short enough to be asked for as one.
    pub(super) fn cut_to_ends(self) -> Self {
        self.0.into_iter().map(|text| text[text.len().saturating_sub(TEXT_BYTES_MAX)..].to_vec()).collect()
    }
}

impl FromIterator<Vec<u8>> for Texts {
    fn from_iter<I: IntoIterator<Item = Vec<u8>>>(texts: I) -> Self {
        Self(texts.into_iter().collect())
    }
}
