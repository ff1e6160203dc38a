//! The content of files: reading and writing.

use std::borrow::Cow;
use std::sync::Arc;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::path::FilePath;

/// How content travels in a JSON string.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum FsEncoding {
    /// The text itself, whatever charset it has on disk. What is not text cannot travel so.
    #[default]
    #[serde(rename = "utf-8")]
    Utf8,
    /// The bytes in base64.
    #[serde(rename = "base64")]
    Base64,
}

/// Content in a JSON string.
#[derive(Clone, Debug)]
pub struct FsContent(Form);

#[derive(Clone, Debug)]
enum Form {
    Text(String),
    /// The string as it is in JSON. Shared, so that a cached one is sent without a copy of its own.
    Json(Arc<String>),
}

/// Params of `fs:read_file`.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct FsReadFileParams {
    /// The file.
    pub path: FilePath,
    /// How to send the content; by default as text where it is text, else in base64.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub encoding: Option<FsEncoding>,
    /// Read the file as text in this charset, by any of its names that browsers know. Refused where that would not give the
    /// same bytes when it is written again. By default the charset is found out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub charset: Option<String>,
    /// Read only from this byte on. Of text, a character belongs to the part that its first byte is in, so that parts can
    /// be joined. A part is text where it is UTF-8, where the file begins with a byte order mark, or where `charset` is
    /// UTF-16 or has one byte for each character.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub offset: Option<u64>,
    /// Read only so many bytes; there are fewer where the file ends.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub length: Option<u64>,
    /// Send the content in `$/stream` notifications of base64 before the answer, paced by the caller's `$/ack`.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub stream: bool,
}

impl FsReadFileParams {
    /// Reads the whole file in the way that fits it.
    pub fn of(path: impl Into<FilePath>) -> Self {
        let path = path.into();
        Self { path, encoding: None, charset: None, offset: None, length: None, stream: false }
    }
}

/// Result of `fs:read_file`.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct FsReadFileResult {
    /// The content; absent when it was streamed. Line ends are as they are in the file; a byte order mark is left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content: Option<FsContent>,
    /// How the content is sent.
    pub encoding: FsEncoding,
    /// The size of the whole file in bytes.
    pub size: u64,
    /// Names exactly this content: give it to `fs:write_file` as `baseVersion`. Absent when only a part was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// Of a part: the byte of the file at which the content begins.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub offset: Option<u64>,
    /// Of a part: how many bytes of the file the content stands for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub length: Option<u64>,
    /// The text's charset, by its name in the WHATWG's Encoding Standard. Absent where it is not text, and of streams.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub charset: Option<String>,
    /// Whether the file begins with a byte order mark.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub has_bom: bool,
    /// How the text's lines end. Absent of a part.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line_ends: Option<FsLineEnds>,
    /// Whether the last line of the text has an end. Absent of a part.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ends_with_newline: Option<bool>,
    /// Whether the file is no text for all that can be seen. Absent of a part.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub is_binary: Option<bool>,
}

/// How the lines of a text end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum FsLineEnds {
    /// All with a line feed.
    Lf,
    /// All with a carriage return and a line feed.
    Crlf,
    /// All with a carriage return.
    Cr,
    /// Not all with the same.
    Mixed,
    /// There is one line without an end, or nothing.
    None,
}

/// Params of `fs:write_file`.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct FsWriteFileParams {
    /// The file. Where it is a symbolic link, the file that it leads to.
    pub path: FilePath,
    /// The whole new content, or that of a range.
    pub content: String,
    /// How `content` is sent.
    #[serde(default)]
    pub encoding: FsEncoding,
    /// The charset to write text in; by default UTF-8. A character that it does not have is refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub charset: Option<String>,
    /// Begin the file with a byte order mark. Only UTF-8 and UTF-16 have one.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub has_bom: bool,
    /// Write only if the file is of this version now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base_version: Option<String>,
    /// Write only if the file does not exist.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub must_be_new: bool,
    /// Make the folders that the file is to be in, where they do not exist.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub make_folders: bool,
    /// Replace only what begins at this byte. The file must be there, and so long at least; all of it is written anew.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub offset: Option<u64>,
    /// How many bytes are replaced from `offset` on: 0 inserts, and what is more than there are means all. By default as
    /// many as the content has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub length: Option<u64>,
}

