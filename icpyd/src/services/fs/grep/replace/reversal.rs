//! The way back from a replacement: where in the new text something was put, and what was there before.

use serde::{Deserialize, Serialize};

use super::Replaced;
use super::text::Text;

/// What takes the replacements in one file back.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(in crate::services::fs) struct Reversal(Vec<Piece>);

/// Where a piece of the new text begins, how long it is, and in base64 what it took the place of.
type Piece = (usize, usize, String);

impl Reversal {
    pub(in crate::services::fs) fn of(replaced: &Replaced<'_>) -> Self {
        let (mut at, mut done) = (0, 0);
        let pieces = replaced.edits.iter().map(|edit| {
            let start = at + edit.range.start - done;
            (at, done) = (start + edit.after.len(), edit.range.end);
            let before = base64_simd::STANDARD.encode_to_string(&replaced.text()[edit.range.clone()]);
            (start, edit.after.len(), before)
        });
        Self(pieces.collect())
    }

    /// About how much room it takes, in bytes.
    pub(in crate::services::fs) fn size(&self) -> usize {
        self.0.iter().map(|(_, _, before)| before.len() + 24).sum()
    }

    /// The old content, from the new one; nothing where that is not what was written.
    pub(in crate::services::fs) fn apply(&self, content: &[u8]) -> Option<Vec<u8>> {
        let text = Text::decode(content).ok()?;
        let (mut bytes, mut done) = (Vec::with_capacity(text.bytes.len()), 0);
        for (start, length, before) in &self.0 {
            bytes.extend_from_slice(text.bytes.get(done..*start)?);
            bytes.extend(base64_simd::STANDARD.decode_to_vec(before).ok()?);
            done = start.checked_add(*length)?;
        }
        bytes.extend_from_slice(text.bytes.get(done..)?);
        Some(text.encode(bytes))
    }
}
