//! What takes back what an author did last, and nothing of what others did since.

use super::{Delta, First, Revision, Role};

/// The deltas, to be applied one after the other, that take back the last group of an author's edits ([`Role::Undo`]), or the
/// last such undoing ([`Role::Redo`]). There are none where there is nothing to take back.
pub(super) fn reversal(log: &[Revision], author: &str, role: Role) -> Vec<Delta> {
    let Some(begin) = begin(log, author, role) else { return Vec::new() };
    // What takes back each revision, for the text after all that follow it here have been taken back.
    let mut stack: Vec<Delta> = Vec::new();
    for revision in &log[begin..] {
        if &*revision.author != author {
            let mut other = revision.delta.clone();
            for delta in stack.iter_mut().rev() {
                let moved = delta.over(&other, First::Other);
                other = other.over(delta, First::This);
                *delta = moved;
            }
        } else if revision.role == role {
            // It was the top of the stack.
            stack.pop();
        } else {
            stack.push(revision.delta.inverse());
        }
    }
    stack.into_iter().rev().filter(|delta| !delta.is_empty()).collect()
}

/// Where the last group begins that can be taken back.
fn begin(log: &[Revision], author: &str, role: Role) -> Option<usize> {
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
    begins.pop()
}
