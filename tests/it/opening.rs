//! `icpy` with its options: where a file opens, what for, and what comes through a pipe.

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Command, Stdio};

use icpy_tests::{Process, cannot_run, process, until_now};
use serde_json::{Value, json};

fn workspaces(user: &Process) -> Vec<Value> {
    user.json(&["workspace", "list"])["workspaces"].as_array().unwrap().clone()
}

fn open_files(user: &Process) -> Vec<Value> {
    user.json(&["call", "file:list"])["files"].as_array().unwrap().clone()
}

/// The root of the workspace in which a file was opened by these arguments.
fn opened_in(user: &Process, args: &[&str]) -> String {
    let opened = user.json(args);
    let id = &opened["file"]["workspaceId"];
    let found = workspaces(user).into_iter().find(|it| it["workspaceId"] == *id).unwrap();
    found["root"].as_str().unwrap().rsplit('/').next().unwrap().to_owned()
}

#[test]
fn options_say_which_workspace_a_file_opens_in() {
    let user = Process::new("//- /one/.git/x\n//- /one/a.py\n//- /two/.git/x\n//- /two/deep/b.py\n");
    assert_eq!(opened_in(&user, &["one/a.py"]), "one");
    assert_eq!(opened_in(&user, &["two/deep/b.py"]), "one", "the active one takes what belongs to none");
    assert_eq!(opened_in(&user, &["--new", "two/deep/b.py"]), "two");
    assert_eq!(opened_in(&user, &["-n", "two/deep/b.py"]), "two", "there is one now, and no second is made");
    assert_eq!(workspaces(&user).len(), 2);
    assert_eq!(opened_in(&user, &["-r", "one/a.py"]), "two");
    assert_eq!(opened_in(&user, &["one/a.py"]), "one");
    let both = user.icpy(&["-n", "-r", "one/a.py"]);
    assert!(both.status == 2 && both.stderr.contains("cannot be used with"), "{both:?}");
}

#[test]
fn a_folder_is_added_to_the_active_workspace() {
    let user = Process::new("//- /one/a.py\n//- /two/b.py\n//- /three/c.py\n");
    // Without a workspace it is the first.
    user.json(&["-a", "one"]);
    let added = user.json(&["--add", "two"]);
    assert_eq!(added["folders"].as_array().unwrap().len(), 1, "{added}");
    assert_eq!(user.json(&["-a", "two"]), added, "twice is once");
    assert_eq!(user.json(&["workspace", "add", "three"])["folders"].as_array().unwrap().len(), 2);
    assert_eq!(workspaces(&user).len(), 1);
    user.json(&["workspace", "create", "three/.."]);
    assert_eq!(opened_in(&user, &["two/b.py"]), "one", "what is in an added folder belongs to the workspace");
    assert_eq!(opened_in(&user, &["-a", "three/c.py"]), "one");
    // A folder that two workspaces have is the active one's.
    user.json(&["two"]);
    user.json(&["-a", "one"]);
    assert_eq!(opened_in(&user, &["one/a.py"]), "two");
    user.json(&["one"]);
    let file = user.icpy(&["workspace", "add", "two/b.py"]);
    assert!(file.status == 3 && file.stderr.contains("is not a folder"), "{file:?}");
    let pid = user.daemon_pid();
    user.kill_daemon();
    assert_eq!(workspaces(&user).iter().map(|it| it["folders"].as_array().map_or(0, Vec::len)).sum::<usize>(), 3);
    assert_ne!(user.daemon_pid(), pid);
}

#[test]
fn two_files_are_compared_and_three_merged() {
    let user = Process::new("//- /a\n//- /b\n//- /c\n//- /result\n");
    let path = |name: &str| user.path(name).canonicalize().unwrap();
    let compared = user.json(&["--diff", "a", "b"]);
    assert_eq!(compared["file"]["purpose"], json!({ "kind": "compare", "with": path("a") }));
    assert_eq!(compared["file"]["path"], json!(path("b")));
    let merged = user.json(&["merge", "a", "b", "c", "result"]);
    let purpose = json!({ "kind": "merge", "local": path("a"), "remote": path("b"), "base": path("c") });
    assert_eq!(merged["file"]["purpose"], purpose);
    // The state says it too, until the file is opened for itself.
    let listed = |name: &str| open_files(&user).into_iter().find(|it| it["path"] == json!(path(name))).unwrap();
    assert_eq!(listed("result")["purpose"], purpose);
    user.json(&["result"]);
    assert_eq!(listed("result")["purpose"], Value::Null);
    let null = user.icpy(&["--merge", "a", "/dev/null", "c", "result"]);
    assert!(null.status == 3 && null.stderr.contains("`/dev/null`"), "only a comparison can do without: {null:?}");
    let missing = user.icpy(&["--diff", "none", "b"]);
    assert!(missing.status == 3 && missing.stderr.contains("none` does not exist"), "{missing:?}");
}

