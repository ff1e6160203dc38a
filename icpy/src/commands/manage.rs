//! `icpy cp`, `mv`, `rm`, `mkdir` and `undo`: managing files as the tools do that people know. They say nothing unless
//! something fails, or `-v` is given.

use std::io::{self, IsTerminal as _};
use std::path::{self, Path, PathBuf};

use icpy::args::{Command, Cp, General, Mkdir, Mv, Rm, Undo};
use icpy_protocol::api::MethodInfo;
use icpy_protocol::error::{Error, Kind};
use icpy_protocol::fs::{
    self, FsBatchResult, FsCreateDirectoryParams, FsCreateDirectoryResult, FsDeleteParams, FsItemResult, FsKind,
    FsListOperationsParams, FsListOperationsResult, FsOperation, FsOperationItem, FsOperationKind, FsStatParams,
    FsStatResult, FsTransfer, FsTransferParams, FsUndoParams, FsUndoResult,
};
use icpy_protocol::path::FilePath;
use icpy_protocol::signal::{PROGRESS, ProgressParams};
use serde::Serialize;

use super::{Daemon, absolute, timeout};
use crate::output::progress::Progress;
use crate::output::{Failure, date, first_failure, print, print_json, say, shown};

pub(super) fn run(command: Command, general: &General) -> Result<(), Failure> {
    let mut daemon = Daemon::open_or_start(general)?;
    // A large copy takes as long as it takes.
    let _ = daemon.connection.set_timeout(timeout(general));
    match command {
        Command::Cp(Cp { force, verbose, paths, .. }) => {
            let transfer = Transfer { method: fs::method::copy, verb: "copied", force, verbose };
            transfer.run(&mut daemon, &paths, general)
        }
        Command::Mv(Mv { force, verbose, paths }) => {
            let transfer = Transfer { method: fs::method::move_items, verb: "moved", force, verbose };
            transfer.run(&mut daemon, &paths, general)
        }
        Command::Rm(rm) => delete(&daemon, &rm, general),
        Command::Mkdir(mkdir) => make_folders(&mut daemon, &mkdir, general),
        Command::Undo(undo) => take_back(&mut daemon, undo, general),
        other => unreachable!("another module runs {other:?}"),
    }
}

struct Transfer {
    method: &'static MethodInfo,
    verb: &'static str,
    force: bool,
    verbose: bool,
}

impl Transfer {
    fn run(&self, daemon: &mut Daemon, paths: &[PathBuf], general: &General) -> Result<(), Failure> {
        let Some((to, from)) = paths.split_last() else { return Ok(()) };
        let to = named(to, general)?;
        let into = is_folder(daemon, &to)?;
        if from.len() > 1 && !into {
            return Err(Error::not_found(format!("`{to}` is no folder to put several things into")).into());
        }
        let mut items = Vec::new();
        for from in from {
            let from = named(from, general)?;
            let name = from.as_path().file_name().filter(|_| into);
            let to = name.map_or_else(|| to.clone(), |name| to.as_path().join(name).into());
            items.push(FsTransfer { from, to });
        }
        let params = FsTransferParams { items, overwrite: self.force, progress: true };
        let result = batch(daemon, self.method, &params, Some(self.verb))?;
        let outcome = report(&result, general, |place, _| match &params.items[place] {
            FsTransfer { from, to } if self.verbose => say_out(&[&quoted(from), b" -> ", &quoted(to)]),
            _ => Ok(()),
        });
        let mut kinds = result.items.iter().filter_map(|item| item.error.as_ref()).map(Error::kind);
        if !general.json && kinds.any(|kind| kind == Kind::AlreadyExists) {
            say("with `-f` what is there is replaced, and goes to the trash");
        }
        outcome
    }
}

/// A path as it is typed, also with a slash at its end: that it names a folder is for the daemon to check.
pub(super) fn named(path: &Path, general: &General) -> Result<FilePath, Failure> {
    let absolute = absolute(path, general)?;
    let ends_with_slash =
        path.as_os_str().as_encoded_bytes().last().is_some_and(|byte| path::is_separator(char::from(*byte)));
    Ok(if ends_with_slash { absolute.as_path().join("").into() } else { absolute })
}

