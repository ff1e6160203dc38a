//! What was scrolled out: lines as bytes, each encoded once, in pages. The oldest page goes when there are too many bytes.
//!
//! Lines have numbers that stay: the first line that a terminal ever scrolled out is 0.

use std::borrow::Cow;
use std::collections::VecDeque;

use super::line::{Around, Next, Tables, encode};
use super::row::Row;

/// How much is dropped, and compressed, at once.
const PAGE_BYTES: usize = 64 << 10;

/// In a line's entry: the text goes on in the next line.
const WRAPPED: u32 = 1 << 31;

const END: u32 = WRAPPED - 1;

/// The log.
#[derive(Clone, Debug)]
pub(super) struct Log {
    pages: VecDeque<Page>,
    /// The number of the first line that is kept.
    first: u64,
    /// The number that the next line gets.
    end: u64,
    bytes_max: usize,
    /// Of all pages but the last.
    sealed_bytes: usize,
    /// How the last line ends.
    last_end: LineEnd,
}

#[derive(Clone, Debug)]
struct Page {
    first: u64,
    /// Where each line ends, with its flag.
    ends: Vec<u32>,
    text: Text,
}

#[derive(Clone, Debug)]
enum Text {
    Plain(Vec<u8>),
    /// With its length before.
    Compressed(Box<[u8]>),
}

/// One line.
#[derive(Clone, Copy, Debug)]
pub(super) struct Line<'a> {
    pub(super) number: u64,
    pub(super) text: &'a [u8],
    pub(super) end: LineEnd,
}

/// How a line ends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct LineEnd {
    /// The text goes on in the next line.
    pub(super) is_wrapped: bool,
}

impl LineEnd {
    pub(super) fn of(row: &Row) -> Self {
        Self { is_wrapped: row.is_wrapped }
    }

    /// The flags beside a number.
    pub(super) fn entry(self, number: usize) -> u32 {
        let number = u32::try_from(number).unwrap_or(END).min(END);
        if self.is_wrapped { number | WRAPPED } else { number }
    }

    /// The number, and the flags beside it.
    pub(super) fn read(entry: u32) -> (usize, Self) {
        ((entry & END) as usize, Self { is_wrapped: entry & WRAPPED != 0 })
    }
}

impl Log {
    pub(super) fn new(bytes_max: usize) -> Self {
        Self { pages: VecDeque::new(), first: 0, end: 0, bytes_max, sealed_bytes: 0, last_end: LineEnd::default() }
    }

    /// The number of the first line that is kept.
    pub(super) fn first(&self) -> u64 {
        self.first
    }

    /// The number behind the last line.
    pub(super) fn end(&self) -> u64 {
        self.end
    }

    pub(super) fn bytes_max(&self) -> usize {
        self.bytes_max
    }

    pub(super) fn len(&self) -> usize {
        usize::try_from(self.end - self.first).unwrap_or(usize::MAX)
    }

    /// Appends a row of as many columns.
    pub(super) fn push(&mut self, row: &Row, columns: usize, tables: &Tables) {
        let around = Around { is_continued: self.last_end().is_wrapped, next: Next::Unknown, columns };
        self.append(LineEnd::of(row), |text| encode(row, around, tables, text));
    }

    /// Appends a line that another log has given.
    pub(super) fn push_encoded(&mut self, line: &[u8], end: LineEnd) {
        self.append(end, |text| text.extend_from_slice(line));
    }

    fn append(&mut self, end: LineEnd, write: impl FnOnce(&mut Vec<u8>)) {
        let page = self.open_page();
        let Text::Plain(text) = &mut page.text else { return };
        write(text);
        page.ends.push(end.entry(text.len()));
        self.end += 1;
        self.last_end = end;
    }

    /// The page that takes the next line.
    fn open_page(&mut self) -> &mut Page {
        let is_open =
            matches!(self.pages.back(), Some(Page { text: Text::Plain(text), .. }) if text.len() < PAGE_BYTES);
        if !is_open {
            if let Some(page) = self.pages.back_mut() {
                page.seal();
                self.sealed_bytes += page.memory_bytes();
            }
            self.pages.push_back(Page { first: self.end, ends: Vec::new(), text: Text::Plain(Vec::new()) });
            self.drop_oldest();
        }
        let last = self.pages.len() - 1;
        &mut self.pages[last]
    }

    /// Keeps the budget; the page that is written to counts as a whole one.
    fn drop_oldest(&mut self) {
        self.drop_to(self.bytes_max.saturating_sub(PAGE_BYTES), 1);
    }

    /// Drops as many bytes of the oldest lines. The last whole page stays, with the one that is written to.
    pub(super) fn give_up(&mut self, bytes: usize) {
        self.drop_to(self.sealed_bytes.saturating_sub(bytes), 2);
    }