/// Closes what is opened, as an editor does, until there were so many.
fn close_each(user: &Process, count: usize, act: impl Fn(&Path) -> bool) {
    for _ in 0..count {
        until_now("an open file", || user.icpy(&["status"]).status == 0 && !open_files(user).is_empty());
        let path = open_files(user)[0]["path"].as_str().unwrap().to_owned();
        let discard = act(Path::new(&path));
        let close = ["close", if discard { "--discard" } else { "--" }, &path];
        assert_eq!(user.icpy(&close).status, 0);
    }
}

fn git(user: &Process, args: &[&str]) -> Command {
    let mut command = Command::new("git");
    command.args(["-c", "user.name=dora", "-c", "user.email=dora@example.org", "-c", "init.defaultBranch=main"]);
    process::clear(&mut command)
        .args(args)
        .current_dir(user.folder().files())
        .env("PATH", "/usr/bin:/bin:/usr/local/bin");
    command.env("HOME", user.folder().files()).env("ICPY_HOME", user.folder().home());
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command
}

#[test]
fn git_compares_and_merges_with_it() {
    let user = Process::new("//- /a.py\none\n");
    if git(&user, &["--version"]).output().is_err() {
        return cannot_run("git is missing");
    }
    let run = |args: &[&str]| git(&user, args).status().unwrap().success();
    let icpy = user.program("icpy").display().to_string();
    assert!(run(&["init"]) && run(&["add", "."]) && run(&["commit", "-m", "one"]));
    fs::write(user.path("a.py"), "changed\n").unwrap();
    let diff = format!("'{icpy}' --wait --diff");
    let mut difftool = git(&user, &["difftool", "-y", "-x", &diff]).spawn().unwrap();
    close_each(&user, 1, |_| false);
    assert!(difftool.wait().unwrap().success());
    // A file that was made, and one that was removed.
    assert!(run(&["commit", "-am", "two"]));
    fs::rename(user.path("a.py"), user.path("b.py")).unwrap();
    assert!(run(&["add", "."]));
    let mut difftool = git(&user, &["difftool", "--cached", "--no-renames", "-y", "-x", &diff]).spawn().unwrap();
    let seen = std::cell::RefCell::new(Vec::new());
    close_each(&user, 2, |path| {
        let file = &open_files(&user)[0];
        assert_eq!(workspaces(&user)[0]["root"], json!(user.folder().files()), "not that of a device");
        seen.borrow_mut().push((path == Path::new("/dev/null"), file["purpose"]["with"] == json!("/dev/null")));
        false
    });
    assert!(difftool.wait().unwrap().success());
    assert_eq!(seen.into_inner(), [(true, false), (false, true)]);
    assert!(run(&["reset", "--hard", "HEAD~1"]));
    fs::write(user.path("a.py"), "changed\n").unwrap();

    assert!(run(&["checkout", "-b", "other"]) && run(&["commit", "-am", "changed"]));
    assert!(run(&["checkout", "main"]));
    fs::write(user.path("a.py"), "differs\n").unwrap();
    assert!(run(&["commit", "-am", "differs"]));
    assert!(!run(&["merge", "other"]), "there is a conflict");
    let command = format!("mergetool.icpy.cmd='{icpy}' --wait --merge \"$LOCAL\" \"$REMOTE\" \"$BASE\" \"$MERGED\"");
    let tool = ["-c", &command, "-c", "mergetool.icpy.trustExitCode=true", "mergetool", "-y", "-t", "icpy"];
    let mut discarded = git(&user, &tool).spawn().unwrap();
    close_each(&user, 1, |_| true);
    assert!(!discarded.wait().unwrap().success(), "what was thrown away is no merge");
    let mut merged = git(&user, &tool).spawn().unwrap();
    close_each(&user, 1, |result| fs::write(result, "both\n").is_err());
    assert!(merged.wait().unwrap().success());
    assert!(run(&["commit", "-m", "merged"]));
    assert_eq!(fs::read_to_string(user.path("a.py")).unwrap(), "both\n");
}

