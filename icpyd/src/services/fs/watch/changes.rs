//! When to tell of a change: the first one of a file at once, and then, while it goes on changing, only what has come of it.
//!
//! What is told is what is on disk at that moment, so that a file which is written in many pieces, or replaced by way of another
//! name, is told of twice and not a dozen times.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};
use std::path::{Path, PathBuf};
use std::time::Duration;

use icpy_protocol::fs::FileChange;
use tokio::time::Instant;

use crate::services::fs::paths::keys_below;
use crate::services::fs::stamp::Stamp;

/// A file that rests for so long has changed for now.
const REST: Duration = Duration::from_millis(100);

/// How often a file is told of that never rests.
const PERIOD: Duration = Duration::from_secs(1);

/// A change that is to be told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Change {
    pub(super) path: PathBuf,
    pub(super) kind: FileChange,
    /// Where it was before, when it was renamed.
    pub(super) from: Option<PathBuf>,
    /// What is on disk; nothing when it has gone.
    pub(super) stamp: Option<Stamp>,
}

/// The files that changed a moment ago.
#[derive(Debug, Default)]
pub(super) struct Changes {
    recent: BTreeMap<PathBuf, Recent>,
    /// When each of them is looked at again.
    due: BinaryHeap<Reverse<(Instant, PathBuf)>>,
}

#[derive(Debug)]
struct Recent {
    /// What was told last.
    told: Option<Stamp>,
    /// What was not told yet.
    untold: Option<Untold>,
}

/// Changes of a file since it was told of.
#[derive(Debug)]
struct Untold {
    first: Instant,
    last: Instant,
}

impl Untold {
    /// When it is to be told of.
    fn due(&self) -> Instant {
        (self.last + REST).min(self.first + PERIOD)
    }
}

impl Recent {
    fn change(&mut self, now: Instant) {
        self.untold.get_or_insert(Untold { first: now, last: now }).last = now;
    }
}

impl Changes {
    /// Takes note of one more change of a file that is to be looked at again anyway. Returns whether it is.
    pub(super) fn note_again(&mut self, path: &Path, now: Instant) -> bool {
        let untold = self.recent.get_mut(path).and_then(|recent| recent.untold.as_mut());
        untold.map(|untold| untold.last = now).is_some()
    }

    /// Takes note of a change. Returns it when it is to be told at once.
    pub(super) fn note(&mut self, change: Change, now: Instant) -> Option<Change> {
        if change.kind == FileChange::Deleted {
            self.forget_below(&change.path);
        }
        if let Some(recent) = self.recent.get_mut(&change.path) {
            recent.change(now);
            return None;
        }
        self.expect(&change, now);
        Some(change)
    }

    /// What was told of what is in a folder is over when that is: if it comes back, all in it has come.
    fn forget_below(&mut self, folder: &Path) {
        let below: Vec<PathBuf> = keys_below(&self.recent, folder).filter(|path| *path != folder).cloned().collect();
        for path in below {
            self.recent.remove(&path);
        }
    }

    /// Takes note that a file has another name now, which is told at once.
    pub(super) fn rename(&mut self, change: Change, now: Instant) -> Change {
        if let Some(from) = &change.from {
            let gone = Change { path: from.clone(), kind: FileChange::Deleted, from: None, stamp: None };
            self.expect(&gone, now);
        }
        self.expect(&change, now);
        change
    }

    fn expect(&mut self, change: &Change, now: Instant) {
        let told = Recent { told: change.stamp, untold: None };
        if self.recent.insert(change.path.clone(), told).is_none() {
            self.due.push(Reverse((now + REST, change.path.clone())));
        }
    }

    /// When something is to be looked at again.
    pub(super) fn next(&self) -> Option<Instant> {
        self.due.peek().map(|Reverse((due, _))| *due)
    }

