//! One shared text: the document, what is on disk, and what of it is not stored yet. Nothing here waits.

use std::collections::{BTreeSet, HashMap};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use crop::Rope;
use icpy_protocol::error::{Error, Result};
use icpy_protocol::file::text::{
    FileChanged, FileText, FileTextState, TextEdit, TextOrigin, TextOriginKind, TextPlace, TextRevision,
};
use icpy_protocol::fs::FsWriteFileParams;
use icpy_protocol::path::FilePath;
use tokio::sync::watch;

use super::conflicts::Conflict;
use super::disk::Written;
use crate::document::line_ends::{self, LineEnds};
use crate::document::place::utf16_of;
use crate::document::yjs::Replica;
use crate::document::{Base, ClientSeq, Delta, Document, Edit, Outcome, Revision, Role, Stale};

/// Whose the changes are that came from the disk.
pub(super) const DISK: &str = "disk";

/// What is known of the file on disk.
#[derive(Clone, Debug)]
pub(super) struct Disk {
    /// `None` where there is no file.
    pub(super) version: Option<String>,
    /// Its text, with lines that end with a line feed.
    pub(super) text: Rope,
    pub(super) line_ends: LineEnds,
    pub(super) charset: String,
    pub(super) has_bom: bool,
}

impl Disk {
    /// No file.
    pub(super) fn none() -> Self {
        let charset = "UTF-8".to_owned();
        Self { version: None, text: Rope::new(), line_ends: LineEnds::default(), charset, has_bom: false }
    }
}

/// What is being written to the file.
#[derive(Clone, Debug)]
pub(super) struct Saving {
    pub(super) rev: u64,
    pub(super) text: Rope,
}

/// A revision that is to be stored, and the edit of a client that it was.
pub(super) type Unstored = (Revision, Option<ClientSeq>);

/// The replica of a text, and who edits with it.
#[derive(Debug)]
pub(super) struct Yjs {
    /// Names the replica.
    pub(super) epoch: String,
    pub(super) replica: Replica,
    /// The Yjs clients of each session that has opened it.
    pub(super) sessions: HashMap<String, BTreeSet<u64>>,
    /// Messages that are to be told.
    pub(super) news: Vec<u8>,
    /// Wakes who looks after it: a session has left it, or it is gone.
    pub(super) left: watch::Sender<()>,
}

/// What all that use a text share.
#[derive(Debug)]
pub(super) struct Shared {
    /// By its path without symbolic links.
    pub(super) path: FilePath,
    pub(super) document: Document,
    pub(super) disk: Disk,
    /// Whether the store has that. What was merged is stored with what it was merged from, or it would be merged once more.
    pub(super) is_disk_kept: bool,
    /// What was about to be written to the file, as long as it is not known whether it was.
    pub(super) saving: Option<Saving>,
    pub(super) conflicts: Vec<Conflict>,
    pub(super) unstored: Vec<Unstored>,
    pub(super) durable_rev: u64,
    /// The text before the first revision that is to be stored, where the store does not have it.
    pub(super) begun: Option<Rope>,
    /// Whether the store has the text, to which revisions can be added.
    pub(super) is_kept: bool,
    /// The revision whose text it has: those since are made again when it is read.
    pub(super) kept_rev: u64,
    /// Why nothing could be stored the last time.
    pub(super) store_error: Option<Error>,
    /// What Yjs clients edit, while there are any.
    pub(super) yjs: Option<Yjs>,
    /// Whether it gets another path, or has it already: then it is found under that.
    pub(super) is_moved: bool,
}

/// What became of an edit, and what is to be told of it.
pub(super) struct Changed {
    pub(super) rev: u64,
    pub(super) events: Vec<FileChanged>,
}

impl Shared {
    /// A text that nobody has edited yet.
    pub(super) fn new(path: FilePath, document: Document, disk: Disk) -> Self {
        Self {
            path,
            document,
            disk,
            is_disk_kept: true,
            saving: None,
            conflicts: Vec::new(),
            unstored: Vec::new(),
            durable_rev: 0,
            begun: None,
            is_kept: false,
            kept_rev: 0,
            store_error: None,
            yjs: None,
            is_moved: false,
        }
    }

    pub(super) fn revision(&self, rev: u64) -> TextRevision {
        TextRevision { epoch: self.document.lineage().epoch.clone(), rev }
    }

    pub(super) fn now(&self) -> TextRevision {
        self.revision(self.document.rev())
    }

    pub(super) fn is_dirty(&self) -> bool {
        match (&self.disk.version, self.path.untitled()) {
            (None, None) => true,
            _ => self.document.text() != &self.disk.text,
        }
    }

    pub(super) fn state(&self) -> FileTextState {
        FileTextState {
            is_dirty: self.is_dirty(),
            version: self.disk.version.clone(),
            charset: self.disk.charset.clone(),
            has_bom: self.disk.has_bom,
            durable_rev: self.durable_rev,
            conflicts: self.conflicts.iter().map(|it| it.told.clone()).collect(),
        }
    }

