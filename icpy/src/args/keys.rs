//! Keys as they are written on a command line: `ctrl-]`, or several with spaces between them.

use std::fmt;
use std::str::FromStr;

/// Keys that may be named.
const KEYS_MAX: usize = 4;

/// Keys that are pressed one after the other. None of them: nothing is meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Keys(Vec<Key>);

/// One key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Key {
    /// Control and a character.
    Control(char),
    /// A character.
    Plain(char),
}

impl Keys {
    /// The keys, in order.
    pub fn keys(&self) -> &[Key] {
        &self.0
    }
}

impl FromStr for Keys {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == "none" {
            return Ok(Self(Vec::new()));
        }
        let keys: Vec<Key> = text.split_whitespace().map(key).collect::<Result<_, _>>()?;
        match keys.len() {
            1..=KEYS_MAX => Ok(Self(keys)),
            count => Err(format!("{count} keys: name 1 to {KEYS_MAX}, or `none`")),
        }
    }
}

fn key(word: &str) -> Result<Key, String> {
    let control = word.strip_prefix("ctrl-").or_else(|| word.strip_prefix("C-"));
    let name = control.or_else(|| word.strip_prefix('^').filter(|rest| !rest.is_empty())).unwrap_or(word);
    let mut characters = name.chars();
    let only = characters.next().filter(|_| characters.next().is_none());
    match only.map(|character| character.to_ascii_lowercase()) {
        Some(character @ ('a'..='z' | '@' | '[' | '\\' | ']' | '^' | '_')) if name.len() < word.len() => {
            Ok(Key::Control(character))
        }
        Some(_) if name.len() == word.len() => Ok(Key::Plain(only.unwrap_or_default())),
        _ => Err(format!("`{word}` is no key: a key is one character, or `ctrl-` and a letter or one of @ [ \\ ] ^ _")),
    }
}

impl fmt::Display for Keys {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words: Vec<String> = self.0.iter().map(ToString::to_string).collect();
        formatter.write_str(if words.is_empty() { "none".to_owned() } else { words.join(" ") }.as_str())
    }
}

impl fmt::Display for Key {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Control(character) => write!(formatter, "ctrl-{character}"),
            Self::Plain(character) => write!(formatter, "{character}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_read() {
        let check = |text: &str, expect: &str| {
            let read = text.parse::<Keys>().map_or_else(|error| error, |keys| keys.to_string());
            assert!(read.starts_with(expect), "{text}: {read}");
        };
        check("ctrl-] ctrl-]", "ctrl-] ctrl-]");
        check("C-b d", "ctrl-b d");
        check("^A D", "ctrl-a D");
        check("^", "^");
        check("ctrl-\\", "ctrl-\\");
        check("none", "none");
        check("", "0 keys");
        check("a b c d e", "5 keys");
        check("ctrl-1", "`ctrl-1` is no key");
        check("ctrl-", "`ctrl-` is no key");
        check("f10", "`f10` is no key");
    }
}
