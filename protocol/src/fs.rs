//! `fs:*`: files on disk.

mod access;
mod content;
mod entry;
mod grep;
mod manage;
mod operation;
mod replace;
mod search;
mod upload;
mod watch;

use crate::Empty;

pub use self::access::*;
pub use self::content::*;
pub use self::entry::*;
pub use self::grep::*;
pub use self::manage::*;
pub use self::operation::*;
pub use self::replace::*;
pub use self::search::*;
pub use self::upload::*;
pub use self::watch::*;

crate::api! {
    /// Files on disk: the only service that touches them. Every path is absolute.
    service FsApi, FsClient = "fs" {
        /// Returns the content of one file: at most 8 MiB in the answer, a file of any size as a stream.
        Read fn read_file(FsReadFileParams) -> FsReadFileResult; rest GET "/fs/file";
        /// Replaces the content of one file as a whole, or makes it: at every moment the file is the old or the new one.
        /// Refused when the file is no longer of the version that the caller names. Durable when answered. A file that
        /// would lose something by being replaced is written in place, and the answer's `method` says so. Capabilities of
        /// programs (`setcap`) are lost in either way, as at any write.
        Write fn write_file(FsWriteFileParams) -> FsWriteFileResult; rest PUT "/fs/file{?path}" created "/fs/file{?path}";
        /// Replaces the content of several files, or makes them: all or none, also when the daemon is killed meanwhile. A
        /// file that is mounted over its name cannot be among them.
        Write fn write_files(FsWriteFilesParams) -> FsWriteFilesResult; rest POST "/fs/files";
        /// Begins to save a file whose content comes in parts, for content that no line can hold. What is sent is kept
        /// apart until the write is committed; it goes with the session or the daemon, or when no further part comes for
        /// `limits.upload_timeout`.
        Write fn begin_write(FsBeginWriteParams) -> FsBeginWriteResult; rest POST "/fs/uploads" created "/fs/uploads/{writeId}";
        /// Sends the next part of a write. Parts that are sent without waiting for answers are taken in their order.
        Write fn write_part(FsWritePartParams) -> FsWritePartResult, idempotent; rest PATCH "/fs/uploads/{writeId}";
        /// Replaces the file with what was sent, or makes it, exactly as `fs:write_file` does. Whatever comes of it, the
        /// write is over. A file that must be written in place can get 256 MiB at most.
        Write fn commit_write(FsEndWriteParams) -> FsWriteFileResult; rest POST "/fs/uploads/{writeId}/commit";
        /// Takes away what was sent.
        Write fn abort_write(FsEndWriteParams) -> Empty; rest DELETE "/fs/uploads/{writeId}";
        /// Lists a folder, sorted, page by page.
        Read fn list_directory(FsListDirectoryParams) -> FsListDirectoryResult; rest GET "/fs/directory";
        /// Finds files below a folder by their names, as a picker does: the best first. What git ignores is left out.
        Read fn find(FsFindParams) -> FsFindResult; rest GET "/fs/find";
        /// Finds lines below a folder, or in a file, by a regular expression, in the syntax of the Rust crate `regex`.
        /// What git ignores, what is hidden, and what is not text is left out. In workspaces, and where somebody watches, an
        /// index says which files need not be read; it takes 256 MiB for each folder at most, and what it has no room for is
        /// always read.
        Read fn grep(FsGrepParams) -> FsGrepResult; rest GET "/fs/grep";
        /// Tells of changes at a path from now on, as `file:changed_on_disk`, until `fs:unwatch` or the session's end. What git
        /// ignores is left out, unless it is the path itself. Over HTTP that needs a WebSocket.
        Read fn watch(FsWatchParams) -> FsWatchResult;
        /// Ends a watch.
        Read fn unwatch(FsUnwatchParams) -> Empty;
        /// Returns when everything that happened on disk before now is told, and can be found.
        Read fn sync(FsSyncParams) -> Empty; rest POST "/fs/sync";
        /// Confines this session to some folders, for as long as it lasts: what is outside is not there for it, whatever
        /// links lead there. It may use files then and nothing else, and hears of changes inside alone.
        Open fn confine(FsConfineParams) -> Empty, idempotent;
        /// Shows how files would change if what is found in them were replaced. Nothing is changed.
        Read fn preview_replace(FsPreviewReplaceParams) -> FsPreviewReplaceResult; rest POST "/fs/replace/preview";
        /// Replaces what is found in files that a preview has shown: in all of them or in none, also when the daemon is killed
        /// meanwhile. Refused when one of them is no longer of the version that the preview was of.
        Write fn replace(FsReplaceParams) -> FsReplaceResult; rest POST "/fs/replace";
        /// Returns what a path names.
        Read fn stat(FsStatParams) -> FsStatResult; rest GET "/fs/stat";
        /// Makes a folder, and those above it that are missing. One that is there already is as well.
        Write fn create_directory(FsCreateDirectoryParams) -> FsCreateDirectoryResult;
        rest PUT "/fs/directory{?path}" created "/fs/directory{?path}";
        /// Makes a symbolic link, where nothing is yet.
        Write fn create_symlink(FsCreateSymlinkParams) -> FsCreateSymlinkResult;
        rest POST "/fs/symlinks" created "/fs/stat{?path}";
        /// Sets the permissions of files and folders.
        Write fn set_mode(FsSetModeParams) -> FsBatchResult; rest POST "/fs/mode";
        /// Copies files and folders with their modes, times and extended attributes. A copy appears as a whole or not at
        /// all. FIFOs, sockets and devices are refused with what they are in.
        Write fn copy(FsTransferParams) -> FsBatchResult; rest POST "/fs/copy";
        /// Moves or renames files and folders, also to another disk: there they are copied, flushed and then deleted.
        Write fn move_items as "move"(FsTransferParams) -> FsBatchResult; rest POST "/fs/move";
        /// Moves files and folders to the trash, or deletes them for good. Where there is no trash that is `unsupported`.
        Write fn delete(FsDeleteParams) -> FsBatchResult; rest POST "/fs/delete";
        /// Brings things back from the trash to where they were. What is there by now is not replaced.
        Write fn restore(FsRestoreParams) -> FsBatchResult; rest POST "/fs/restore";
        /// Lists the last operations: what was made, copied, moved, deleted and restored, permissions that were set, and what
        /// `fs:replace` did. They survive the daemon.
        Read fn list_operations(FsListOperationsParams) -> FsListOperationsResult; rest GET "/fs/operations";
        /// Takes an operation back. Refused with `conflict`, which names the thing, when something is no longer as the
        /// operation left it, so that nothing that was done since is lost.
        Write fn undo(FsUndoParams) -> FsUndoResult; rest POST "/fs/operations/{operationId}/undo";
    }
    events {
        /// An operation was done.
        Read OPERATION_DONE: FsOperationDone = "fs:operation_done", durable;
        /// An operation was taken back.
        Read OPERATION_UNDONE: FsOperationDone = "fs:operation_undone", durable;
        /// A file or folder that is watched changed on disk, by whom and how. The first change is told at once; a file that
        /// goes on changing is told of again when it has rested for 100 ms, or after a second.
        Read CHANGED_ON_DISK: FileChangedOnDisk = "file:changed_on_disk";
        /// Changes below a folder are found by looking at it every few seconds. Told once for each folder.
        Read WATCH_LIMITED: FsWatchLimited = "fs:watch_limited";
    }
}
