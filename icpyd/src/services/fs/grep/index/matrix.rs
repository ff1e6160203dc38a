//! The signatures of all blocks, turned over: a row for each bit, and in it a bit for each block. There are no holes.
//!
//! Rows are in parts, one chunk for 1024 blocks, so that the matrix can grow without being copied. The last blocks, fewer
//! than 64, are kept as they come, because a whole word of a row is written as quickly as one bit of it.
//!
//! ```text
//!            blocks 0..63  64..127  ...  960..1023   | chunk 1 ...   | the last: one signature each
//!   bit 0       word         word          word      |               |
//!   ...                                              |               |
//!   bit 4095    word         word          word      |               |
//! ```

use super::files::bits;
use super::signature::{BITS, Signature};

/// Blocks in a word of a row.
const GROUP: usize = 64;

/// Words of one row in a chunk: two cache lines, which are read as one.
const WORDS: usize = 16;

/// What one block takes, in bytes.
const BLOCK_BYTES: usize = BITS / 8;

/// The matrix.
#[derive(Debug, Default)]
pub(super) struct Matrix {
    chunks: Vec<Box<[[u64; WORDS]]>>,
    /// Words of each row that are in use: all before the last blocks.
    groups: usize,
    last: Vec<Signature>,
}

impl Matrix {
    pub(super) fn len(&self) -> usize {
        self.groups * GROUP + self.last.len()
    }

    /// Adds a block, and returns its place.
    pub(super) fn push(&mut self, signature: &Signature) -> u32 {
        let place = u32::try_from(self.len()).expect("the index is bounded far below that");
        self.last.push(*signature);
        if self.last.len() == GROUP {
            self.close_group();
        }
        place
    }

    /// Takes a block out; the last one comes into its place.
    pub(super) fn swap_remove(&mut self, block: u32) {
        if self.last.is_empty() {
            self.open_group();
        }
        let Some(moved) = self.last.pop() else { return };
        let block = block as usize;
        if block == self.len() {
            return;
        }
        if let Some(place) = block.checked_sub(self.groups * GROUP) {
            self.last[place] = moved;
            return;
        }
        let (group, bit) = (block / GROUP, block % GROUP);
        let rows = &mut self.chunks[group / WORDS];
        for (row, is_set) in rows.iter_mut().zip(moved.iter().flat_map(|word| (0..64).map(move |bit| word >> bit & 1)))
        {
            let word = &mut row[group % WORDS];
            *word = *word & !(1 << bit) | is_set << bit;
        }
    }

    /// Writes the last blocks, now a whole group, into the rows.
    fn close_group(&mut self) {
        let (chunk, word) = (self.groups / WORDS, self.groups % WORDS);
        if chunk == self.chunks.len() {
            self.chunks.push(vec![[0; WORDS]; BITS].into());
        }
        let rows = self.chunks[chunk].as_chunks_mut::<GROUP>().0;
        for (place, rows) in rows.iter_mut().enumerate() {
            let mut square = std::array::from_fn(|block| self.last[block][place]);
            transpose(&mut square);
            rows.iter_mut().zip(square).for_each(|(row, bits)| row[word] = bits);
        }
        self.last.clear();
        self.groups += 1;
    }

    /// Takes the last group out of the rows again.
    fn open_group(&mut self) {
        let Some(group) = self.groups.checked_sub(1) else { return };
        let word = group % WORDS;
        let rows = self.chunks[group / WORDS].as_chunks::<GROUP>().0;
        self.last = vec![[0; BITS / 64]; GROUP];
        for (place, rows) in rows.iter().enumerate() {
            let mut square = rows.map(|row| row[word]);
            transpose(&mut square);
            self.last.iter_mut().zip(square).for_each(|(signature, bits)| signature[place] = bits);
        }
        self.groups = group;
        self.chunks.truncate(group.div_ceil(WORDS));
    }

