//! A text that several change at once: the present text, and the revisions that led to it.
//!
//! Whoever changes it says which revision that was made for. The revisions since are taken into account, so that everybody who
//! applies the same revisions in the same order has the same text. Nothing here waits, asks the disk, or knows who listens.

pub mod delta;
pub mod diff;
mod effort;
pub mod line_ends;
pub mod merge;
mod own;
pub mod place;
mod undo;
pub mod yjs;

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use crop::Rope;

pub use self::delta::{BadEdit, Delta, First, Splice};
pub use self::own::put_own_first;

/// About so much memory the revisions that are kept may take.
const LOG_BYTES_MAX: usize = 256 << 10;

/// Edits of one author that follow each other so fast are undone together, in milliseconds.
const TYPING_MS: u64 = 500;

/// Clients whose last edit is remembered.
const CLIENTS_MAX: usize = 1024;

/// A text with its history.
#[derive(Clone, Debug)]
pub struct Document {
    lineage: Lineage,
    rev: u64,
    text: Rope,
    /// The newest revisions, the last one last.
    log: VecDeque<Revision>,
    log_bytes: usize,
    last_group: u64,
    seen: HashMap<String, Seen>,
}

/// One revision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Revision {
    /// Its number.
    pub rev: u64,
    /// What it has changed.
    pub delta: Delta,
    /// Whose it is. What one author does is undone by that author.
    pub author: Arc<str>,
    /// What is undone together has the same number.
    pub group: u64,
    /// What the author calls the group.
    pub label: Option<Arc<str>>,
    /// Who the author is, where that is known.
    pub who: Option<Arc<Who>>,
    /// What it does.
    pub role: Role,
    /// When it came, in milliseconds since 1970.
    pub time_ms: u64,
}

/// An author as others are told of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Who {
    /// The user.
    pub user: String,
    /// What the user's program calls itself.
    pub program: Option<String>,
}

/// What a revision does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Changes the text.
    Edit,
    /// Takes an edit back.
    Undo,
    /// Takes that back.
    Redo,
}

/// An edit to be made.
#[derive(Clone, Debug)]
pub struct Edit {
    /// Whose it is.
    pub author: Arc<str>,
    /// What the author calls the edits that are undone with it.
    pub label: Option<Arc<str>>,
    /// Who the author is.
    pub who: Option<Arc<Who>>,
    /// The client's own count of its edits, where it has one: the same one is made once.
    pub seq: Option<ClientSeq>,
    /// The time, in milliseconds since 1970.
    pub time_ms: u64,
}

/// An edit among those of a client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientSeq {
    /// Names the client.
    pub client: String,
    /// Rises with each of its edits.
    pub seq: u64,
}

/// The last edit of a client, and the revision that it became.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Seen {
    seq: u64,
    rev: u64,
}

/// A revision as others know it: numbers alone do not tell one history from another that began like it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Base {
    /// Names the history.
    pub epoch: String,
    /// The revision.
    pub rev: u64,
}

/// Which histories this one goes on with. A new one begins where it is not certain that all that was told of the last one
/// is still known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lineage {
    /// Names the present history.
    pub epoch: String,
    /// Those before, each up to the revision that it has in common with this one.
    pub former: Vec<Base>,
}

/// What came of an edit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It is the newest revision.
    Made,
    /// It changes nothing that was not changed already.
    Nothing,
    /// It was made before: it came a second time.
    Known(u64),
}

/// A base that is not known any more, or never was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stale;

impl Document {
    /// A document that begins with this text.
    pub fn new(lineage: Lineage, rev: u64, text: Rope) -> Self {
        Self { lineage, rev, text, log: VecDeque::new(), log_bytes: 0, last_group: 0, seen: HashMap::new() }
    }

    /// A document that was at a revision before, and what led to it: the revisions that were kept, which are those right
    /// before it.
    pub fn restore(
        lineage: Lineage,
        rev: u64,
        text: Rope,
        older: impl IntoIterator<Item = (Revision, Option<ClientSeq>)>,
    ) -> Self {
        let mut document = Self::new(lineage, rev, text);
        for (revision, seq) in older {
            document.last_group = document.last_group.max(revision.group);
            document.log_bytes += revision.bytes();
            document.log.push_back(revision);
            if let Some(ClientSeq { client, seq }) = seq {
                document.remember(&client, seq);
            }
        }
        document.trim();
        document
    }

    /// The text as it is now.
    pub fn text(&self) -> &Rope {
        &self.text
    }

    /// The present revision.
    pub fn rev(&self) -> u64 {
        self.rev
    }

    /// The histories that it goes on with.
    pub fn lineage(&self) -> &Lineage {
        &self.lineage
    }

    /// The revisions that are kept, the newest last.
    pub fn revisions(&self) -> impl DoubleEndedIterator<Item = &Revision> {
        self.log.iter()
    }

