//! `icpy grep` against ripgrep itself, on real source trees: the same lines in the same order, with the same matches in
//! them and the same lines around them. Here `\r\n` always ends a line, as it does there with `--crlf`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use icpy_tests::{Output, Process, cannot_run, process};
use serde_json::Value;

/// What is asked on every tree. The first word that is no option is the pattern.
const QUERIES: &[&[&str]] = &[
    &["CancellationToken"],
    &["fn"],
    &["absolutely_nowhere_to_be_found"],
    &["-F", "self.len("],
    &["-F", "[u8]"],
    &["-i", "ERROR"],
    &["-i", "kelvin|straße"],
    &["-i", "é"],
    &["-S", "unicode"],
    &["-S", "Unicode"],
    &["-w", "in"],
    &["-w", "-i", "SELF"],
    &["-w", "-F", "io"],
    &["fn \\w+\\("],
    &["^use "],
    &["\\{$"],
    &["\\w+.*$", "-g", "crlf.*"],
    &["\\s", "-g", "crlf.*"],
    &["^$", "-m", "2"],
    &["[0-9]{4,}"],
    &["[[:upper:]]{8,}"],
    &["\\bmod\\b.*;"],
    &["(struct|enum|union) \\w+"],
    &["(?i)todo|fixme"],
    &["[α-ω]|[а-я]"],
    &["-m", "5", "x*"],
    &["-U", "\\}\\n\\s*\\}"],
    &["-U", "fn \\w+\\([^)]*\\n[^)]*\\)"],
    &["-U", "--multiline-dotall", "struct \\w+ \\{.{0,80}\\}"],
    &["-U", "-C", "2", "use .*\\n\\nuse"],
    &["-A", "2", "impl"],
    &["-B", "3", "return"],
    &["-C", "1", "match "],
    &["-C", "5", "-m", "3", "let"],
    &["-g", "*.rs", "pub fn"],
    &["-g", "!*.rs", "the"],
    &["-g", "src/**", "-g", "!src/lib.rs", "mod"],
    &["-g", "!src", "fn"],
    &["-g", "*.{toml,md}", "version"],
    &["-m", "1", "fn"],
    &["--hidden", "name"],
    &["--no-ignore", "needle"],
    &["--hidden", "--no-ignore", "needle"],
    &["-.", "-C", "1", "ref"],
];

/// What source trees have little of.
fn oddities() -> Process {
    let user = Process::new(
        "\
//- /.git/HEAD
needle
//- /.gitignore
*.log
/built/
!kept.log
//- /.hidden/file
a needle and its name
//- /a.log
needle
//- /kept.log
needle
//- /built/out
needle
//- /deep/.gitignore
secret
//- /deep/secret
needle
//- /deep/file.md
the needle, version 2
//- /deep/.ignore
other
//- /deep/other
needle fn
",
    );
    let write = |name: &str, content: &[u8]| fs::write(user.path(name), content).unwrap();
    write("crlf.rs", b"use a;\r\n\r\nuse b;\r\nfn main() {\r\n}\r\nneedle\r\n");
    write("no-newline.rs", b"fn x() {\n    let y = 1;\n}");
    write("bom.rs", b"\xef\xbb\xbffn bom() {}\nlet in = 1;\n");
    let utf16 = |text: &str| text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>();
    write("utf16.rs", &[b"\xff\xfe".to_vec(), utf16("fn wide() {\n  return é;\n}\n")].concat());
    write("latin.rs", b"fn caf\xe9() { return \xe9 in } // the end\n");
    write("binary", b"fn needle\0needle\n");
    write("late-binary", &[&b"fn needle in\n".repeat(10_000)[..], b"\0fn"].concat());
    write("long.rs", ("x".repeat(200_000) + " fn " + &"y".repeat(1000) + " error\nfn in\n").as_bytes());
    write("empty.rs", b"");
    write("newlines", b"\n\n\n");
    write("kelvin.rs", "\u{212a}elvin k KELVIN straße STRASSE\u{17f} Ελληνικά É\n".as_bytes());
    user
}

