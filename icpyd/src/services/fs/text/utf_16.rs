//! UTF-16, in either order of bytes. Pairs of surrogates and nothing else stand for characters beyond the first 65536.

/// Which byte of a unit comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::services::fs) enum Endian {
    Little,
    Big,
}

impl Endian {
    fn read(self, unit: [u8; 2]) -> u16 {
        match self {
            Self::Little => u16::from_le_bytes(unit),
            Self::Big => u16::from_be_bytes(unit),
        }
    }

    fn write(self, unit: u16) -> [u8; 2] {
        match self {
            Self::Little => unit.to_le_bytes(),
            Self::Big => unit.to_be_bytes(),
        }
    }
}

/// `None` where half a unit or half a pair is left over: nothing else is lost on the way.
pub(super) fn decode(endian: Endian, bytes: &[u8]) -> Option<String> {
    let (units, rest) = bytes.as_chunks::<2>();
    let text = rest.is_empty().then(|| char::decode_utf16(units.iter().map(|unit| endian.read(*unit))))?;
    text.collect::<Result<String, _>>().ok()
}

pub(super) fn encode(endian: Endian, text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(|unit| endian.write(unit)).collect()
}

/// The order of bytes that these could have: many units whose upper byte is NUL, as in all that is written in Latin letters,
/// and none whose lower byte is.
pub(super) fn guess(head: &[u8]) -> Option<Endian> {
    let (units, _) = head.as_chunks::<2>();
    let nuls = |place: usize| units.iter().filter(|unit| unit[place] == 0).count();
    let is_many = |count: usize| count * 3 >= units.len() && count > 0;
    match (nuls(0), nuls(1)) {
        (0, upper) if is_many(upper) => Some(Endian::Little),
        (upper, 0) if is_many(upper) => Some(Endian::Big),
        _ => None,
    }
}

/// The first byte from `at` on that begins a character.
pub(super) fn border(endian: Endian, bytes: &[u8], at: usize) -> Option<usize> {
    let at = at.next_multiple_of(2);
    let unit = |at: usize| bytes.get(at..at + 2).map(|unit| endian.read([unit[0], unit[1]]));
    let is_low = unit(at).is_some_and(|unit| (0xdc00..0xe000).contains(&unit));
    if !is_low {
        return Some(at.min(bytes.len()));
    }
    let before = unit(at.checked_sub(2)?)?;
    (0xd800..0xdc00).contains(&before).then_some(at + 2)
}
