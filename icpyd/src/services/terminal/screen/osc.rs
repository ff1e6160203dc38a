//! Operating system commands: titles, links, colours, the clipboard and notifications.

use super::color::{ColorSlot, Rgb};
use super::dispatch::Dispatch;
use super::{Clipboard, Effect};

/// A longer title is cut.
const TITLE_BYTES_MAX: usize = 4096;

impl Dispatch<'_> {
    /// What was between `ESC ]` and its end.
    pub(super) fn command(&mut self, content: &[u8], is_ended_by_bell: bool) {
        let (code, rest) = split(content);
        let Some(code) = str::from_utf8(code).ok().and_then(|code| code.parse::<usize>().ok()) else { return };
        let end = if is_ended_by_bell { "\x07" } else { "\x1b\\" };
        let text = || String::from_utf8_lossy(rest).into_owned();
        match code {
            0 | 2 => self.set_title(Some(cut(text().trim(), TITLE_BYTES_MAX).to_owned())),
            4 => self.indexed_colors(rest, end),
            7 => self.effects.push(Effect::Cwd(text())),
            8 => self.link(rest),
            9 => self.desktop(&text()),
            10..=12 => self.dynamic_colors(code, rest, end),
            52 => self.clipboard(rest),
            104 => self.reset_colors(rest),
            110..=112 => {
                if let Some(slot) = ColorSlot::dynamic(code - 100) {
                    self.terminal.palette.reset(slot);
                }
            }
            777 => {
                if let Some(text) = text().strip_prefix("notify;") {
                    self.effects.push(Effect::Notification(text.replacen(';', ": ", 1)));
                }
            }
            _ => {}
        }
    }

    pub(super) fn set_title(&mut self, title: Option<String>) {
        self.terminal.title.clone_from(&title);
        self.effects.push(Effect::Title(title.unwrap_or_default()));
    }

    fn link(&mut self, content: &[u8]) {
        let (params, address) = split(content);
        let (Ok(params), Ok(address)) = (str::from_utf8(params), str::from_utf8(address)) else { return };
        let id = params.split(':').find_map(|param| param.strip_prefix("id=")).filter(|id| !id.is_empty());
        let styles = &mut self.terminal.tables.styles;
        let mut style = *styles.get(self.terminal.grid.cursor.style);
        style.link = styles.links.open(id, address);
        self.terminal.grid.cursor.style = styles.intern(style);
    }

    /// OSC 9: a notification, or one of `ConEmu`'s commands, of which the folder is of use.
    fn desktop(&mut self, text: &str) {
        let (first, rest) = text.split_once(';').unwrap_or((text, ""));
        match first.parse::<u8>() {
            Ok(9) => self.effects.push(Effect::Cwd(rest.trim_matches('"').to_owned())),
            Ok(_) => {}
            Err(_) if text.is_empty() => {}
            Err(_) => self.effects.push(Effect::Notification(text.to_owned())),
        }
    }

    fn indexed_colors(&mut self, content: &[u8], end: &str) {
        let parts: Vec<&[u8]> = content.split(|byte| *byte == b';').collect();
        for pair in parts.chunks_exact(2) {
            let index = str::from_utf8(pair[0]).ok().and_then(|index| index.parse().ok());
            if let Some(index) = index
                && let Some(slot) = ColorSlot::indexed(index)
            {
                self.color(&format!("4;{index}"), slot, pair[1], end);
            }
        }
    }

    /// Several colours from `code` on.
    fn dynamic_colors(&mut self, code: usize, content: &[u8], end: &str) {
        for (code, part) in (code..).zip(content.split(|byte| *byte == b';')) {
            let Some(slot) = ColorSlot::dynamic(code) else { return };
            self.color(&code.to_string(), slot, part, end);
        }
    }

    fn color(&mut self, name: &str, slot: ColorSlot, value: &[u8], end: &str) {
        if value == b"?" {
            let color = self.terminal.palette.get(slot, &self.terminal.theme);
            self.answer(format!("\x1b]{name};{}{end}", color.spec()));
        } else if let Some(color) = Rgb::parse(value) {
            self.terminal.palette.set(slot, color);
        }
    }

    fn reset_colors(&mut self, content: &[u8]) {
        let palette = &mut self.terminal.palette;
        if content.is_empty() {
            return palette.reset_indexed();
        }
        let numbers = content.split(|byte| *byte == b';').filter_map(|part| str::from_utf8(part).ok()?.parse().ok());
        numbers.filter_map(ColorSlot::indexed).for_each(|slot| palette.reset(slot));
    }

    /// OSC 52. What is on the clipboard is never told.
    fn clipboard(&mut self, content: &[u8]) {
        let (selection, data) = split(content);
        let Ok(data) = base64_simd::STANDARD.decode_to_vec(data) else { return };
        let selection = match selection.first() {
            None | Some(b'c') => Clipboard::Clipboard,
            Some(b'p' | b's') => Clipboard::Selection,
            Some(_) => return,
        };
        self.effects.push(Effect::Clipboard { selection, data });
    }
}

/// The part before the first semicolon, and the rest.
fn split(content: &[u8]) -> (&[u8], &[u8]) {
    match memchr::memchr(b';', content) {
        Some(place) => (&content[..place], &content[place + 1..]),
        None => (content, b""),
    }
}

/// At most as many bytes, and whole characters.
fn cut(text: &str, bytes_max: usize) -> &str {
    &text[..text.floor_char_boundary(bytes_max)]
}
