//! A replica and documents of Yjs clients have one text, whoever edits, and in whatever order they hear of it.

use crop::Rope;
use proptest::prelude::*;
use yrs::sync::{Message, MessageReader, SyncMessage};
use yrs::updates::decoder::{Decode as _, DecoderV1};
use yrs::updates::encoder::Encode as _;
use yrs::{Doc, GetString as _, OffsetKind, Options, ReadTxn as _, StateVector, Text as _, Transact as _, Update};

use crate::document::Delta;
use crate::document::place::{Place, Unit, byte_of};
use crate::document::yjs::{NAME, Refused, Replica};

/// A client of Yjs.
struct Peer {
    doc: Doc,
    /// What it has been told by the replica.
    known: StateVector,
}

impl Peer {
    fn new(number: u64, replica: &Replica) -> Self {
        let options =
            Options { offset_kind: OffsetKind::Utf16, ..Options::with_client_id(yrs::block::ClientID::new(number)) };
        let mut peer = Self { doc: Doc::with_options(options), known: StateVector::default() };
        peer.doc.get_or_insert_text(NAME);
        peer.take(&replica.greet(None).unwrap());
        peer
    }

    fn text(&self) -> String {
        self.doc.get_or_insert_text(NAME).get_string(&self.doc.transact())
    }

    fn take(&mut self, messages: &[u8]) {
        let mut decoder = DecoderV1::from(messages);
        for message in MessageReader::new(&mut decoder) {
            if let Message::Sync(SyncMessage::SyncStep2(update) | SyncMessage::Update(update)) = message.unwrap() {
                self.doc.transact_mut().apply_update(Update::decode_v1(&update).unwrap()).unwrap();
            }
        }
        self.known = self.doc.transact().state_vector();
    }

    fn edit(&self, at: u32, remove: u32, insert: &str) {
        let text = self.doc.get_or_insert_text(NAME);
        let mut transaction = self.doc.transact_mut();
        let length = text.len(&transaction);
        let at = whole(&text.get_string(&transaction), at % (length + 1));
        text.insert(&mut transaction, at, insert);
        let after = text.get_string(&transaction);
        let begin = at + u32::try_from(insert.encode_utf16().count()).unwrap();
        let end = whole(&after, (begin + remove).min(text.len(&transaction))).max(begin);
        text.remove_range(&mut transaction, begin, end - begin);
    }

    /// All that it has done, as far as it has not been heard of.
    fn news(&self, heard: &StateVector) -> Vec<u8> {
        Message::Sync(SyncMessage::Update(self.doc.transact().encode_diff_v1(heard))).encode_v1()
    }
}

/// A place that is not in the middle of a character.
fn whole(text: &str, at: u32) -> u32 {
    let rope = Rope::from(text);
    (0..=at).rev().find(|at| byte_of(&rope, Place::Offset(*at as usize), Unit::Utf16).is_some()).unwrap()
}

#[derive(Clone, Debug)]
enum Step {
    Peer(usize, u32, u32, String),
    Native(usize, usize, String),
    /// A peer is heard of.
    Send(usize),
    /// A peer hears of what has happened.
    Hear(usize),
}

fn step() -> impl Strategy<Value = Step> {
    let text = || prop::string::string_regex("[a-zé😀\n]{0,4}").unwrap();
    prop_oneof![
        (0..3_usize, any::<u32>(), 0..5_u32, text())
            .prop_map(|(who, at, count, text)| Step::Peer(who, at, count, text)),
        (any::<usize>(), 0..5_usize, text()).prop_map(|(at, count, text)| Step::Native(at, count, text)),
        (0..3_usize).prop_map(Step::Send),
        (0..3_usize).prop_map(Step::Hear),
    ]
}

/// A change somewhere in a text, between characters.
fn native(text: &Rope, at: usize, count: usize, inserted: &str) -> Delta {
    let all = text.to_string();
    let places: Vec<usize> = all.char_indices().map(|(at, _)| at).chain([all.len()]).collect();
    let begin = at % places.len();
    let end = (begin + count).min(places.len() - 1);
    Delta::of(text, [(places[begin]..places[end], inserted.to_owned())]).unwrap()
}

proptest! {
    #[test]
    fn all_have_one_text(steps in prop::collection::vec(step(), 1..60)) {
        let mut text = Rope::from("begin 😀\n");
        let mut replica = Replica::new(&text, "a name");
        let mut peers: Vec<Peer> = (1..=3).map(|number| Peer::new(number, &replica)).collect();
        let send = |peer: &Peer, replica: &mut Replica, text: &mut Rope| {
            let received = replica.receive(&peer.news(&StateVector::default()), text).unwrap();
            received.deltas.iter().for_each(|delta| delta.apply(text));
        };
        let hear = |peer: &mut Peer, replica: &Replica| {
            let lacks = replica.greet(Some(&peer.known.encode_v1())).unwrap();
            peer.take(&lacks);
        };
        for step in steps {
            match step {
                Step::Peer(who, at, count, inserted) => peers[who].edit(at, count, &inserted),
                Step::Native(at, count, inserted) => {
                    let delta = native(&text, at, count, &inserted);
                    let news = replica.follow(&delta, &text);
                    delta.apply(&mut text);
                    // Who listens is told at once.
                    peers[0].take(&news);
                }
                Step::Send(who) => send(&peers[who], &mut replica, &mut text),
                Step::Hear(who) => hear(&mut peers[who], &replica),
            }
        }
        for peer in &peers {
            send(peer, &mut replica, &mut text);
        }
        for peer in &mut peers {
            hear(peer, &replica);
            prop_assert_eq!(peer.text(), text.to_string());
        }
    }

    #[test]
    fn what_strangers_send_is_refused_or_taken_and_never_gives_up(messages in prop::collection::vec(any::<u8>(), 0..200)) {
        let text = Rope::from("begin\n");
        let mut replica = Replica::new(&text, "a name");
        if let Ok(received) = replica.receive(&messages, &text) {
            let mut now = text.clone();
            received.deltas.iter().for_each(|delta| delta.apply(&mut now));
        }
    }
}

#[test]
fn carriage_returns_become_line_feeds_for_all() {
    let mut text = Rope::from("a\n");
    let mut replica = Replica::new(&text, "a name");
    let mut peer = Peer::new(1, &replica);
    peer.edit(0, 0, "x\r\ny\rz");
    let received = replica.receive(&peer.news(&StateVector::default()), &text).unwrap();
    received.deltas.iter().for_each(|delta| delta.apply(&mut text));
    peer.take(&received.news);
    assert_eq!((&*text.to_string(), &*peer.text()), ("x\ny\nza\n", "x\ny\nza\n"));
}

#[test]
fn what_is_no_text_is_refused() {
    let text = Rope::from("a\n");
    let mut replica = Replica::new(&text, "a name");
    let peer = Peer::new(1, &replica);
    peer.doc.get_or_insert_text(NAME).insert_embed(&mut peer.doc.transact_mut(), 0, "an embed");
    let refused = replica.receive(&peer.news(&StateVector::default()), &text);
    assert!(matches!(refused, Err(Refused::NotText)), "{refused:?}");
    let refused = Replica::new(&text, "another").receive(b"\x09nonsense", &text);
    assert!(matches!(refused, Err(Refused::Unreadable(_))), "{refused:?}");
}
