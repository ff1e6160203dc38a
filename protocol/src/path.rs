//! File paths on the wire: a string, or `{"base64": ...}` for a path that is not Unicode, so that every file that
//! exists can be named.

#[cfg_attr(unix, path = "path/unix.rs")]
#[cfg_attr(not(unix), path = "path/other.rs")]
mod platform;

pub mod names;

use std::borrow::Cow;
use std::fmt;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{self, MapAccess, Visitor};
use serde::ser::SerializeMap as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A path, or a single file name, as it crosses the wire. Never holds a NUL character.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FilePath(PathBuf);

impl FilePath {
    /// The path for the operating system.
    pub fn as_path(&self) -> &Path {
        &self.0
    }

    /// The path for the operating system, owned.
    pub fn into_path_buf(self) -> PathBuf {
        self.0
    }
}

/// What the paths of texts begin with that have no file yet: `untitled:WORKSPACE/NAME`.
const UNTITLED: &str = "untitled:";

impl FilePath {
    /// The path of a text that has no file yet.
    pub fn of_untitled(workspace_id: &str, name: &str) -> Self {
        Self(format!("{UNTITLED}{workspace_id}/{name}").into())
    }

    /// The workspace and the name of a text that has no file yet.
    pub fn untitled(&self) -> Option<(&str, &str)> {
        untitled(self.0.to_str()?)
    }
}

/// The workspace and the name in the path of a text that has no file yet.
pub fn untitled(path: &str) -> Option<(&str, &str)> {
    path.strip_prefix(UNTITLED)?.split_once('/')
}

impl AsRef<Path> for FilePath {
    fn as_ref(&self) -> &Path {
        &self.0
    }
}

impl<P: Into<PathBuf>> From<P> for FilePath {
    fn from(path: P) -> Self {
        Self(path.into())
    }
}

impl fmt::Display for FilePath {
    /// For messages: what is not Unicode is replaced.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.display().fmt(formatter)
    }
}

impl Serialize for FilePath {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if let Some(text) = self.0.to_str() {
            return serializer.serialize_str(text);
        }
        let mut map = serializer.serialize_map(Some(1))?;
        map.serialize_entry("base64", &BASE64_STANDARD.encode(platform::bytes(&self.0)))?;
        map.end()
    }
}

impl<'de> Deserialize<'de> for FilePath {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(FilePathVisitor)
    }
}

struct FilePathVisitor;

impl<'de> Visitor<'de> for FilePathVisitor {
    type Value = FilePath;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a path: a string, or an object with the path's bytes as `base64`")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<FilePath, E> {
        if text.contains('\0') {
            return Err(E::custom("a path holds no NUL character"));
        }
        Ok(FilePath(text.into()))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<FilePath, A::Error> {
        let Some((name, encoded)) = map.next_entry::<Cow<'de, str>, Cow<'de, str>>()? else {
            return Err(de::Error::missing_field("base64"));
        };
        if name != "base64" {
            return Err(de::Error::unknown_field(&name, &["base64"]));
        }
        if map.next_key::<de::IgnoredAny>()?.is_some() {
            return Err(de::Error::custom("a path object has the one member `base64`"));
        }
        let bytes = BASE64_STANDARD
            .decode(encoded.as_bytes())
            .map_err(|error| de::Error::custom(format!("the path's `base64` is not valid: {error}")))?;
        if bytes.contains(&0) {
            return Err(de::Error::custom("a path holds no NUL character"));
        }
        platform::path(bytes).map(FilePath).map_err(de::Error::custom)
    }
}

impl JsonSchema for FilePath {
    fn schema_name() -> Cow<'static, str> {
        "FilePath".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "A path: a string, or its bytes in base64 where they are not Unicode.",
            "anyOf": [
                { "type": "string" },
                {
                    "type": "object",
                    "required": ["base64"],
                    "properties": { "base64": { "type": "string" } },
                    "additionalProperties": false,
                },
            ],
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_unicode_path_is_a_string() {
        let path: FilePath = serde_json::from_str(r#""/tmp/a \"b\".py""#).unwrap();
        assert_eq!(path.as_path(), Path::new("/tmp/a \"b\".py"));
        assert_eq!(serde_json::to_string(&path).unwrap(), r#""/tmp/a \"b\".py""#);
    }

    #[cfg(unix)]
    #[test]
    fn a_path_that_is_not_unicode_survives() {
        let path = FilePath(platform::path(b"/tmp/\xff\xfe".to_vec()).unwrap());
        let line = serde_json::to_string(&path).unwrap();
        assert_eq!(line, r#"{"base64":"L3RtcC///g=="}"#);
        assert_eq!(serde_json::from_str::<FilePath>(&line).unwrap(), path);
    }

    #[test]
    fn a_malformed_path_is_refused_with_the_reason() {
        let check = |line: &str, expect: &str| {
            let error = serde_json::from_str::<FilePath>(line).unwrap_err().to_string();
            assert!(error.contains(expect), "{line}: {error}");
        };
        check(r#""a\u0000b""#, "NUL");
        check(r#"{"base64":"YQBi"}"#, "NUL");
        check(r#"{"base64":"*"}"#, "not valid");
        check(r#"{"hex":"00"}"#, "unknown field");
        check("{}", "missing field");
        check("7", "a path");
    }
}
