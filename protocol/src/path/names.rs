//! Names that mean something else than they seem to: to an eye, or to a system.

/// Names that Windows takes for devices, in any folder and with anything behind a dot.
const DEVICES: [&str; 6] = ["CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$"];

/// Devices of which there are several, each with a digit.
const NUMBERED_DEVICES: [&str; 2] = ["COM", "LPT"];

/// Whether a text has letters that nobody sees, or that turn others around.
pub fn is_misleading(text: &str) -> bool {
    text.chars().any(is_unseen)
}

/// Whether a letter has no width, or turns others around.
pub fn is_unseen(letter: char) -> bool {
    matches!(
        letter,
        '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
            | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}'
    )
}

/// Whether Windows takes the name of a file for something else: a device, a stream in another file, or a name without what is at
/// its end.
pub fn is_other_on_windows(name: &str) -> bool {
    let stem = name.split(['.', ':']).next().unwrap_or_default().trim_end().to_uppercase();
    let is_numbered = |device: &str| {
        let mut number = stem.strip_prefix(device).unwrap_or_default().chars();
        matches!((number.next(), number.next()), (Some('0'..='9' | '¹' | '²' | '³'), None))
    };
    let is_device = DEVICES.contains(&&*stem) || NUMBERED_DEVICES.iter().any(|device| is_numbered(device));
    let is_cut = name.ends_with(['.', ' ']) && name != "." && name != "..";
    is_device || is_cut || name.contains(':')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn s35_what_an_eye_does_not_see_is_found() {
        for name in ["\u{202e}txt.exe", "a\u{200b}b", "\u{feff}a", "soft\u{ad}hyphen", "line\u{2028}"] {
            assert!(is_misleading(name), "{name:?}");
        }
        for name in ["plain.txt", "é", "日本", "👍\u{1f3fd}", "שלום", "a b"] {
            assert!(!is_misleading(name), "{name:?}");
        }
    }

    #[test]
    fn s35_what_windows_takes_for_something_else_is_found() {
        for name in
            ["CON", "con.txt", "nul .tar.gz", "COM1", "lpt³", "a:b", "file.txt::$DATA", "a.", "a ", "aux.", "CONIN$"]
        {
            assert!(is_other_on_windows(name), "{name:?}");
        }
        for name in ["console", "com", "com10", "comb", "a.con", ".", "..", ".nul", "lpt", "a.b"] {
            assert!(!is_other_on_windows(name), "{name:?}");
        }
    }
}
