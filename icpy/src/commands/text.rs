//! `icpy text`: reads and edits the texts of open files, with what is not saved.

use std::fmt::Write as _;
use std::io::{self, Read as _};

use icpy::args::{General, TextAction, TextEdit, TextFile, TextUndo};
use icpy_protocol::error::{Error, Kind};
use icpy_protocol::file::history::{
    FileDiffParams, FileDiffResult, FileHistoryParams, FileHistoryResult, FileRestoreParams, TextHistoryEntry,
};
use icpy_protocol::file::naming::{FileSaveAsParams, FileSavedAs};
use icpy_protocol::file::text::{
    FileEditParams, FileEditResult, FileGetTextParams, FileSaveParams, FileSaved, FileText, FileUndoParams,
    FileUndoResult, TextOrigin, TextOriginKind,
};
use icpy_protocol::file::{self, FileOf};
use serde::Serialize;

use super::{Daemon, absolute};
use crate::output::{Failure, date, print_json, print_text, table};

pub(super) fn run(action: TextAction, general: &General) -> Result<(), Failure> {
    act(&mut Daemon::open_or_start(general)?, action, general).map_err(explain)
}

fn act(daemon: &mut Daemon, action: TextAction, general: &General) -> Result<(), Failure> {
    let of = |path| Ok::<_, Failure>(FileOf { path: Some(absolute(path, general)?), file_id: None });
    match action {
        TextAction::Show(TextFile { file }) => {
            let text: FileText = daemon.call(file::method::get_text, &FileGetTextParams { file: of(&file)? })?;
            show(general, &text, || text.text.clone())
        }
        TextAction::Edit(edit) => edit_text(daemon, of(&edit.file)?, edit, general),
        TextAction::Save(TextFile { file }) => {
            let saved: FileSaved = daemon.call(file::method::save, &FileSaveParams { file: of(&file)? })?;
            show(general, &saved, String::new)
        }
        TextAction::SaveAs { file, to, force } => {
            let params = FileSaveAsParams { file: of(&file)?, to: absolute(&to, general)?, overwrite: force };
            let saved: FileSavedAs = daemon.call(file::method::save_as, &params)?;
            show(general, &saved, String::new)
        }
        TextAction::Revert(TextFile { file }) => {
            let reverted: FileEditResult = daemon.call(file::method::revert, &FileSaveParams { file: of(&file)? })?;
            show(general, &reverted, String::new)
        }
        TextAction::Undo(undo) => reverse(daemon, of(&undo.file)?, undo, true, general),
        TextAction::Redo(undo) => reverse(daemon, of(&undo.file)?, undo, false, general),
        TextAction::History { file, limit } => {
            let params = FileHistoryParams { file: of(&file)?, before: None, limit: Some(limit) };
            let history: FileHistoryResult = daemon.call(file::method::history, &params)?;
            show(general, &history, || lines_of(&history))
        }
        TextAction::Diff { file, from, to } => {
            let params = FileDiffParams { file: of(&file)?, from_rev: from, to_rev: to };
            let diff: FileDiffResult = daemon.call(file::method::diff, &params)?;
            show(general, &diff, || diff.patch.clone())
        }
        TextAction::Restore { file, revision } => {
            let client = Some(icpy::args::CLIENT.to_owned());
            let params = FileRestoreParams { file: of(&file)?, rev: revision, client };
            let restored: FileEditResult = daemon.call(file::method::restore, &params)?;
            show(general, &restored, String::new)
        }
    }
}

fn show(general: &General, result: &impl Serialize, text: impl FnOnce() -> String) -> Result<(), Failure> {
    let printed = if general.json { print_json(result) } else { print_text(&text()) };
    Ok(printed?)
}

fn edit_text(daemon: &mut Daemon, file: FileOf, edit: TextEdit, general: &General) -> Result<(), Failure> {
    // What is edited is the text that was there before the input came.
    let known: FileText = daemon.call(file::method::get_text, &FileGetTextParams { file: file.clone() })?;
    let mut input = String::new();
    io::stdin().read_to_string(&mut input)?;
    let TextEdit { whole, group, client, save, .. } = edit;
    let params = FileEditParams { file: file.clone(), client: Some(client), group, ..FileEditParams::default() };
    let params = match whole {
        true => FileEditParams {
            epoch: Some(known.revision.epoch),
            base_rev: Some(known.revision.rev),
            text: Some(input),
            ..params
        },
        false => FileEditParams { patch: Some(input), ..params },
    };
    let edited: FileEditResult = daemon.call(file::method::edit, &params)?;
    if save {
        let saved: FileSaved = daemon.call(file::method::save, &FileSaveParams { file })?;
        return show(general, &saved, String::new);
    }
    show(general, &edited, String::new)
}

fn reverse(daemon: &mut Daemon, file: FileOf, undo: TextUndo, is_undo: bool, general: &General) -> Result<(), Failure> {
    let (method, what) = if is_undo { (file::method::undo, "undone") } else { (file::method::redo, "made again") };
    let params = FileUndoParams { file, client: Some(undo.client) };
    let reversed: FileUndoResult = daemon.call(method, &params)?;
    if !reversed.is_changed {
        return Err(Error::not_found(format!("nothing was edited that could be {what}")).into());
    }
    show(general, &reversed, String::new)
}

/// What changed, the last line last.
fn lines_of(history: &FileHistoryResult) -> String {
    let mut lines: Vec<(u64, [String; 4])> = history.entries.iter().map(|it| (it.to_rev, line_of(it))).collect();
    lines.extend(
        history
            .saves
            .iter()
            .map(|save| (save.rev, [save.rev.to_string(), date(save.saved_at_ms), "saved".to_owned(), String::new()])),
    );
    // A save comes behind what it has saved.
    lines.sort_by_key(|(rev, _)| *rev);
    table(lines.into_iter().map(|(_, line)| line))
}

fn line_of(entry: &TextHistoryEntry) -> [String; 4] {
    let TextHistoryEntry { to_rev, origin, group, ended_at_ms, inserted_bytes, removed_bytes, .. } = entry;
    let mut what = match origin.kind {
        TextOriginKind::Edit => "edited",
        TextOriginKind::Undo => "undone",
        TextOriginKind::Redo => "redone",
        TextOriginKind::Disk => "changed on disk",
    }
    .to_owned();
    if let Some(group) = group {
        let _ = write!(what, ": {group}");
    }
    [to_rev.to_string(), date(*ended_at_ms), format!("{what} (+{inserted_bytes} -{removed_bytes} bytes)"), by(origin)]
}

fn by(origin: &TextOrigin) -> String {
    let own = icpy::args::CLIENT;
    // Other programs call themselves by numbers, which tell a person nothing.
    let named = origin.client.as_ref().filter(|name| origin.program.as_deref() == Some(own) && *name != own);
    match (&origin.user, named.or(origin.program.as_ref())) {
        (Some(user), Some(program)) => format!("{user} ({program})"),
        (Some(user), None) => user.clone(),
        (None, _) => String::new(),
    }
}

/// Adds what to do about it.
fn explain(failure: Failure) -> Failure {
    let message = failure.error.to_string();
    let hint = match failure.error.kind() {
        Kind::NotFound if message.contains("is not open") => "open it first: `icpy FILE`",
        Kind::Unsupported | Kind::TooLarge => "`icpy cat FILE` prints what is on disk",
        Kind::InvalidParams if message.contains("no unified diff") => "`--whole` takes the input as the whole text",
        _ => return failure,
    };
    failure.with_hint(hint)
}
