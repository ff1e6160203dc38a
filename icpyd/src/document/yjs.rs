//! A text as Yjs knows it: a replica, which takes the messages of Yjs clients (y-protocols, sync and awareness), and to which
//! every change of the text is made too. Both always have the same text.
//!
//! A replica is made from the text alone. Two that were made from one text have nothing in common for Yjs, which would have the
//! text twice: whoever knows another replica must not be let near this one.

use std::collections::BTreeSet;
use std::fmt;
use std::mem::take;
use std::sync::{Arc, Mutex, PoisonError};

use crop::Rope;
use xxhash_rust::xxh3::xxh3_64;
use yrs::block::ClientID;
use yrs::encoding::read::Cursor;
use yrs::sync::{Awareness, AwarenessUpdate, Message, MessageReader, SyncMessage};
use yrs::types::Delta as Change;
use yrs::updates::decoder::{Decode as _, DecoderV1};
use yrs::updates::encoder::Encode as _;
use yrs::{
    Any, Doc, Observable as _, OffsetKind, Options, Out, ReadTxn as _, StateVector, Text as _, TextRef, Transact as _,
    Update,
};

use super::delta::{Delta, Splice};
use super::place::{Place, Unit, byte_of, utf16_of};

/// What Yjs clients call the text in their documents.
pub const NAME: &str = "text";

/// The most Yjs clients that are there.
const CLIENTS_MAX: usize = 1024;

/// The most questions for everything at once.
const QUESTIONS_MAX: usize = 2;

/// The most that ever were, for as long as the replica is there.
const EVER_MAX: usize = 64 * CLIENTS_MAX;

/// The most bytes of what one of them says of itself.
const STATE_BYTES_MAX: usize = 16 << 10;

/// The name of what observes the text here.
const OBSERVER: &str = "icpy";

/// A replica. While it is there, every change of the text goes through [`Replica::follow`].
pub struct Replica {
    text: TextRef,
    awareness: Awareness,
    seen: Arc<Mutex<Seen>>,
}

/// What the last transaction did.
#[derive(Default)]
struct Seen {
    changes: Vec<Change<Box<str>>>,
    /// Something was put into the text that is none.
    is_foreign: bool,
    update: Option<Vec<u8>>,
}

/// What came of a message.
#[derive(Debug, Default)]
pub struct Received {
    /// What the sender is to be sent.
    pub reply: Vec<u8>,
    /// What all others are to be sent.
    pub news: Vec<u8>,
    /// What changes in the text, one after the other.
    pub deltas: Vec<Delta>,
    /// The Yjs clients that were not there before.
    pub clients: BTreeSet<u64>,
}

/// What a client says.
enum Heard {
    /// It asks for all that it lacks.
    WhatIsLacking(StateVector),
    /// It has changed the text.
    Update(Update),
    /// Who says what of itself.
    Present(AwarenessUpdate),
    /// It asks for that.
    WhoIsThere,
}

/// Why a message is refused.
#[derive(Debug)]
pub enum Refused {
    /// It cannot be read, or is no message for a text. The replica is as it was.
    Unreadable(String),
    /// It has made the replica something else than text, so that it is of no use any more.
    NotText,
}

impl fmt::Debug for Replica {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Replica").finish_non_exhaustive()
    }
}

impl Replica {
    /// A replica of a text. Its name is one that no other has: the number by which Yjs clients know it comes of that.
    pub fn new(text: &Rope, name: &str) -> Self {
        let client = ClientID::new(xxh3_64(name.as_bytes()) >> 32);
        let options = Options { offset_kind: OffsetKind::Utf16, ..Options::with_client_id(client) };
        let doc = Doc::with_options(options);
        let replica = doc.get_or_insert_text(NAME);
        replica.insert(&mut doc.transact_mut(), 0, &text.to_string());
        let seen = Arc::new(Mutex::new(Seen::default()));
        let sink = Arc::clone(&seen);
        replica.observe(OBSERVER, move |transaction, event| {
            let mut seen = sink.lock().unwrap_or_else(PoisonError::into_inner);
            for change in event.delta(transaction) {
                match text_of(change) {
                    Some(change) => seen.changes.push(change),
                    None => seen.is_foreign = true,
                }
            }
        });
        let sink = Arc::clone(&seen);
        let observed = doc.observe_update_v1(OBSERVER, move |_, event| {
            sink.lock().unwrap_or_else(PoisonError::into_inner).update = Some(event.update.clone());
        });
        // It fails where somebody holds a transaction, and nobody does.
        debug_assert!(observed.is_ok());
        Self { text: replica, awareness: Awareness::new(doc), seen }
    }