impl FsWriteFileParams {
    /// Replaces a file with this text, or makes it.
    pub fn of(path: impl Into<FilePath>, content: impl Into<String>) -> Self {
        Self {
            path: path.into(),
            content: content.into(),
            encoding: FsEncoding::Utf8,
            charset: None,
            has_bom: false,
            base_version: None,
            must_be_new: false,
            make_folders: false,
            offset: None,
            length: None,
        }
    }
}

/// How new content came into a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum FsSaveMethod {
    /// It was written to a new file beside, which then got the name: at every moment the name means the old content or
    /// the new one. Mode, owner, group, ACL and extended attributes are those of the old file, but for `security.capability`:
    /// the system takes that away from any file that is written.
    Replaced,
    /// It was written over the old content, which a reader can see half-way. So are files saved that have other names
    /// (hard links), are mounted over a name, have an owner or attributes that a new file cannot be given, or are in a
    /// folder where no file may be made. What a crash interrupts the next daemon completes.
    InPlace,
}

/// Result of `fs:write_file`.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct FsWriteFileResult {
    /// Names the content that was written.
    pub version: String,
    /// Its size in bytes.
    pub size: u64,
    /// Whether the file did not exist before.
    pub is_new: bool,
    /// How it was written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub method: Option<FsSaveMethod>,
}

/// Params of `fs:write_files`.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct FsWriteFilesParams {
    /// The files, each of them once.
    pub files: Vec<FsWriteFileParams>,
}

/// Result of `fs:write_files`.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct FsWriteFilesResult {
    /// What was written, in the order of the params.
    pub files: Vec<FsWriteFileResult>,
}

impl FsContent {
    /// Content that is written in JSON already: `json` is a string. For results of a service: [`to_json`] alone writes it.
    ///
    /// [`to_json`]: crate::message::to_json
    pub fn from_json(json: String) -> Self {
        debug_assert!(serde_json::from_str::<Cow<'_, str>>(&json).is_ok(), "it is not a string in JSON");
        Self(Form::Json(Arc::new(json)))
    }

    /// The bytes of memory that it takes.
    pub fn memory(&self) -> usize {
        match &self.0 {
            Form::Text(text) => text.capacity(),
            Form::Json(json) => json.capacity(),
        }
    }

    /// The string. Borrowed unless it was made by [`FsContent::from_json`].
    pub fn text(&self) -> Cow<'_, str> {
        match &self.0 {
            Form::Text(text) => text.into(),
            Form::Json(json) => serde_json::from_str::<String>(json).unwrap_or_default().into(),
        }
    }
}

impl<T: Into<String>> From<T> for FsContent {
    fn from(text: T) -> Self {
        Self(Form::Text(text.into()))
    }
}

impl PartialEq for FsContent {
    fn eq(&self, other: &Self) -> bool {
        self.text() == other.text()
    }
}

impl Serialize for FsContent {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match &self.0 {
            Form::Text(text) => serializer.serialize_str(text),
            Form::Json(json) => serializer.serialize_bytes(json.as_bytes()),
        }
    }
}

impl<'de> Deserialize<'de> for FsContent {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(Self::from)
    }
}

impl JsonSchema for FsContent {
    fn schema_name() -> Cow<'static, str> {
        "FsContent".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn content_in_json_is_the_content() {
        let text = "a \"b\"\n\u{1}\u{1F600}";
        let json = serde_json::to_string(text).unwrap();
        let ready = FsContent::from_json(json.clone());
        assert_eq!(crate::message::to_json(&[&ready]).unwrap(), format!("[{json}]").as_bytes());
        assert_eq!(ready.text(), text);
        let read: FsContent = serde_json::from_str(&json).unwrap();
        assert!(matches!(read.text(), Cow::Borrowed(borrowed) if borrowed == text));
    }
}
