//! Somebody who edits a shared text as editors do: types without waiting, and takes in what others do as it comes.
//!
//! `docs/texts.md` is what it follows. Nothing happens by itself: whoever drives it decides what is sent and read when.

use std::collections::VecDeque;
use std::path::{Path, PathBuf};

use crop::Rope;
use icpy_protocol::file::text::{FileChanged, TextEdit, TextOriginKind, TextPlace};
use icpyd::document::diff::edits_between;
use icpyd::document::place::{Place, Unit, byte_of};
use icpyd::document::{Delta, First};
use serde_json::{Value, json};

use crate::peer::{Lost, Peer};

/// How an edit is written down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Writing {
    /// By code units of UTF-16.
    Utf16,
    /// By bytes.
    Utf8,
    /// By line and code unit.
    Lines,
}

/// An edit under way.
#[derive(Clone, Debug)]
struct Sent {
    seq: u64,
    params: Value,
    /// Whether the daemon finds out what changes, which is told as what others do is.
    is_whole: bool,
    /// What was inserted.
    inserted: String,
}

/// Somebody who edits a text.
#[derive(Debug)]
pub struct Typist {
    client: String,
    path: PathBuf,
    peer: Option<Peer>,
    epoch: String,
    rev: u64,
    /// The text at that revision, and as it is shown: with what was typed since.
    known: Rope,
    shown: Rope,
    pending: VecDeque<Delta>,
    sent: Option<Sent>,
    /// The requests for edits that are not answered, and the edits.
    asked: Vec<(u64, u64)>,
    seq: u64,
    /// What was inserted by which revision, and is not known to be durable.
    unproven: Vec<(u64, String)>,
    /// What was inserted and is durable.
    pub durable: String,
}

impl Typist {
    /// Somebody who has not connected yet. No other has the same name.
    pub fn new(client: String, path: PathBuf) -> Self {
        Self {
            client,
            path,
            peer: None,
            epoch: String::new(),
            rev: 0,
            known: Rope::new(),
            shown: Rope::new(),
            pending: VecDeque::new(),
            sent: None,
            asked: Vec::new(),
            seq: 0,
            unproven: Vec::new(),
            durable: String::new(),
        }
    }

    /// The name under which it edits.
    pub fn client(&self) -> &str {
        &self.client
    }

    /// The text as it is shown.
    pub fn shown(&self) -> &Rope {
        &self.shown
    }

    /// The text that the daemon has told, and its revision.
    pub fn known(&self) -> (u64, String) {
        (self.rev, self.known.to_string())
    }

    /// Whether all that was typed is with the daemon.
    pub fn is_settled(&self) -> bool {
        self.peer.is_some() && self.pending.is_empty() && self.sent.is_none()
    }

    /// Whether it is known to be durable, too.
    pub fn is_proven(&self) -> bool {
        self.is_settled() && self.unproven.is_empty()
    }

    /// Whether there is a connection, as far as is known.
    pub fn is_connected(&self) -> bool {
        self.peer.is_some()
    }

    /// Ends the connection, whatever is under way.
    pub fn disconnect(&mut self) {
        self.peer = None;
    }

    /// Changes the text that is shown.
    pub fn type_edits(&mut self, edits: Vec<(std::ops::Range<usize>, String)>) {
        let delta = Delta::of(&self.shown, edits).unwrap();
        if !delta.is_empty() {
            delta.apply(&mut self.shown);
            self.pending.push_back(delta);
        }
    }

    /// Sends what was typed first, or once more what is under way.
    pub fn send(&mut self, writing: Writing) {
        if self.sent.is_none()
            && let Some(first) = self.pending.front()
        {
            let edits: Vec<TextEdit> = first.splices().iter().map(|it| self.written(it, writing)).collect();
            let unit = if writing == Writing::Utf8 { "utf8" } else { "utf16" };
            let inserted = first.splices().iter().map(|it| &*it.inserted).collect();
            self.begin(json!({ "edits": edits, "unit": unit }), inserted, false);
        }
        if let Some(Sent { seq, params, .. }) = self.sent.clone()
            && let Some(id) = self.request("file:edit", &params)
        {
            self.asked.push((id, seq));
        }
    }

