//! What takes back what an author did last, and nothing of what others did since.

use super::{Delta, First, Revision, Role};

/// The deltas, to be applied one after the other, that take back the last group of an author's edits ([`Role::Undo`]), or the
/// last such undoing ([`Role::Redo`]). There are none where there is nothing to take back.
pub(super) fn reversal(log: &[Revision], author: &str, role: Role) -> Vec<Delta> {
    let begins = begins(log, author, role);
    let (Some(first), Some(last)) = (begins.first(), begins.last()) else { return Vec::new() };
    let mut left = left_from(log, *last, author, role);
    if left.is_empty() {
        // A group of which others have left nothing cannot be taken back: what was made before it is.
        left = left_from(log, *first, author, role);
        let last = left.last().map_or(0, |(place, _)| *place);
        let begin = begins.into_iter().rev().find(|begin| *begin <= last).unwrap_or_default();
        left.retain(|(place, _)| *place >= begin);
    }
    left.into_iter().rev().map(|(_, delta)| delta).collect()
}

/// What takes back each revision of an author from a place on, where something is left to take back: with its place, and for the
/// text after all that follow it here have been taken back.
fn left_from(log: &[Revision], begin: usize, author: &str, role: Role) -> Vec<(usize, Delta)> {
    let mut stack: Vec<(usize, Delta)> = Vec::new();
    for (place, revision) in log.iter().enumerate().skip(begin) {
        if &*revision.author != author {
            let mut other = revision.delta.clone();
            for (_, delta) in stack.iter_mut().rev() {
                let moved = delta.over(&other, First::Other);
                other = other.over(delta, First::This);
                *delta = moved;
            }
            // That of which nothing is left is taken back by no revision.
            stack.retain(|(_, delta)| !delta.is_empty());
        } else if revision.role == role {
            // It was the top of the stack.
            stack.pop();
        } else {
            stack.push((place, revision.delta.inverse()));
        }
    }
    stack
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