    /// What is to be told now: of those files whose time has come, or of all.
    pub(super) fn take(&mut self, now: Instant, is_all: bool, look: impl Fn(&Path) -> Option<Stamp>) -> Vec<Change> {
        let mut changes = Vec::new();
        let mut later = Vec::new();
        while let Some(Reverse((due, _))) = self.due.peek()
            && (is_all || *due <= now)
        {
            let Some(Reverse((due, path))) = self.due.pop() else { break };
            let Some(recent) = self.recent.get_mut(&path) else { continue };
            let next = recent.untold.as_ref().map_or(due, Untold::due);
            if recent.untold.is_none() && due <= now {
                self.recent.remove(&path);
                continue;
            }
            if recent.untold.is_none() || (next > now && !is_all) {
                later.push(Reverse((next, path)));
                continue;
            }
            recent.untold = None;
            let stamp = look(&path);
            let told = std::mem::replace(&mut recent.told, stamp);
            later.push(Reverse((now + REST, path.clone())));
            let kind = match (told, stamp) {
                (None, Some(_)) => FileChange::Created,
                (Some(_), None) => FileChange::Deleted,
                (Some(told), Some(stamp)) if told != stamp => FileChange::Modified,
                _ => continue,
            };
            changes.push(Change { path, kind, from: None, stamp });
        }
        self.due.extend(later);
        changes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn change(kind: FileChange, stamp: Option<Stamp>) -> Change {
        Change { path: "/a".into(), kind, from: None, stamp }
    }

    /// Notes some changes at once, and returns what is told then, and after each period.
    fn told(changes: &[(FileChange, Option<Stamp>)]) -> Vec<Vec<FileChange>> {
        let (mut told, mut now) = (Changes::default(), Instant::now());
        let noted = changes.iter().filter_map(|(kind, stamp)| told.note(change(*kind, *stamp), now));
        let mut all = vec![noted.map(|change| change.kind).collect()];
        let last = changes.last().and_then(|(_, stamp)| *stamp);
        while told.next().is_some() {
            now += REST;
            all.push(told.take(now, false, |_| last).into_iter().map(|change| change.kind).collect());
        }
        all
    }

    #[test]
    fn what_comes_of_many_changes_is_told() {
        use FileChange::{Created, Deleted, Modified};
        let [one, two] = [1, 2].map(|number| Some(Stamp::of_test(number)));
        assert_eq!(told(&[(Modified, one)]), [vec![Modified], vec![]]);
        assert_eq!(told(&[(Modified, one), (Modified, one)]), [vec![Modified], vec![], vec![]]);
        assert_eq!(told(&[(Modified, one), (Modified, two)]), [vec![Modified], vec![Modified], vec![]]);
        assert_eq!(told(&[(Created, one), (Deleted, None)]), [vec![Created], vec![Deleted], vec![]]);
        assert_eq!(told(&[(Deleted, None), (Created, one)]), [vec![Deleted], vec![Created], vec![]]);
        assert_eq!(told(&[(Deleted, None), (Created, one), (Deleted, None)]), [vec![Deleted], vec![], vec![]]);
    }

    #[test]
    fn what_never_rests_is_told_of_now_and_then() {
        let (mut changes, begin) = (Changes::default(), Instant::now());
        let mut told = Vec::new();
        for number in 0..50 {
            let now = begin + REST / 2 * number;
            let noted = changes.note(change(FileChange::Modified, Some(Stamp::of_test(1))), now);
            let due = changes.take(now, false, |_| Some(Stamp::of_test(number.into())));
            told.extend(noted.into_iter().chain(due).map(|_| now - begin));
        }
        assert_eq!(told, [Duration::ZERO, REST / 2 + PERIOD, REST + 2 * PERIOD]);
    }

    #[test]
    fn everything_is_told_at_once_when_somebody_waits_for_it() {
        let (mut changes, now) = (Changes::default(), Instant::now());
        let one = Some(Stamp::of_test(1));
        changes.note(change(FileChange::Modified, one), now);
        assert_eq!(changes.take(now, true, |_| one), []);
        changes.note(change(FileChange::Deleted, None), now);
        let deleted = change(FileChange::Deleted, None);
        assert_eq!(changes.take(now, true, |_| None), [deleted]);
        assert!(changes.next().is_some());
    }

    #[test]
    fn what_comes_back_with_its_folder_is_told_again() {
        let (mut changes, now) = (Changes::default(), Instant::now());
        let one = Some(Stamp::of_test(1));
        let mut note = |path: &str, kind, stamp| {
            let noted = Change { path: path.into(), kind, from: None, stamp };
            changes.note(noted, now).is_some()
        };
        assert!(note("/a/b", FileChange::Modified, one) && note("/a-c", FileChange::Modified, one));
        assert!(note("/a", FileChange::Deleted, None));
        assert!(note("/a/b", FileChange::Created, one));
        assert!(!note("/a-c", FileChange::Modified, one), "that is not below");
    }
}
