//! Recorded sessions of real programs in a terminal of 80 columns and 24 rows. `recorded/record.py` makes them anew.

use std::fs;
use std::path::Path;

use icpy_protocol::terminal::TerminalSize;

use super::super::{Effect, Screen};
use super::view::{screen, view};

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/src/services/terminal/screen/tests/recorded");

pub(super) const SIZE: TerminalSize = TerminalSize { columns: 80, rows: 24 };

/// All that the programs of a session wrote.
pub(super) struct Recording {
    pub(super) name: String,
    pub(super) bytes: Vec<u8>,
}

/// Every recording, by name.
pub(super) fn recordings() -> Vec<Recording> {
    let paths = fs::read_dir(FOLDER).unwrap().map(|entry| entry.unwrap().path());
    let mut all: Vec<Recording> = paths.filter_map(|path| Recording::read(&path)).collect();
    all.sort_by(|one, other| one.name.cmp(&other.name));
    assert!(all.len() >= 19, "recordings are missing: there are {}", all.len());
    all
}

/// Output that another terminal gets wrong, and what it gets right and means the same.
pub(super) struct Rewrite {
    pub(super) recording: &'static str,
    pub(super) from: &'static str,
    pub(super) to: &'static str,
}

impl Recording {
    fn read(path: &Path) -> Option<Self> {
        let name = path.file_name()?.to_str()?.strip_suffix(".vt")?.to_owned();
        Some(Self { name, bytes: fs::read(path).unwrap() })
    }

    /// As many places, evenly spread, the last of which is the end. They may be within a sequence or a character.
    pub(super) fn places(&self, count: usize) -> impl Iterator<Item = usize> {
        let length = self.bytes.len();
        (1..=count).map(move |number| length * number / count)
    }

    /// A new screen that was fed what comes before `end`.
    pub(super) fn screen(&self, end: usize) -> Screen {
        let mut screen = screen(SIZE);
        screen.feed(&self.bytes[..end], &mut Vec::new());
        screen
    }

    /// The first place from `place` on that is within no sequence nor character.
    pub(super) fn whole_place(&self, place: usize) -> usize {
        let is_whole = |place: &usize| self.screen(*place).sequencer.pending().is_empty();
        (place..=self.bytes.len()).find(is_whole).expect("a recording ends with a whole sequence")
    }

    /// The same session with parts of the output said otherwise, which leads to the same in our screen.
    pub(super) fn rewritten(mut self, rewrites: &[Rewrite]) -> Self {
        let expect = self.screen(self.bytes.len());
        for rewrite in rewrites.iter().filter(|it| it.recording == self.name) {
            let place = memchr::memmem::find(&self.bytes, rewrite.from.as_bytes()).expect(rewrite.from);
            self.bytes.splice(place..place + rewrite.from.len(), rewrite.to.bytes());
        }
        let difference = view(&self.screen(self.bytes.len())).difference(&view(&expect));
        assert_eq!(difference, None, "{} says something else", self.name);
        self
    }

    /// A new screen that was fed all of it in pieces of these lengths, in turn, and what that has led to.
    pub(super) fn in_pieces(&self, lengths: &[usize]) -> (Screen, Vec<Effect>) {
        let mut screen = screen(SIZE);
        let mut effects = Vec::new();
        let mut rest = self.bytes.as_slice();
        for length in lengths.iter().cycle() {
            let (piece, later) = rest.split_at((*length).min(rest.len()));
            screen.feed(piece, &mut effects);
            rest = later;
            if rest.is_empty() {
                break;
            }
        }
        (screen, effects)
    }
}
