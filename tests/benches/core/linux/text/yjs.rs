//! Texts that are edited with Yjs: how soon others are told of a key, and what a replica costs.

use std::time::Instant;

use base64::prelude::{BASE64_STANDARD, Engine as _};
use icpyd::document::yjs::{NAME, Replica};
use icpyd::document::{Delta, Document};
use serde_json::{Value, json};
use yrs::block::ClientID;
use yrs::sync::{Message, MessageReader, SyncMessage};
use yrs::updates::decoder::{Decode as _, DecoderV1};
use yrs::updates::encoder::Encode as _;
use yrs::{Doc, OffsetKind, Options, Text as _, TextRef, Transact as _, Update};

use super::{EDITS, LONG, OTHERS, TEXTS, author, base, document, edited, opened, text, typed};
use crate::linux::programs::share_of_memory_bytes;
use crate::linux::table::{Table, median};
use crate::linux::tree::{Client, request};

pub(super) fn run(table: &mut Table) {
    follow(table);
    memory(table);
    keystroke(table);
}

/// A client of Yjs.
struct Peer {
    doc: Doc,
    text: TextRef,
}

impl Peer {
    fn new() -> Self {
        let options = Options { offset_kind: OffsetKind::Utf16, ..Options::with_client_id(ClientID::new(7)) };
        let doc = Doc::with_options(options);
        Self { text: doc.get_or_insert_text(NAME), doc }
    }

    fn take(&self, messages: &[u8]) {
        let mut decoder = DecoderV1::from(messages);
        for message in MessageReader::new(&mut decoder) {
            if let Message::Sync(SyncMessage::SyncStep2(update) | SyncMessage::Update(update)) = message.unwrap() {
                self.doc.transact_mut().apply_update(Update::decode_v1(&update).unwrap()).unwrap();
            }
        }
    }

    /// Types a letter. Returns the message about it.
    fn key(&self, at: u32) -> Vec<u8> {
        let mut transaction = self.doc.transact_mut();
        self.text.insert(&mut transaction, at, "x");
        Message::Sync(SyncMessage::Update(transaction.encode_update_v1())).encode_v1()
    }
}

/// An edit of a client without Yjs, while there are some with it.
fn follow(table: &mut Table) {
    let text = text();
    let (mut bare, mut document) = (document(&text), document(&text));
    let mut replica = Replica::new(document.text(), "a name");
    let edit = |document: &mut Document, round: usize| {
        let (begin, at) = (Instant::now(), 500_000 + round);
        let delta = Delta::of(document.text(), [(at..at, "x".to_owned())]).unwrap();
        let now = base(document);
        document.edit(&now, delta.clone(), &author(round as u64)).unwrap();
        (begin, delta)
    };
    let (mut floors, mut times) = (vec![], vec![]);
    for round in 0..EDITS {
        floors.push(edit(&mut bare, round).0.elapsed());
        let before = document.text().clone();
        let (begin, delta) = edit(&mut document, round);
        replica.follow(&delta, &before);
        times.push(begin.elapsed());
    }
    let name = "edit of a text of 1 MB with Yjs clients, p50";
    table.time(name, median(&mut floors), median(&mut times), "<= 100 us", vec![]);
}

/// What a text with a long history takes while Yjs clients edit it.
fn memory(table: &mut Table) {
    let documents: Vec<Document> = (0..TEXTS).map(|_| edited()).collect();
    let before = share_of_memory_bytes(std::process::id());
    let replicas: Vec<Replica> = documents.iter().map(|it| Replica::new(it.text(), "a name")).collect();
    let each = (share_of_memory_bytes(std::process::id()).saturating_sub(before)) as f64 / TEXTS as f64;
    let name = format!("memory of a replica for Yjs of a text of {} kB after {} edits", LONG.1 / 1000, LONG.0);
    table.figure(&name, "", format!("{:.2} MB", each / 1e6), "<= 2.4 MB");
    drop(replicas);
}

/// From a key that is pressed in one editor with Yjs to the last of ten others that is told.
fn keystroke(table: &mut Table) {
    let (daemon, path, mut typist) = opened();
    let begun = typist.ask("yjs:open", &json!({ "path": path }))["result"].clone();
    let peer = Peer::new();
    peer.take(&BASE64_STANDARD.decode(begun["message"].as_str().unwrap()).unwrap());
    let others = (0..OTHERS).map(|_| Client::connect(daemon.connect())).map(|mut other| {
        other.ask("session:subscribe", &json!({ "patterns": ["yjs:updated"] }));
        other.ask("yjs:open", &json!({ "path": path }));
        other
    });
    let keys = |key: usize, _: &Value| {
        let message = BASE64_STANDARD.encode(peer.key(500_000 + u32::try_from(key).unwrap()));
        request("yjs:send", &json!({ "path": path, "epoch": begun["epoch"], "message": message }))
    };
    typed(table, "key with Yjs", typist, others.collect(), keys);
}
