//! `icpy text`: the texts of open files at a shell, as an agent uses them.

use std::fs;

use icpy_tests::{Process, until_now};

#[test]
fn a_text_is_edited_saved_undone_and_looked_back_at() {
    let user = Process::new("//- /a.txt\nbegin\n");
    let closed = user.icpy(&["text", "show", "a.txt"]);
    assert_eq!(closed.status, 3);
    assert!(closed.stderr.contains("hint: open it first: `icpy FILE`"), "{}", closed.stderr);
    user.json(&["a.txt"]);
    let patch = "--- a\n+++ b\n@@ -1 +1,2 @@\n begin\n+by an agent\n";
    let edited = user.icpy_with(&["text", "edit", "a.txt", "--as", "agent", "--group", "the task"], patch);
    assert_eq!((edited.status, &*edited.stderr), (0, ""));
    assert_eq!(user.icpy(&["text", "show", "a.txt"]).stdout, "begin\nby an agent\n");
    assert_eq!(fs::read_to_string(user.path("a.txt")).unwrap(), "begin\n");
    let diff = user.icpy(&["text", "diff", "a.txt"]).stdout;
    assert!(diff.ends_with("@@ -1 +1,2 @@\n begin\n+by an agent\n"), "{diff}");
    assert_eq!(
        user.icpy_with(&["text", "edit", "a.txt", "--whole", "--save"], "begin\nby an agent\nwhole\n").status,
        0
    );
    assert_eq!(fs::read_to_string(user.path("a.txt")).unwrap(), "begin\nby an agent\nwhole\n");
    assert_eq!(user.icpy(&["text", "undo", "a.txt", "--as", "agent"]).status, 0);
    assert_eq!(user.icpy(&["text", "show", "a.txt"]).stdout, "begin\nwhole\n");
    let nothing = user.icpy(&["text", "undo", "a.txt", "--as", "agent"]);
    assert_eq!((nothing.status, &*nothing.stderr), (3, "error: nothing was edited that could be undone\n"));
    user.icpy(&["text", "redo", "a.txt", "--as", "agent"]);
    let history = user.icpy(&["text", "history", "a.txt"]).stdout;
    let lines: Vec<&str> = history.lines().collect();
    assert_eq!(lines.len(), 5, "{history}");
    assert!(lines[0].contains("edited: the task (+12 -0 bytes)") && lines[0].contains("owner"), "{history}");
    assert!(lines[2].contains("saved"), "{history}");
    assert!(lines[3].contains("undone") && lines[4].contains("redone"), "{history}");
    assert_eq!(user.icpy(&["text", "restore", "a.txt", "0"]).status, 0);
    assert_eq!(user.icpy(&["text", "show", "a.txt"]).stdout, "begin\n");
    assert_eq!(user.icpy(&["text", "revert", "a.txt"]).status, 0);
    assert_eq!(user.icpy(&["text", "show", "a.txt"]).stdout, "begin\nby an agent\nwhole\n");
    let there = user.icpy(&["text", "save-as", "a.txt", "b.txt"]);
    assert_eq!((there.status, &*there.stderr), (0, ""));
    until_now("the other file", || user.path("b.txt").exists());
    let missing = user.icpy(&["text", "restore", "b.txt", "99"]);
    assert_eq!(missing.status, 2);
    assert!(missing.stderr.contains("has no revision 99 yet"), "{}", missing.stderr);
    let garbled = user.icpy_with(&["text", "edit", "b.txt"], "no diff at all");
    assert!(garbled.status != 0 && garbled.stderr.contains("patch"), "{}", garbled.stderr);
    // What is closed before it is saved is not lost, and who closes it is told so.
    let closed = user.icpy(&["close", "b.txt"]);
    assert_eq!((closed.status, &*closed.stderr), (0, ""));
    assert_eq!(user.icpy(&["b.txt"]).status, 0);
    assert_eq!(user.icpy_with(&["text", "edit", "b.txt", "--whole"], "kept").status, 0);
    let unsaved = user.icpy(&["close", "b.txt"]);
    assert!(unsaved.status == 0 && unsaved.stderr.contains("b.txt` is not saved: it is kept"), "{unsaved:?}");
    // Nobody has asked for the text since the daemon was started.
    assert_eq!(user.icpy(&["b.txt"]).status, 0);
    user.kill_daemon();
    assert_eq!(user.icpy(&["start"]).status, 0);
    assert_eq!(user.json(&["close", "b.txt"])["isUnsaved"], true);
    assert_eq!(user.icpy(&["b.txt"]).status, 0);
    assert_eq!(user.icpy(&["text", "show", "b.txt"]).stdout, "kept");
    assert_eq!(user.json(&["close", "--discard", "b.txt"]).get("isUnsaved"), None);
}
