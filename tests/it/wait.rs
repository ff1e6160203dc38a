//! `icpy --wait` as the editor of another program.

use std::fs;
use std::process::{Child, Command, Stdio};

use icpy_tests::{Process, cannot_run, process};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

/// Starts a client that waits, and returns when its files are open.
fn waiting(user: &Process, args: &[&str]) -> Child {
    let mut command = user.command(&[&["--wait"], args].concat());
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    until_open(user, args.len());
    child
}

fn until_open(user: &Process, count: usize) {
    while user.json(&["call", "file:list"])["files"].as_array().unwrap().len() < count {}
}

#[test]
fn it_returns_when_all_files_are_closed() {
    let user = Process::new("//- /a.py\n//- /b.py\n");
    let mut child = waiting(&user, &["a.py:3", "b.py"]);
    assert_eq!(user.icpy(&["close", "a.py"]).status, 0);
    assert!(child.try_wait().unwrap().is_none());
    assert_eq!(user.icpy(&["close", "b.py"]).status, 0);
    let output = child.wait_with_output().unwrap();
    assert_eq!(process::status(output.status), 0);
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("no editor is attached") && said.lines().count() == 1, "{said}");
}

#[test]
fn editors_are_told_what_is_waited_for() {
    let user = Process::new("//- /a.py\n//- /b.py\n");
    let child = waiting(&user, &["a.py", "b.py"]);
    let present = || user.json(&["call", "presence:list"])["present"].take();
    let waits_for = |names: &[&str]| {
        let path = |name: &&str| serde_json::json!(user.path(name));
        let is_told = |told: &[Value]| told.len() == names.len() && names.iter().all(|name| told.contains(&path(name)));
        while !present()[0]["waitsFor"].as_array().is_some_and(|told| is_told(told)) {}
    };
    waits_for(&["a.py", "b.py"]);
    assert_eq!(user.icpy(&["close", "a.py"]).status, 0);
    waits_for(&["b.py"]);
    assert_eq!(user.icpy(&["close", "b.py"]).status, 0);
    assert_eq!(process::status(child.wait_with_output().unwrap().status), 0);
    while present().as_array().is_some_and(|present| !present.is_empty()) {}
}

#[test]
fn it_fails_when_the_daemon_ends() {
    let user = Process::new("//- /a.py\n");
    let stopped = waiting(&user, &["a.py"]);
    assert_eq!(user.icpy(&["stop"]).status, 0);
    let output = stopped.wait_with_output().unwrap();
    assert_eq!(process::status(output.status), 11);
    assert!(String::from_utf8_lossy(&output.stderr).contains("the daemon is stopping"));
    let killed = waiting(&user, &["a.py"]);
    while user.json(&["status"])["bus"]["subscriptions"] == 0 {}
    user.kill_daemon();
    assert_eq!(process::status(killed.wait_with_output().unwrap().status), 11);
}

#[test]
fn it_ends_by_an_interrupt_and_leaves_the_file_open() {
    let user = Process::new("//- /a.py\n");
    let child = waiting(&user, &["a.py"]);
    kill_process(Pid::from_child(&child), Signal::INT).unwrap();
    assert_eq!(process::status(child.wait_with_output().unwrap().status), 130);
    until_open(&user, 1);
}

#[test]
fn what_cannot_be_waited_for_is_refused() {
    let user = Process::new("//- /folder/a.py\n");
    let folder = user.icpy(&["-w", "folder"]);
    assert!(folder.status == 2 && folder.stderr.contains("`folder` is a folder"), "{folder:?}");
    let missing = user.icpy(&["-w", "none.py"]);
    assert!(missing.status == 3 && missing.stderr.contains("none.py` does not exist"), "{missing:?}");
}

#[test]
fn git_takes_what_was_written_while_it_waited() {
    let user = Process::new("//- /a.py\n");
    let git = |args: &[&str]| {
        let mut command = Command::new("git");
        command.args(["-c", "user.name=dora", "-c", "user.email=dora@example.org", "-c", "init.defaultBranch=main"]);
        process::clear(&mut command)
            .args(args)
            .current_dir(user.folder().files())
            .env("PATH", "/usr/bin:/bin:/usr/local/bin");
        command.env("HOME", user.folder().files()).env("ICPY_HOME", user.folder().home());
        command.env("GIT_EDITOR", format!("'{}' --wait", user.program("icpy").display()));
        command
    };
    if git(&["--version"]).output().is_err() {
        return cannot_run("git is missing");
    }
    assert!(git(&["init", "--quiet"]).status().unwrap().success());
    assert!(git(&["add", "a.py"]).status().unwrap().success());
    let mut commit = git(&["commit", "--quiet"]).stderr(Stdio::null()).spawn().unwrap();
    while user.icpy(&["status"]).status != 0 {}
    until_open(&user, 1);
    let message = user.path(".git/COMMIT_EDITMSG");
    fs::write(&message, "written while git waited\n").unwrap();
    assert_eq!(user.icpy(&["close", message.to_str().unwrap()]).status, 0);
    assert!(commit.wait().unwrap().success());
    let log = git(&["log", "--format=%s"]).output().unwrap();
    assert_eq!(String::from_utf8(log.stdout).unwrap(), "written while git waited\n");
    // Without a daemon there is no commit.
    fs::write(user.path("a.py"), "changed\n").unwrap();
    let mut commit = git(&["commit", "--quiet", "--all"]).stderr(Stdio::null()).spawn().unwrap();
    until_open(&user, 1);
    assert_eq!(user.icpy(&["stop"]).status, 0);
    assert!(!commit.wait().unwrap().success());
}
