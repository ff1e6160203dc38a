//! Which trees have which watches, where several share an inotify instance: that has one watch for each folder, whoever wants to know
//! of it.

use std::collections::{BTreeSet, HashMap, HashSet};

/// Trees, by their numbers, and their watches.
#[derive(Debug, Default)]
pub(super) struct Sharers {
    of_watch: HashMap<i32, BTreeSet<u32>>,
    watches: HashMap<u32, HashSet<i32>>,
}

impl Sharers {
    pub(super) fn add(&mut self, watch: i32, number: u32) {
        self.of_watch.entry(watch).or_default().insert(number);
        self.watches.entry(number).or_default().insert(watch);
    }

    /// Whose a watch is.
    pub(super) fn of(&self, watch: i32) -> BTreeSet<u32> {
        self.of_watch.get(&watch).cloned().unwrap_or_default()
    }

    /// Returns whether the watch is nobody's now.
    pub(super) fn remove(&mut self, watch: i32, number: u32) -> bool {
        if let Some(watches) = self.watches.get_mut(&number) {
            watches.remove(&watch);
        }
        self.let_go(watch, number)
    }

    fn let_go(&mut self, watch: i32, number: u32) -> bool {
        let Some(numbers) = self.of_watch.get_mut(&watch) else { return false };
        numbers.remove(&number);
        let is_nobodys = numbers.is_empty();
        if is_nobodys {
            self.of_watch.remove(&watch);
        }
        is_nobodys
    }

    /// Forgets a tree. Returns the watches that are nobody's now.
    pub(super) fn leave(&mut self, number: u32) -> Vec<i32> {
        let watches = self.watches.remove(&number).unwrap_or_default();
        watches.into_iter().filter(|watch| self.let_go(*watch, number)).collect()
    }

    /// Forgets a watch that has ended. Returns whose it was.
    pub(super) fn end(&mut self, watch: i32) -> BTreeSet<u32> {
        let numbers = self.of_watch.remove(&watch).unwrap_or_default();
        for number in &numbers {
            if let Some(watches) = self.watches.get_mut(number) {
                watches.remove(&watch);
            }
        }
        numbers
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_watch_is_kept_for_as_long_as_somebody_has_it() {
        let mut sharers = Sharers::default();
        for (watch, number) in [(1, 10), (1, 20), (2, 10), (3, 20), (1, 10)] {
            sharers.add(watch, number);
        }
        assert_eq!(sharers.of(1), [10, 20].into());
        assert!(!sharers.remove(1, 10));
        assert!(!sharers.remove(1, 10), "it had it no longer");
        assert!(sharers.remove(1, 20));
        assert_eq!(sharers.of(1), [].into());
        assert_eq!(sharers.end(3), [20].into());
        assert!(!sharers.remove(3, 20), "it has ended by itself");
        sharers.add(4, 20);
        sharers.add(2, 20);
        assert_eq!(sharers.leave(20), [4]);
        assert_eq!(sharers.leave(10), [2]);
        assert!(sharers.leave(10).is_empty());
    }
}
