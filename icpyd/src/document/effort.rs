//! How much work a comparison may be. To compare well what has many equal lines in another order takes time that grows with the
//! square of their number: 200,000 lines of ten different ones took 40 s. What is left after so much work counts as replaced.

use imara_diff::{InternedInput, Token};

/// The work of one comparison, which is about a second: so much as 16,000 changed lines take.
const STEPS_MAX: u64 = 1 << 28;

/// The work that is left, in steps: one is to compare two tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Effort(u64);

impl Default for Effort {
    fn default() -> Self {
        Self(STEPS_MAX)
    }
}

impl Effort {
    #[cfg(test)]
    pub(super) fn of(steps: u64) -> Self {
        Self(steps)
    }

    /// How many tokens of both can be compared. Where all can in the worst case, nothing is looked at.
    pub(super) fn reach<T>(&mut self, input: &InternedInput<T>) -> (usize, usize) {
        let (before, after) = (&input.before, &input.after);
        let worst = (before.len() as u64).saturating_mul(after.len() as u64);
        if self.0 == 0 && worst > 0 {
            return (0, 0);
        }
        if worst <= self.0 / 4 {
            return (before.len(), after.len());
        }
        let kinds = input.interner.num_tokens() as usize;
        // What only one side has is never compared.
        let (ours, theirs) = (also_in(before, after, kinds), also_in(after, before, kinds));
        let (ours_end, theirs_end) = self.furthest(&ours, &theirs);
        let place =
            |shared: &[(usize, Token)], end: usize, all: usize| shared.get(end).map_or(all, |(place, _)| *place);
        (place(&ours, ours_end, before.len()), place(&theirs, theirs_end, after.len()))
    }

    /// Counts the work of a comparison that has found so many changed tokens.
    pub(super) fn spend(&mut self, tokens: usize, changed: u32) {
        self.0 = self.0.saturating_sub(tokens as u64 + u64::from(changed).pow(2));
    }

    /// How far two lists can be brought by the fewest changes, with the work that is left (E. Myers, "An O(ND) difference
    /// algorithm and its variations", 1986).
    fn furthest(&mut self, before: &[(usize, Token)], after: &[(usize, Token)]) -> (usize, usize) {
        let (rows, columns) = (before.len().cast_signed(), after.len().cast_signed());
        let mut best = (0, 0);
        // How far `before` has come on each diagonal; the first stands for none.
        let mut reached = vec![-1; before.len() + after.len() + 3];
        let place = |diagonal: isize| (diagonal + columns + 1).cast_unsigned();
        for changes in 0..=rows + columns {
            for diagonal in (-changes..=changes).step_by(2).filter(|it| (-columns..=rows).contains(it)) {
                let by_removing = reached[place(diagonal - 1)] + 1;
                let by_inserting = reached[place(diagonal + 1)];
                let rows_here = diagonal.max(0)..=rows.min(columns + diagonal);
                let begin = [by_removing, by_inserting].into_iter().filter(|row| rows_here.contains(row)).max();
                let Some(begin) = begin else { continue };
                let mut row = begin;
                let same = |row: isize| before[row.cast_unsigned()].1 == after[(row - diagonal).cast_unsigned()].1;
                while row < rows && row - diagonal < columns && same(row) {
                    row += 1;
                }
                reached[place(diagonal)] = row;
                let now = (row.cast_unsigned(), (row - diagonal).cast_unsigned());
                if now.0 + now.1 > best.0 + best.1 {
                    best = now;
                }
                self.0 = self.0.saturating_sub((row - begin).cast_unsigned() as u64 + 1);
                if best == (before.len(), after.len()) || self.0 == 0 {
                    return best;
                }
            }
        }
        best
    }
}

/// Those of some tokens that others have too, and where they are.
fn also_in(tokens: &[Token], others: &[Token], kinds: usize) -> Vec<(usize, Token)> {
    let mut is_there = vec![false; kinds];
    for token in others {
        is_there[token.0 as usize] = true;
    }
    tokens.iter().copied().enumerate().filter(|(_, token)| is_there[token.0 as usize]).collect()
}
