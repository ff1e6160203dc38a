//! Hyperlinks (OSC 8). Cells of one link are known by its id, so that a terminal underlines them together.

use std::collections::HashMap;

/// A longer address is no link; VTE's limit, and so what programs count on.
pub(super) const ADDRESS_BYTES_MAX: usize = 2083;

/// A longer id is cut.
const ID_CHARS_MAX: usize = 250;

/// A link's number; 0 is none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct LinkId(u32);

impl LinkId {
    pub(super) const NONE: Self = Self(0);

    /// For hashing.
    pub(super) fn number(self) -> u32 {
        self.0
    }
}

/// An address, and what makes it one link.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Link {
    pub(super) id: Box<str>,
    pub(super) address: Box<str>,
}

/// The links that styles name.
#[derive(Clone, Debug, Default)]
pub(super) struct Links {
    known: Vec<Link>,
    numbers: HashMap<Link, LinkId>,
    /// How many came without an id, to give each one of its own.
    unnamed: u64,
}

impl Links {
    pub(super) fn get(&self, id: LinkId) -> Option<&Link> {
        self.known.get((id.0 as usize).checked_sub(1)?)
    }

    pub(super) fn len(&self) -> usize {
        self.known.len()
    }

    /// The number of the link that a program opens.
    pub(super) fn open(&mut self, id: Option<&str>, address: &str) -> LinkId {
        if address.is_empty() || address.len() > ADDRESS_BYTES_MAX {
            return LinkId::NONE;
        }
        let id = if let Some(id) = id {
            id.chars().take(ID_CHARS_MAX).collect()
        } else {
            self.unnamed += 1;
            format!("icpy-{}", self.unnamed)
        };
        self.intern(Link { id: id.into(), address: address.into() })
    }

    /// The number of a link, new or known.
    pub(super) fn intern(&mut self, link: Link) -> LinkId {
        if let Some(id) = self.numbers.get(&link) {
            return *id;
        }
        self.known.push(link.clone());
        let id = LinkId(u32::try_from(self.known.len()).expect("fewer links than cells"));
        self.numbers.insert(link, id);
        id
    }

    /// Takes a link over from another table.
    pub(super) fn adopt(&mut self, other: &Self, id: LinkId) -> LinkId {
        other.get(id).map_or(LinkId::NONE, |link| self.intern(link.clone()))
    }

    /// Gives no id again that `other` has given.
    pub(super) fn continue_numbers(&mut self, other: &Self) {
        self.unnamed = other.unnamed;
    }

    pub(super) fn unnamed(&self) -> u64 {
        self.unnamed
    }

    pub(super) fn set_unnamed(&mut self, unnamed: u64) {
        self.unnamed = unnamed;
    }

    pub(super) fn memory_bytes(&self) -> usize {
        let texts: usize = self.known.iter().map(|link| link.id.len() + link.address.len()).sum();
        2 * (texts + self.known.capacity() * size_of::<Link>())
    }
}

/// Appends the sequence that begins a link, or ends it.
pub(super) fn push_link(out: &mut Vec<u8>, link: Option<&Link>) {
    out.extend_from_slice(b"\x1b]8;");
    if let Some(link) = link {
        out.extend_from_slice(b"id=");
        out.extend_from_slice(link.id.as_bytes());
    }
    out.push(b';');
    out.extend_from_slice(link.map_or(&b""[..], |link| link.address.as_bytes()));
    out.extend_from_slice(b"\x1b\\");
}
