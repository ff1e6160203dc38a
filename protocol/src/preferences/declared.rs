//! Every preference that there is: its key, what it is, its default and what else it can be, once. Schemas, defaults, checks and
//! documents are made from here.

use serde_json::{Value, json};

use super::PreferencesDeclared;
use crate::error::{Error, Result};

/// What the keys of plugins begin with.
pub const FREE_PREFIX: &str = "x.";

/// The most bytes of a key.
const KEY_BYTES_MAX: usize = 200;

/// The most bytes of a value as JSON.
pub const VALUE_BYTES_MAX: u32 = 1 << 16;

/// Every preference, in the order of the documents.
pub const PREFERENCES: &[Preference] = &[
    Preference::new("editor.tabSize", "How many columns lie between tab stops.", integer(4, 1, 16)),
    Preference::new("editor.insertSpaces", "Whether the tab key inserts spaces.", Allowed::Boolean(true)),
    Preference::new(
        "editor.detectIndentation",
        "Whether a file's own indentation goes before `editor.tabSize` and `editor.insertSpaces`.",
        Allowed::Boolean(true),
    ),
    Preference::new(
        "editor.wordWrap",
        "Where long lines go on below: nowhere, at the editor's edge, or at `editor.wordWrapColumn`.",
        Allowed::Choice("off", &["off", "on", "column"]),
    ),
    Preference::new("editor.wordWrapColumn", "The column at which long lines go on below.", integer(80, 20, 1000)),
    Preference::new("editor.rulers", "The columns at which a line is drawn.", Allowed::Columns(20)),
    Preference::new("editor.fontSize", "The size of the editor's font, in CSS pixels.", integer(14, 6, 100)),
    Preference::new("editor.fontFamily", "The editor's fonts, as CSS has them.", Allowed::Text("monospace", 1000)),
    Preference::new("editor.fontLigatures", "Whether ligatures of the font are drawn.", Allowed::Boolean(false)),
    Preference::new(
        "editor.lineHeight",
        "The height of a line as a multiple of the font's size.",
        number(1.5, 1.0, 4.0),
    ),
    Preference::new(
        "editor.lineNumbers",
        "Which numbers stand before lines: none, the lines', or how far they are from the cursor's line.",
        Allowed::Choice("on", &["off", "on", "relative"]),
    ),
    Preference::new(
        "editor.renderWhitespace",
        "Which white space is drawn.",
        Allowed::Choice("selection", &["none", "selection", "trailing", "all"]),
    ),
    Preference::new(
        "editor.bracketMatching",
        "Whether the bracket is marked that belongs to one.",
        Allowed::Boolean(true),
    ),
    Preference::new(
        "editor.autoClosingBrackets",
        "Whether a bracket brings the closing one along.",
        Allowed::Boolean(true),
    ),
    Preference::new(
        "editor.cursorStyle",
        "What the cursor looks like.",
        Allowed::Choice("line", &["line", "block", "underline"]),
    ),
    Preference::new(
        "editor.keymap",
        "Whose keys the editor has beside `keyboard.bindings`.",
        Allowed::Choice("default", &["default", "vim", "emacs"]),
    ),
    Preference::new("editor.formatOnSave", "Whether a file is formatted before it is saved.", Allowed::Boolean(false)),
    Preference::new(
        "files.autoSave",
        "When files are saved by themselves: never, after `files.autoSaveDelayMs`, or when another gets the focus.",
        Allowed::Choice("off", &["off", "after_delay", "on_focus_change"]),
    ),
    Preference::new(
        "files.autoSaveDelayMs",
        "How long nothing is typed before a file is saved by itself, in milliseconds.",
        integer(1000, 100, 3_600_000),
    ),
    Preference::new(
        "files.trimTrailingWhitespace",
        "Whether white space at the ends of lines goes when a file is saved.",
        Allowed::Boolean(false),
    ),
    Preference::new(
        "files.insertFinalNewline",
        "Whether a file that is saved ends with a line end.",
        Allowed::Boolean(false),
    ),
    Preference::new("files.exclude", "Globs of files that lists and searches leave out.", Allowed::Texts(1000)),
    Preference::new("terminal.fontSize", "The size of terminals' font, in CSS pixels.", integer(14, 6, 100)),
    Preference::new("terminal.fontFamily", "Terminals' fonts, as CSS has them.", Allowed::Text("monospace", 1000)),
    Preference::new(
        "terminal.scrollbackLines",
        "How many lines that were scrolled out a client keeps of a terminal.",
        integer(10_000, 0, 1_000_000),
    ),
    Preference::new(
        "terminal.cursorStyle",
        "What the cursor looks like where the program does not say.",
        Allowed::Choice("block", &["line", "block", "underline"]),
    ),
    Preference::new("terminal.cursorBlink", "Whether the cursor blinks.", Allowed::Boolean(false)),
    Preference::new("terminal.copyOnSelect", "Whether what is selected is copied at once.", Allowed::Boolean(false)),
    Preference::new("terminal.bell", "What a bell does.", Allowed::Choice("visual", &["none", "visual", "sound"])),
    Preference::new(
        "terminal.profile",
        "The profile of the daemon's settings that new terminals are made after; empty for none.",
        Allowed::Text("", 200),
    ),
    Preference::new(
        "workbench.theme",
        "The colours: as the system has them, or always the same.",
        Allowed::Choice("system", &["system", "light", "dark", "high_contrast"]),
    ),
    Preference::new("workbench.reduceMotion", "Whether nothing moves that need not.", Allowed::Boolean(false)),
    Preference::new(
        "keyboard.bindings",
        "Commands by the keys that call them, as in `Ctrl+Shift+P`; an empty command takes a key's own away.",
        Allowed::Bindings(1000),
    ),
];