    fn take_seen(&self) -> Seen {
        take(&mut self.seen.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// What a client is sent that comes: all that it lacks, what is known here, and who else is there.
    pub fn greet(&self, known: Option<&[u8]>) -> Result<Vec<u8>, Refused> {
        let known = match known {
            Some(known) => StateVector::decode_v1(known).map_err(|error| Refused::Unreadable(error.to_string()))?,
            None => StateVector::default(),
        };
        let (lacks, state) = {
            let transaction = self.awareness.doc().transact();
            (transaction.encode_state_as_update_v1(&known), transaction.state_vector())
        };
        let mut message = Message::Sync(SyncMessage::SyncStep2(lacks)).encode_v1();
        message.extend(Message::Sync(SyncMessage::SyncStep1(state)).encode_v1());
        message.extend(self.who_is_there());
        Ok(message)
    }

    /// How many Yjs clients say who they are.
    fn present(&self) -> usize {
        self.awareness.iter().filter(|(_, state)| state.data.is_some()).count()
    }

    fn who_is_there(&self) -> Vec<u8> {
        self.awareness.update().map(|update| Message::Awareness(update).encode_v1()).unwrap_or_default()
    }

    /// Takes messages of a client. `text` is the text as it is.
    pub fn receive(&mut self, messages: &[u8], text: &Rope) -> Result<Received, Refused> {
        let heard = heard(read(messages)?)?;
        let mut received = Received::default();
        let mut text = text.clone();
        for heard in heard {
            match heard {
                Heard::WhatIsLacking(known) => {
                    let lacks = self.awareness.doc().transact().encode_state_as_update_v1(&known);
                    received.reply.extend(Message::Sync(SyncMessage::SyncStep2(lacks)).encode_v1());
                }
                Heard::Update(update) => self.apply(update, &mut text, &mut received)?,
                Heard::Present(update) => {
                    let taken = self.take_awareness(update, &mut received);
                    // What was applied before cannot be taken back.
                    taken.map_err(|refused| if received.deltas.is_empty() { refused } else { Refused::NotText })?;
                }
                Heard::WhoIsThere => received.reply.extend(self.who_is_there()),
            }
        }
        Ok(received)
    }

    fn apply(&mut self, update: Update, text: &mut Rope, received: &mut Received) -> Result<(), Refused> {
        let applied = self.awareness.doc().transact_mut().apply_update(update);
        let seen = self.take_seen();
        // What is applied in part cannot be taken back.
        if applied.is_err() || seen.is_foreign {
            return Err(Refused::NotText);
        }
        let Some(update) = seen.update else { return Ok(()) };
        received.news.extend(Message::Sync(SyncMessage::Update(update)).encode_v1());
        let delta = delta_of(text, &seen.changes).ok_or(Refused::NotText)?;
        delta.apply(text);
        if text.utf16_len() != self.text.len(&self.awareness.doc().transact()) as usize {
            return Err(Refused::NotText);
        }
        let has_returns = delta.splices().iter().any(|it| it.inserted.contains('\r'));
        received.deltas.push(delta);
        if has_returns {
            // A shared text has line feeds alone.
            let plain = without_returns(text);
            received.news.extend(self.follow(&plain, text));
            plain.apply(text);
            received.deltas.push(plain);
        }
        Ok(())
    }

    fn take_awareness(&mut self, mut update: AwarenessUpdate, received: &mut Received) -> Result<(), Refused> {
        let known: BTreeSet<u64> = self.awareness.iter().map(|(client, _)| client.get()).collect();
        // Of who was never there it is no news that they are gone.
        update.clients.retain(|client, it| &*it.json != "null" || known.contains(&client.get()));
        if self.present() + update.clients.len() > CLIENTS_MAX || known.len() > EVER_MAX {
            return Err(Refused::Unreadable(format!("at most {CLIENTS_MAX} clients say who they are")));
        }
        let message = Message::Awareness(update.clone()).encode_v1();
        let applied = self.awareness.apply_update_summary(update);
        let applied = applied.map_err(|error| Refused::Unreadable(error.to_string()))?;
        if let Some(applied) = applied {
            // A client tells of others too: who is told of first is its own.
            received.clients.extend(applied.added.iter().map(ClientID::get));
            received.news.extend(message);
        }
        Ok(())
    }

    /// Makes a change of the text to the replica too, and returns what all clients are to be sent. `before` is the text that it
    /// was made for.
    pub fn follow(&mut self, delta: &Delta, before: &Rope) -> Vec<u8> {
        let mut changes = Vec::new();
        let mut at = 0;
        for splice in delta.splices() {
            let range = utf16_of(before, &(splice.at..splice.end()));
            if range.start > at {
                changes.push(Change::Retain(length(range.start - at), None));
            }
            if !splice.inserted.is_empty() {
                changes.push(Change::Inserted(splice.inserted.to_string(), None));
            }
            if !range.is_empty() {
                changes.push(Change::Deleted(length(range.end - range.start)));
            }
            at = range.end;
        }
        self.text.apply_delta(&mut self.awareness.doc().transact_mut(), changes);
        let update = self.take_seen().update;
        update.map(|update| Message::Sync(SyncMessage::Update(update)).encode_v1()).unwrap_or_default()
    }

    /// Forgets who is not there any more, and returns what all others are to be sent.
    pub fn leave(&mut self, clients: impl IntoIterator<Item = u64>) -> Vec<u8> {
        let clients: Vec<_> = clients.into_iter().map(ClientID::new).collect();
        for client in &clients {
            self.awareness.remove_state(*client);
        }
        let update = self.awareness.update_with_clients(clients);
        update.map(|update| Message::Awareness(update).encode_v1()).unwrap_or_default()
    }
}

/// The messages one after the other.
fn read(messages: &[u8]) -> Result<Vec<Message>, Refused> {
    let mut decoder = DecoderV1::new(Cursor::new(messages));
    let read = MessageReader::new(&mut decoder).collect::<Result<Vec<_>, _>>();
    let read = read.map_err(|error| Refused::Unreadable(error.to_string()))?;
    // What is left over at the end, the reader passes over.
    match read.iter().map(|message| message.encode_v1().len()).sum::<usize>() == messages.len() {
        true => Ok(read),
        false => Err(Refused::Unreadable("a message ends before its end".to_owned())),
    }
}

/// Messages as they are taken: all are read before the first is, and refused where one could not be taken.
fn heard(messages: Vec<Message>) -> Result<Vec<Heard>, Refused> {
    let unreadable = |why: &str| Refused::Unreadable(why.to_owned());
    let hear = |message| match message {
        Message::Sync(SyncMessage::SyncStep1(known)) => Ok(Heard::WhatIsLacking(known)),
        Message::Sync(SyncMessage::SyncStep2(update) | SyncMessage::Update(update)) => {
            Update::decode_v1(&update).map(Heard::Update).map_err(|error| Refused::Unreadable(error.to_string()))
        }
        Message::Awareness(update) if update.clients.values().any(|it| it.json.len() > STATE_BYTES_MAX) => {
            Err(unreadable("a client says more of itself than 16 KiB"))
        }
        Message::Awareness(update) => Ok(Heard::Present(update)),
        Message::AwarenessQuery => Ok(Heard::WhoIsThere),
        Message::Auth(_) | Message::Custom(..) => {
            Err(unreadable("it is no message about a text, nor about who is there"))
        }
    };
    let heard = messages.into_iter().map(hear).collect::<Result<Vec<_>, _>>()?;
    // Each is answered with all that there is.
    let questions = heard.iter().filter(|it| matches!(it, Heard::WhatIsLacking(_) | Heard::WhoIsThere)).count();
    match questions > QUESTIONS_MAX {
        false => Ok(heard),
        true => Err(unreadable("it asks for everything more than twice")),
    }
}

/// A length in code units: a text has at most 64 MiB.
fn length(units: usize) -> u32 {
    u32::try_from(units).unwrap_or(u32::MAX)
}

/// A change of text; `None` where something else was put into it.
fn text_of(change: &Change) -> Option<Change<Box<str>>> {
    match change {
        Change::Inserted(Out::Any(Any::String(text)), _) => Some(Change::Inserted(Box::from(&**text), None)),
        Change::Inserted(..) => None,
        Change::Deleted(count) => Some(Change::Deleted(*count)),
        Change::Retain(count, _) => Some(Change::Retain(*count, None)),
    }
}

/// What changes in a text. `None` where that would be in the middle of a character.
fn delta_of(text: &Rope, changes: &[Change<Box<str>>]) -> Option<Delta> {
    let mut splices: Vec<Splice> = Vec::new();
    let mut at = 0;
    let byte = |units: usize| byte_of(text, Place::Offset(units), Unit::Utf16);
    for change in changes {
        match change {
            Change::Retain(count, _) => at += *count as usize,
            Change::Inserted(inserted, _) => {
                let (at, removed) = (byte(at)?, Box::default());
                splices.push(Splice { at, removed, inserted: inserted.clone() });
            }
            Change::Deleted(count) => {
                let range = byte(at)?..byte(at + *count as usize)?;
                let removed = text.byte_slice(range.clone()).to_string().into();
                splices.push(Splice { at: range.start, removed, inserted: Box::default() });
                at += *count as usize;
            }
        }
    }
    let edits = splices.into_iter().map(|it| (it.at..it.end(), it.inserted.into_string()));
    Delta::of(text, edits).ok()
}

/// What makes line feeds of all other ends of lines.
fn without_returns(text: &Rope) -> Delta {
    let text_before = text.to_string();
    let edits = text_before.match_indices('\r').map(|(at, _)| {
        let is_before_feed = text_before.as_bytes().get(at + 1) == Some(&b'\n');
        (at..at + 1, if is_before_feed { String::new() } else { "\n".to_owned() })
    });
    Delta::of(text, edits).unwrap_or_default()
}