    pub(super) fn text(&self) -> FileText {
        let text = self.document.text().to_string();
        FileText { path: self.path.clone(), revision: self.now(), text, state: self.state() }
    }

    /// What writes the text to a file, in the charset and with the line ends that it has.
    pub(super) fn to_be_written(&self, path: &FilePath) -> Result<(Written, FsWriteFileParams)> {
        if !self.conflicts.is_empty() {
            let message = format!("`{}` was changed on disk too: settle the conflicts by `file:resolve`", self.path);
            return Err(Error::conflict(message).with("conflicts", self.conflicts.len()));
        }
        let text = self.document.text().clone();
        let Disk { text: base, line_ends, charset, has_bom, .. } = &self.disk;
        let content = line_ends.write(base, &text);
        let (_, line_ends) = line_ends::read(&content);
        let params = FsWriteFileParams {
            charset: Some(charset.clone()),
            has_bom: *has_bom,
            ..FsWriteFileParams::of(path.clone(), content)
        };
        Ok((Written { version: String::new(), revision: self.now(), text, line_ends }, params))
    }

    /// Notes what is on disk now.
    pub(super) fn note_saved(&mut self, written: &Written) {
        let Written { version, text, line_ends, .. } = written;
        self.saving = None;
        self.disk.version = Some(version.clone());
        (self.disk.text, self.disk.line_ends) = (text.clone(), line_ends.clone());
    }

    /// The text as it is, to go on under another path. What is left here only tells who asks that it was moved.
    pub(super) fn take_moved(&mut self, path: &FilePath) -> Self {
        self.yjs = None;
        Self {
            path: path.clone(),
            is_kept: std::mem::take(&mut self.is_kept),
            document: self.document.clone(),
            disk: self.disk.clone(),
            saving: self.saving.take(),
            conflicts: self.conflicts.clone(),
            unstored: std::mem::take(&mut self.unstored),
            begun: self.begun.take(),
            store_error: self.store_error.take(),
            // Its messages name the path.
            yjs: None,
            is_moved: false,
            ..*self
        }
    }

    /// Refuses to close a text that would be found nowhere again.
    pub(super) fn check_titled(&self) -> Result<()> {
        match self.path.untitled().filter(|_| self.is_dirty()) {
            None => Ok(()),
            Some((_, name)) => Err(Error::conflict(format!(
                "`{name}` was never saved: `file:save_as` gives it a file, `discard` throws it away"
            ))),
        }
    }

    /// Refuses to change a text that gets another path.
    pub(super) fn check_here(&self) -> Result<()> {
        match self.is_moved {
            false => Ok(()),
            true => Err(Error::busy(format!("`{}` gets another path: try again", self.path))),
        }
    }

    /// Makes an edit that was made for a base.
    pub(super) fn edit(&mut self, base: &Base, delta: Delta, edit: &Edit) -> Result<Changed> {
        self.check_here()?;
        let before = self.document.text().clone();
        let events = match self.document.edit(base, delta, edit) {
            Ok(Outcome::Made) => vec![self.take_note(before, edit.seq.as_ref())],
            Ok(Outcome::Nothing) => Vec::new(),
            Ok(Outcome::Known(rev)) => return Ok(Changed { rev, events: Vec::new() }),
            Err(Stale) => return Err(self.stale(base)),
        };
        Ok(Changed { rev: self.document.rev(), events })
    }

    /// Takes back an author's last edits, or that.
    pub(super) fn reverse(&mut self, role: Role, edit: &Edit) -> Vec<FileChanged> {
        let begin = self.document.text().clone();
        let made = self.document.reverse(role, edit);
        if !made.is_empty() {
            self.begin(&begin);
        }
        let (first, mut before) = (self.unstored.len(), begin.clone());
        let mut events = Vec::new();
        for revision in made {
            events.push(self.event(&before, &revision, None));
            revision.delta.apply(&mut before);
            self.unstored.push((revision, None));
        }
        self.follow(first, begin);
        events
    }

    /// Has Yjs clients follow what is to be stored, from one of its revisions on. `before` is the text that this was made for.
    fn follow(&mut self, first: usize, mut before: Rope) {
        let Some(mut yjs) = self.yjs.take() else { return };
        let following = catch_unwind(AssertUnwindSafe(|| {
            for (revision, _) in &self.unstored[first..] {
                yjs.news.extend(yjs.replica.follow(&revision.delta, &before));
                revision.delta.apply(&mut before);
            }
            yjs
        }));
        // After a panic it is of no use: its clients begin anew, and nobody else is concerned.
        self.yjs = following.ok();
    }

