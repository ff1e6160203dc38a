//! The trigrams of a content, hashed: three bytes in a row, with ASCII letters in lower case.

use super::super::plan::TEXT_BYTES_MAX;

/// The bits that trigrams are hashed to.
pub(super) const BITS: usize = 4096;

/// Where blocks begin. One ends so much behind where the next begins that any text of a plan stands in one of them.
const BLOCK_BYTES: usize = 16 << 10;

/// How much blocks share.
const OVERLAP_BYTES: usize = TEXT_BYTES_MAX - 1;

/// The searcher looks for NUL in this much of a file's beginning before it searches at all. Its buffer is larger.
const BINARY_BYTES: usize = 60_000;

/// The trigrams of one block.
pub(super) type Signature = [u64; BITS / 64];

/// What is known of a content.
#[derive(Debug)]
pub(in super::super) enum Description {
    /// That the searcher skips it.
    Binary,
    /// Nothing: it is searched in another encoding than it has.
    Unknown,
    /// What is in it.
    Blocks(Vec<Signature>),
}

impl Description {
    /// Describes a content, which must be whole.
    pub(in super::super) fn new(content: &[u8]) -> Self {
        // Whoever searches UTF-16 searches it as UTF-8.
        if content.starts_with(b"\xff\xfe") || content.starts_with(b"\xfe\xff") {
            return Self::Unknown;
        }
        // A line that ends within the bytes of a BOM is searched before the others are looked at.
        let begin = &content[..content.len().min(BINARY_BYTES)];
        if memchr::memchr(0, begin).is_some() && !begin[..begin.len().min(6)].contains(&b'\n') {
            return Self::Binary;
        }
        let starts = (0..content.len()).step_by(BLOCK_BYTES);
        // The block before has all of a short last one.
        let starts = starts.take_while(|start| *start == 0 || content.len() - start > OVERLAP_BYTES);
        let end = |start: usize| content.len().min(start + BLOCK_BYTES + OVERLAP_BYTES);
        Self::Blocks(starts.map(|start| signature(&content[start..end(start)])).collect())
    }
}

/// The bit of a trigram in lower case: Fibonacci hashing (Knuth, The Art of Computer Programming, volume 3, 6.4).
fn bit_of(trigram: u32) -> usize {
    (trigram.wrapping_mul(0x9e37_79b1) >> 20) as usize
}

/// The bits of the trigrams of a text, each one once.
pub(super) fn bits_of(text: &[u8]) -> Vec<usize> {
    let trigram = |bytes: &[u8]| bytes.iter().fold(0, |sum, byte| sum << 8 | u32::from(byte.to_ascii_lowercase()));
    let mut bits: Vec<usize> = text.windows(3).map(|bytes| bit_of(trigram(bytes))).collect();
    bits.sort_unstable();
    bits.dedup();
    bits
}

fn signature(block: &[u8]) -> Signature {
    // A byte for each bit: a store waits for nothing, while setting a bit waits for the one before.
    let mut seen = [0u8; BITS];
    let mut trigram = 0u32;
    let (head, rest) = block.split_at(block.len().min(2));
    for byte in head {
        trigram = trigram << 8 | u32::from(byte.to_ascii_lowercase());
    }
    for byte in rest {
        trigram = (trigram << 8 | u32::from(byte.to_ascii_lowercase())) & 0x00ff_ffff;
        seen[bit_of(trigram)] = 1;
    }
    let mut signature = [0; BITS / 64];
    for (word, seen) in signature.iter_mut().zip(seen.as_chunks::<64>().0) {
        for (byte, seen) in (0..).step_by(8).zip(seen.as_chunks::<8>().0) {
            // The lowest bits of eight bytes, brought together in the highest byte.
            *word |= (u64::from_le_bytes(*seen).wrapping_mul(0x0102_0408_1020_4080) >> 56) << byte;
        }
    }
    signature
}

#[cfg(test)]
mod tests {
    use super::*;

    fn blocks(content: &[u8]) -> Vec<Signature> {
        match Description::new(content) {
            Description::Blocks(blocks) => blocks,
            other => panic!("{other:?}"),
        }
    }

    fn has(signature: &Signature, text: &[u8]) -> bool {
        bits_of(text).iter().all(|bit| signature[bit / 64] >> (bit % 64) & 1 == 1)
    }

    #[test]
    fn a_block_has_the_trigrams_of_its_content_and_few_others() {
        let block = blocks(b"The needle\xc3\x89, and \x00"[..15].into())[0];
        for text in ["the", "The", "NEEDLE", "\u{c9}, a", "needle\u{c9}"] {
            assert!(has(&block, text.as_bytes()), "{text}");
        }
        for text in ["thn", "needle\u{e9}", "eed,"] {
            assert!(!has(&block, text.as_bytes()), "{text}");
        }
        assert_eq!(block.iter().map(|word| word.count_ones()).sum::<u32>(), 13);
        assert_eq!(blocks(b"ab")[0], [0; BITS / 64]);
        assert!(blocks(b"").is_empty());
    }

    #[test]
    fn any_text_of_a_plan_stands_in_one_block() {
        let text: Vec<u8> = (0..TEXT_BYTES_MAX).map(|place| b'a' + u8::try_from(place % 23).unwrap()).collect();
        for length in [TEXT_BYTES_MAX, 3] {
            for place in (BLOCK_BYTES - 2 * TEXT_BYTES_MAX)..(BLOCK_BYTES + TEXT_BYTES_MAX) {
                let content = [&vec![b'.'; place], &text[..length]].concat();
                assert!(blocks(&content).iter().any(|block| has(block, &text[..length])), "{length} at {place}");
            }
        }
        assert_eq!(blocks(&vec![b'x'; BLOCK_BYTES + OVERLAP_BYTES]).len(), 1);
        assert_eq!(blocks(&vec![b'x'; BLOCK_BYTES + OVERLAP_BYTES + 1]).len(), 2);
    }

    #[test]
    fn what_is_searched_in_another_way_is_told_apart() {
        let check = |content: &[u8], expect: &str| {
            let description = format!("{:?}", Description::new(content));
            assert!(description.starts_with(expect), "{}: {description}", content.escape_ascii());
        };
        check(b"some text", "Blocks");
        check(b"some \0 binary", "Binary");
        check(b"a\nsome \0 binary", "Blocks");
        check(&[&vec![b'x'; BINARY_BYTES], &b"\0"[..]].concat(), "Blocks");
        check(b"\xff\xfea\0b\0", "Unknown");
        check(b"\xfe\xff\0a\0b", "Unknown");
        check(b"\xef\xbb\xbftext", "Blocks");
    }
}
