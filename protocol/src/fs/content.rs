//! The content of files: reading and writing.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::json_string::JsonString;
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
    #[schemars(extend("x-needs-session" = true))]
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
    pub content: Option<JsonString>,
    /// How the content is sent.
    pub encoding: FsEncoding,
    /// The size of the whole file in bytes.
    pub size: u64,
    /// Names exactly this content: give it to `fs:write_file` as `baseVersion`. Absent when only a part was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-etag" = true))]
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
    #[schemars(extend("x-etag" = true))]
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