fn is_folder(daemon: &mut Daemon, path: &FilePath) -> Result<bool, Failure> {
    let params = FsStatParams::of(path.clone());
    match daemon.call::<FsStatResult>(fs::method::stat, &params) {
        Ok(found) => Ok(found.kind == FsKind::Directory),
        Err(error) if error.kind() == Kind::NotFound => Ok(false),
        Err(error) => Err(error.into()),
    }
}

fn delete(daemon: &Daemon, rm: &Rm, general: &General) -> Result<(), Failure> {
    if let Some(dots) = rm.paths.iter().find(|path| ends_with_dots(path)) {
        let message = format!("`{}` is not deleted: name the folder, and not `.` or `..`", dots.display());
        return Err(Failure::usage(message));
    }
    let paths = rm.paths.iter().map(|path| named(path, general)).collect::<Result<_, _>>()?;
    let params = FsDeleteParams { paths, is_permanent: rm.permanent, progress: false };
    let mut result = batch(daemon, fs::method::delete, &params, None)?;
    if rm.force {
        result.items.retain(|item| item.error.as_ref().is_none_or(|error| error.kind() != Kind::NotFound));
    }
    report(&result, general, |_, item| match &item.trash_id {
        _ if !rm.verbose => Ok(()),
        Some(id) => say_out(&[&quoted(&item.path), b" -> ", &quoted(id)]),
        None => say_out(&[b"deleted ", &quoted(&item.path)]),
    })
}

/// Whether a path names a folder by its place in itself or in one below, as is hardly ever meant.
fn ends_with_dots(path: &Path) -> bool {
    let bytes = path.as_os_str().as_encoded_bytes();
    let name = bytes.rsplit(|byte| path::is_separator(char::from(*byte))).find(|part| !part.is_empty());
    matches!(name, Some(b"." | b".."))
}

fn make_folders(daemon: &mut Daemon, mkdir: &Mkdir, general: &General) -> Result<(), Failure> {
    first_failure(general.json, &mkdir.paths, |path| {
        let params = FsCreateDirectoryParams { path: absolute(path, general)? };
        let made: FsCreateDirectoryResult = daemon.call(fs::method::create_directory, &params)?;
        if general.json {
            return Ok(print_json(&made)?);
        }
        let mut created = made.created.iter().filter(|_| mkdir.verbose);
        created.try_for_each(|folder| say_out(&[b"made ", &quoted(folder)]))
    })
}

fn take_back(daemon: &mut Daemon, undo: Undo, general: &General) -> Result<(), Failure> {
    let operation_id = match undo.operation {
        Some(id) => id,
        None => {
            let operations = not_taken_back(daemon)?;
            if undo.list {
                return list(&operations, general);
            }
            last_that_can_be(operations)?.operation_id
        }
    };
    let params = FsUndoParams { operation_id: Some(operation_id) };
    let undone: Result<FsUndoResult, Error> = daemon.call(fs::method::undo, &params);
    let undone = undone.map_err(|error| match error.kind() {
        Kind::NotFound => Failure::from(error)
            .with_hint("`icpy undo --list` lists them; `icpy text undo FILE` takes back edits of a text"),
        _ => error.into(),
    })?;
    if general.json {
        return Ok(print_json(&undone)?);
    }
    say(&format!("took back: {}", String::from_utf8_lossy(&described(&undone.operation))));
    Ok(())
}

/// The newest operation that can be taken back. Those that were done since and cannot be are told.
fn last_that_can_be(operations: Vec<FsOperation>) -> Result<FsOperation, Failure> {
    let place = operations.iter().position(|operation| operation.can_undo);
    for passed in &operations[..place.unwrap_or_default()] {
        say(&format!("cannot be taken back: {}", String::from_utf8_lossy(&described(passed))));
    }
    let last = place.and_then(|place| operations.into_iter().nth(place));
    last.ok_or_else(|| Error::not_found("nothing was done that could be taken back").into())
}

