//! The content of files: reading and writing.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::path::FilePath;

/// How content travels in a JSON string.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum FsEncoding {
    /// The text itself. What is not UTF-8 cannot travel so.
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
    /// How to send the content; by default as text where it is UTF-8, else in base64.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub encoding: Option<FsEncoding>,
    /// Send the content in `$/stream` notifications of base64 before the answer, paced by the caller's `$/ack`.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub stream: bool,
}

/// Result of `fs:read_file`.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct FsReadFileResult {
    /// The content; absent when it was streamed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content: Option<String>,
    /// How the content is sent.
    pub encoding: FsEncoding,
    /// The content's size in bytes.
    pub size: u64,
    /// Names exactly this content: give it to `fs:write_file` as `baseVersion`.
    pub version: String,
}

/// Params of `fs:write_file`.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct FsWriteFileParams {
    /// The file. Where it is a symbolic link, the file that it leads to.
    pub path: FilePath,
    /// The whole new content.
    pub content: String,
    /// How `content` is sent.
    #[serde(default)]
    pub encoding: FsEncoding,
    /// Write only if the file is of this version now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base_version: Option<String>,
    /// Write only if the file does not exist.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub must_be_new: bool,
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
}