/// The sources of packages that every build of ours has.
fn package(name: &str) -> Option<PathBuf> {
    let home = std::env::var_os("CARGO_HOME").map(PathBuf::from);
    let home = home.or_else(|| Some(Path::new(&std::env::var_os("HOME")?).join(".cargo")))?;
    let registries = fs::read_dir(home.join("registry/src")).ok()?.flatten();
    let packages = registries.flat_map(|registry| fs::read_dir(registry.path()).unwrap().flatten());
    let is_meant = |path: &PathBuf| {
        let version = path.file_name().and_then(|it| it.to_str()?.strip_prefix(name)?.strip_prefix('-'));
        version.is_some_and(|version| version.starts_with(|digit: char| digit.is_ascii_digit()))
    };
    packages.map(|package| package.path()).filter(is_meant).max()
}

/// A line that is printed: the file, its number, and for a match its offset, its text and where the matches are.
#[derive(Debug, PartialEq)]
struct Line {
    path: String,
    number: u64,
    text: String,
    matched: Option<(u64, Vec<(u64, u64)>)>,
}

/// Lines as we show them: without their end, and cut, so that the first match is shown. Returns where the text begins too.
fn shown(text: &str, first: Option<&(u64, u64)>) -> (u64, String) {
    let text = text.strip_suffix('\n').unwrap_or(text);
    let text = text.strip_suffix('\r').unwrap_or(text);
    let far = first.filter(|(_, end)| *end > 512 && !text.contains('\n'));
    let start =
        text.ceil_char_boundary(far.map_or(0, |(start, _)| usize::try_from(*start).unwrap().saturating_sub(64)));
    let text = &text[start..];
    let text = text[..text.floor_char_boundary(if text.contains('\n') { 4096 } else { 512 })].to_owned();
    (start as u64, text)
}

fn ranges(found: &Value) -> Vec<(u64, u64)> {
    let places = found.as_array().unwrap().iter();
    places.map(|range| (range["start"].as_u64().unwrap(), range["end"].as_u64().unwrap())).collect()
}

/// Not so is an empty match within a character.
fn is_between_characters(text: &str, (start, end): &(u64, u64)) -> bool {
    start < end || text.is_char_boundary(usize::try_from(*start).unwrap())
}

/// What ripgrep prints with `--json`.
fn theirs(output: &str) -> Vec<Line> {
    let events = output.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let lines = events.filter_map(|event| {
        let data = &event["data"];
        let text = match data["lines"]["text"].as_str() {
            Some(text) => text.to_owned(),
            None => {
                let bytes = BASE64_STANDARD.decode(data["lines"]["bytes"].as_str()?).unwrap();
                String::from_utf8_lossy(&bytes).into_owned()
            }
        };
        let whole = text.trim_end_matches(['\n', '\r']).len() as u64;
        let (start, text) = shown(
            &text,
            data["submatches"].as_array().and_then(|_| ranges(&data["submatches"]).first().copied()).as_ref(),
        );
        let (bytes, is_cut) = (text.len() as u64, start + (text.len() as u64) < whole);
        let matched = (event["type"] == "match").then(|| {
            let found = ranges(&data["submatches"]).into_iter().map(|(from, to)| (from - start, to - start));
            let found = found.filter(|(start, _)| *start < bytes || (*start == bytes && !is_cut));
            let found = found.map(|(start, end)| (start, end.min(bytes)));
            (
                data["absolute_offset"].as_u64().unwrap(),
                found.filter(|place| is_between_characters(&text, place)).collect(),
            )
        });
        let path = data["path"]["text"].as_str().unwrap().to_owned();
        Some(Line { path, number: data["line_number"].as_u64().unwrap(), text, matched })
    });
    lines.collect()
}

/// What `icpy grep --json` prints.
fn ours(output: &str) -> Vec<Line> {
    let mut lines = Vec::new();
    for found in output.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()) {
        let path = found["path"].as_str().unwrap();
        let line = |line: &Value, matched| Line {
            path: path.to_owned(),
            number: line["line"].as_u64().unwrap(),
            text: line["text"].as_str().unwrap().to_owned(),
            matched,
        };
        let around = |side: &str| {
            let around = found[side].as_array().into_iter().flatten();
            around.map(|near| line(near, None)).collect::<Vec<_>>()
        };
        lines.extend(around("before"));
        lines.push(line(&found, Some((found["offset"].as_u64().unwrap(), ranges(&found["ranges"])))));
        lines.extend(around("after"));
    }
    lines
}

