//! The table of `docs/security.md`: every requirement is there once, and every test that it names.

use std::fs;
use std::path::Path;

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");

/// What stands where there is no test, because there is nothing to be tested.
const NOT_BUILT: &str = "not built: ";

/// A row of the table: the requirement's number, and what shows it.
fn rows(text: &str) -> Vec<(usize, String)> {
    let cells = |line: &str| line.split(" | ").map(|cell| cell.trim_matches(['|', ' ']).to_owned()).collect::<Vec<_>>();
    let row = |line: &str| match cells(line).as_slice() {
        [number, _, tests] => Some((number.strip_prefix('S')?.parse().ok()?, tests.clone())),
        _ => None,
    };
    text.lines()
        .filter(|line| line.starts_with("| S"))
        .map(|line| row(line).unwrap_or_else(|| panic!("{line}")))
        .collect()
}

/// Whether a test exists, which is named as `file::name`.
fn exists(test: &str) -> bool {
    let (file, name) = test.rsplit_once("::").unwrap();
    let path = if file.contains('/') { file.to_owned() } else { format!("tests/it/{file}.rs") };
    let text = fs::read_to_string(Path::new(ROOT).join(path)).unwrap_or_default();
    let function = format!("fn {name}()");
    let lines: Vec<&str> = text.lines().map(str::trim).collect();
    // A test in a macro, or with a reason not to run, would be no test.
    let place = lines.iter().position(|line| line.trim_start_matches("async ").starts_with(&function));
    place.is_some_and(|place| {
        place > 0 && (lines[place - 1] == "#[test]" || lines[place - 1].starts_with("#[tokio::test"))
    })
}

#[test]
fn every_requirement_names_tests_that_exist() {
    let text = fs::read_to_string(Path::new(ROOT).join("docs/security.md")).unwrap();
    let rows = rows(&text);
    let numbers: Vec<usize> = rows.iter().map(|(number, _)| *number).collect();
    assert_eq!(numbers, (1..=46).collect::<Vec<_>>(), "each requirement has one row, in order");
    for (number, tests) in rows {
        let named: Vec<&str> = tests.split('`').skip(1).step_by(2).collect();
        assert!(!named.is_empty() || tests.starts_with(NOT_BUILT), "S{number} has no test: {tests}");
        for test in named {
            assert!(exists(test), "S{number}: there is no test `{test}`");
        }
    }
}

/// What a test of the listener shows is in its name: none is left out of the table.
#[test]
fn every_test_of_a_requirement_is_in_the_table() {
    let text = fs::read_to_string(Path::new(ROOT).join("docs/security.md")).unwrap();
    let mut found = 0;
    for entry in fs::read_dir(Path::new(ROOT).join("tests/it")).unwrap().flatten() {
        let source = fs::read_to_string(entry.path()).unwrap_or_default();
        let file = entry.path().file_stem().unwrap().to_string_lossy().into_owned();
        let names = source.lines().filter_map(|line| line.strip_prefix("fn ")?.strip_suffix("() {"));
        let is_numbered =
            |name: &&str| name.starts_with('s') && name[1..].starts_with(|digit: char| digit.is_ascii_digit());
        for name in names.filter(is_numbered) {
            let row = format!("| S{} |", name[1..3].trim_start_matches('0'));
            let line =
                text.lines().find(|line| line.starts_with(&row)).unwrap_or_else(|| panic!("no row for `{name}`"));
            assert!(line.contains(&format!("`{file}::{name}`")), "`{file}::{name}` is not in the row of {row}");
            found += 1;
        }
    }
    assert!(found > 20, "the tests are not where they were: {found} were found");
}