    /// Sends a whole text or a patch for the text that was told: where nothing else is under way.
    pub fn rewrite(&mut self, change: Value, inserted: String) {
        if self.sent.is_none() && self.peer.is_some() {
            self.begin(change, inserted, true);
            self.send(Writing::Utf16);
        }
    }

    /// Sends a request about the text. Returns its id, where there is a connection.
    pub fn request(&mut self, method: &str, params: &Value) -> Option<u64> {
        let mut params = params.clone();
        params["path"] = json!(self.path);
        let sent = self.peer.as_mut()?.send(method, &params);
        if sent.is_err() {
            self.peer = None;
        }
        sent.ok()
    }

    fn begin(&mut self, mut params: Value, inserted: String, is_whole: bool) {
        self.seq += 1;
        params["epoch"] = json!(self.epoch);
        params["baseRev"] = json!(self.rev);
        params["client"] = json!(self.client);
        params["clientSeq"] = json!(self.seq);
        self.sent = Some(Sent { seq: self.seq, params, is_whole, inserted });
    }

    fn written(&self, splice: &icpyd::document::Splice, writing: Writing) -> TextEdit {
        let place = |byte: usize| match writing {
            Writing::Utf16 => TextPlace::Offset(self.known.utf16_code_unit_of_byte(byte) as u64),
            Writing::Utf8 => TextPlace::Offset(byte as u64),
            Writing::Lines => {
                let before = self.known.byte_slice(..byte).to_string();
                let begin = before.rfind('\n').map_or(0, |place| place + 1);
                let line = before.matches('\n').count() as u64;
                TextPlace::Line { line, character: before[begin..].encode_utf16().count() as u64 }
            }
        };
        TextEdit { from: place(splice.at), to: Some(place(splice.end())), text: splice.inserted.to_string() }
    }

    /// Takes in one message, where one has come. Returns whether one has.
    pub fn take(&mut self) -> bool {
        let Some(peer) = &mut self.peer else { return false };
        let message = match peer.receive() {
            Ok(Some(message)) => message,
            Ok(None) => return false,
            Err(Lost) => {
                self.peer = None;
                return false;
            }
        };
        match message["method"].as_str() {
            Some("file:changed") => self.change(&serde_json::from_value(message["params"].clone()).unwrap()),
            Some("file:durable") => {
                self.prove(&message["params"]["revision"]["epoch"], &message["params"]["revision"]["rev"]);
            }
            _ => self.answered(&message),
        }
        true
    }

    fn change(&mut self, told: &FileChanged) {
        if told.path.as_path() != self.path || told.revision.epoch != self.epoch || told.revision.rev <= self.rev {
            return;
        }
        assert_eq!(told.revision.rev, self.rev + 1, "revisions come one after the other");
        self.rev += 1;
        let delta = self.delta(&told.edits);
        let is_own = |sent: &&Sent| {
            let origin = &told.origin;
            origin.kind == TextOriginKind::Edit
                && origin.client.as_ref() == Some(&self.client)
                && origin.client_seq == Some(sent.seq)
        };
        match self.sent.as_ref().filter(is_own).map(|it| it.is_whole) {
            Some(false) => {
                delta.apply(&mut self.known);
                self.confirm(self.rev);
                let mut shown = self.known.clone();
                self.pending.iter().for_each(|delta| delta.apply(&mut shown));
                assert_eq!(shown, self.shown, "what was sent became what was shown");
            }
            Some(true) => {
                self.take_in(delta);
                self.confirm(self.rev);
            }
            None => self.take_in(delta),
        }
    }

