//! Names of events and the patterns that select them.
//!
//! A topic is two or more segments joined by `:` (`file:opened`). In a pattern `*` stands for one segment and `**`, at
//! the end, for one or more. A dot is accepted for the colon. Not here: finding all patterns that match a topic
//! quickly (the daemon's trie), which a test compares with [`Pattern::matches`].

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The most bytes a pattern may have.
pub const PATTERN_BYTES_MAX: usize = 256;

/// A pattern over topics, known to be well formed.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Pattern(String);

/// One part of a pattern.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Segment<'a> {
    /// Exactly this text.
    Literal(&'a str),
    /// `*`: any one segment.
    One,
    /// `**`: one or more segments, to the end.
    Rest,
}

impl Pattern {
    /// Reads a pattern; the error says what is wrong with it.
    pub fn parse(text: &str) -> Result<Self, String> {
        if text.len() > PATTERN_BYTES_MAX {
            return Err(format!("a pattern has at most {PATTERN_BYTES_MAX} bytes, this one {}", text.len()));
        }
        let canonical = text.replace('.', ":");
        let count = canonical.split(':').count();
        for (position, segment) in canonical.split(':').enumerate() {
            check_segment(text, segment, position + 1 == count)?;
        }
        Ok(Self(canonical))
    }

    /// The pattern's text, with colons.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The pattern's parts, in order.
    pub fn segments(&self) -> impl Iterator<Item = Segment<'_>> {
        self.0.split(':').map(|segment| match segment {
            "*" => Segment::One,
            "**" => Segment::Rest,
            literal => Segment::Literal(literal),
        })
    }

    /// Whether an event on `topic` is selected.
    pub fn matches(&self, topic: &str) -> bool {
        let mut topic = topic.split(':');
        for segment in self.segments() {
            let matched = match (segment, topic.next()) {
                (Segment::Rest, Some(_)) => return true,
                (Segment::One, Some(_)) => true,
                (Segment::Literal(literal), Some(name)) => literal == name,
                (_, None) => false,
            };
            if !matched {
                return false;
            }
        }
        topic.next().is_none()
    }
}

fn check_segment(pattern: &str, segment: &str, is_last: bool) -> Result<(), String> {
    match segment {
        "**" if !is_last => Err(format!("`**` stands only at the end of a pattern, not in `{pattern}`")),
        "*" | "**" => Ok(()),
        "" => Err(format!("the pattern `{pattern}` has an empty segment")),
        name if name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-') => Ok(()),
        name => Err(format!("`{name}` in the pattern `{pattern}` is neither a name, `*` nor `**`")),
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl Serialize for Pattern {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Pattern {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<str>::deserialize(deserializer)?;
        Self::parse(&text).map_err(serde::de::Error::custom)
    }
}

impl JsonSchema for Pattern {
    fn schema_name() -> Cow<'static, str> {
        "Pattern".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "A pattern over topics: `*` is one segment, `**` at the end the rest (`file:*`, `**`).",
            "type": "string",
            "maxLength": PATTERN_BYTES_MAX,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn patterns_match_by_segment() {
        let check = |pattern: &str, topic: &str, expect: bool| {
            assert_eq!(Pattern::parse(pattern).unwrap().matches(topic), expect, "{pattern} on {topic}");
        };
        check("file:opened", "file:opened", true);
        check("file.opened", "file:opened", true);
        check("file:opened", "file:opened:twice", false);
        check("file:*", "file:opened", true);
        check("file:*", "file:opened:twice", false);
        check("*:opened", "file:opened", true);
        check("file:**", "file:opened:twice", true);
        check("file:**", "file", false);
        check("**", "file:opened", true);
        check("*", "file:opened", false);
    }

    #[test]
    fn a_malformed_pattern_is_named() {
        let check = |pattern: &str, expect: &str| {
            let error = Pattern::parse(pattern).unwrap_err();
            assert!(error.contains(expect), "{pattern}: {error}");
        };
        check("", "empty segment");
        check("file:", "empty segment");
        check("**:opened", "only at the end");
        check("file:op*", "neither a name");
        check(&"a".repeat(300), "at most 256 bytes");
    }

    proptest! {
        #[test]
        fn a_topic_is_matched_by_its_own_generalisations(
            names in proptest::collection::vec("[a-z_]{1,6}", 1..5),
            wildcards in proptest::collection::vec(any::<bool>(), 5),
            cut in 0usize..5,
        ) {
            let topic = names.join(":");
            let mut segments: Vec<&str> =
                names.iter().zip(&wildcards).map(|(name, wild)| if *wild { "*" } else { name }).collect();
            prop_assert!(Pattern::parse(&segments.join(":")).unwrap().matches(&topic));
            segments.truncate(cut.min(names.len() - 1));
            segments.push("**");
            prop_assert!(Pattern::parse(&segments.join(":")).unwrap().matches(&topic));
        }
    }
}
