//! `icpy workspace` and `icpy preferences` as a user types them, and that what they do survives the daemon.

use std::fs;
use std::io::Write as _;
use std::process::Stdio;

use icpy_tests::{Process, process};
use serde_json::json;

fn names(user: &Process, args: &[&str]) -> Vec<String> {
    let listed = user.json(&[&["workspace", "list"], args].concat());
    listed["workspaces"].as_array().unwrap().iter().map(|it| it["name"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn workspaces_are_renamed_closed_switched_to_and_deleted_and_that_survives_kill_9() {
    let user = Process::new("//- /one/a.txt\n//- /two/b.txt\n//- /more/c.txt\n");
    let done = |args: &[&str]| {
        let output = user.icpy(&[&["workspace"], args].concat());
        assert_eq!((output.status, output.stdout.as_str(), output.stderr.as_str()), (0, "", ""), "{args:?}");
    };
    for args in [&["create", "one"][..], &["create", "two"], &["rename", "two", "Second"]] {
        done(args);
    }
    done(&["add", "more", "--workspace", "one"]);
    user.kill_daemon();
    assert_eq!(user.json(&["workspace", "show", "one"])["workspace"]["folders"], json!([user.path("more")]));
    done(&["remove", "more", "--workspace", "one"]);
    assert_eq!(user.json(&["one/a.txt"])["file"]["path"], json!(user.path("one/a.txt")));
    done(&["close", "one"]);
    user.kill_daemon();
    assert_eq!(
        (names(&user, &[]), names(&user, &["--recent"])),
        (vec!["Second".into()], vec!["one".into(), "Second".into()])
    );
    let listed = user.icpy(&["workspace", "list", "-r"]).stdout;
    assert!(listed.lines().next().unwrap().contains("closed"), "{listed}");
    done(&["switch", "one"]);
    user.kill_daemon();
    let info = user.icpy(&["workspace", "info"]).stdout;
    assert!(info.starts_with("one, the active workspace\n") && !info.contains("a.txt"), "{info}");
    done(&["delete", "Second"]);
    user.kill_daemon();
    assert_eq!(names(&user, &["--recent"]), ["one"]);
    let unknown = user.icpy(&["workspace", "delete", "Second"]);
    assert!(unknown.status == 3 && unknown.stderr.contains("`Second`"), "{unknown:?}");
}

#[test]
fn text_that_was_not_saved_before_a_crash_is_not_thrown_away_unasked() {
    let user = Process::new("//- /one/a.txt\none\n");
    user.json(&["one/a.txt"]);
    let path = json!(user.path("one/a.txt"));
    let text = user.json(&["call", "file:get_text", &json!({ "path": path }).to_string()]);
    let (epoch, rev) = (&text["revision"]["epoch"], &text["revision"]["rev"]);
    let edit = json!({ "path": path, "epoch": epoch, "baseRev": rev, "text": "new\n" });
    let made = user.json(&["call", "file:edit", &edit.to_string()]);
    icpy_tests::until_now("the edit to be durable", || {
        let now = user.json(&["call", "file:get_text", &json!({ "path": path }).to_string()]);
        now["durableRev"] == made["revision"]["rev"]
    });
    user.kill_daemon();
    for command in [&["workspace", "close"][..], &["workspace", "delete", "one"]] {
        let refused = user.icpy(command);
        assert_eq!(refused.status, 1, "{refused:?}");
        assert!(refused.stderr.contains("a.txt` is not saved"), "{refused:?}");
    }
    assert_eq!(user.icpy(&["workspace", "close", "--discard"]).status, 0);
    user.json(&["one/a.txt"]);
    assert_eq!(user.json(&["call", "file:get_text", &json!({ "path": path }).to_string()])["text"], "one\n");
}

#[test]
fn a_workspace_is_taken_along_in_a_file() {
    let user = Process::new("//- /one/a.txt\n//- /one/b.txt\n//- /copy/a.txt\n");
    user.json(&["workspace", "create", "one", "--name", "Mine"]);
    for file in ["one/a.txt", "one/b.txt"] {
        user.json(&[file]);
    }
    let exported = user.icpy(&["workspace", "export"]).stdout;
    assert!(exported.lines().count() > 5, "a person can read it: {exported}");
    fs::write(user.path("mine.json"), &exported).unwrap();
    let again = user.icpy(&["workspace", "import", "mine.json"]);
    assert!(again.status == 1 && again.stderr.contains("is the workspace `Mine` already"), "{again:?}");
    let copied = user.icpy(&["workspace", "import", "mine.json", "--root", "copy"]);
    assert_eq!((copied.status, copied.stderr.lines().count()), (0, 1), "{copied:?}");
    assert!(copied.stderr.contains("left out: ") && copied.stderr.contains("copy/b.txt`"), "{copied:?}");
    user.kill_daemon();
    assert_eq!(names(&user, &[]), ["Mine", "Mine"]);

    let mut child = user.command(&["--json", "workspace", "import", "-", "--replace"]);
    let mut child = child.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(exported.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(process::status(output.status), 0, "{output:?}");
    let imported: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((&imported["isNew"], &imported["missing"]), (&json!(false), &json!([])));

    fs::write(user.path("bad.json"), "{\"version\": 7}").unwrap();
    for (file, status, expect) in [
        ("bad.json", 2, "the document is of version 7"),
        ("none.json", 3, "`none.json`"),
        ("one/a.txt", 2, "`one/a.txt` is no document of a workspace"),
    ] {
        let refused = user.icpy(&["workspace", "import", file]);
        assert!(refused.status == status && refused.stderr.contains(expect), "{file}: {refused:?}");
    }
}

#[test]
fn preferences_are_listed_set_and_unset() {
    let user = Process::new("//- /one/a.txt\n");
    user.json(&["workspace", "create", "one"]);
    let printed = |args: &[&str]| {
        let output = user.icpy(&[&["preferences"], args].concat());
        assert_eq!((output.status, output.stderr.as_str()), (0, ""), "{args:?}");
        output.stdout
    };
    assert_eq!(printed(&["get", "workbench.theme"]), "system\n");
    // What is no JSON is a text.
    assert_eq!(printed(&["set", "workbench.theme", "dark"]), "");
    assert_eq!(printed(&["set", "editor.tabSize", "2", "--workspace", "one"]), "");
    assert_eq!(printed(&["set", "editor.fontFamily", "\"Fira Code\", monospace"]), "");
    let listed = printed(&["list", "--workspace", "one"]);
    let line =
        |key: &str| listed.lines().find(|line| line.starts_with(key)).unwrap().split_whitespace().collect::<Vec<_>>();
    assert_eq!(line("workbench.theme "), ["workbench.theme", "dark", "user"]);
    assert_eq!(line("editor.tabSize "), ["editor.tabSize", "2", "workspace"]);
    assert_eq!(line("editor.insertSpaces "), ["editor.insertSpaces", "true"]);
    assert_eq!(printed(&["get", "editor.tabSize"]), "4\n");
    assert_eq!(printed(&["unset", "workbench.theme"]), "");
    assert_eq!(printed(&["get", "workbench.theme"]), "system\n");
    for (args, status, expect) in [
        (&["set", "editor.tabSize", "99"][..], 2, "an integer from 1 to 16"),
        (&["set", "editor.no", "1"], 3, "no preference `editor.no`"),
        (&["get", "editor.no"], 3, "no preference `editor.no`"),
        (&["get", "x.no"], 3, "`x.no` is not set"),
        (&["list", "--workspace", "none"], 3, "`none`"),
    ] {
        let refused = user.icpy(&[&["preferences"], args].concat());
        assert!(refused.status == status && refused.stderr.contains(expect), "{args:?}: {refused:?}");
    }
}
