//! What paths name: folders and their entries.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::path::FilePath;

/// Params of `fs:list_directory`.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct FsListDirectoryParams {
    /// The folder.
    pub path: FilePath,
    /// Only what comes behind this place: the `nextAfter` of the page before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<FsListPlace>,
    /// At most so many entries; by default, and at most, 10000.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
    /// What to sort by. What is equal is sorted by name.
    #[serde(default)]
    pub sort_by: FsSortBy,
    /// Sort the other way round.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_descending: bool,
    /// Folders first, in either direction.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub folders_first: bool,
    /// Describe each entry in full.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub details: bool,
}

impl FsListDirectoryParams {
    /// Lists a folder by name, with the little that is nearly always wanted.
    pub fn of(path: impl Into<FilePath>) -> Self {
        Self {
            path: path.into(),
            after: None,
            limit: None,
            sort_by: FsSortBy::default(),
            is_descending: false,
            folders_first: false,
            details: false,
        }
    }
}

/// What entries are sorted by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum FsSortBy {
    /// The bytes of the name. Listing so looks at the entries of the page alone, unless folders come first.
    #[default]
    Name,
    /// The name as people sort: `b9` before `B10`.
    Natural,
    /// The size.
    Size,
    /// When the content changed last.
    Modified,
    /// What it is: folders, files, links, others.
    Kind,
}

/// A place in a sorted listing: right behind an entry, as that was when it was listed. A page that begins there is right
/// whatever has become of the entry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct FsListPlace {
    /// The entry's name.
    pub name: FilePath,
    /// What it was. Needed when sorted by that, or with folders first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<FsKind>,
    /// Its size. Needed when sorted by that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub size: Option<u64>,
    /// When its content had changed last, in milliseconds since 1970. Needed when sorted by that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub modified_at_ms: Option<u64>,
}

/// Result of `fs:list_directory`.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct FsListDirectoryResult {
    /// The entries, sorted.
    pub entries: Vec<FsEntry>,
    /// Give this as `after` for the next page, with the same order; absent when there are no more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_after: Option<FsListPlace>,
}

/// What a path names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
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

/// What exactly something is whose kind is `other`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum FsSpecialKind {
    /// A FIFO, also called a named pipe.
    Fifo,
    /// A socket.
    Socket,
    /// A device that is read and written as it comes, such as a terminal.
    CharacterDevice,
    /// A device of blocks, such as a disk.
    BlockDevice,
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
    /// Whether listings leave it out by default.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_hidden: bool,
    /// Whether its name has letters that nobody sees, or that turn others around: it may seem to be another one.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_misleading: bool,
    /// More about it, where that was asked for.
    #[serde(flatten)]
    pub details: FsDetails,
}

/// What else is known of a file, folder or link. What the system does not tell is absent.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct FsDetails {
    /// The permissions as a number, with the bits that chmod(1) knows: 420 is `rw-r--r--`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mode: Option<u32>,
    /// The owner's number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uid: Option<u32>,
    /// The group's number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gid: Option<u32>,
    /// The owner's name, where `/etc/passwd` has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    /// The group's name, where `/etc/group` has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
    /// How many names it has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub links: Option<u64>,
    /// When it came into being, in milliseconds since 1970.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created_at_ms: Option<u64>,
    /// When it was read last, in milliseconds since 1970, as far as the filesystem keeps account.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accessed_at_ms: Option<u64>,
    /// When its content, name or permissions changed last, in milliseconds since 1970.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub changed_at_ms: Option<u64>,
    /// Of a file: whether somebody may run it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub is_executable: Option<bool>,
    /// Of what is neither file, folder nor link: what it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub special_kind: Option<FsSpecialKind>,
    /// Of a symbolic link: what it holds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub link_target: Option<FilePath>,
    /// Of a symbolic link: whether it leads nowhere, or nowhere that this session may use.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub is_broken: Option<bool>,
    /// Of a file: its media type, by its name; `fs:stat` looks into it where the name says nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mime: Option<String>,
    /// Whether it is ignored by git, by a `.gitignore`, or by an `.ignore`, itself or with a folder that it is in.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_ignored: bool,
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
    /// Tell the version of a file too: all of it is read for that, unless the version is known.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub with_version: bool,
}

impl FsStatParams {
    /// Describes what a path leads to.
    pub fn of(path: impl Into<FilePath>) -> Self {
        Self { path: path.into(), no_follow: false, with_version: false }
    }
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
    /// Names exactly the content of a file, where that was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-etag" = true))]
    pub version: Option<String>,
    /// Whether the permissions allow nobody to write it.
    pub is_read_only: bool,
    /// Whether listings leave it out by default.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_hidden: bool,
    /// More about it.
    #[serde(flatten)]
    pub details: FsDetails,
}