    /// Finds the blocks that have all of these bits, in order.
    pub(super) fn find(&self, wanted: &[usize], mut found: impl FnMut(u32)) {
        let words = (0..self.groups).step_by(WORDS).zip(&self.chunks);
        for (first, rows) in words {
            let mut all = [u64::MAX; WORDS];
            // Words that are not in use yet may have any bits.
            all[(self.groups - first).min(WORDS)..].fill(0);
            for bit in wanted {
                all.iter_mut().zip(&rows[*bit]).for_each(|(all, word)| *all &= word);
                if all == [0; WORDS] {
                    break;
                }
            }
            for (group, word) in (first..).zip(all) {
                bits(word).for_each(|bit| found(place(group) + bit));
            }
        }
        let has = |signature: &Signature| wanted.iter().all(|bit| signature[bit / 64] >> (bit % 64) & 1 == 1);
        let places = (place(self.groups)..).zip(&self.last);
        places.filter(|(_, signature)| has(signature)).for_each(|(place, _)| found(place));
    }

    /// What the matrix would take with so many blocks more.
    pub(super) fn bytes_with(&self, blocks: usize) -> usize {
        let groups = (self.len() + blocks) / GROUP;
        groups.div_ceil(WORDS) * WORDS * size_of::<u64>() * BITS + GROUP * BLOCK_BYTES
    }
}

/// The place of the first block of a group.
fn place(group: usize) -> u32 {
    u32::try_from(group * GROUP).expect("the index is bounded far below that")
}

/// Makes rows columns: the halves off the diagonal change places, then those of each quarter, and so on (Warren, Hacker's
/// Delight, 7-3).
fn transpose(square: &mut [u64; 64]) {
    let mut half = 32;
    let mut mask = 0x0000_0000_ffff_ffff_u64;
    while half > 0 {
        for row in (0..64).filter(|row| row & half == 0) {
            let swapped = (square[row] >> half ^ square[row + half]) & mask;
            square[row + half] ^= swapped;
            square[row] ^= swapped << half;
        }
        half /= 2;
        mask ^= mask << half;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn rows_become_columns() {
        let square: [u64; 64] = std::array::from_fn(|row| (row as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15));
        let mut turned = square;
        transpose(&mut turned);
        for (row, column) in (0..64).flat_map(|row| (0..64).map(move |column| (row, column))) {
            assert_eq!(turned[row] >> column & 1, square[column] >> row & 1, "{row} {column}");
        }
    }

    /// A signature with a few bits that depend on its number.
    fn numbered(number: u32) -> Signature {
        let mut signature = [0; BITS / 64];
        for step in 0..8 {
            let bit = (number.wrapping_mul(2_654_435_761).wrapping_add(step * 977)) as usize % BITS;
            signature[bit / 64] |= 1 << (bit % 64);
        }
        signature
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 32, failure_persistence: None, ..ProptestConfig::default() })]

        /// The matrix finds what a list of signatures finds, whatever is added and taken out.
        #[test]
        fn it_is_a_list_of_signatures(steps in proptest::collection::vec((0u32..5000, 0u32..3), 0..3000)) {
            let (mut matrix, mut list) = (Matrix::default(), Vec::<Signature>::new());
            for (number, kind) in steps {
                if kind == 0 && !list.is_empty() {
                    let place = number as usize % list.len();
                    matrix.swap_remove(u32::try_from(place).unwrap());
                    list.swap_remove(place);
                } else {
                    prop_assert_eq!(matrix.push(&numbered(number)) as usize, list.len());
                    list.push(numbered(number));
                }
                prop_assert_eq!(matrix.len(), list.len());
            }
            for bit in (0..BITS).step_by(61) {
                let mut found = Vec::new();
                matrix.find(&[bit], |place| found.push(place as usize));
                let expect: Vec<usize> =
                    (0..list.len()).filter(|place| list[*place][bit / 64] >> (bit % 64) & 1 == 1).collect();
                prop_assert_eq!(found, expect);
            }
        }
    }
}
