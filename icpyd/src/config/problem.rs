//! What is wrong with a setting, in the words of who has written it. serde's own speak of Rust's types.

/// What is wrong with the value of a setting, after the setting's name.
pub(super) fn problem(message: &str) -> String {
    let told = ["invalid type: ", "invalid value: ", "unknown variant "];
    let rest = told.iter().find_map(|start| message.strip_prefix(start));
    let Some((is, wanted)) = rest.and_then(|rest| rest.split_once(", expected ")) else {
        return format!(": {message}");
    };
    let wanted = match wanted {
        "u8" | "u16" | "u32" | "u64" | "usize" => "a whole number, and not less than 0",
        "a boolean" => "true or false",
        other => other,
    };
    format!(" is {is}, and has to be {wanted}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_speaks_of_no_types() {
        let check = |message: &str, expect: &str| assert_eq!(problem(message), expect);
        check(
            "invalid type: string \"a\", expected usize",
            " is string \"a\", and has to be a whole number, and not less than 0",
        );
        check("invalid type: integer `5`, expected a string", " is integer `5`, and has to be a string");
        check("invalid type: integer `1`, expected a boolean", " is integer `1`, and has to be true or false");
        check("unknown variant `a`, expected one of `b`, `c`", " is `a`, and has to be one of `b`, `c`");
        check("`soon` is no length of time", ": `soon` is no length of time");
    }
}
