//! `fs:preview_replace`: how files would change.

use std::collections::HashMap;
use std::io::{self, Read as _};
use std::ops::ControlFlow;
use std::path::Path;

use icpy_protocol::error::Result;
use icpy_protocol::fs::{
    FsEdit, FsFileEdits, FsGrepParams, FsPreviewReplaceParams, FsPreviewReplaceResult, FsSkippedFile,
};
use icpy_protocol::path::FilePath;
use tokio_util::sync::CancellationToken;
use xxhash_rust::xxh3::xxh3_128;

use super::super::metadata::platform::{FileId, file_id};
use super::super::{blocking, version};
use super::line::Line;
use super::pattern::Pattern;
use super::replace::{Edit, replace};
use super::scope::Scope;
use crate::caller::{Caller, LONG_RESULT_BYTES};

/// The most edits in one answer.
const EDITS_MAX: usize = 10_000;

/// The most of texts in one answer, in bytes.
const ANSWER_BYTES_MAX: usize = 4 << 20;

/// The longest file that is changed, in bytes.
pub(super) const FILE_BYTES_MAX: u64 = 32 << 20;

/// Shows how files would change if what is found in them were replaced.
pub(super) async fn preview_replace(
    caller: &Caller,
    scope: Scope,
    params: FsPreviewReplaceParams,
) -> Result<FsPreviewReplaceResult> {
    let stop = CancellationToken::new();
    let _until_nobody_waits = stop.clone().drop_guard();
    let _room = caller.reserve(LONG_RESULT_BYTES).await;
    blocking(move || preview(&scope, &params, &stop)).await
}

fn preview(scope: &Scope, params: &FsPreviewReplaceParams, stop: &CancellationToken) -> Result<FsPreviewReplaceResult> {
    let mut preview = Preview {
        scope,
        params,
        pattern: Pattern::new(&params.search)?,
        left: params.search.limit.map_or(EDITS_MAX, |limit| (limit as usize).clamp(1, EDITS_MAX)),
        bytes: 0,
        files: Vec::new(),
        known: HashMap::new(),
        skipped: Vec::new(),
    };
    // One match is enough to know a file by.
    let one = FsGrepParams {
        count_per_file: Some(1),
        limit: None,
        before: None,
        after: None,
        is_unsorted: false,
        ..params.search.clone()
    };
    let outcome = scope.search(&one, usize::MAX, stop, |found| {
        for found in found.matches {
            preview.take(found.path)?;
        }
        ControlFlow::Continue(())
    })?;
    let Preview { files, skipped, .. } = preview;
    Ok(FsPreviewReplaceResult { files, skipped, has_more: outcome.has_more, stats: outcome.stats })
}

struct Preview<'a> {
    scope: &'a Scope,
    params: &'a FsPreviewReplaceParams,
    pattern: Pattern,
    /// Edits that the answer has room for.
    left: usize,
    bytes: usize,
    files: Vec<FsFileEdits>,
    /// Which files these are, whatever other names they have.
    known: HashMap<FileId, FilePath>,
    skipped: Vec<FsSkippedFile>,
}

impl Preview<'_> {
    /// Takes a file that has a match.
    fn take(&mut self, path: FilePath) -> ControlFlow<()> {
        let Ok((content, id)) = self.read(path.as_path()) else {
            // It has just been read: it is gone.
            return ControlFlow::Continue(());
        };
        if let Some(other) = id.and_then(|id| self.known.get(&id)) {
            let reason = format!("it is the same file as `{other}`");
            self.skip(path, &reason);
            return ControlFlow::Continue(());
        }
        if content.len() as u64 > FILE_BYTES_MAX {
            self.skip(path, "it is too long");
            return ControlFlow::Continue(());
        }
        let replaced = match replace(&content, &self.pattern, &self.params.search, &self.params.replacement) {
            Ok(replaced) => replaced,
            Err(reason) => {
                self.skip(path, reason);
                return ControlFlow::Continue(());
            }
        };
        let mut edits = Vec::new();
        for edit in &replaced.edits {
            if self.left == 0 || self.bytes > ANSWER_BYTES_MAX {
                self.add(path, id, &content, edits);
                return ControlFlow::Break(());
            }
            let edit = shown(edit, replaced.text());
            self.left -= 1;
            self.bytes += edit.before.len() + edit.after.len() + edit.text.len();
            edits.push(edit);
        }
        self.add(path, id, &content, edits);
        ControlFlow::Continue(())
    }

    fn add(&mut self, path: FilePath, id: Option<FileId>, content: &[u8], edits: Vec<FsEdit>) {
        if !edits.is_empty() {
            self.known.extend(id.map(|id| (id, path.clone())));
            self.files.push(FsFileEdits { path, base_version: version(xxh3_128(content)), edits });
        }
    }

    fn skip(&mut self, path: FilePath, reason: &str) {
        self.bytes += path.as_path().as_os_str().len();
        self.skipped.push(FsSkippedFile { path, reason: reason.to_owned() });
    }

    fn read(&self, path: &Path) -> io::Result<(Vec<u8>, Option<FileId>)> {
        let file = self.scope.open(path)?;
        let (id, mut content) = (file_id(&file.metadata()?), Vec::new());
        file.take(FILE_BYTES_MAX + 1).read_to_end(&mut content)?;
        Ok((content, id))
    }
}

/// An edit as it crosses the wire.
fn shown(edit: &Edit, text: &[u8]) -> FsEdit {
    let line_end = memchr::memchr(b'\n', &text[edit.range.start..]).map_or(text.len(), |end| edit.range.start + end);
    FsEdit {
        line: edit.line,
        column: (edit.range.start - edit.line_start) as u64 + 1,
        start: edit.range.start as u64,
        end: edit.range.end as u64,
        before: Line::whole(&text[edit.range.clone()]).text(),
        after: Line::whole(&edit.after).text(),
        text: Line::new(&text[edit.line_start..line_end]).text(),
    }
}
