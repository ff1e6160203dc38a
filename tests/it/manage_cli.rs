//! `icpy cp`, `mv`, `rm`, `mkdir` and `undo`, as they are typed.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt as _;

use icpy_tests::{Output, Process, process};
use serde_json::Value;

/// A user with a home, which has the trash in it.
struct User(Process);

impl User {
    fn new(fixture: &str) -> Self {
        Self(Process::new(fixture))
    }

    fn run(&self, line: &str) -> Output {
        let args: Vec<&str> = line.split(' ').collect();
        process::output(self.0.command(&args).env("HOME", self.0.path("home")))
    }

    /// What must succeed, and say nothing to the person.
    #[track_caller]
    fn printed(&self, line: &str) -> String {
        let output = self.run(line);
        assert_eq!((output.status, output.stderr.as_str()), (0, ""), "{line}: {output:?}");
        output.stdout
    }

    fn text(&self, name: &str) -> String {
        fs::read_to_string(self.0.path(name)).unwrap_or_default()
    }
}

#[test]
fn files_are_managed_as_with_the_tools_that_people_know() {
    let user = User::new("//- /a\none\n//- /b\ntwo\n//- /tree/c\nthree\n");
    for line in
        ["mkdir -p x/y", "cp a copy", "mv tree x/y", "cp a b x", "mv copy moved", "mv moved x/y", "mv x/y/tree ."]
    {
        assert_eq!(user.printed(line), "", "{line}");
    }
    for (name, content) in [("x/a", "one\n"), ("x/b", "two\n"), ("x/y/moved", "one\n"), ("tree/c", "three\n")] {
        assert_eq!(user.text(name), content, "{name}");
    }
    let output = user.run("cp a b");
    assert_eq!((output.status, user.text("b").as_str()), (1, "two\n"), "{output:?}");
    assert!(output.stderr.contains("b`: it exists already") && output.stderr.contains("`-f`"), "{output:?}");
    assert_eq!(user.printed("cp -f a b"), "");
    assert_eq!(user.text("b"), "one\n");
    let path = |name: &str| user.0.path(name).display().to_string();
    assert_eq!(user.printed("mv -v a z"), format!("`{}` -> `{}`\n", path("a"), path("z")));
    assert_eq!(user.printed("mkdir -v n/m"), format!("made `{}`\nmade `{}`\n", path("n"), path("n/m")));

    let some = user.run("rm none z");
    assert_eq!(some.status, 3, "{some:?}");
    assert!(some.stderr.contains("none` does not exist") && !user.0.path("z").exists(), "{some:?}");
    assert_eq!(user.text("home/.local/share/Trash/files/z"), "one\n");
    assert_eq!(user.printed("rm -rv --permanent x"), format!("deleted `{}`\n", path("x")));
    let wrong = user.run("mv tree/c b nowhere");
    assert!(wrong.status == 3 && wrong.stderr.contains("no folder to put several things into"), "{wrong:?}");
    assert_eq!(user.run("cp a").status, 2);
    let json: Value = serde_json::from_str(&user.run("--json rm none").stdout).unwrap();
    assert_eq!(json["items"][0]["error"]["data"]["kind"], "not_found");
}

#[test]
fn the_last_operation_is_taken_back() {
    let user = User::new("//- /a\none\n//- /b\ntwo\n");
    user.printed("mv -f a b");
    user.printed("rm b");
    let listed = user.printed("undo --list");
    assert_eq!(listed.lines().count(), 2, "{listed}");
    assert!(listed.lines().next().unwrap().contains("moved to the trash: `"), "{listed}");
    let first = listed.lines().nth(1).unwrap().split(' ').next().unwrap().to_owned();

    let early = user.run(&format!("undo {first}"));
    assert!(early.status == 1 && early.stderr.contains("b`"), "what is in the trash cannot be moved: {early:?}");
    let output = user.run("undo");
    assert_eq!((output.status, output.stdout.as_str(), user.text("b").as_str()), (0, "", "one\n"), "{output:?}");
    assert!(output.stderr.contains("took back: moved to the trash: `"), "{output:?}");
    assert_eq!(user.run(&format!("undo {first}")).status, 0);
    assert_eq!((user.text("a").as_str(), user.text("b").as_str()), ("one\n", "two\n"));
    let nothing = user.run("undo");
    assert!(nothing.status == 3 && nothing.stderr.contains("nothing was done"), "{nothing:?}");
}