/// One preference.
#[derive(Clone, Copy, Debug)]
pub struct Preference {
    /// Names it.
    pub key: &'static str,
    /// What it is.
    pub description: &'static str,
    allowed: Allowed,
}

/// What a preference can be. Where there is a first value, or the only one, it is the default.
#[derive(Clone, Copy, Debug)]
enum Allowed {
    Boolean(bool),
    /// Default, least and greatest.
    Integer(i64, i64, i64),
    /// Default, least and greatest.
    Number(f64, f64, f64),
    Choice(&'static str, &'static [&'static str]),
    /// Default, and the most characters.
    Text(&'static str, usize),
    /// A list of texts: at most so many. None by default.
    Texts(usize),
    /// A list of columns: at most so many. None by default.
    Columns(usize),
    /// An object of texts: at most so many. None by default.
    Bindings(usize),
}

const fn integer(default: i64, least: i64, greatest: i64) -> Allowed {
    Allowed::Integer(default, least, greatest)
}

const fn number(default: f64, least: f64, greatest: f64) -> Allowed {
    Allowed::Number(default, least, greatest)
}

impl Preference {
    const fn new(key: &'static str, description: &'static str, allowed: Allowed) -> Self {
        Self { key, description, allowed }
    }

    /// The preference with this key; plugins' own are not declared.
    pub fn find(key: &str) -> Option<&'static Self> {
        PREFERENCES.iter().find(|preference| preference.key == key)
    }

    /// What it is when nobody has set it.
    pub fn default_value(&self) -> Value {
        match self.allowed {
            Allowed::Boolean(default) => default.into(),
            Allowed::Integer(default, ..) => default.into(),
            Allowed::Number(default, ..) => default.into(),
            Allowed::Choice(default, _) | Allowed::Text(default, _) => default.into(),
            Allowed::Texts(_) | Allowed::Columns(_) => json!([]),
            Allowed::Bindings(_) => json!({}),
        }
    }

    /// What it can be, as a JSON Schema.
    pub fn schema(&self) -> Value {
        match self.allowed {
            Allowed::Boolean(_) => json!({ "type": "boolean" }),
            Allowed::Integer(_, least, greatest) => json!({ "type": "integer", "minimum": least, "maximum": greatest }),
            Allowed::Number(_, least, greatest) => json!({ "type": "number", "minimum": least, "maximum": greatest }),
            Allowed::Choice(_, choices) => json!({ "type": "string", "enum": choices }),
            Allowed::Text(_, max) => json!({ "type": "string", "maxLength": max }),
            Allowed::Texts(max) => json!({ "type": "array", "items": { "type": "string" }, "maxItems": max }),
            Allowed::Columns(max) => {
                json!({ "type": "array", "items": { "type": "integer", "minimum": 1 }, "maxItems": max })
            }
            Allowed::Bindings(max) => {
                json!({ "type": "object", "additionalProperties": { "type": "string" }, "maxProperties": max })
            }
        }
    }

    /// Whether it can be this.
    pub fn allows(&self, value: &Value) -> bool {
        let texts = |max: usize| value.as_array().is_some_and(|it| it.len() <= max && it.iter().all(Value::is_string));
        match self.allowed {
            Allowed::Boolean(_) => value.is_boolean(),
            Allowed::Integer(_, least, greatest) => value.as_i64().is_some_and(|it| (least..=greatest).contains(&it)),
            Allowed::Number(_, least, greatest) => value.as_f64().is_some_and(|it| (least..=greatest).contains(&it)),
            Allowed::Choice(_, choices) => value.as_str().is_some_and(|it| choices.contains(&it)),
            Allowed::Text(_, max) => value.as_str().is_some_and(|it| it.chars().count() <= max),
            Allowed::Texts(max) => texts(max),
            Allowed::Columns(max) => {
                let is_column = |it: &Value| it.as_u64().is_some_and(|column| column > 0);
                value.as_array().is_some_and(|it| it.len() <= max && it.iter().all(is_column))
            }
            Allowed::Bindings(max) => {
                value.as_object().is_some_and(|it| it.len() <= max && it.values().all(Value::is_string))
            }
        }
    }

    /// What it can be, in words.
    pub fn allowed(&self) -> String {
        match self.allowed {
            Allowed::Boolean(_) => "true or false".to_owned(),
            Allowed::Integer(_, least, greatest) => format!("an integer from {least} to {greatest}"),
            Allowed::Number(_, least, greatest) => format!("a number from {least} to {greatest}"),
            Allowed::Choice(_, choices) => format!("one of `{}`", choices.join("`, `")),
            Allowed::Text(_, max) => format!("a text of at most {max} characters"),
            Allowed::Texts(max) => format!("a list of at most {max} texts"),
            Allowed::Columns(max) => format!("a list of at most {max} columns, which count from 1"),
            Allowed::Bindings(max) => format!("an object of at most {max} texts"),
        }
    }

    /// All that is told of it.
    pub fn declared(&self) -> PreferencesDeclared {
        PreferencesDeclared {
            key: self.key.to_owned(),
            description: self.description.to_owned(),
            default: self.default_value(),
            schema: self.schema(),
        }
    }
}

/// Checks that there is a preference, which plugins' own always are, and that it can be this.
pub fn check(key: &str, value: &Value) -> Result<()> {
    check_key(key)?;
    let bytes = value.to_string().len();
    if bytes > VALUE_BYTES_MAX as usize {
        let message = format!("the value of `{key}` has {bytes} bytes as JSON, of at most {VALUE_BYTES_MAX}");
        return Err(Error::too_large(message).with("limit", VALUE_BYTES_MAX));
    }
    match Preference::find(key) {
        Some(preference) if !preference.allows(value) => {
            let given: String = value.to_string().chars().take(100).collect();
            let message = format!("`{key}` cannot be {given}: it is {}", preference.allowed());
            Err(Error::invalid_params(message)
                .with("key", key)
                .with("given", value.clone())
                .with("allowed", preference.schema()))
        }
        _ => Ok(()),
    }
}

/// Checks that there is a preference, which plugins' own always are.
pub fn check_key(key: &str) -> Result<()> {
    if key.is_empty() || key.len() > KEY_BYTES_MAX || key.chars().any(char::is_control) {
        return Err(Error::invalid_params(format!("`key` has 1 to {KEY_BYTES_MAX} bytes, and no control characters")));
    }
    let is_free = key.strip_prefix(FREE_PREFIX).is_some_and(|rest| !rest.is_empty());
    match is_free || Preference::find(key).is_some() {
        true => Ok(()),
        false => Err(Error::not_found(format!(
            "there is no preference `{key}`; those of plugins begin with `{FREE_PREFIX}`"
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Kind;

    #[test]
    fn every_default_is_allowed_and_every_key_is_one() {
        for (place, preference) in PREFERENCES.iter().enumerate() {
            let Preference { key, description, .. } = preference;
            assert!(check(key, &preference.default_value()).is_ok(), "{key}");
            assert!(preference.schema()["type"].is_string() && description.ends_with('.'), "{key}");
            assert!(PREFERENCES[..place].iter().all(|other| other.key != *key), "{key} is declared twice");
        }
    }

    #[test]
    fn what_is_not_allowed_is_said() {
        let check = |key: &str, value: Value, kind: Kind, expect: &str| {
            let error = check(key, &value).unwrap_err();
            assert_eq!(error.kind(), kind, "{error}");
            assert!(error.message().contains(expect), "{error}");
        };
        let wrong = Kind::InvalidParams;
        check("editor.tabSize", json!(17), wrong, "`editor.tabSize` cannot be 17: it is an integer from 1 to 16");
        check("editor.tabSize", json!(2.5), wrong, "cannot be 2.5");
        check("editor.tabSize", json!("4"), wrong, "cannot be \"4\"");
        check("editor.lineHeight", json!(9), wrong, "a number from 1 to 4");
        check("editor.insertSpaces", json!(1), wrong, "true or false");
        check("workbench.theme", json!("blue"), wrong, "one of `system`, `light`, `dark`, `high_contrast`");
        check("editor.fontFamily", json!("x".repeat(1001)), wrong, "at most 1000 characters");
        check("editor.rulers", json!([0]), wrong, "at most 20 columns");
        check("files.exclude", json!([1]), wrong, "at most 1000 texts");
        check("keyboard.bindings", json!({ "Ctrl+S": 1 }), wrong, "an object of at most 1000 texts");
        check("x.", json!(1), Kind::NotFound, "no preference `x.`");
        check("editor.tabsize", json!(1), Kind::NotFound, "no preference `editor.tabsize`");
        check("", json!(1), wrong, "1 to 200 bytes");
        check("x.a\n", json!(1), wrong, "no control characters");
        check(&format!("x.{}", "a".repeat(199)), json!(1), wrong, "1 to 200 bytes");
        check("x.a", json!("x".repeat(1 << 16)), Kind::TooLarge, "of at most 65536");
        assert!(super::check("x.a", &json!({ "any": [null] })).is_ok());
    }
}
