//! Finding files and lines.

use std::fs;

use icpy_tests::Process;
use serde_json::{Value, json};

const FILES: &str = "\
//- /.git/config
needle in git
//- /.gitignore
ignored/
//- /README.md
one
a needle here
//- /src/main.rs
fn main() {}
// Needle and needle
//- /src/Cargo.toml
//- /ignored/x.rs
needle
";

#[test]
fn files_are_found_by_a_part_of_their_path_or_a_glob() {
    let user = Process::new(FILES);
    let check = |query: &str, expect: &str| assert_eq!(user.icpy(&["find", query]).stdout, expect, "{query}");
    check("main", "src/main.rs\n");
    check("*.rs", "src/main.rs\n");
    check("src/*", "src/Cargo.toml\nsrc/main.rs\n");
    check("cargo", "src/Cargo.toml\n");
    check("CARGO", "");
    check("config", "");
    assert_eq!(user.icpy(&["find", "none"]).status, 1);
    assert_eq!(user.icpy(&["find", "main", "src"]).stdout, "src/main.rs\n");
    assert_eq!(user.json(&["find", "o.toml", "src"]), json!({ "files": ["Cargo.toml"], "hasMore": false }));
    let wrong = user.icpy(&["find", "a[", "."]);
    assert!(wrong.status == 2 && wrong.stderr.contains("the glob cannot be read"), "{wrong:?}");
    let missing = user.icpy(&["find", "x", "nowhere"]);
    assert!(missing.status == 3 && missing.stderr.contains("nowhere` does not exist"), "{missing:?}");
}

#[test]
fn lines_are_found_with_their_place() {
    let user = Process::new(FILES);
    let check = |args: &[&str], expect: &str| {
        assert_eq!(user.icpy(&[&["grep"], args].concat()).stdout, expect, "{args:?}");
    };
    check(&["needle"], "README.md:2:3:a needle here\nsrc/main.rs:2:15:// Needle and needle\n");
    check(&["-i", "^// needle"], "src/main.rs:2:1:// Needle and needle\n");
    check(&["main()"], "src/main.rs:1:4:fn main() {}\n");
    check(&["-F", "main()", "src/main.rs"], "src/main.rs:1:4:fn main() {}\n");
    assert_eq!(user.icpy(&["grep", "absent"]).status, 1);
    let found = user.json(&["grep", "one"]);
    let ranges = json!([{ "start": 0, "end": 3 }]);
    assert_eq!(
        found,
        json!({ "path": "README.md", "line": 1, "column": 1, "offset": 0, "text": "one", "ranges": ranges })
    );
    let wrong = user.icpy(&["grep", "a(b"]);
    assert!(wrong.status == 2 && wrong.stderr.contains("the pattern cannot be read"), "{wrong:?}");
}

#[test]
fn what_is_no_text_or_too_much_is_bounded() {
    let user = Process::new("");
    fs::write(user.path("binary"), b"needle\0needle\n").unwrap();
    fs::write(user.path("latin"), b"caf\xe9 needle\n").unwrap();
    fs::write(user.path("long"), "x".repeat(100_000) + "needle\n").unwrap();
    fs::write(user.path("many"), "needle\n".repeat(12_000)).unwrap();
    let params = json!({ "path": user.folder().files(), "pattern": "needle" });
    let found = user.json(&["call", "fs:grep", &params.to_string()]);
    let matches = found["matches"].as_array().unwrap();
    assert_eq!((matches.len(), &found["hasMore"]), (10_000, &Value::Bool(true)));
    assert_eq!((&matches[0]["text"], &matches[0]["column"]), (&json!("caf\u{fffd} needle"), &json!(6)));
    let long = matches[1]["text"].as_str().unwrap();
    assert_eq!(&matches[1]["column"], &json!(100_001));
    assert!(long.ends_with("xneedle") && long.len() <= 512, "{long}");
    for number in 0..10_500 {
        fs::write(user.path(&format!("f{number}")), "").unwrap();
    }
    let found = user.icpy(&["find", "f"]);
    assert_eq!(found.stdout.lines().count(), 10_000);
    assert!(found.stderr.contains("there are more than these 10000"), "{}", found.stderr);
}
