//! That everybody ends with the same text, whatever happens in which order, and that nothing is lost on the way.

use std::collections::{HashSet, VecDeque};
use std::ops::Range;

use proptest::prelude::*;
use proptest::sample::Index;

use super::super::diff::edits_within;
use super::super::effort::Effort;
use super::super::merge::{Merge, merge_within};
use super::super::place::{Place, Unit, byte_of, utf16_of};
use super::*;

/// Edits of any text: parts of it by where they begin and end, and what they become.
type AnyEdits = Vec<(Index, Index, String)>;

fn any_edits(max: usize) -> impl Strategy<Value = AnyEdits> {
    prop::collection::vec((any::<Index>(), any::<Index>(), "[a-cé😀\n]{0,3}"), 0..max)
}

fn any_text() -> impl Strategy<Value = String> {
    "[a-cé😀\n]{0,20}"
}

const ENOUGH: u64 = 1 << 20;

fn any_steps() -> impl Strategy<Value = u64> {
    prop_oneof![Just(ENOUGH), 0..300_u64]
}

/// A delta of a text: of edits that overlap, the first alone.
fn of_any(text: &Rope, edits: AnyEdits) -> Delta {
    let all = text.to_string();
    let places: Vec<usize> = all.char_indices().map(|(place, _)| place).chain([all.len()]).collect();
    let mut taken: Vec<(Range<usize>, String)> = Vec::new();
    for (one, other, inserted) in edits {
        let (one, other) = (*one.get(&places), *other.get(&places));
        let range = one.min(other)..one.max(other);
        taken.push((range, inserted));
        if Delta::of(text, taken.iter().cloned()).is_err() {
            taken.pop();
        }
    }
    Delta::of(text, taken).unwrap()
}

const BEGIN: &str = "abcdef";

/// Somebody edits without hearing of the others, and all of that arrives.
#[derive(Debug)]
struct Away {
    document: Document,
    own: Rope,
    /// What the others have changed, behind all that is own.
    others: Vec<Delta>,
    inserted: u32,
    removed: HashSet<char>,
}

/// Whose it is, where, how much is removed, and how many letters come.
type OwnStep = (bool, Index, usize, u32);

fn any_own_step() -> impl Strategy<Value = OwnStep> {
    (any::<bool>(), any::<Index>(), 0..3_usize, 0..3_u32)
}

fn places_of(text: &Rope) -> Vec<usize> {
    let all = text.to_string();
    all.char_indices().map(|(place, _)| place).chain([all.len()]).collect()
}

impl Away {
    fn new() -> Self {
        let (document, own) = (document(BEGIN), Rope::from(BEGIN));
        Self { document, own, others: Vec::new(), inserted: 0, removed: HashSet::new() }
    }

    /// The letters that were inserted from one on, each of them once.
    fn fresh(&self, from: u32) -> impl Iterator<Item = char> + use<> {
        (from..self.inserted).filter_map(|number| char::from_u32(0x4E00 + number))
    }

    fn step(&mut self, (is_own, at, removed, count): OwnStep) {
        let text = if is_own { self.own.clone() } else { self.document.text().clone() };
        let places = places_of(&text);
        let first = at.index(places.len());
        let range = places[first]..places[(first + removed).min(places.len() - 1)];
        self.removed.extend(text.byte_slice(range.clone()).to_string().chars());
        let from = self.inserted;
        self.inserted += count;
        let inserted: String = self.fresh(from).collect();
        let mut change = delta(&text, &[(range, &inserted)]);
        if is_own {
            change.apply(&mut self.own);
            for other in &mut self.others {
                let moved = change.over(other, First::Other);
                *other = other.over(&change, First::This);
                change = moved;
            }
        } else {
            self.others.push(change.clone());
        }
        let author = if is_own { "own" } else { "other" };
        self.document.edit(&base(self.document.rev()), change, &edit(author, 0)).unwrap();
    }
}

