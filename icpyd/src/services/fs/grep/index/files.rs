//! A set of files, by their numbers.

/// The numbers of a set, a bit for each.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Files(Vec<u64>);

impl Files {
    /// Takes a file in or out.
    pub(super) fn set(&mut self, file: u32, is_in: bool) {
        let (word, bit) = (file as usize / 64, 1 << (file % 64));
        match self.0.get_mut(word) {
            Some(word) if is_in => *word |= bit,
            Some(word) => *word &= !bit,
            None if is_in => {
                self.0.resize(word + 1, 0);
                self.0[word] |= bit;
            }
            None => {}
        }
    }

    /// Takes those in that are in the other set.
    pub(super) fn add(&mut self, other: &Self) {
        if self.0.len() < other.0.len() {
            self.0.resize(other.0.len(), 0);
        }
        self.0.iter_mut().zip(&other.0).for_each(|(word, other)| *word |= other);
    }

    /// Takes those out that are not in the other set.
    pub(super) fn keep(&mut self, other: &Self) {
        self.0.truncate(other.0.len());
        self.0.iter_mut().zip(&other.0).for_each(|(word, other)| *word &= other);
    }

    /// The numbers, in order.
    pub(super) fn iter(&self) -> impl Iterator<Item = u32> {
        (0u32..).step_by(64).zip(&self.0).flat_map(|(first, word)| bits(*word).map(move |bit| first + bit))
    }

    pub(super) fn bytes(&self) -> usize {
        self.0.capacity() * size_of::<u64>()
    }
}

/// The bits of a word that are set, in order.
pub(super) fn bits(mut word: u64) -> impl Iterator<Item = u32> {
    std::iter::from_fn(move || {
        let bit = word.trailing_zeros();
        word &= word.wrapping_sub(1);
        (bit < 64).then_some(bit)
    })
}
