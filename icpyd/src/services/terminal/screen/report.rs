//! Answers to what programs ask. The daemon alone gives them: viewers are told of no question.

use super::dispatch::Dispatch;
use super::line::Tables;
use super::modes::PUBLIC;
use super::style::StyleId;
use super::terminal::Terminal;

/// What programs know the terminal by.
const NAME: &str = "icpy";

impl Dispatch<'_> {
    /// DA1: a VT220 with colours, and a clipboard.
    pub(super) fn report_attributes(&mut self) {
        self.answer("\x1b[?62;22;52c");
    }

    /// DA2: the version.
    pub(super) fn report_version_number(&mut self) {
        let parts = env!("CARGO_PKG_VERSION").split('.');
        let number = parts.fold(0, |number, part| 100 * number + part.parse::<u32>().unwrap_or(0));
        self.answer(format!("\x1b[>1;{number};0c"));
    }

    /// DA3: the name, in hexadecimal.
    pub(super) fn report_unit(&mut self) {
        self.answer(format!("\x1bP!|{}\x1b\\", hex(NAME)));
    }

    /// XTVERSION.
    pub(super) fn report_version(&mut self) {
        self.answer(format!("\x1bP>|{NAME} {}\x1b\\", env!("CARGO_PKG_VERSION")));
    }

    /// DSR: that all is well, where the cursor is, and whether it is dark.
    pub(super) fn report_status(&mut self, what: usize, is_private: bool) {
        let terminal = &*self.terminal;
        let cursor = terminal.grid.cursor;
        let top = if terminal.is_origin() { terminal.region.top } else { 0 };
        let (row, column) = (cursor.row.saturating_sub(top) + 1, cursor.column + 1);
        match (what, is_private) {
            (5, false) => self.answer("\x1b[0n"),
            (6, false) => self.answer(format!("\x1b[{row};{column}R")),
            (6, true) => self.answer(format!("\x1b[?{row};{column};1R")),
            (996, true) => {
                let scheme = if terminal.theme.is_dark() { 1 } else { 2 };
                self.answer(format!("\x1b[?997;{scheme}n"));
            }
            _ => {}
        }
    }

    /// DECRQM: 1 is set, 2 is not, 0 is unknown.
    pub(super) fn report_mode(&mut self, number: usize, is_private: bool) {
        let terminal = &*self.terminal;
        let known = u16::try_from(number).ok().and_then(|number| match is_private {
            true if matches!(number, 47 | 1047 | 1049) => Some(terminal.alternate.is_some()),
            true => terminal.modes.private(number),
            false => PUBLIC.iter().find(|(it, _)| *it == number).map(|(_, mode)| terminal.modes.has(*mode)),
        });
        let state = known.map_or(0, |on| if on { 1 } else { 2 });
        let mark = if is_private { "?" } else { "" };
        self.answer(format!("\x1b[{mark}{number};{state}$y"));
    }

    pub(super) fn report_keyboard(&mut self) {
        let flags = self.terminal.grid.keyboard.flags;
        self.answer(format!("\x1b[?{flags}u"));
    }

    pub(super) fn report_modify_other_keys(&mut self, what: usize) {
        if what == 4 {
            let level = self.terminal.modify_other_keys;
            self.answer(format!("\x1b[>4;{level}m"));
        }
    }

    /// XTWINOPS 14, 16 and 18: the screen in pixels, a cell in pixels, the screen in cells.
    pub(super) fn report_size(&mut self, operation: usize) {
        let terminal = &*self.terminal;
        let (width, height) = terminal.theme.cell_pixels;
        let (width, height) = (usize::from(width), usize::from(height));
        let (rows, columns) = (terminal.rows(), terminal.columns());
        match operation {
            14 => self.answer(format!("\x1b[4;{};{}t", rows * height, columns * width)),
            16 => self.answer(format!("\x1b[6;{height};{width}t")),
            _ => self.answer(format!("\x1b[8;{rows};{columns}t")),
        }
    }

    /// DECRQSS and XTGETTCAP: what was between `ESC P` and its end.
    pub(super) fn device(&mut self, content: &[u8]) {
        match content {
            [b'$', b'q', name @ ..] => match self.terminal.setting(name) {
                Some(value) => self.answer([b"\x1bP1$r", &value[..], b"\x1b\\"].concat()),
                None => self.answer("\x1bP0$r\x1b\\"),
            },
            [b'+', b'q', names @ ..] => {
                for name in names.split(|byte| *byte == b';') {
                    let name = String::from_utf8_lossy(name);
                    match capability(&name) {
                        Some(value) => self.answer(format!("\x1bP1+r{name}={}\x1b\\", hex(value))),
                        None => self.answer("\x1bP0+r\x1b\\"),
                    }
                }
            }
            _ => {}
        }
    }
}

impl Terminal {
    /// What would set a setting as it is.
    fn setting(&self, name: &[u8]) -> Option<Vec<u8>> {
        match name {
            b"m" => Some(sgr_parameters(&self.tables, self.grid.cursor.style)),
            b"r" => Some(format!("{};{}r", self.region.top + 1, self.region.bottom).into_bytes()),
            b" q" => Some(format!("{} q", self.cursor_style.0).into_bytes()),
            b"\"p" => Some(b"62;1\"p".to_vec()),
            _ => None,
        }
    }
}

/// `0;1;31m`.
fn sgr_parameters(tables: &Tables, style: StyleId) -> Vec<u8> {
    let sgr = tables.styles.sgr(style).strip_prefix(b"\x1b[").unwrap_or_default();
    if sgr == b"m" { b"0m".to_vec() } else { sgr.to_vec() }
}

/// Capabilities that programs ask for, by their name in hexadecimal.
fn capability(name: &str) -> Option<&'static str> {
    const KNOWN: [(&str, &str); 4] = [("TN", "xterm-256color"), ("Co", "256"), ("colors", "256"), ("RGB", "8/8/8")];
    KNOWN.iter().find(|(it, _)| hex(it).eq_ignore_ascii_case(name)).map(|(_, value)| *value)
}

fn hex(text: &str) -> String {
    let digit = |value: u8| char::from_digit(u32::from(value), 16).unwrap_or_default().to_ascii_uppercase();
    text.bytes().flat_map(|byte| [digit(byte >> 4), digit(byte & 0xf)]).collect()
}