proptest! {
    #[test]
    fn what_is_inverted_was_never_there(text in any_text(), edits in any_edits(6)) {
        let text = Rope::from(text);
        let delta = of_any(&text, edits);
        let mut changed = applied(&delta, &text);
        delta.inverse().apply(&mut changed);
        prop_assert_eq!(changed, text);
    }

    #[test]
    fn what_is_removed_is_what_was_there(text in "[a-cé😀\\n]{0,3000}", edits in prop::collection::vec(any_edits(6), 1..8)) {
        let mut text = Rope::from(text);
        for edits in edits {
            let delta = of_any(&text, edits);
            for splice in delta.splices() {
                prop_assert_eq!(text.byte_slice(splice.at..splice.end()).to_string(), &*splice.removed);
            }
            delta.apply(&mut text);
        }
    }

    #[test]
    fn both_orders_give_one_text(text in any_text(), one in any_edits(5), other in any_edits(5)) {
        let text = Rope::from(text);
        let (one, other) = (of_any(&text, one), of_any(&text, other));
        let here = applied(&other.over(&one, First::Other), &applied(&one, &text));
        let there = applied(&one.over(&other, First::This), &applied(&other, &text));
        prop_assert_eq!(&here, &there);
        // What a transformed delta removes is what it says, so that its inverse brings that back.
        let moved = other.over(&one, First::Other);
        let base = applied(&one, &text);
        for splice in moved.splices() {
            prop_assert_eq!(base.byte_slice(splice.at..splice.end()).to_string(), &*splice.removed);
        }
        prop_assert!(Delta::of_splices(moved.splices().to_vec()).is_some());
    }

    #[test]
    fn what_has_arrived_is_not_made_twice(steps in prop::collection::vec(any_own_step(), 0..12), last: Index) {
        let mut world = Away::new();
        for step in steps {
            world.step(step);
        }
        let (begin, now) = (Rope::from(BEGIN), world.document.text().clone());
        let last = *last.get(&places_of(&world.own));
        let ours = applied(&delta(&world.own, &[(last..last, "!")]), &world.own).to_string();
        let revisions: Vec<_> = world.document.revisions().cloned().collect();
        let mut text = begin;
        let others = put_own_first(&mut text, &revisions, "own", &now);
        prop_assume!(others.is_some());
        let missing = edits_within(&mut Effort::of(ENOUGH), &text.to_string(), &ours);
        let missing = Delta::of(&text, missing).unwrap();
        let moved = others.unwrap().iter().fold(missing, |delta, other| delta.over(other, First::Other));
        let end = applied(&moved, &now).to_string();
        for letter in BEGIN.chars().chain(world.fresh(0)).chain(['!']) {
            let count = end.matches(letter).count();
            let expected = usize::from(!world.removed.contains(&letter));
            prop_assert!(count == expected || (count < 2 && expected == 0), "{letter} in {end}, {world:?}");
        }
    }

    #[test]
    fn what_differs_makes_one_of_the_other(old in any_text(), new in any_text(), steps in any_steps()) {
        let text = Rope::from(&*old);
        let delta = Delta::of(&text, edits_within(&mut Effort::of(steps), &old, &new)).unwrap();
        prop_assert_eq!(applied(&delta, &text).to_string(), new);
    }

    #[test]
    fn a_merge_has_what_both_have(
        base in any_text(),
        ours in any_text(),
        theirs in any_text(),
        steps in any_steps(),
    ) {
        let merged = |ours: &str, theirs: &str| {
            let Merge { edits, clashes } = merge_within(&mut Effort::of(steps), &base, ours, theirs);
            let text = Rope::from(ours);
            (applied(&Delta::of(&text, edits).unwrap(), &text).to_string(), clashes.len())
        };
        prop_assert_eq!(merged(&base, &theirs), (theirs.clone(), 0), "nothing of ours");
        prop_assert_eq!(merged(&ours, &base), (ours.clone(), 0), "nothing of theirs");
        prop_assert_eq!(merged(&ours, &ours), (ours.clone(), 0), "the same");
        let (one, clashes) = merged(&ours, &theirs);
        if clashes == 0 && steps == ENOUGH {
            prop_assert_eq!(merged(&theirs, &ours), (one, 0), "either way");
        }
    }

    #[test]
    fn places_come_back(text in any_text(), at in any::<Index>()) {
        let rope = Rope::from(&*text);
        let units: Vec<u16> = text.encode_utf16().collect();
        let offset = at.index(units.len() + 1);
        let expect = String::from_utf16(&units[..offset]).ok().map(|before| before.len());
        prop_assert_eq!(byte_of(&rope, Place::Offset(offset), Unit::Utf16), expect);
        if let Some(byte) = expect {
            prop_assert_eq!(utf16_of(&rope, &(byte..byte)), offset..offset);
            let line = text[..byte].matches('\n').count();
            let begin = text[..byte].rfind('\n').map_or(0, |it| it + 1);
            let character = text[begin..byte].encode_utf16().count();
            prop_assert_eq!(byte_of(&rope, Place::Line(line, character), Unit::Utf16), Some(byte));
            prop_assert_eq!(byte_of(&rope, Place::Line(line, byte - begin), Unit::Utf8), Some(byte));
        }
        prop_assert_eq!(byte_of(&rope, Place::Offset(units.len() + 1), Unit::Utf16), None);
        prop_assert_eq!(byte_of(&rope, Place::Line(99, 0), Unit::Utf16), Some(text.len()));
    }
}

/// A client that types without waiting, and takes in what others did when it comes.
struct Client {
    name: String,
    text: Rope,
    /// What it has taken in.
    rev: u64,
    /// What it has sent, and what it has not; the first is under way.
    pending: VecDeque<Delta>,
    sent: Option<(Base, Delta)>,
    seq: u64,
}

impl Client {
    fn send(&mut self) {
        if self.sent.is_none()
            && let Some(first) = self.pending.front()
        {
            self.seq += 1;
            self.sent = Some((base(self.rev), first.clone()));
        }
    }

    /// Takes in the next revision.
    fn take(&mut self, revision: &Revision) {
        self.rev = revision.rev;
        if *revision.author == *self.name {
            self.pending.pop_front();
            self.sent = None;
            return;
        }
        let mut other = revision.delta.clone();
        for mine in &mut self.pending {
            let moved = mine.over(&other, First::Other);
            other = other.over(mine, First::This);
            *mine = moved;
        }
        other.apply(&mut self.text);
    }
}