/// The operations that are as they were done, the newest first.
fn not_taken_back(daemon: &mut Daemon) -> Result<Vec<FsOperation>, Failure> {
    let params = FsListOperationsParams::default();
    let listed: FsListOperationsResult = daemon.call(fs::method::list_operations, &params)?;
    Ok(listed.operations.into_iter().filter(|operation| operation.undone_at_ms.is_none()).collect())
}

fn list(operations: &[FsOperation], general: &General) -> Result<(), Failure> {
    if general.json {
        return Ok(operations.iter().try_for_each(print_json)?);
    }
    let can: Vec<&FsOperation> = operations.iter().filter(|operation| operation.can_undo).collect();
    let width = can.iter().map(|operation| operation.operation_id.len()).max().unwrap_or(0);
    can.into_iter().try_for_each(|operation| {
        let head = format!("{:<width$}  {}  ", operation.operation_id, date(operation.done_at_ms));
        say_out(&[head.as_bytes(), &described(operation)])
    })
}

/// What an operation did, in a few words.
fn described(operation: &FsOperation) -> Vec<u8> {
    let verb = match operation.kind {
        FsOperationKind::CreateDirectory => "made",
        FsOperationKind::CreateSymlink => "linked",
        FsOperationKind::SetMode => "changed the mode of",
        FsOperationKind::Copy => "made the copy",
        FsOperationKind::Move => "moved",
        FsOperationKind::Trash => "moved to the trash:",
        FsOperationKind::Delete => "deleted",
        FsOperationKind::Restore => "brought back",
        FsOperationKind::Replace => "replaced text in",
    };
    let more = operation.item_count.saturating_sub(1);
    let more = if more == 0 { String::new() } else { format!(" and {more} more") };
    let what = match operation.items.first() {
        Some(FsOperationItem { path, from: Some(from) }) => [b" ", &*quoted(from), b" to ", &*quoted(path)].concat(),
        Some(FsOperationItem { path, from: None }) => [b" ", &*quoted(path)].concat(),
        None => Vec::new(),
    };
    [verb.as_bytes(), &what, more.as_bytes()].concat()
}

/// Does something with several things. With a verb it shows how far it is.
fn batch(
    daemon: &Daemon,
    method: &MethodInfo,
    params: &impl Serialize,
    verb: Option<&'static str>,
) -> Result<FsBatchResult, Failure> {
    let params = serde_json::to_string(params).expect("wire types have string keys");
    let mut progress = verb.map(|verb| Progress::new(verb, None));
    let mut seen = 0;
    let answer = daemon.connection.request(method.name, &params, |topic, params| {
        let told = serde_json::from_str::<ProgressParams<'_>>(params).ok().filter(|_| topic == PROGRESS);
        if let (Some(told), Some(progress)) = (told, &mut progress) {
            progress.set_total(told.total);
            progress.advance(told.done.saturating_sub(seen));
            seen = told.done;
        }
    })?;
    let garbled = |error| Error::internal(format!("icpyd sent an answer that cannot be read: {error}"));
    Ok(serde_json::from_str(&answer).map_err(garbled)?)
}

/// Prints what became of each thing: a program gets all, a person what failed, and what `done` says of the others.
fn report(
    result: &FsBatchResult,
    general: &General,
    mut done: impl FnMut(usize, &FsItemResult) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let places: Vec<usize> = (0..result.items.len()).collect();
    if general.json {
        print_json(result)?;
        let first = result.items.iter().find_map(|item| item.error.clone());
        return first.map_or(Ok(()), |error| Err(Failure::reported(Failure::from(error).status)));
    }
    first_failure(false, &places, |&place| match &result.items[place].error {
        Some(error) => Err(error.clone().into()),
        None => done(place, &result.items[place]),
    })
}

/// Prints a line, all at once.
fn say_out(parts: &[&[u8]]) -> Result<(), Failure> {
    Ok(print(&[&parts.concat()[..], b"\n"].concat())?)
}

/// A path in a line: for a program with the bytes that it has.
fn quoted(path: &FilePath) -> Vec<u8> {
    [b"`", &shown(path, io::stdout().is_terminal())[..], b"`"].concat()
}