    /// What is under way is part of the text.
    fn confirm(&mut self, rev: u64) {
        let Some(sent) = self.sent.take() else { return };
        if !sent.is_whole {
            self.pending.pop_front();
        }
        self.unproven.push((rev, sent.inserted));
    }

    /// Takes in what others did.
    fn take_in(&mut self, mut other: Delta) {
        other.apply(&mut self.known);
        for mine in &mut self.pending {
            let moved = mine.over(&other, First::Other);
            other = other.over(mine, First::This);
            *mine = moved;
        }
        other.apply(&mut self.shown);
    }

    fn prove(&mut self, epoch: &Value, rev: &Value) {
        if *epoch == self.epoch.as_str() {
            let durable_rev = rev.as_u64().unwrap();
            let proven = self.unproven.extract_if(.., |(rev, _)| *rev <= durable_rev);
            self.durable.extend(proven.map(|(_, inserted)| inserted));
        }
    }

    /// Takes the answer to an edit. Others, such as saving, may be refused.
    fn answered(&mut self, message: &Value) {
        let Some(place) = self.asked.iter().position(|(id, _)| message["id"] == *id) else { return };
        let (_, seq) = self.asked.swap_remove(place);
        assert!(message["result"]["revision"]["rev"].as_u64().is_some_and(|rev| rev <= self.rev), "{message}");
        if self.sent.as_ref().is_some_and(|sent| sent.seq == seq) {
            // No revision has told of it: others had done all that it does.
            assert!(self.sent.as_ref().is_some_and(|sent| sent.is_whole) || self.pending[0].is_empty(), "{message}");
            self.confirm(self.rev);
        }
    }

    fn delta(&self, edits: &[TextEdit]) -> Delta {
        let byte = |place: TextPlace| match place {
            TextPlace::Offset(offset) => {
                byte_of(&self.known, Place::Offset(usize::try_from(offset).unwrap()), Unit::Utf16).unwrap()
            }
            TextPlace::Line { .. } => panic!("revisions are told by offsets"),
        };
        let range = |edit: &TextEdit| byte(edit.from)..byte(edit.to.unwrap_or(edit.from));
        Delta::of(&self.known, edits.iter().map(|edit| (range(edit), edit.text.clone()))).unwrap()
    }

    /// Connects, and goes on: what is under way is sent once more, and what has become of the text meanwhile is one change of
    /// somebody else's.
    pub fn join(&mut self, socket: &Path) -> Result<(), Lost> {
        let mut peer = Peer::open(socket)?;
        peer.ask("session:subscribe", &json!({ "patterns": ["file:changed", "file:durable"] }))?;
        let mut made = None;
        if let Some(sent) = &self.sent {
            let mut params = sent.params.clone();
            params["path"] = json!(self.path);
            let answer = peer.ask("file:edit", &params)?;
            made = answer["result"]["revision"]["rev"].as_u64();
            assert!(made.is_some() || answer["error"]["data"]["kind"] == "conflict", "{answer}");
        }
        let answer = peer.ask("file:get_text", &json!({ "path": self.path }))?;
        let now = &answer["result"];
        (self.peer, self.asked) = (Some(peer), Vec::new());
        let epoch = now["revision"]["epoch"].as_str().unwrap();
        if epoch != self.epoch {
            // What was told and not durable may be lost.
            self.unproven.clear();
            epoch.clone_into(&mut self.epoch);
        }
        match (made, &self.sent) {
            (Some(rev), Some(sent)) => {
                if !sent.is_whole {
                    self.pending[0].apply(&mut self.known);
                }
                self.confirm(rev);
            }
            _ => self.sent = None,
        }
        self.rev = now["revision"]["rev"].as_u64().unwrap();
        let text = now["text"].as_str().unwrap();
        let other = Delta::of(&self.known, edits_between(&self.known.to_string(), text)).unwrap();
        self.take_in(other);
        self.prove(&now["revision"]["epoch"], &now["durableRev"]);
        Ok(())
    }
}
