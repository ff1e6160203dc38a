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
    /// Make the folders that the file is to be in, where they do not exist.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub make_folders: bool,
}

/// How new content came into a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum FsSaveMethod {
    /// It was written to a new file beside, which then got the name: at every moment the name means the old content or
    /// the new one. Mode, owner, group, ACL and extended attributes are those of the old file.
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