fn run(user: &Process, tree: &Path, command: &str, args: &[&str]) -> Output {
    let mut command = match command {
        "rg" => user.foreign_command("rg", &[&["--no-config", "--sort", "path"], args].concat()),
        _ => user.command(&[&["grep"], args].concat()),
    };
    process::output(command.current_dir(tree))
}

/// Where text is not UTF-8 its places are those of the bytes for them, and of the text for us.
fn is_comparable(theirs: &Line) -> bool {
    !theirs.text.contains('\u{fffd}')
}

fn compare(user: &Process, tree: &Path, query: &[&str]) -> usize {
    // Recorded terminals: before version 14 ripgrep does not take a carriage return within a line for the end of one.
    let query = &[query, &["-g", "!*.vt"]].concat()[..];
    let (expect, found) = (
        run(user, tree, "rg", &[&["--json", "--crlf"], query].concat()),
        run(user, tree, "icpy", &[&["--json"], query].concat()),
    );
    let what = format!("{query:?} in {}", tree.display());
    // Where no file fits a glob ripgrep calls it a mistake.
    let status = if expect.stderr.starts_with("No files were searched") { 1 } else { expect.status };
    assert_eq!(found.status, status, "{what}: {} and {}", expect.stderr, found.stderr);
    let (theirs, ours) = (theirs(&expect.stdout), ours(&found.stdout));
    for (theirs, ours) in theirs.iter().zip(&ours) {
        if is_comparable(theirs) {
            assert_eq!(ours, theirs, "{what}");
        } else {
            assert_eq!((&ours.path, ours.number, &ours.text), (&theirs.path, theirs.number, &theirs.text), "{what}");
        }
    }
    assert_eq!(ours.len(), theirs.len(), "{what}: lines");
    ours.len()
}

fn has_ripgrep() -> bool {
    let is_there = Command::new("rg").arg("--version").output().is_ok_and(|output| output.status.success());
    if !is_there {
        cannot_run("`rg` is missing: it is in the package ripgrep");
    }
    is_there
}

#[test]
fn every_line_is_found_that_ripgrep_finds_and_no_other() {
    if !has_ripgrep() {
        return;
    }
    let user = oddities();
    let packages = ["regex-syntax", "tokio-util", "encoding_rs_io"].map(package);
    assert!(packages.iter().any(Option::is_some), "no package has its sources in cargo's home");
    let ourselves = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned();
    let mut found = vec![0; QUERIES.len()];
    for tree in [user.folder().files(), ourselves.join("icpyd")].iter().chain(packages.iter().flatten()) {
        for (query, found) in QUERIES.iter().zip(&mut found) {
            *found += compare(&user, tree, query);
        }
        // The files of a workspace are known, and soon what is in them.
        assert_eq!(user.icpy(&["workspace", "create", tree.to_str().unwrap()]).status, 0);
        for query in QUERIES {
            compare(&user, tree, query);
        }
    }
    // A query that finds nothing anywhere compares nothing.
    let empty = QUERIES.iter().zip(&found).filter(|(_, found)| **found == 0).map(|(query, _)| query);
    assert_eq!(empty.collect::<Vec<_>>(), [&["absolutely_nowhere_to_be_found"]]);
}

#[test]
fn the_output_is_ripgreps() {
    if !has_ripgrep() {
        return;
    }
    let user = Process::new("");
    let tree = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().join("protocol");
    let check = |args: &[&str], theirs: &[&str]| {
        let (expect, found) = (run(&user, &tree, "rg", &[theirs, args].concat()), run(&user, &tree, "icpy", args));
        assert_eq!((found.status, found.stdout), (expect.status, expect.stdout), "{args:?}");
    };
    let with_places = ["-n", "--column", "--no-heading"];
    check(&["FilePath"], &with_places);
    check(&["-C", "2", "enum"], &with_places);
    check(&["-B", "1", "-A", "3", "struct"], &with_places);
    check(&["-l", "Error"], &[]);
    check(&["-c", "Error"], &[]);
    check(&["-c", "-m", "2", "Error"], &[]);
    check(&["-l", "no such thing"], &[]);
}
