//! How lines end on disk: in a text they end with a line feed, and what they ended with is put back when it is written.

use crop::Rope;

use super::diff::unchanged_lines;

/// How a line ends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum End {
    #[default]
    Lf,
    Crlf,
    Cr,
}

impl End {
    fn text(self) -> &'static str {
        match self {
            Self::Lf => "\n",
            Self::Crlf => "\r\n",
            Self::Cr => "\r",
        }
    }
}

/// How the lines of a file end.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LineEnds {
    /// How most lines end, and those that are added.
    most: End,
    /// How each line ends, where they do not all end alike.
    each: Vec<End>,
}

/// A text as it is on disk, in lines that end with a line feed, and what they end with.
pub fn read(raw: &str) -> (String, LineEnds) {
    if memchr::memchr(b'\r', raw.as_bytes()).is_none() {
        return (raw.to_owned(), LineEnds::default());
    }
    let mut text = String::with_capacity(raw.len());
    let (mut each, mut rest) = (Vec::new(), raw);
    while let Some(place) = memchr::memchr2(b'\n', b'\r', rest.as_bytes()) {
        let (line, behind) = rest.split_at(place);
        let end = match behind.as_bytes() {
            [b'\n', ..] => End::Lf,
            [b'\r', b'\n', ..] => End::Crlf,
            _ => End::Cr,
        };
        text.push_str(line);
        text.push('\n');
        each.push(end);
        rest = &behind[end.text().len()..];
    }
    text.push_str(rest);
    let count = |end| each.iter().filter(|it| **it == end).count();
    let most = [End::Lf, End::Crlf, End::Cr].into_iter().max_by_key(|end| count(*end)).unwrap_or_default();
    if count(most) == each.len() {
        each.clear();
    }
    (text, LineEnds { most, each })
}

/// What is inserted into a text, with lines that end with a line feed.
pub fn plain(text: String) -> String {
    if memchr::memchr(b'\r', text.as_bytes()).is_none() { text } else { read(&text).0 }
}

impl LineEnds {
    /// A text as it is to be written. Where lines end in more than one way, those that are in `base` end as they did there.
    pub fn write(&self, base: &Rope, text: &Rope) -> String {
        let text = text.to_string();
        if self.each.is_empty() {
            return if self.most == End::Lf { text } else { text.replace('\n', self.most.text()) };
        }
        let base = base.to_string();
        let mut known = unchanged_lines(&base, &text).into_iter().peekable();
        let mut written = String::with_capacity(text.len() + self.each.len());
        for (number, line) in text.split_inclusive('\n').enumerate() {
            let before = known.next_if(|(_, now)| *now == number).map(|(before, _)| before);
            let end = before.and_then(|before| self.each.get(before)).copied().unwrap_or(self.most);
            match line.strip_suffix('\n') {
                Some(line) => written.extend([line, end.text()]),
                None => written.push_str(line),
            }
        }
        written
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_end_as_they_did() {
        let check = |raw: &str, expect: &str, change: &dyn Fn(&str) -> String, written: &str| {
            let (text, ends) = read(raw);
            assert_eq!(text, expect);
            let base = Rope::from(&*text);
            assert_eq!(ends.write(&base, &base), raw, "what did not change is written as it was");
            assert_eq!(ends.write(&base, &Rope::from(change(&text))), written, "{raw:?}");
        };
        let add = |text: &str| format!("new\n{text}");
        check("a\nb", "a\nb", &add, "new\na\nb");
        check("a\r\nb\r\n", "a\nb\n", &add, "new\r\na\r\nb\r\n");
        check("a\rb\r", "a\nb\n", &add, "new\ra\rb\r");
        check("a\r\nb\nc\r\nd", "a\nb\nc\nd", &add, "new\r\na\r\nb\nc\r\nd");
        check("a\r\nb\nc\r\n", "a\nb\nc\n", &|text| text.replace("b\n", ""), "a\r\nc\r\n");
        check("\r\r\n\n", "\n\n\n", &str::to_owned, "\r\r\n\n");
        check("", "", &add, "new\n");
        check("a\r\n\r\nb\n", "a\n\nb\n", &|text| text.replace('b', "B"), "a\r\n\r\nB\r\n");
        let moved = |text: &str| text.replace("x\n}\n}\n", "}\n}\nx\n");
        check("a\r\nb\r\nx\r\n}\n}\n", "a\nb\nx\n}\n}\n", &moved, "a\r\nb\r\n}\n}\nx\r\n");
        assert_eq!(plain("a\r\nb\rc".to_owned()), "a\nb\nc");
    }
}