    /// The revisions after a base.
    pub fn since(&self, base: &Base) -> Result<impl DoubleEndedIterator<Item = &Revision>, Stale> {
        let is_ours = base.epoch == self.lineage.epoch && base.rev <= self.rev;
        let is_known = |former: &Base| former.epoch == base.epoch && base.rev <= former.rev;
        let missed = usize::try_from(self.rev.saturating_sub(base.rev)).map_err(|_| Stale)?;
        match (is_ours || self.lineage.former.iter().any(is_known)) && missed <= self.log.len() {
            true => Ok(self.log.range(self.log.len() - missed..)),
            false => Err(Stale),
        }
    }

    /// The newest revision of a history with this name that can be a base.
    pub fn newest_of(&self, epoch: &str) -> Option<u64> {
        let present = Base { epoch: self.lineage.epoch.clone(), rev: self.rev };
        let newest = self.lineage.former.iter().chain([&present]).find(|it| it.epoch == epoch)?;
        self.since(newest).is_ok().then_some(newest.rev)
    }

    /// The text at a base.
    pub fn text_at(&self, base: &Base) -> Result<Rope, Stale> {
        let mut text = self.text.clone();
        self.since(base)?.rev().for_each(|revision| revision.delta.inverse().apply(&mut text));
        Ok(text)
    }

    /// Whether an edit was made before, and which revision it became.
    pub fn known(&self, seq: &ClientSeq) -> Option<u64> {
        self.seen.get(&seq.client).filter(|seen| seq.seq <= seen.seq).map(|seen| seen.rev)
    }

    /// Changes the text by a delta that was made for a base: what others have changed since stays.
    pub fn edit(&mut self, base: &Base, delta: Delta, edit: &Edit) -> Result<Outcome, Stale> {
        if let Some(rev) = edit.seq.as_ref().and_then(|seq| self.known(seq)) {
            return Ok(Outcome::Known(rev));
        }
        let delta = self.since(base)?.fold(delta, |delta, later| delta.over(&later.delta, First::Other));
        let outcome = match delta.is_empty() {
            true => Outcome::Nothing,
            false => {
                let group = self.group(edit);
                self.push(delta, edit, group, Role::Edit);
                Outcome::Made
            }
        };
        if let Some(ClientSeq { client, seq }) = &edit.seq {
            self.remember(client, *seq);
        }
        Ok(outcome)
    }

    /// Takes back what an author did last, or takes that back. Returns the revisions that it took: all of them, also where
    /// not all are kept.
    pub fn reverse(&mut self, role: Role, edit: &Edit) -> Vec<Revision> {
        let deltas = undo::reversal(self.log.make_contiguous(), &edit.author, role);
        self.last_group += 1;
        let group = self.last_group;
        let push = |delta| {
            self.push(delta, edit, group, role);
            self.log.back().cloned()
        };
        deltas.into_iter().filter_map(push).collect()
    }

    /// Takes a revision that was stored. `None` where it does not follow.
    pub fn replay(&mut self, revision: Revision, seq: Option<ClientSeq>) -> Option<()> {
        if revision.rev != self.rev + 1 || !revision.delta.fits(&self.text) {
            return None;
        }
        self.last_group = self.last_group.max(revision.group);
        self.take(revision);
        if let Some(ClientSeq { client, seq }) = seq {
            self.remember(&client, seq);
        }
        Some(())
    }

    /// The group that an edit belongs to: that of the author's last one, where it goes on with that.
    fn group(&mut self, edit: &Edit) -> u64 {
        let last = self.log.iter().rev().find(|it| it.author == edit.author);
        let goes_on = |last: &&Revision| {
            let is_typing = edit.label.is_some() || edit.time_ms.saturating_sub(last.time_ms) < TYPING_MS;
            last.role == Role::Edit && last.label == edit.label && is_typing
        };
        match last.filter(goes_on) {
            Some(last) => last.group,
            None => {
                self.last_group += 1;
                self.last_group
            }
        }
    }

    fn push(&mut self, delta: Delta, edit: &Edit, group: u64, role: Role) {
        let Edit { author, label, who, time_ms, .. } = edit.clone();
        self.take(Revision { rev: self.rev + 1, delta, author, group, label, who, role, time_ms });
    }

    fn take(&mut self, revision: Revision) {
        revision.delta.apply(&mut self.text);
        self.rev = revision.rev;
        self.log_bytes += revision.bytes();
        self.log.push_back(revision);
        self.trim();
    }

    /// Forgets the oldest revisions where all take too much memory, but for the last one.
    fn trim(&mut self) {
        while self.log_bytes > LOG_BYTES_MAX
            && self.log.len() > 1
            && let Some(oldest) = self.log.pop_front()
        {
            self.log_bytes -= oldest.bytes();
        }
    }

    fn remember(&mut self, client: &str, seq: u64) {
        if self.seen.len() >= CLIENTS_MAX
            && !self.seen.contains_key(client)
            && let Some(oldest) = self.seen.iter().min_by_key(|(_, seen)| seen.rev).map(|(client, _)| client.clone())
        {
            self.seen.remove(&oldest);
        }
        self.seen.insert(client.to_owned(), Seen { seq, rev: self.rev });
    }
}

impl Revision {
    fn bytes(&self) -> usize {
        size_of::<Self>() + self.delta.bytes()
    }
}

#[cfg(test)]
mod tests;
