//! Output that means no good: it neither ends the daemon nor makes it grow.

use proptest::prelude::*;

use super::super::{Screen, ScreenLimits};
use super::view::{feed, size, view};

const SCROLLBACK_BYTES: usize = 64 << 10;

/// Bytes of all kinds, and beginnings of sequences that lead far.
fn pieces() -> impl Strategy<Value = Vec<Vec<u8>>> {
    let begun = [
        "\x1b[",
        "\x1b[?",
        "\x1b]",
        "\x1b]8;;",
        "\x1b]52;c;",
        "\x1b]4;",
        "\x1bP",
        "\x1bP$q",
        "\x1b_",
        "\x1b^",
        "\x1bX",
        "\x1b(",
        "\x1b#8",
    ];
    let finals = prop::sample::select(b"@ABCDEFGHIJKLMPSTXZ`abcdefghilmnpqrstu".to_vec());
    let number = prop_oneof![0..10_u64, Just(65_535), Just(4_294_967_296), any::<u64>()];
    let sequence =
        (prop::collection::vec(number, 0..40), prop::sample::select(vec!["", "?", ">", "=", "<", "!"]), finals)
            .prop_map(|(numbers, prefix, end)| {
                let numbers: Vec<String> = numbers.iter().map(u64::to_string).collect();
                [b"\x1b[", prefix.as_bytes(), numbers.join(";").as_bytes(), &[end]].concat()
            });
    let piece = prop_oneof![
        3 => prop::collection::vec(any::<u8>(), 0..300),
        6 => sequence,
        3 => "[a-z世😀\u{301}\u{200d}]{1,40}".prop_map(String::into_bytes),
        2 => (prop::sample::select(begun.to_vec()), any::<u8>(), 0..20_000_usize)
            .prop_map(|(begin, byte, count)| [begin.as_bytes(), &vec![byte; count]].concat()),
        1 => Just(b"\x1b\\".to_vec()),
    ];
    prop::collection::vec(piece, 1..60)
}

/// Mostly small sizes: what is as large as can be takes as long.
fn sizes() -> impl Strategy<Value = (u16, u16)> {
    prop_oneof![
        8 => (1_u16..30, 1_u16..12),
        1 => Just((1, 1)),
        1 => (1_u16..4, Just(u16::MAX)),
        1 => (Just(u16::MAX), 1_u16..4),
    ]
}

/// What a screen of this size may take: its cells on both screens, scrollback, tables and strings.
fn bytes_max(columns: u16, rows: u16) -> usize {
    let cells = usize::from(columns.min(4096)) * usize::from(rows.min(4096));
    // A command that is begun holds a clipboard at most.
    2 * 8 * 2 * cells + 2 * SCROLLBACK_BYTES + (8 << 20)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn hostile_output_neither_panics_nor_grows(begin in sizes(), pieces in pieces(), sizes in prop::collection::vec(sizes(), 1..6)) {
        let mut screen = Screen::new(size(begin.0, begin.1), ScreenLimits { scrollback_bytes: SCROLLBACK_BYTES });
        let mut largest = begin;
        for (number, piece) in pieces.iter().enumerate() {
            feed(&mut screen, piece);
            if number % 10 == 9 {
                let (columns, rows) = sizes[number / 10 % sizes.len()];
                screen.resize(size(columns, rows));
                largest = (largest.0.max(columns), largest.1.max(rows));
            }
            let bytes = screen.memory_bytes();
            prop_assert!(bytes < bytes_max(largest.0, largest.1), "{bytes} bytes in {largest:?}");
        }
        let kept = Screen::restore(&screen.save()).expect("what was saved");
        let difference = view(&kept).difference(&view(&screen));
        prop_assert!(difference.is_none(), "saved and restored: {}", difference.unwrap_or_default());
        let snapshot = screen.snapshot(usize::MAX, None);
        feed(&mut screen, snapshot);
        screen.compress_idle();
    }
}

#[test]
fn the_largest_screen_takes_what_its_cells_take() {
    let mut screen = Screen::new(size(4096, 4096), ScreenLimits { scrollback_bytes: SCROLLBACK_BYTES });
    let empty = screen.memory_bytes();
    assert!(empty < 2 << 20, "{empty} bytes without text");
    feed(&mut screen, "\x1b#8\x1b[?1049h\x1b#8\x1b[4096;4096H世\r\n");
    let full = screen.memory_bytes();
    assert!(full < bytes_max(4096, 4096), "{full} bytes");
    screen.resize(size(1, 1));
    screen.resize(size(80, 24));
    screen.compress_idle();
    let small = screen.memory_bytes();
    assert!(small < 2 << 20, "{small} bytes after it");
}
