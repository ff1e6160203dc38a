//! `icpy ls` with what people type.

use std::fs;
use std::os::unix::fs::symlink;
use std::os::unix::net::UnixListener;
use std::process::Command;
use std::time::{Duration, UNIX_EPOCH};

use icpy_tests::{Process, process};

const FILES: &str = "//- /a.rs\n1234567\n//- /b.rs\n//- /dir/x\n//- /dir/sub/y\n//- /other/z\n//- /.hidden/h\n";

fn user() -> Process {
    let user = Process::new(FILES);
    symlink("dir", user.path("link")).unwrap();
    symlink("nowhere", user.path("broken")).unwrap();
    user
}

fn printed(user: &Process, args: &[&str]) -> String {
    let output = user.icpy(&[&["ls"], args].concat());
    assert_eq!((output.status, output.stderr.as_str()), (0, ""), "{args:?}");
    output.stdout
}

#[test]
fn files_and_folders_are_listed_as_they_are_named() {
    let user = user();
    let check = |args: &[&str], expect: &str| assert_eq!(printed(&user, args), expect, "{args:?}");
    check(&["a.rs"], "a.rs\n");
    check(&["b.rs", "a.rs"], "a.rs\nb.rs\n");
    check(&["-r", "a.rs", "b.rs"], "b.rs\na.rs\n");
    check(&["-S", "b.rs", "a.rs"], "a.rs\nb.rs\n");
    check(&["other", "b.rs", "dir"], "b.rs\n\ndir:\nsub/\nx\n\nother:\nz\n");
    check(&["-d", "dir", "."], "./\ndir/\n");
    check(&["-1", "./dir/"], "sub/\nx\n");
    check(&["link"], "sub/\nx\n");
    check(&["-d", "link"], "link@\n");
    check(&["broken"], "broken@\n");
    check(&["-R"], ".:\na.rs\nb.rs\nbroken@\ndir/\nlink@\nother/\n\n./dir:\nsub/\nx\n\n./dir/sub:\ny\n\n./other:\nz\n");
    check(&["-RA", "--reverse", "dir"], "dir:\nx\nsub/\n\ndir/sub:\ny\n");
    assert!(printed(&user, &["-l", "link"]).ends_with(" link -> dir\n"));
    let entries = printed(&user, &["--json", "dir", "other"]);
    let first: serde_json::Value = serde_json::from_str(entries.lines().next().unwrap()).unwrap();
    assert_eq!((&first["name"], &first["folder"]), (&"sub".into(), &user.path("dir").to_str().unwrap().into()));

    let output = user.icpy(&["ls", "none", "a.rs", "a.rs/", "dir"]);
    assert_eq!((output.status, &*output.stdout), (3, "a.rs\n\ndir:\nsub/\nx\n"), "{output:?}");
    assert!(output.stderr.contains("none` does not exist"), "{output:?}");
    assert!(output.stderr.contains("a.rs/`: a part of the path is not a folder"), "{output:?}");
    assert_eq!(user.icpy(&["ls", "-d", "-R"]).status, 2);
    assert!(printed(&user, &["--help"]).contains("--human-readable"));
}

#[test]
fn sizes_and_times_are_those_that_people_read() {
    let user = user();
    let file = fs::File::options().write(true).open(user.path("b.rs")).unwrap();
    file.set_len(2500).unwrap();
    file.set_modified(UNIX_EPOCH + Duration::from_secs(1_000_000_000)).unwrap();
    let long = |zone: &str, args: &[&str]| {
        let output = process::output(user.command(&[&["ls"], args, &["b.rs"]].concat()).env("TZ", zone));
        assert_eq!(output.status, 0, "{output:?}");
        output.stdout
    };
    assert!(long("UTC0", &["-l"]).ends_with(" 2500 Sep  9  2001 b.rs\n"));
    assert!(long("EST5", &["-lh"]).ends_with(" 2.5K Sep  8  2001 b.rs\n"));
    assert!(long("EST5", &["-l", "-h"]).ends_with(" 2.5K Sep  8  2001 b.rs\n"));
    let recent = printed(&user, &["-l", "a.rs"]);
    let time = recent.split_whitespace().nth(7).unwrap();
    assert!(time.len() == 5 && time.contains(':'), "{recent}");
}

#[test]
fn what_is_special_is_shown_as_what_it_is() {
    let user = user();
    assert!(Command::new("mkfifo").arg(user.path("fifo")).status().unwrap().success());
    let _socket = UnixListener::bind(user.path("socket")).unwrap();
    let check = |name: &str, expect: char| {
        let long = printed(&user, &["-l", name]);
        assert!(long.starts_with(expect) && long.ends_with(&format!(" {name}\n")), "{long}");
    };
    check("fifo", 'p');
    check("socket", 's');
    check("/dev/null", 'c');
}
