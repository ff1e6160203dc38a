//! Random output: what programs send, piece by piece.

use icpy_protocol::terminal::TerminalSize;
use proptest::prelude::*;

use super::super::Screen;
use super::super::modes::Mode;

/// A piece of output that is whole, or another size.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Token {
    Bytes(String),
    Size(TerminalSize),
}

/// One of many kinds of output.
pub(super) fn token() -> impl Strategy<Value = Token> {
    prop_oneof![
        8 => text(),
        4 => control(),
        4 => style(),
        5 => movement(),
        5 => edit(),
        2 => region(),
        2 => mode(),
        1 => unit(),
    ]
    .prop_map(Token::Bytes)
}

pub(super) fn tokens(count: usize) -> impl Strategy<Value = Vec<Token>> {
    prop::collection::vec(token(), 1..count)
}

/// The same, with sizes among it that leave the columns as they are.
pub(super) fn tokens_with_rows(count: usize, columns: u16) -> impl Strategy<Value = Vec<Token>> {
    let size = (1_u16..12).prop_map(move |rows| Token::Size(TerminalSize { columns, rows }));
    prop::collection::vec(prop_oneof![12 => token(), 1 => size], 1..count)
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        6 => "[a-zA-Z0-9 .,/_-]{1,30}",
        2 => "[äöüéñ€λЖ╭─│]{1,8}",
        2 => "[世界漢字カ😀🚀]{1,6}",
        1 => "[a-z世]{1,3}[\u{301}\u{308}\u{200d}\u{fe0f}]{1,2}",
        1 => "[a-z ]{1,3}[世界]{1,3}[a-z]{1,12}",
    ]
}

fn control() -> impl Strategy<Value = String> {
    let fixed = ["\r\n", "\r\n", "\r\n", "\n", "\r", "\x08", "\t", "\x07", "\x1bD", "\x1bE", "\x1bM", "\x0b", "\x1bH"];
    prop::sample::select(fixed.to_vec()).prop_map(str::to_owned)
}

fn style() -> impl Strategy<Value = String> {
    let simple = prop::sample::select(vec![0, 1, 2, 3, 4, 7, 8, 9, 22, 23, 24, 27, 28, 29, 39, 49, 59]);
    let colors = prop_oneof![30..38_u8, 40..48_u8, 90..98_u8, 100..108_u8];
    prop_oneof![
        3 => simple.prop_map(|code| format!("\x1b[{code}m")),
        3 => colors.prop_map(|code| format!("\x1b[{code}m")),
        1 => any::<(u8, u8, u8)>().prop_map(|(r, g, b)| format!("\x1b[38;2;{r};{g};{b}m")),
        1 => any::<u8>().prop_map(|index| format!("\x1b[48;5;{index}m")),
        1 => any::<u8>().prop_map(|index| format!("\x1b[1;4:3;58:5:{index}m")),
        1 => (0..6_u8).prop_map(|kind| format!("\x1b[4:{kind}m")),
        1 => "[a-z]{1,5}".prop_map(|name| format!("\x1b]8;id={name};https://example.com/{name}\x1b\\")),
        1 => Just("\x1b]8;;\x07".to_owned()),
    ]
}

fn movement() -> impl Strategy<Value = String> {
    let letters = prop::sample::select(vec!["A", "B", "C", "D", "E", "F", "G", "I", "Z", "a", "d", "e", "`"]);
    prop_oneof![
        4 => (0..12_u16, letters).prop_map(|(count, letter)| format!("\x1b[{count}{letter}")),
        4 => (0..14_u16, 0..30_u16).prop_map(|(row, column)| format!("\x1b[{row};{column}H")),
        1 => Just("\x1b[H".to_owned()),
        1 => Just("\x0f\x1b7".to_owned()),
        1 => Just("\x0f\x1b8".to_owned()),
    ]
}

fn edit() -> impl Strategy<Value = String> {
    prop_oneof![
        3 => (0..3_u8).prop_map(|which| format!("\x1b[{which}K")),
        2 => (0..2_u8).prop_map(|which| format!("\x1b[{which}J")),
        1 => Just("\x1b[2J".to_owned()),
        1 => Just("\x1b[3J".to_owned()),
        3 => (0..9_u16, prop::sample::select(vec!["@", "P", "X"])).prop_map(|(count, it)| format!("\x1b[{count}{it}")),
        // Ours goes to the first column, as nearly all terminals do; alacritty stays.
        2 => (0..5_u16, prop::sample::select(vec!["L", "M"])).prop_map(|(count, it)| format!("\x1b[{count}{it}\r")),
        2 => (0..5_u16, prop::sample::select(vec!["S", "T"])).prop_map(|(count, it)| format!("\x1b[{count}{it}")),
        1 => ("[a-z]", 1..40_u16).prop_map(|(letter, count)| format!("{letter}\x1b[{count}b")),
    ]
}