    fn begin(&mut self, before: &Rope) {
        // What is being stored may come back, to be stored from there on.
        if !self.is_kept && self.begun.is_none() {
            self.begun = Some(before.clone());
        }
    }

    /// Notes the newest revision: it is to be stored and told.
    fn take_note(&mut self, before: Rope, seq: Option<&ClientSeq>) -> FileChanged {
        self.begin(&before);
        let newest = self.document.revisions().next_back().expect("a revision was made").clone();
        let event = self.event(&before, &newest, seq);
        self.unstored.push((newest, seq.cloned()));
        self.follow(self.unstored.len() - 1, before);
        event
    }

    fn event(&self, before: &Rope, revision: &Revision, seq: Option<&ClientSeq>) -> FileChanged {
        let edits = revision.delta.splices().iter().map(|splice| {
            let range = utf16_of(before, &(splice.at..splice.end()));
            let to = (range.end > range.start).then_some(TextPlace::Offset(range.end as u64));
            TextEdit { from: TextPlace::Offset(range.start as u64), to, text: splice.inserted.to_string() }
        });
        let origin = TextOrigin { client_seq: seq.map(|it| it.seq), ..origin_of(revision) };
        FileChanged { path: self.path.clone(), revision: self.revision(revision.rev), edits: edits.collect(), origin }
    }

    /// The present revision, for who edits what is there.
    pub(super) fn base(&self) -> Base {
        Base { epoch: self.document.lineage().epoch.clone(), rev: self.document.rev() }
    }

    /// Says that a base is not known, and which is.
    pub(super) fn stale(&self, base: &Base) -> Error {
        let error =
            self.conflict(format!("the revision that the edit of `{}` was made for is not known any more", self.path));
        match self.document.newest_of(&base.epoch) {
            Some(rev) => error.with("knownRev", rev),
            None => error,
        }
    }

    /// Says why an edit cannot be made, and what the text is: with it a client can go on.
    pub(super) fn conflict(&self, message: String) -> Error {
        let TextRevision { epoch, rev } = self.now();
        Error::conflict(message).with("epoch", epoch).with("rev", rev).with("text", self.document.text().to_string())
    }

    /// What came from the disk.
    pub(super) fn edit_of_disk(time_ms: u64) -> Edit {
        Edit { author: Arc::from(DISK), label: None, who: None, seq: None, time_ms }
    }
}

/// Where a revision came from, without the client's own count.
pub(super) fn origin_of(revision: &Revision) -> TextOrigin {
    let is_disk = &*revision.author == DISK;
    let kind = match revision.role {
        Role::Edit if is_disk => TextOriginKind::Disk,
        Role::Edit => TextOriginKind::Edit,
        Role::Undo => TextOriginKind::Undo,
        Role::Redo => TextOriginKind::Redo,
    };
    let who = revision.who.as_deref();
    TextOrigin {
        kind,
        client: (!is_disk).then(|| revision.author.to_string()),
        client_seq: None,
        user: who.map(|it| it.user.clone()),
        program: who.and_then(|it| it.program.clone()),
    }
}

#[cfg(test)]
mod tests {
    use std::ops::Range;

    use super::*;
    use crate::document::Lineage;

    fn shared() -> Shared {
        let lineage = Lineage { epoch: "e".to_owned(), former: Vec::new() };
        Shared::new("/a".into(), Document::new(lineage, 0, Rope::from("begin")), Disk::none())
    }

    fn edit(shared: &mut Shared, range: Range<usize>, inserted: &str) -> Changed {
        let delta = Delta::of(shared.document.text(), [(range, inserted.to_owned())]).unwrap();
        shared.edit(&shared.base(), delta, &Shared::edit_of_disk(0)).unwrap()
    }

    #[test]
    fn what_could_not_be_stored_is_stored_from_its_beginning() {
        let mut shared = shared();
        edit(&mut shared, 0..0, "x");
        let under_way = std::mem::take(&mut shared.unstored);
        edit(&mut shared, 0..0, "x");
        shared.unstored.splice(0..0, under_way);
        assert_eq!(shared.begun, Some(Rope::from("begin")));
        assert_eq!(shared.unstored.iter().map(|(revision, _)| revision.rev).collect::<Vec<_>>(), [1, 2]);
    }

    #[test]
    fn a_replica_that_gives_up_takes_no_edit_with_it() {
        let mut shared = shared();
        // It has another text, which no replica ever has.
        let replica = Replica::new(&Rope::new(), "name");
        let (left, _) = watch::channel(());
        shared.yjs = Some(Yjs { epoch: "y".to_owned(), replica, sessions: HashMap::new(), news: Vec::new(), left });
        let changed = edit(&mut shared, 2..5, "x");
        assert_eq!((changed.rev, changed.events.len(), shared.unstored.len()), (1, 1, 1));
        assert!(shared.yjs.is_none(), "its clients begin anew");
    }
}
