//! Clusters: characters with the marks that combine with them, which no single code point stands for.

use std::collections::HashMap;

use super::cell::{Cell, Glyph};

/// More marks on one character are dropped.
const CLUSTER_BYTES_MAX: usize = 64;

/// More clusters than a cell can name are shown without their marks.
const CLUSTERS_MAX: usize = 1 << 21;

/// A table this large is looked through for what is still in use.
const COLLECT_AT: usize = 1024;

/// Every cluster in use, by number.
#[derive(Clone, Debug)]
pub(super) struct Clusters {
    texts: Vec<Box<str>>,
    numbers: HashMap<Box<str>, u32>,
    collect_at: usize,
}

impl Default for Clusters {
    fn default() -> Self {
        Self { texts: Vec::new(), numbers: HashMap::new(), collect_at: COLLECT_AT }
    }
}

impl Clusters {
    pub(super) fn get(&self, number: u32) -> &str {
        &self.texts[number as usize]
    }

    /// The cell with one more mark.
    pub(super) fn combine(&mut self, cell: Cell, mark: char) -> Cell {
        let mut text = String::new();
        self.push_cell(&mut text, cell);
        if text.len() + mark.len_utf8() > CLUSTER_BYTES_MAX || self.texts.len() >= CLUSTERS_MAX {
            return cell;
        }
        text.push(mark);
        cell.with_cluster(self.intern(&text))
    }

    /// Appends what a cell shows.
    pub(super) fn push_cell(&self, out: &mut String, cell: Cell) {
        match cell.glyph() {
            Glyph::Char(c) => out.push(c),
            Glyph::Cluster(number) => out.push_str(self.get(number)),
        }
    }

    fn intern(&mut self, text: &str) -> u32 {
        if let Some(number) = self.numbers.get(text) {
            return *number;
        }
        let number = u32::try_from(self.texts.len()).expect("fewer clusters than cells");
        self.texts.push(text.into());
        self.numbers.insert(text.into(), number);
        number
    }

    /// Whether what is no longer in use should be looked for.
    pub(super) fn is_full(&self) -> bool {
        self.texts.len() >= self.collect_at
    }

    /// Keeps only the clusters of those cells that `visit` is shown, and gives each its new number.
    pub(super) fn collect(&mut self, visit: impl FnOnce(&mut dyn FnMut(&mut Cell))) {
        let old = std::mem::take(self);
        visit(&mut |cell| {
            if let Glyph::Cluster(number) = cell.glyph() {
                *cell = cell.with_cluster(self.intern(old.get(number)));
            }
        });
        self.collect_at = COLLECT_AT.max(2 * self.texts.len());
    }

    pub(super) fn memory_bytes(&self) -> usize {
        let texts: usize = self.texts.iter().map(|text| text.len()).sum();
        2 * (texts + self.texts.capacity() * 24)
    }
}
