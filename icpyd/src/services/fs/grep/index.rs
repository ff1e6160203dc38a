//! Which files can hold a text: an index in memory over the contents of files, by the trigrams in them.
//!
//! A file is described in blocks, each by the set of its trigrams, hashed to 4096 bits. Blocks overlap, so that any text
//! that a plan asks for stands in one of them. A file can hold the text when one of its blocks has all of its trigrams.
//! The sets are kept turned over, one row for each bit: a question reads a few rows and no more.

mod files;
mod matrix;
mod signature;

use self::files::Files;
use self::matrix::Matrix;
pub(super) use self::signature::Description;
use self::signature::bits_of;
use super::plan::Plan;

/// No block.
const NONE: u32 = u32::MAX;

/// What is known of one file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Held {
    /// Nothing.
    #[default]
    Unknown,
    /// That it has to be searched, whatever is looked for.
    Always,
    /// That it is not searched: it is binary.
    Never,
    /// What is in it: the first of its blocks, if it has any.
    Blocks(u32),
}

/// The block's place in the list of its file's blocks.
#[derive(Clone, Copy, Debug)]
struct Link {
    file: u32,
    before: u32,
    next: u32,
}

/// The index. Files are named by numbers, which should be dense.
#[derive(Debug)]
pub(super) struct Index {
    held: Vec<Held>,
    matrix: Matrix,
    /// For each block of the matrix.
    links: Vec<Link>,
    /// Those that have to be searched, whatever is looked for.
    always: Files,
    /// Those that may have a match.
    searchable: Files,
    bytes_max: usize,
}

impl Index {
    /// An index that takes about so much memory at most. Files that find no room have to be searched.
    pub(super) fn new(bytes_max: usize) -> Self {
        Self {
            held: Vec::new(),
            matrix: Matrix::default(),
            links: Vec::new(),
            always: Files::default(),
            searchable: Files::default(),
            bytes_max,
        }
    }

    /// Takes the content of a file that is new or has changed.
    #[cfg(test)]
    pub(super) fn update(&mut self, file: u32, content: &[u8]) {
        self.insert(file, &Description::new(content));
    }

    /// Takes what describes the content of a file that is new or has changed.
    pub(super) fn insert(&mut self, file: u32, description: &Description) {
        self.remove(file);
        if self.held.len() <= file as usize {
            self.held.resize(file as usize + 1, Held::Unknown);
        }
        let held = match description {
            Description::Binary => Held::Never,
            Description::Unknown => Held::Always,
            Description::Blocks(blocks) if self.bytes_with(blocks.len()) > self.bytes_max => Held::Always,
            Description::Blocks(blocks) => Held::Blocks(self.push_blocks(file, blocks)),
        };
        self.held[file as usize] = held;
        self.always.set(file, held == Held::Always);
        self.searchable.set(file, held != Held::Never);
    }

    fn push_blocks(&mut self, file: u32, blocks: &[signature::Signature]) -> u32 {
        let mut first = NONE;
        // From the last to the first, so that each one knows its next.
        for block in blocks.iter().rev() {
            let place = self.matrix.push(block);
            self.links.push(Link { file, before: NONE, next: first });
            if first != NONE {
                self.links[first as usize].before = place;
            }
            first = place;
        }
        first
    }

    /// Forgets a file.
    pub(super) fn remove(&mut self, file: u32) {
        let Some(held) = self.held.get_mut(file as usize) else { return };
        *held = match *held {
            Held::Blocks(first) if first != NONE => Held::Blocks(first),
            _ => Held::Unknown,
        };
        while let Held::Blocks(first) = self.held[file as usize] {
            let next = self.links[first as usize].next;
            self.held[file as usize] = if next == NONE { Held::Unknown } else { Held::Blocks(next) };
            if next != NONE {
                self.links[next as usize].before = NONE;
            }
            self.remove_block(first);
        }
        self.always.set(file, false);
        self.searchable.set(file, false);
    }

    /// Takes a block out. The last one comes into its place, so that there are never holes.
    fn remove_block(&mut self, block: u32) {
        self.matrix.swap_remove(block);
        self.links.swap_remove(block as usize);
        let Some(&moved) = self.links.get(block as usize) else { return };
        match moved.before {
            NONE => self.held[moved.file as usize] = Held::Blocks(block),
            before => self.links[before as usize].next = block,
        }
        if moved.next != NONE {
            self.links[moved.next as usize].before = block;
        }
    }

    /// Whether the file was described.
    #[cfg(test)]
    pub(super) fn knows(&self, file: u32) -> bool {
        self.held.get(file as usize).is_some_and(|held| *held != Held::Unknown)
    }

    /// The files that may have a match, sorted; of those that were described.
    pub(super) fn candidates(&self, plan: &Plan) -> Vec<u32> {
        let mut files = self.files(plan).unwrap_or_else(|| self.searchable.clone());
        files.add(&self.always);
        files.iter().collect()
    }

    /// The files that fit a plan; `None` is all of them.
    fn files(&self, plan: &Plan) -> Option<Files> {
        match plan {
            Plan::Any => None,
            Plan::Text(text) => {
                let mut files = Files::default();
                self.matrix.find(&bits_of(text), |block| files.set(self.links[block as usize].file, true));
                Some(files)
            }
            Plan::All(plans) => {
                let each = plans.iter().filter_map(|plan| self.files(plan));
                each.reduce(|mut all, files| {
                    all.keep(&files);
                    all
                })
            }
            Plan::Either(plans) => plans.iter().map(|plan| self.files(plan)).reduce(|either, files| {
                let (mut either, files) = (either?, files?);
                either.add(&files);
                Some(either)
            })?,
        }
    }

    /// What the index takes of memory, in bytes.
    #[cfg(test)]
    pub(super) fn bytes(&self) -> usize {
        self.bytes_with(0)
    }

    /// What it would take with so many blocks more.
    fn bytes_with(&self, blocks: usize) -> usize {
        let links = (self.links.len() + blocks) * size_of::<Link>() + self.held.len() * size_of::<Held>();
        self.matrix.bytes_with(blocks) + links + self.always.bytes() + self.searchable.bytes()
    }
}

#[cfg(test)]
mod tests;
