//! Which bytes of a file a request asks for, RFC 9110, section 14.

use axum::http::HeaderMap;
use axum::http::header::RANGE;

/// What a request asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Range {
    /// All bytes: no range is named, or several, or none that can be read.
    All,
    /// So many bytes from a place on.
    Part {
        /// The first byte.
        from: u64,
        /// How many.
        length: u64,
    },
    /// What is asked for is not there.
    Nowhere,
}

impl Range {
    /// What is asked for of so many bytes.
    pub(super) fn of(headers: &HeaderMap, size: u64) -> Self {
        let mut lines = headers.get_all(RANGE).iter();
        match (lines.next().and_then(|line| line.to_str().ok()), lines.next()) {
            (Some(line), None) => parse(line, size).unwrap_or(Self::All),
            _ => Self::All,
        }
    }
}

/// `None` for what is to be ignored.
fn parse(line: &str, size: u64) -> Option<Range> {
    let (unit, range) = line.split_once('=')?;
    if !unit.trim().eq_ignore_ascii_case("bytes") {
        return None;
    }
    let (first, last) = range.trim().split_once('-')?;
    let number = |text: &str| -> Option<u64> {
        let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        // What no number holds is behind every file.
        is_number.then(|| text.parse().unwrap_or(u64::MAX))
    };
    if first.is_empty() {
        let length = number(last)?.min(size);
        return Some(if length == 0 { Range::Nowhere } else { Range::Part { from: size - length, length } });
    }
    let from = number(first)?;
    let last = if last.is_empty() { u64::MAX } else { number(last)? };
    match () {
        () if last < from => None,
        () if from >= size => Some(Range::Nowhere),
        () => Some(Range::Part { from, length: last.min(size - 1) - from + 1 }),
    }
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    #[test]
    fn a_range_is_read() {
        let check = |line: &str, size: u64, expect: Range| {
            let mut headers = HeaderMap::new();
            headers.insert(RANGE, HeaderValue::from_str(line).unwrap());
            assert_eq!(Range::of(&headers, size), expect, "{line}");
        };
        check("bytes=0-4", 10, Range::Part { from: 0, length: 5 });
        check("bytes=5-", 10, Range::Part { from: 5, length: 5 });
        check("bytes=-3", 10, Range::Part { from: 7, length: 3 });
        check("bytes=-30", 10, Range::Part { from: 0, length: 10 });
        check("bytes=9-100", 10, Range::Part { from: 9, length: 1 });
        check("BYTES = 1-1", 10, Range::Part { from: 1, length: 1 });
        check("bytes=10-", 10, Range::Nowhere);
        check("bytes=-0", 10, Range::Nowhere);
        check("bytes=0-", 0, Range::Nowhere);
        check("bytes=-5", 0, Range::Nowhere);
        check("bytes=99999999999999999999999-", 10, Range::Nowhere);
        check("bytes=4-2", 10, Range::All);
        check("bytes=0-1,4-5", 10, Range::All);
        check("bytes=a-b", 10, Range::All);
        check("bytes=-", 10, Range::All);
        check("lines=0-4", 10, Range::All);
        check("bytes", 10, Range::All);
        assert_eq!(Range::of(&HeaderMap::new(), 10), Range::All);
    }
}