    /// Drops the oldest pages until there are so few bytes of all but the last, or so few pages.
    fn drop_to(&mut self, bytes_max: usize, pages_min: usize) {
        while self.pages.len() > pages_min && self.sealed_bytes > bytes_max {
            let Some(page) = self.pages.pop_front() else { return };
            self.sealed_bytes -= page.memory_bytes();
            self.first = self.pages.front().map_or(self.end, |next| next.first);
        }
    }

    /// Takes the last line back.
    pub(super) fn pop(&mut self) -> Option<(Vec<u8>, bool)> {
        while self.pages.back().is_some_and(|page| page.ends.is_empty()) {
            self.pages.pop_back();
            self.sealed_bytes -= self.pages.back().map_or(0, Page::memory_bytes);
        }
        let page = self.pages.back_mut()?;
        page.open();
        let Text::Plain(text) = &mut page.text else { return None };
        let entry = page.ends.pop()?;
        let start = page.ends.last().map_or(0, |end| LineEnd::read(*end).0);
        let line = text.split_off(start.min(text.len()));
        self.end -= 1;
        let last = self.pages.iter().rev().find_map(|page| page.ends.last());
        self.last_end = last.map_or(LineEnd::default(), |entry| LineEnd::read(*entry).1);
        Some((line, entry & WRAPPED != 0))
    }

    /// How the last line ends.
    pub(super) fn last_end(&self) -> LineEnd {
        self.last_end
    }

    /// Ends the last line where it ends: what goes on is on the screen, and was laid out anew.
    pub(super) fn end_last_line(&mut self) {
        if let Some(entry) = self.pages.iter_mut().rev().find_map(|page| page.ends.last_mut()) {
            *entry &= END;
        }
        self.last_end = LineEnd::default();
    }

    /// Forgets all lines.
    pub(super) fn clear(&mut self) {
        self.pages = VecDeque::new();
        self.sealed_bytes = 0;
        self.first = self.end;
        self.last_end = LineEnd::default();
    }

    /// Visits the lines from number `from` to before `to`, as far as they are kept, until `visit` returns false.
    pub(super) fn visit(&self, from: u64, to: u64, visit: &mut dyn FnMut(Line<'_>) -> bool) {
        for page in &self.pages {
            if page.end() <= from || page.first >= to {
                continue;
            }
            let text = page.text();
            let mut start = 0;
            for (number, entry) in (page.first..).zip(&page.ends) {
                let (stop, end) = LineEnd::read(*entry);
                let line = Line { number, text: &text[start..stop], end };
                if (from..to).contains(&number) && !visit(line) {
                    return;
                }
                start = stop;
            }
        }
    }

    /// Compresses all pages but the one that is written to.
    pub(super) fn compress(&mut self) {
        let sealed = self.pages.len().saturating_sub(1);
        self.pages.range_mut(..sealed).for_each(Page::compress);
        self.pages.range_mut(sealed..).for_each(Page::seal);
        self.pages.shrink_to_fit();
        self.sealed_bytes = self.pages.range(..sealed).map(Page::memory_bytes).sum();
    }

    pub(super) fn memory_bytes(&self) -> usize {
        let last = self.pages.back().map_or(0, Page::memory_bytes);
        self.sealed_bytes + last + self.pages.capacity() * size_of::<Page>()
    }

    /// Sets the number of the first line, when a log is made again.
    pub(super) fn start_at(&mut self, first: u64) {
        self.first = first;
        self.end = first;
    }
}

impl Page {
    fn end(&self) -> u64 {
        self.first + self.ends.len() as u64
    }

    fn text(&self) -> Cow<'_, [u8]> {
        match &self.text {
            Text::Plain(text) => Cow::Borrowed(text),
            Text::Compressed(bytes) => {
                Cow::Owned(lz4_flex::decompress_size_prepended(bytes).expect("what was compressed here"))
            }
        }
    }

    /// Makes a page that can be written to of a compressed one.
    fn open(&mut self) {
        if let Text::Compressed(_) = &self.text {
            self.text = Text::Plain(self.text().into_owned());
        }
    }

    /// Gives back the memory that was taken for more lines.
    fn seal(&mut self) {
        self.ends.shrink_to_fit();
        if let Text::Plain(text) = &mut self.text {
            text.shrink_to_fit();
        }
    }

    fn compress(&mut self) {
        self.seal();
        if let Text::Plain(text) = &self.text
            && !text.is_empty()
        {
            self.text = Text::Compressed(lz4_flex::compress_prepend_size(text).into_boxed_slice());
        }
    }

    fn memory_bytes(&self) -> usize {
        let text = match &self.text {
            Text::Plain(text) => text.capacity(),
            Text::Compressed(bytes) => bytes.len(),
        };
        text + self.ends.capacity() * size_of::<u32>()
    }
}