/// What happens next, and to which client.
#[derive(Clone, Debug)]
enum Step {
    Type(usize, AnyEdits),
    /// It sends, or sends again; what it sends arrives, or does not, or its answer does not.
    Send(usize, bool, bool),
    Take(usize),
}

fn any_step() -> impl Strategy<Value = Step> {
    prop_oneof![
        (any::<usize>(), any_edits(3)).prop_map(|(who, edits)| Step::Type(who, edits)),
        any::<(usize, bool, bool)>().prop_map(|(who, arrives, again)| Step::Send(who, arrives, again)),
        any::<usize>().prop_map(Step::Take),
    ]
}

fn run(step: Step, document: &mut Document, clients: &mut [Client]) {
    let count = clients.len();
    match step {
        Step::Type(who, edits) => {
            let client = &mut clients[who % count];
            let delta = of_any(&client.text, edits);
            if !delta.is_empty() {
                delta.apply(&mut client.text);
                client.pending.push_back(delta);
            }
        }
        Step::Send(who, arrives, again) => {
            let client = &mut clients[who % count];
            client.send();
            if let Some((base, delta)) = client.sent.clone().filter(|_| arrives) {
                let seq = ClientSeq { client: client.name.clone(), seq: client.seq };
                let edit = Edit { seq: Some(seq), ..edit(&client.name, 0) };
                let outcome = document.edit(&base, delta.clone(), &edit).unwrap();
                if again {
                    assert!(matches!(document.edit(&base, delta, &edit).unwrap(), Outcome::Known(_)));
                }
                if outcome == Outcome::Nothing {
                    // There is no revision that would tell it.
                    let until = document.rev();
                    catch_up(client, document, until);
                    client.pending.pop_front();
                    client.sent = None;
                }
            }
        }
        Step::Take(who) => {
            let client = &mut clients[who % count];
            let until = document.rev().min(client.rev + 1);
            catch_up(client, document, until);
        }
    }
}

fn catch_up(client: &mut Client, document: &Document, until: u64) {
    for revision in document.revisions().filter(|it| it.rev <= until) {
        if revision.rev > client.rev {
            client.take(revision);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn everybody_ends_with_one_text(
        text in any_text(),
        count in 2..6_usize,
        steps in prop::collection::vec(any_step(), 0..60),
    ) {
        let mut document = document(&text);
        let client = |number| Client {
            name: format!("client {number}"),
            text: Rope::from(&*text),
            rev: 0,
            pending: VecDeque::new(),
            sent: None,
            seq: 0,
        };
        let mut clients: Vec<Client> = (0..count).map(client).collect();
        for step in steps {
            run(step, &mut document, &mut clients);
        }
        // All that is still under way arrives.
        while clients.iter().any(|client| !client.pending.is_empty() || client.rev < document.rev()) {
            for number in 0..count {
                run(Step::Send(number, true, false), &mut document, &mut clients);
                catch_up(&mut clients[number], &document, document.rev());
            }
        }
        for client in &clients {
            prop_assert_eq!(&client.text, document.text());
        }
        // The history leads from the beginning to the end, and back.
        prop_assert_eq!(document.text_at(&base(0)).unwrap().to_string(), &*text);
        let mut again = Document::new(lineage("e"), 0, Rope::from(text));
        for revision in document.revisions() {
            prop_assert!(again.replay(revision.clone(), None).is_some());
        }
        prop_assert_eq!(again.text(), document.text());
    }

    #[test]
    fn who_undoes_all_leaves_what_others_did(
        edits in prop::collection::vec((any::<bool>(), any_edits(3)), 0..20),
    ) {
        let mut document = document("");
        // Only the other's edits, of which none touches ours.
        let mut expect = Rope::from("");
        for (number, (is_ours, edits)) in edits.into_iter().enumerate() {
            let time_ms = number as u64 * 1000;
            if is_ours {
                let delta = of_any(document.text(), edits);
                // What is theirs stays: only insertions can be taken back without a trace.
                let insert = |it: &Splice| (it.at..it.at, it.inserted.to_string());
                let delta = Delta::of(document.text(), delta.splices().iter().map(insert)).unwrap();
                document.edit(&base(document.rev()), delta, &edit("us", time_ms)).unwrap();
            } else {
                let at = document.text().byte_len();
                let delta = delta(document.text(), &[(at..at, "x")]);
                document.edit(&base(document.rev()), delta, &edit("them", time_ms)).unwrap();
                let end = expect.byte_len();
                expect.insert(end, "x");
            }
        }
        let end = document.text().clone();
        let mut undone = 0;
        while !document.reverse(Role::Undo, &edit("us", 0)).is_empty() {
            undone += 1;
        }
        prop_assert_eq!(document.text(), &expect);
        for _ in 0..undone {
            prop_assert!(!document.reverse(Role::Redo, &edit("us", 0)).is_empty());
        }
        prop_assert!(document.reverse(Role::Redo, &edit("us", 0)).is_empty());
        prop_assert_eq!(document.text(), &end);
    }
}
