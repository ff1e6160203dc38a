//! Slips of the pen: which known name was probably meant by one that is not known.

/// How unlike a known name an unknown one may be to be taken for a slip: Jaro-Winkler similarity.
const SIMILARITY_MIN: f64 = 0.8;

/// What was probably meant, as the end of a sentence; nothing where no name is like it.
pub fn suggestion<'a>(wrong: &str, known: impl Iterator<Item = &'a str>) -> String {
    let likest = known
        .map(|name| (strsim::jaro_winkler(wrong, name), name))
        .max_by(|one, other| one.0.total_cmp(&other.0))
        .filter(|(similarity, _)| *similarity >= SIMILARITY_MIN);
    likest.map_or_else(String::new, |(_, name)| format!("; did you mean `{name}`?"))
}
