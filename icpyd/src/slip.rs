//! Slips of the pen: which known name was probably meant by one that is not known.

/// How unlike a known name an unknown one may be to be taken for a slip: Jaro-Winkler similarity.
const SIMILARITY_MIN: f64 = 0.8;

/// What was probably meant, as the end of a sentence; nothing where no name is like it.
pub fn suggestion<'a>(wrong: &str, known: impl Iterator<Item = &'a str>) -> String {
    let likest = known
        .map(|name| (similarity(wrong, name), name))
        .max_by(|one, other| one.0.total_cmp(&other.0))
        .filter(|(similarity, _)| *similarity >= SIMILARITY_MIN);
    likest.map_or_else(String::new, |(_, name)| format!("; did you mean `{name}`?"))
}

/// How like they are. A section that both are of says nothing.
fn similarity(wrong: &str, known: &str) -> f64 {
    let shared = wrong.bytes().zip(known.bytes()).take_while(|(one, other)| one == other).count();
    let begin = wrong.as_bytes()[..shared].iter().rposition(|byte| b".:".contains(byte)).map_or(0, |place| place + 1);
    strsim::jaro_winkler(&wrong[begin..], &known[begin..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_like_it_is_suggested() {
        let check = |wrong: &str, expect: &str| {
            let known = ["limits.requests_max", "limits.drain_timeout", "log.level", "fs:write_file"];
            assert_eq!(suggestion(wrong, known.into_iter()), expect, "{wrong}");
        };
        check("limits.request_max", "; did you mean `limits.requests_max`?");
        check("limit.requests_max", "; did you mean `limits.requests_max`?");
        check("log.levle", "; did you mean `log.level`?");
        check("fs:write", "; did you mean `fs:write_file`?");
        for unlike in ["limits.nosuch", "limits.", "fs:nosuch", "x", "", "limits.ü"] {
            check(unlike, "");
        }
    }
}
