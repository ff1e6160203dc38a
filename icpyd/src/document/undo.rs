//! What takes back what an author did last, and nothing of what others did since.

use super::{Delta, First, Revision, Role};

/// The deltas, to be applied one after the other, that take back the last group of an author's edits ([`Role::Undo`]), or the
/// last such undoing ([`Role::Redo`]). There are none where there is nothing to take back.
pub(super) fn reversal(log: &[Revision], author: &str, role: Role) -> Vec<Delta> {
    // A group of which others have left nothing cannot be taken back: what was made before it is.
    let groups = begins(log, author, role).into_iter().rev();
    groups.map(|begin| reversal_from(&log[begin..], author, role)).find(|deltas| !deltas.is_empty()).unwrap_or_default()
}

/// The same from where a group begins.
fn reversal_from(log: &[Revision], author: &str, role: Role) -> Vec<Delta> {
    // What takes back each revision, for the text after all that follow it here have been taken back.
    let mut stack: Vec<Delta> = Vec::new();
    for revision in log {
        if &*revision.author != author {
            let mut other = revision.delta.clone();
            for delta in stack.iter_mut().rev() {
                let moved = delta.over(&other, First::Other);
                other = other.over(delta, First::This);
                *delta = moved;
            }
        } else if revision.role == role {
            // It was the top of the stack: that of which nothing was left had no revision.
            stack.retain(|delta| !delta.is_empty());
            stack.pop();
        } else {
            stack.push(revision.delta.inverse());
        }
    }
    stack.into_iter().rev().filter(|delta| !delta.is_empty()).collect()
}

/// Where the groups begin that can be taken back.
fn begins(log: &[Revision], author: &str, role: Role) -> Vec<usize> {
    let mut begins = Vec::new();
    let mut last_group = None;
    for (place, revision) in log.iter().enumerate().filter(|(_, it)| &*it.author == author) {
        if last_group.replace(revision.group) == Some(revision.group) {
            continue;
        }
        match (role, revision.role) {
            (Role::Redo, Role::Edit) => begins.clear(),
            (role, it) if role == it => drop(begins.pop()),
            _ => begins.push(place),
        }
    }
    begins
}
