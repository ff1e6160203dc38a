//! What is wrong with a value that does not fit, in the words of who has written it. serde's own speak of Rust's types.

/// So much of a value is repeated.
const VALUE_CHARS_MAX: usize = 80;

/// What is wrong, as a clause. `path` leads to the value by the names of its members, and is empty for the whole; `object` is
/// what has members, as its format calls it.
pub fn misfit(path: &str, message: &str, object: &str) -> String {
    if let Some(name) = message.strip_prefix("missing field ") {
        return format!("`{}` is missing", joined(path, name.trim_matches('`')));
    }
    if let Some((name, known)) = message.strip_prefix("unknown field ").and_then(|rest| rest.split_once(", expected "))
    {
        let known = known.strip_prefix("one of ").unwrap_or(known);
        return format!("`{}` is not known; known are {known}", joined(path, name.trim_matches('`')));
    }
    let told = ["invalid type: ", "invalid value: ", "unknown variant "];
    let rest = told.iter().find_map(|start| message.strip_prefix(start));
    let subject = if path.is_empty() { "the whole".to_owned() } else { format!("`{path}`") };
    match rest.and_then(|rest| rest.rsplit_once(", expected ")) {
        Some((is, wanted)) => format!("{subject} is {}, and has to be {}", value(is, object), kind(wanted, object)),
        None if path.is_empty() => message.to_owned(),
        None => format!("{subject}: {message}"),
    }
}

/// The path of a member, where it does not lead to it already.
fn joined(path: &str, name: &str) -> String {
    let leads_there = path.strip_suffix(name).is_some_and(|above| above.is_empty() || above.ends_with('.'));
    match (path, leads_there) {
        ("", _) => name.to_owned(),
        (path, true) => path.to_owned(),
        (path, false) => format!("{path}.{name}"),
    }
}

/// A value without the name of its type, or, where it is not told, what it is.
fn value(told: &str, object: &str) -> String {
    let quoted = told.strip_prefix("string ").map(|text| text.trim_matches('"'));
    let quoted = quoted.or_else(|| told.split_once('`').map(|(_, rest)| rest.trim_end_matches('`')));
    match (quoted, told) {
        (Some(text), _) if text.chars().nth(VALUE_CHARS_MAX).is_some() => {
            format!("`{}\u{2026}`", text.chars().take(VALUE_CHARS_MAX).collect::<String>())
        }
        (Some(text), _) => format!("`{text}`"),
        (None, "sequence") => "a list".to_owned(),
        (None, "map") => object.to_owned(),
        (None, other) => other.to_owned(),
    }
}

/// What is wanted, by the name that serde has for it.
fn kind(wanted: &str, object: &str) -> String {
    match wanted {
        "u8" | "u16" | "u32" | "u64" | "usize" => "a whole number, and not less than 0".to_owned(),
        "i8" | "i16" | "i32" | "i64" | "isize" => "a whole number".to_owned(),
        "f32" | "f64" => "a number".to_owned(),
        "a boolean" => "true or false".to_owned(),
        "a string" | "a borrowed string" => "text, in quotation marks".to_owned(),
        "a sequence" => "a list, as [\"one\", \"two\"]".to_owned(),
        "a map" => object.to_owned(),
        other if other.starts_with("struct ") || other.contains("tagged enum ") => object.to_owned(),
        other => other.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_speaks_of_no_types() {
        let check = |message: &str, expect: &str| assert_eq!(misfit("a.b", message, "an object"), expect);
        check(
            "invalid type: string \"x\", expected usize",
            "`a.b` is `x`, and has to be a whole number, and not less than 0",
        );
        check(
            "invalid value: integer `-1`, expected u32",
            "`a.b` is `-1`, and has to be a whole number, and not less than 0",
        );
        check("invalid type: floating point `1.5`, expected i64", "`a.b` is `1.5`, and has to be a whole number");
        check("invalid type: boolean `true`, expected f64", "`a.b` is `true`, and has to be a number");
        check("invalid type: integer `5`, expected a string", "`a.b` is `5`, and has to be text, in quotation marks");
        check("invalid type: null, expected a boolean", "`a.b` is null, and has to be true or false");
        check(
            "invalid type: map, expected a sequence",
            "`a.b` is an object, and has to be a list, as [\"one\", \"two\"]",
        );
        check("invalid type: sequence, expected struct Size", "`a.b` is a list, and has to be an object");
        check("unknown variant `x`, expected one of `b`, `c`", "`a.b` is `x`, and has to be one of `b`, `c`");
        check("unknown variant `x`, expected `b` or `c`", "`a.b` is `x`, and has to be `b` or `c`");
        check(
            "invalid type: string \"x, expected y\", expected u8",
            "`a.b` is `x, expected y`, and has to be a whole number, and not less than 0",
        );
        check("`soon` is no length of time", "`a.b`: `soon` is no length of time");
        let long = format!("invalid type: string \"{}\", expected a boolean", "ü".repeat(1000));
        check(&long, &format!("`a.b` is `{}\u{2026}`, and has to be true or false", "ü".repeat(80)));
    }

    #[test]
    fn it_names_what_is_missing_or_not_known() {
        let check = |path: &str, message: &str, expect: &str| assert_eq!(misfit(path, message, "an object"), expect);
        check("", "missing field `c`", "`c` is missing");
        check("a.b", "missing field `c`", "`a.b.c` is missing");
        check("a", "unknown field `c`, expected one of `d`, `e`", "`a.c` is not known; known are `d`, `e`");
        check("a.c", "unknown field `c`, expected `d`", "`a.c` is not known; known are `d`");
        check("a.bc", "unknown field `c`, expected `d`", "`a.bc.c` is not known; known are `d`");
        check("", "invalid type: integer `3`, expected struct Params", "the whole is `3`, and has to be an object");
        check("", "EOF while parsing", "EOF while parsing");
    }
}
