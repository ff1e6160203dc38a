//! `fs:*`: files on disk.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::path::FilePath;

crate::api! {
    /// Files on disk: the only service that touches them. Every path is absolute.
    service FsApi, FsClient = "fs" {
        /// Returns the content of one file: at most 8 MiB in the answer, a file of any size as a stream.
        Read fn read_file(FsReadFileParams) -> FsReadFileResult; rest GET "/fs/file";
        /// Replaces the content of one file as a whole, or makes it: at every moment the file is the old or the new one.
        /// Refused when the file is no longer of the version that the caller names. Durable when answered.
        Write fn write_file(FsWriteFileParams) -> FsWriteFileResult; rest PUT "/fs/file";
        /// Lists a folder, sorted by name.
        Read fn list_directory(FsListDirectoryParams) -> FsListDirectoryResult; rest GET "/fs/directory";
        /// Finds files below a folder by their names. What git ignores and what is hidden is left out.
        Read fn find(FsFindParams) -> FsFindResult; rest GET "/fs/find";
        /// Finds lines below a folder, or in a file, by a regular expression, in the syntax of the Rust crate `regex`.
        /// What git ignores, what is hidden, and what is not text is left out.
        Read fn grep(FsGrepParams) -> FsGrepResult; rest GET "/fs/grep";
        /// Returns what a path names.
        Read fn stat(FsStatParams) -> FsStatResult; rest GET "/fs/stat";
    }
}

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

/// Params of `fs:list_directory`.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct FsListDirectoryParams {
    /// The folder.
    pub path: FilePath,
    /// Only names that sort behind this one: the `nextAfter` of the page before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<FilePath>,
    /// At most so many entries; by default, and at most, 10000.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
}

/// Result of `fs:list_directory`.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct FsListDirectoryResult {
    /// The entries, sorted by the bytes of their names.
    pub entries: Vec<FsEntry>,
    /// Give this as `after` for the next page; absent when there are no more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_after: Option<FilePath>,
}

/// What a path names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum FsKind {
    /// A regular file.
    File,
    /// A folder.
    Directory,
    /// A symbolic link, where links are not followed.
    Symlink,
    /// A FIFO, socket, device, or something stranger.
    Other,
}

/// One entry of a folder. A symbolic link is not followed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct FsEntry {
    /// The entry's name in the folder.
    pub name: FilePath,
    /// What it is.
    pub kind: FsKind,
    /// Its size in bytes.
    pub size: u64,
    /// When its content changed last, in milliseconds since 1970.
    pub modified_at_ms: u64,
}

/// Params of `fs:find`.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct FsFindParams {
    /// The folder.
    pub path: FilePath,
    /// A part of the file's path below the folder, or a glob for its path or name. Upper and lower case are the same,
    /// unless it has upper case.
    pub query: String,
    /// At most so many files; by default, and at most, 10000.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
}

/// Result of `fs:find`.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct FsFindResult {
    /// The files, by their paths below the folder, folder by folder in the order of names.
    pub files: Vec<FilePath>,
    /// Whether there are more than the limit.
    pub has_more: bool,
}

/// Params of `fs:grep`.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct FsGrepParams {
    /// The folder, or the file.
    pub path: FilePath,
    /// The regular expression.
    pub pattern: String,
    /// Whether upper and lower case are the same.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub ignore_case: bool,
    /// Whether the pattern is a text and no expression.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_literal: bool,
    /// At most so many lines; by default, and at most, 10000.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
}

/// Result of `fs:grep`.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct FsGrepResult {
    /// The lines, file by file.
    pub matches: Vec<FsMatch>,
    /// Whether there are more than the limit.
    pub has_more: bool,
}

/// One line that matches.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FsMatch {
    /// The file, by its path below the folder.
    pub path: FilePath,
    /// The line, from 1.
    pub line: u64,
    /// The byte in the line at which the first match begins, from 1.
    pub column: u64,
    /// The line without its end, and at most 512 bytes of it; bytes that are no UTF-8 are replaced.
    pub text: String,
}

/// Params of `fs:stat`.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct FsStatParams {
    /// The path.
    pub path: FilePath,
    /// Describe a symbolic link itself and not what it leads to.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub no_follow: bool,
}

/// Result of `fs:stat`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct FsStatResult {
    /// What it is.
    pub kind: FsKind,
    /// Its size in bytes.
    pub size: u64,
    /// When its content changed last, in milliseconds since 1970.
    pub modified_at_ms: u64,
    /// Whether the permissions allow nobody to write it.
    pub is_read_only: bool,
}