fn region() -> impl Strategy<Value = String> {
    prop_oneof![
        (1..8_u16, 1..12_u16).prop_map(|(top, bottom)| format!("\x1b[{top};{bottom}r")),
        Just("\x1b[r".to_owned()),
    ]
}

fn mode() -> impl Strategy<Value = String> {
    let number = prop::sample::select(vec![1, 7, 25, 1004, 1007, 2004]);
    // Alacritty keeps what another mode of the mouse has set: all go off together.
    let mouse = prop::sample::select(vec![1000, 1002, 1003, 1005, 1006]);
    let fixed = vec![
        "\x1b=",
        "\x1b>",
        "\x0f\x1b[?1049h",
        "\x0f\x1b[?1049l",
        "\x1b[?1000l\x1b[?1002l\x1b[?1003l\x1b[?1006l\x1b[?1005l",
        "\x1b[>1u",
        "\x1b[>5u",
        "\x1b[<u",
        "\x1b[3 q",
        "\x1b[3g",
        "\x1b(0",
        "\x1b(B",
        "\x1b)0\x0e",
        "\x1b]2;a title\x07",
    ];
    prop_oneof![
        2 => (number, prop::bool::ANY).prop_map(|(it, on)| format!("\x1b[?{it}{}", if on { "h" } else { "l" })),
        1 => mouse.prop_map(|it| format!("\x1b[?{it}h")),
        4 => prop::sample::select(fixed).prop_map(str::to_owned),
    ]
}

/// What is compared as a whole, since alacritty goes its own way in between.
fn unit() -> impl Strategy<Value = String> {
    prop_oneof![
        // Alacritty stays where it is when origin mode ends, and counts columns' moves from the margin.
        (1..6_u16, "[a-z]{1,9}").prop_map(|(row, text)| format!("\x1b[?6h\x1b[{row};3H{text}\x1b[?6l\x1b[1;1H")),
        "[a-z]{1,9}".prop_map(|text| format!("\x1b[4h{text}\x1b[4l")),
        // Alacritty leaves margins and cursor alone.
        Just("\x1b[r\x1b#8\x1b[H".to_owned()),
        Just("\x1bc".to_owned()),
    ]
}

/// Whether alacritty does the same with a token in this state. Where it does not it is at fault, or alone.
pub(super) fn is_comparable(token: &Token, screen: &Screen) -> bool {
    let Token::Bytes(bytes) = token else { return true };
    let terminal = &screen.terminal;
    let cursor = terminal.grid.cursor;
    let Some(last) = bytes.trim_end_matches('\r').chars().last() else { return true };
    let is_sequence = bytes.starts_with("\x1b[");
    let count = bytes.trim_start_matches("\x1b[").trim_end_matches(|c: char| !c.is_ascii_digit()).parse::<usize>();
    let count = count.unwrap_or(1).max(1);
    let has_margins = terminal.region.top != 0 || terminal.region.bottom != terminal.rows();
    let has_wide = terminal.grid.rows.iter().any(|row| row.cells().iter().any(|cell| cell.is_wide()));
    match last {
        // Margins hold the cursor.
        'A' | 'B' | 'E' | 'F' | 'e' if is_sequence => !has_margins,
        // A tab in the last column is no line break, and going back leaves no wrap pending and ends in the first.
        '\t' => !cursor.is_wrap_pending,
        'Z' if is_sequence => !cursor.is_wrap_pending && terminal.tabs[0],
        // A region has two rows.
        'r' if is_sequence => {
            let mut numbers = bytes[2..].split([';', 'r']).filter_map(|number| number.parse::<usize>().ok());
            let (top, bottom) = (numbers.next().unwrap_or(1), numbers.next().unwrap_or(terminal.rows()));
            terminal.rows() > 1 && (top >= bottom || top < bottom.min(terminal.rows()))
        }
        // What is deleted from the first row was not scrolled out.
        'M' if is_sequence => cursor.row > 0 || screen.is_alternate(),
        // With more than there is, alacritty erases what is before the cursor.
        // Two halves that are left of two wide characters make no new one.
        'P' if is_sequence => {
            let is_cut = terminal.grid.rows[cursor.row].cell(cursor.column).is_spacer();
            count <= terminal.columns() - cursor.column && !is_cut
        }
        // In the second row, alacritty forgets the first.
        'J' if bytes == "\x1b[1J" => cursor.row != 1,
        // It moves the last cell to the cursor before it writes there, and so may cut a wide character.
        'l' if bytes.starts_with("\x1b[4h") => !has_wide && !cursor.is_wrap_pending,
        _ => !bytes.is_empty() && !terminal.modes.has(Mode::ORIGIN),
    }
}