#[test]
fn force_deletes_nothing_for_good() {
    let user = User::new("//- /a\none\n//- /b/c\ntwo\n");
    assert_eq!(user.printed("rm -rf a none b/d b a/x"), "");
    assert_eq!(user.text("home/.local/share/Trash/files/a"), "one\n");
    assert_eq!(user.text("home/.local/share/Trash/files/b/c"), "two\n");
    assert_eq!(user.printed("--json rm -f none"), "{\"items\":[]}\n");
}

#[test]
fn a_folder_is_not_deleted_by_its_dots() {
    let user = User::new("//- /a\none\n//- /b/c\ntwo\n");
    for dots in [".", "..", "b/.", "b/..", "./", "b/..//"] {
        let output = user.run(&format!("rm -rf a {dots}"));
        assert!(output.status == 2 && output.stderr.contains("`.` or `..`"), "{dots}: {output:?}");
    }
    assert_eq!((user.text("a").as_str(), user.text("b/c").as_str()), ("one\n", "two\n"));
    assert_eq!(user.printed("rm ./b/../a"), "");
}

#[test]
fn a_slash_at_the_end_names_a_folder() {
    let user = User::new("//- /a\none\n//- /b/c\ntwo\n");
    std::os::unix::fs::symlink("b", user.0.path("link")).unwrap();
    for line in
        ["mv a new/", "cp a new/", "mv a/ new", "cp a/ new", "mv link/ new", "rm a/", "rm link/", "cp -f b/c a/"]
    {
        let output = user.run(line);
        assert!(output.status == 3 && output.stderr.contains("not a folder"), "{line}: {output:?}");
        assert!(!user.0.path("new").exists() && user.0.path("link").is_symlink(), "{line}");
    }
    for line in ["mv a b/", "cp link/ copied", "mv b/ moved/", "rm copied/"] {
        assert_eq!(user.printed(line), "", "{line}");
    }
    assert_eq!((user.text("moved/a").as_str(), user.text("moved/c").as_str()), ("one\n", "two\n"));
    assert_eq!(user.text("home/.local/share/Trash/files/copied/c"), "two\n");
    let path = user.0.path("new/");
    let write = format!("{{\"path\":{path:?},\"content\":\"\"}}");
    let output = user.run(&format!("call fs:write_file {write}"));
    assert!(output.status == 3 && !user.0.path("new").exists(), "{output:?}");
}

#[test]
fn what_was_deleted_for_good_is_passed_over() {
    let user = User::new("//- /a\none\n//- /b\ntwo\n//- /c\nthree\n");
    user.printed("rm --permanent c");
    assert!(user.run("undo").stderr.contains("nothing was done"));
    user.printed("rm a");
    user.printed("rm --permanent b");
    let output = user.run("undo");
    assert_eq!((output.status, user.text("a").as_str()), (0, "one\n"), "{output:?}");
    let b = user.0.path("b");
    assert!(output.stderr.contains(&format!("cannot be taken back: deleted `{}`", b.display())), "{output:?}");
    assert!(!output.stderr.contains("c`") && output.stderr.contains("took back: moved to the trash"), "{output:?}");
}

#[test]
fn no_name_commands_the_terminal() {
    let user = User::new("");
    let name = "x\u{1b}[31m\u{9b}32my";
    fs::write(user.0.path(name), "").unwrap();
    for line in [&["mv", "-v", name, "z"][..], &["undo", "--list"], &["undo"], &["ls", name]] {
        let mut terminal = user.0.terminal(line);
        let printed = terminal.expect("x?[31m?32my`");
        assert!(!printed.contains('\u{9b}'), "{line:?}: {printed:?}");
        terminal.wait();
        if line[0] == "undo" && line.len() == 1 {
            fs::remove_file(user.0.path(name)).unwrap();
        }
    }
}

#[test]
fn a_name_that_is_no_unicode_is_printed_as_it_is() {
    let user = User::new("");
    let name = user.0.path("").join(OsStr::from_bytes(b"\xff"));
    fs::write(&name, "").unwrap();
    let printed = |args: &[&OsStr]| {
        let mut command = user.0.command(&[] as &[&str]);
        command.args(args).env("HOME", user.0.path("home")).output().unwrap().stdout
    };
    let (from, to) = (name.as_os_str().as_bytes(), user.0.path("z"));
    let to = to.as_os_str().as_bytes();
    let moved = printed(&["mv".as_ref(), "-v".as_ref(), name.as_ref(), "z".as_ref()]);
    assert_eq!(moved, [b"`", from, b"` -> `", to, b"`\n"].concat(), "{}", moved.escape_ascii());
    let listed = printed(&["undo".as_ref(), "--list".as_ref()]);
    assert!(listed.ends_with(&[b"moved `", from, b"` to `", to, b"`\n"].concat()), "{}", listed.escape_ascii());
}
