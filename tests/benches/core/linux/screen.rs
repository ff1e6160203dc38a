//! Terminals' screens: 16 MiB of output of several kinds. The floor parses it and keeps nothing; the peer is
//! `alacritty_terminal`, with a history of 10,000 lines.

use std::fmt::Write as _;
use std::hint::black_box;
use std::time::Instant;

use alacritty_terminal::event::VoidListener;
use alacritty_terminal::grid::Dimensions;
use alacritty_terminal::term::{Config, Term};
use alacritty_terminal::vte::ansi::Processor;
use alacritty_terminal::vte::{Parser, Perform};
use icpy_protocol::terminal::TerminalSize;
use icpyd::services::terminal::screen::{Screen, ScreenLimits};

use super::table::Table;

const BYTES: usize = 16 << 20;

/// As much as is read from a terminal at once.
const CHUNK_BYTES: usize = 64 << 10;

const ROUNDS: usize = 3;

const SIZE: TerminalSize = TerminalSize { columns: 120, rows: 40 };

pub(crate) fn run(table: &mut Table) {
    let streams = [
        ("plain source text", plain(), ">= 4x of the peer"),
        ("coloured text", colored(), ">= 4x of the peer"),
        ("a full-screen program", full_screen(), ">= 1x of the peer"),
        ("unicode text", unicode(), ""),
        ("short lines", b"y\r\n".repeat(BYTES / 3), ""),
    ];
    for (name, stream, target) in streams {
        let (mut floor, mut ours, mut peer) = (0.0_f64, 0.0_f64, 0.0_f64);
        for _ in 0..ROUNDS {
            floor = floor.max(rate(&stream, parse));
            ours = ours.max(rate(&stream, ours_once));
            peer = peer.max(rate(&stream, peer_once));
        }
        let peers = vec![("alacritty_terminal", peer)];
        table.rate(&format!("screen: {name}, bytes"), floor, ours, target, peers);
        eprintln!("{name}: {:.2}x of alacritty_terminal", ours / peer);
    }
    memory(table);
}

/// Bytes in a second.
fn rate(stream: &[u8], feed: fn(&[u8])) -> f64 {
    let begin = Instant::now();
    feed(stream);
    stream.len() as f64 / begin.elapsed().as_secs_f64()
}

fn parse(stream: &[u8]) {
    struct Nothing(u32);
    impl Perform for Nothing {
        fn print(&mut self, c: char) {
            self.0 = self.0.wrapping_add(u32::from(c));
        }
    }
    let (mut parser, mut nothing) = (Parser::new(), Nothing(0));
    stream.chunks(CHUNK_BYTES).for_each(|chunk| parser.advance(&mut nothing, chunk));
    black_box(nothing.0);
}

fn ours_once(stream: &[u8]) {
    let mut screen = Screen::new(SIZE, ScreenLimits::default());
    let mut effects = Vec::new();
    for chunk in stream.chunks(CHUNK_BYTES) {
        screen.feed(chunk, &mut effects);
        effects.clear();
    }
    black_box(screen.scrollback_lines());
}

struct Size;

impl Dimensions for Size {
    fn total_lines(&self) -> usize {
        usize::from(SIZE.rows)
    }

    fn screen_lines(&self) -> usize {
        usize::from(SIZE.rows)
    }

    fn columns(&self) -> usize {
        usize::from(SIZE.columns)
    }
}

fn peer_once(stream: &[u8]) {
    let mut term = Term::new(Config::default(), &Size, VoidListener);
    let mut processor: Processor = Processor::new();
    stream.chunks(CHUNK_BYTES).for_each(|chunk| processor.advance(&mut term, chunk));
    black_box(term.grid().history_size());
}

/// Memory of a screen that is new, and after 10,000 coloured lines.
fn memory(table: &mut Table) {
    let show = |bytes: usize| format!("{:.3} MB", bytes as f64 / 1e6);
    let mut screen = Screen::new(SIZE, ScreenLimits::default());
    table.figure("screen: memory, new", "", show(screen.memory_bytes()), "<= 0.06 MB");
    let stream = colored();
    let lines = stream.split_inclusive(|byte| *byte == b'\n').take(10_000);
    let bytes: Vec<u8> = lines.flatten().copied().collect();
    screen.feed(&bytes, &mut Vec::new());
    table.figure("screen: memory, 10,000 coloured lines", "", show(screen.memory_bytes()), "<= 1.3 MB");
    screen.compress_idle();
    table.figure("screen: the same, idle", "", show(screen.memory_bytes()), "");
    let begin = Instant::now();
    let snapshot = screen.snapshot(10_000, None);
    let time = begin.elapsed();
    let shown = format!("{} in {:.2} ms", show(snapshot.len()), time.as_secs_f64() * 1e3);
    table.figure("screen: snapshot with all lines", "", shown, "<= 5 ms");
}

fn filled(mut line: impl FnMut(usize, &mut String)) -> Vec<u8> {
    let mut text = String::with_capacity(BYTES + 1000);
    for number in 0.. {
        line(number, &mut text);
        if text.len() >= BYTES {
            break;
        }
    }
    text.into_bytes()
}

fn plain() -> Vec<u8> {
    let lines = include_str!("screen.rs");
    filled(|_, text| lines.lines().for_each(|line| text.extend([line, "\r\n"])))
}

/// As `ls -lR --color` and builds show it: 90 columns.
pub(crate) fn colored() -> Vec<u8> {
    const KINDS: [(&str, &str); 5] =
        [("01;34", "folder"), ("01;32", "program"), ("00", "text.rs"), ("01;36", "link"), ("01;31", "archive.tar.gz")];
    filled(|number, text| {
        let (color, name) = KINDS[number * 7 % KINDS.len()];
        let _ = write!(
            text,
            "drwxr-xr-x  2 user group {:>9} Nov 21 13:{:02} \x1b[{color}m{name}-{number:07}\x1b[0m -> \x1b[38;5;{}m/usr/share/{name}\x1b[0m\r\n",
            number * 977 % 1_000_000,
            number % 60,
            number % 256,
        );
    })
}

/// Cursor jumps, colours and erased line ends, as editors and monitors draw.
fn full_screen() -> Vec<u8> {
    filled(|number, text| {
        let row = number % 40 + 1;
        let _ = write!(
            text,
            "\x1b[{row};1H\x1b[38;5;130m{number:>4} \x1b[m\x1b[1m\x1b[34mfn\x1b[m name\x1b[35m(\x1b[m{row}\x1b[35m)\x1b[m\x1b[K"
        );
        let _ = write!(
            text,
            "\x1b[{row};60H\x1b[30;42m{:>5}%\x1b[m\x1b[32m||||\x1b[90m    \x1b[m\x1b[?25l\x1b[{row}d\x1b[?25h",
            number % 100
        );
    })
}

fn unicode() -> Vec<u8> {
    const TEXT: &str =
        "日本語のテキスト と 漢字、emoji 😀🚀 und Umlaute äöüß, кириллица, ελληνικά, cafe\u{301} │ ├── └── ─\r\n";
    filled(|_, text| text.push_str(TEXT))
}
