//! Programs in terminals of the daemon. The floor is a terminal in this process with nothing in between; peers are tmux,
//! dtach and shpool, each shown in a terminal of this process, where they are installed.
//!
//! Keys are measured on one core, as everything else is. Where a program prints without an end, all cores are used.
//! `ICPY_BENCH_PARTS` names the parts to run, such as `echo output`.

mod attach;
mod create;
mod echo;
mod idle;
mod interrupt;
mod memory;
mod multiplexer;
mod output;
mod pty;
mod restart;
mod stalled;
mod viewer;

use std::path::PathBuf;

use icpy_protocol::terminal::TerminalSize;
use tempfile::TempDir;

use super::cores::AllCores;
use super::screen;
use super::table::Table;

type Part = (&'static str, fn(&mut Table));

const PARTS: &[Part] = &[
    ("echo", echo::run),
    ("flooded", echo::beside_a_flood),
    ("output", output::run),
    ("attach", attach::run),
    ("create", create::run),
    ("memory", memory::run),
    ("idle", idle::run),
    ("interrupt", interrupt::run),
    ("stalled", stalled::run),
    ("restart", restart::run),
];

/// Parts that need this program and the daemon to run at the same time.
const PARALLEL: &[&str] = &["flooded", "output", "interrupt", "stalled", "restart"];

const SIZE: TerminalSize = TerminalSize { columns: 120, rows: 40 };

/// Printed at the end of a stream, after ^C, and as keys. None of them is in a stream, or in what a multiplexer sends.
const END: u8 = b'~';
const KEYS: [u8; 2] = *b"#`";

pub(crate) fn run(table: &mut Table) {
    let chosen = std::env::var("ICPY_BENCH_PARTS").unwrap_or_default();
    for (name, run) in PARTS {
        if chosen.is_empty() || chosen.split_whitespace().any(|it| it == *name) {
            eprintln!("measuring: terminal, {name}");
            let _all = PARALLEL.contains(name).then(AllCores::use_them);
            run(table);
        }
    }
}

/// A terminal as whoever sits before it has it.
trait Shown: Send {
    fn type_in(&mut self, keys: &[u8]);

    /// What is printed next; nothing at the end.
    fn read(&mut self) -> &[u8];

    /// Tells that all that was read is taken.
    fn acknowledge(&mut self) {}

    /// Reads, and takes it, until something comes. Returns how many bytes came.
    fn read_until(&mut self, letter: u8) -> u64 {
        let mut count = 0;
        loop {
            let piece = self.read();
            assert!(!piece.is_empty(), "`{}` never came", letter.escape_ascii());
            count += piece.len() as u64;
            let is_there = piece.contains(&letter);
            self.acknowledge();
            if is_there {
                return count;
            }
        }
    }
}

/// What programs print: files that end with their folder.
struct Streams {
    folder: TempDir,
}

impl Streams {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    /// Coloured text of so many times 16 MiB as programs print it: the system ends its lines.
    fn large(&self, times: usize) -> PathBuf {
        let text = String::from_utf8(screen::colored()).unwrap().replace("\r\n", "\n");
        self.write("large", text.repeat(times).as_bytes())
    }

    /// So many coloured lines.
    fn lines(&self, count: usize) -> PathBuf {
        let lines = screen::colored();
        let bytes: Vec<u8> = lines.split_inclusive(|byte| *byte == b'\n').take(count).flatten().copied().collect();
        self.write("lines", &bytes)
    }

    fn write(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let file = self.folder.path().join(name);
        std::fs::write(&file, bytes).unwrap();
        file
    }
}
