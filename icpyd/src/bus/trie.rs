//! Finds the subscriptions whose patterns match a topic, segment by segment: the cost grows with the topic's length and
//! the number of matches, not with the number of subscriptions.

use std::collections::HashMap;

use icpy_protocol::topic::{Pattern, Segment};

/// Values under patterns. One value may stand under several.
#[derive(Debug)]
pub(super) struct Trie<V> {
    literals: HashMap<Box<str>, Trie<V>>,
    one: Option<Box<Trie<V>>>,
    /// The values whose pattern ends here.
    here: Vec<V>,
    /// The values whose pattern goes on with `**`.
    rest: Vec<V>,
}

impl<V> Default for Trie<V> {
    fn default() -> Self {
        Self { literals: HashMap::new(), one: None, here: Vec::new(), rest: Vec::new() }
    }
}

impl<V> Trie<V> {
    pub(super) fn insert(&mut self, pattern: &Pattern, value: V) {
        let mut node = self;
        for segment in pattern.segments() {
            node = match segment {
                Segment::Literal(name) => node.literals.entry(name.into()).or_default(),
                Segment::One => node.one.get_or_insert_default(),
                Segment::Rest => return node.rest.push(value),
            };
        }
        node.here.push(value);
    }

    /// Removes the values under `pattern` for which `is_it` holds, and the nodes that this leaves empty.
    pub(super) fn remove(&mut self, pattern: &Pattern, is_it: &impl Fn(&V) -> bool) {
        let segments: Vec<Segment<'_>> = pattern.segments().collect();
        self.remove_below(&segments, is_it);
    }

    fn remove_below(&mut self, segments: &[Segment<'_>], is_it: &impl Fn(&V) -> bool) {
        match segments {
            [] => self.here.retain(|value| !is_it(value)),
            [Segment::Rest, ..] => self.rest.retain(|value| !is_it(value)),
            [Segment::One, below @ ..] => {
                if let Some(node) = &mut self.one {
                    node.remove_below(below, is_it);
                    if node.is_empty() {
                        self.one = None;
                    }
                }
            }
            [Segment::Literal(name), below @ ..] => {
                if let Some(node) = self.literals.get_mut(*name) {
                    node.remove_below(below, is_it);
                    if node.is_empty() {
                        self.literals.remove(*name);
                    }
                }
            }
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.literals.is_empty() && self.one.is_none() && self.here.is_empty() && self.rest.is_empty()
    }

    /// Calls `found` for every value whose pattern matches, once for each such pattern.
    pub(super) fn matches(&self, topic: &str, found: &mut impl FnMut(&V)) {
        let (name, below) = match topic.split_once(':') {
            Some((name, below)) => (name, Some(below)),
            None => (topic, None),
        };
        self.rest.iter().for_each(&mut *found);
        for node in self.literals.get(name).into_iter().chain(self.one.as_deref()) {
            match below {
                Some(below) => node.matches(below, found),
                None => node.here.iter().for_each(&mut *found),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn pattern() -> impl Strategy<Value = Pattern> {
        let segment = prop_oneof!["[ab]", Just("*".to_owned())];
        (proptest::collection::vec(segment, 0..4), any::<bool>()).prop_filter_map("empty", |(mut segments, rest)| {
            if rest {
                segments.push("**".to_owned());
            }
            Pattern::parse(&segments.join(":")).ok()
        })
    }

    proptest! {
        #[test]
        fn the_trie_finds_what_each_pattern_matches_by_itself(
            patterns in proptest::collection::vec(pattern(), 0..20),
            removed in proptest::collection::vec(any::<bool>(), 20),
            topics in proptest::collection::vec("[ab](:[ab]){0,4}", 1..10),
        ) {
            let mut trie = Trie::default();
            for (value, pattern) in patterns.iter().enumerate() {
                trie.insert(pattern, value);
            }
            for (value, pattern) in patterns.iter().enumerate().filter(|(value, _)| removed[*value]) {
                trie.remove(pattern, &|other| *other == value);
            }
            for topic in topics {
                let expect: Vec<usize> = patterns
                    .iter()
                    .enumerate()
                    .filter(|(value, pattern)| !removed[*value] && pattern.matches(&topic))
                    .map(|(value, _)| value)
                    .collect();
                let mut found = Vec::new();
                trie.matches(&topic, &mut |value| found.push(*value));
                found.sort_unstable();
                prop_assert_eq!(found, expect);
            }
            for (value, pattern) in patterns.iter().enumerate() {
                trie.remove(pattern, &|other| *other == value);
            }
            prop_assert!(trie.is_empty());
        }
    }
}