#[test]
fn git_rebases_with_it() {
    let user = Process::new("//- /a.py\none\n");
    if git(&user, &["--version"]).output().is_err() {
        return cannot_run("git is missing");
    }
    let run = |args: &[&str]| git(&user, args).status().unwrap().success();
    assert!(run(&["init"]) && run(&["add", "."]) && run(&["commit", "-m", "first"]));
    for number in 0..3 {
        fs::write(user.path("a.py"), format!("{number}\n")).unwrap();
        assert!(run(&["commit", "-am", &format!("number {number}")]));
    }
    let editor = format!("'{}' --wait", user.program("icpy").display());
    let mut rebase = git(&user, &["rebase", "-i", "HEAD~3"]).env("GIT_EDITOR", &editor).spawn().unwrap();
    // The list of what to do, then the message of the commit that takes two.
    close_each(&user, 2, |path| {
        if path.ends_with("git-rebase-todo") {
            let todo = fs::read_to_string(path).unwrap();
            let squashed = todo.replacen("pick", "\0", 2).replacen('\0', "pick", 1).replacen('\0', "squash", 1);
            fs::write(path, squashed).is_err()
        } else {
            fs::write(path, "two at once\n").is_err()
        }
    });
    assert!(rebase.wait().unwrap().success());
    let log = git(&user, &["log", "--format=%s"]).stdout(Stdio::piped()).output().unwrap();
    assert_eq!(String::from_utf8(log.stdout).unwrap(), "number 2\ntwo at once\nfirst\n");
    // What is thrown away ends it.
    let mut given_up = git(&user, &["rebase", "-i", "HEAD~2"]).env("GIT_EDITOR", &editor).spawn().unwrap();
    close_each(&user, 1, |_| true);
    assert!(!given_up.wait().unwrap().success());
}

#[test]
fn standard_input_is_opened_before_it_ends() {
    let user = Process::new("");
    let mut child = user.command(&["-"]).stdin(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let mut input = child.stdin.take().unwrap();
    input.write_all(b"first\n").unwrap();
    until_now("the file", || user.has_daemon() && user.icpy(&["status"]).status == 0 && open_files(&user).len() == 1);
    let path = open_files(&user)[0]["path"].as_str().unwrap().to_owned();
    until_now("the first line", || fs::read_to_string(&path).unwrap() == "first\n");
    assert!(child.try_wait().unwrap().is_none());
    let rest = "0123456789abcdef".repeat(1 << 18);
    input.write_all(rest.as_bytes()).unwrap();
    drop(input);
    assert!(child.wait().unwrap().success());
    assert!(fs::read_to_string(&path).unwrap() == format!("first\n{rest}"));
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600, "nobody else reads it");
    assert_eq!(open_files(&user).len(), 1);
    // A file of that name is meant by another spelling.
    fs::write(user.path("-"), "").unwrap();
    assert!(user.json(&["./-"])["file"]["path"].as_str().unwrap().ends_with("/files/-"));
}

#[test]
fn other_spellings_are_the_same_commands() {
    let user = Process::new("//- /a.py\n");
    user.json(&["a.py"]);
    for (one, other) in [
        (&["--status"][..], &["status"][..]),
        (&["--list", "."], &["ls", "."]),
        (&["--workspace", "list"], &["workspace", "list"]),
        (&["--workspace", "info"], &["workspace", "info"]),
        (&["--terminal-list"], &["terminal", "list"]),
    ] {
        let first = |args: &[&str]| user.icpy(args).stdout.lines().last().map(str::to_owned);
        assert_eq!(first(one), first(other), "{one:?}");
    }
    fs::create_dir(user.path("new")).unwrap();
    assert_eq!(user.json(&["--workspace", "create", "new"])["name"], "new");
    assert!(user.json(&["--terminal", "--", "true"])["terminalId"].is_string());
}

#[test]
fn colour_is_for_those_who_want_it() {
    let user = Process::new("//- /folder/a\n");
    let is_colored = |args: &[&str], variables: &[(&str, &str)]| {
        let mut command = user.command(args);
        let output = process::output(command.envs(variables.iter().copied()));
        (output.stdout + &output.stderr).contains("\x1b[")
    };
    for args in [&["ls"][..], &["none.py"], &["doctor"]] {
        assert!(!is_colored(args, &[]), "{args:?}: no terminal");
        assert!(!is_colored(args, &[("CLICOLOR_FORCE", "1"), ("NO_COLOR", "1")]));
        let never = [&["--color", "never"], args].concat();
        assert!(!is_colored(&never, &[("CLICOLOR_FORCE", "1")]));
        if args != ["doctor"] {
            assert!(is_colored(args, &[("CLICOLOR_FORCE", "1")]), "{args:?}");
            assert!(is_colored(&[&["--color=always"], args].concat(), &[("NO_COLOR", "1")]), "{args:?}");
            assert_eq!(user.icpy(&[&["--color=always"], args].concat()).status, user.icpy(args).status, "{args:?}");
        }
    }
}

#[test]
fn a_hint_is_good_for_a_shell() {
    let user = Process::new("");
    let check = |file: &str, expect: &str| {
        let refused = user.icpy(&[file]);
        assert!(refused.status == 3 && refused.stderr.contains(expect), "{refused:?}");
    };
    check("a b.txt", "`touch 'a b.txt'`");
    check("new/deep/c.txt", "`mkdir -p new/deep && touch new/deep/c.txt`");
    let refused = user.icpy(&[""]);
    assert!(refused.status == 2 && refused.stderr.contains("a file's name is empty"), "{refused:?}");
}
