//! What one author has changed, before what others have changed meanwhile.
//!
//! Who has lost the connection does not know which edits have arrived, and has a text with all of them. Compared with the last
//! revision that is certain, what has arrived would be made once more. So the author's revisions are put before the others:
//!
//! ```text
//!   base ── theirs ── own ── theirs ──▶ now         as it was
//!   base ── own ──┬── theirs ── theirs ──▶ now      as it is looked at
//!                 └── what the text has beside: the edit
//! ```

use crop::Rope;

use super::{Delta, First, Revision};

/// Changes the text that some revisions were made for by those of one author. Returns what the others have changed, one after
/// the other, behind that; `None` where they cannot be told apart, since `now` would not come of it.
pub fn put_own_first(text: &mut Rope, revisions: &[Revision], author: &str, now: &Rope) -> Option<Vec<Delta>> {
    let mut others: Vec<Delta> = Vec::new();
    for revision in revisions {
        if &*revision.author != author {
            others.push(revision.delta.clone());
            continue;
        }
        let mut own = revision.delta.clone();
        for other in others.iter_mut().rev() {
            let before = own.over(&other.inverse(), First::Other);
            // It may have changed what the other has, and then it was not before that.
            let order = [First::Other, First::This].into_iter().find(|first| before.over(other, *first) == own)?;
            *other = other.over(&before, if order == First::Other { First::This } else { First::Other });
            own = before;
        }
        made(&own, text)?;
    }
    let mut last = text.clone();
    others.iter().try_for_each(|other| made(other, &mut last))?;
    (last == *now).then_some(others)
}

/// Changes a text by a delta, where that fits.
fn made(delta: &Delta, text: &mut Rope) -> Option<()> {
    delta.fits(text).then(|| delta.apply(text))
}
