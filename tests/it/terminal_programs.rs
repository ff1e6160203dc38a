//! Programs that people use, in terminals: what they show, and how they take keys, sizes and signals.

use std::fs;
use std::path::Path;

use icpy_tests::{Process, Program, cannot_run, ssh};
use serde_json::json;

/// Runs a program in the fixture's folder with a home there. `None`, with the reason told, when it is not installed.
fn run(user: &Process, package: &str, command: &[&str]) -> Option<Program> {
    if !Path::new(command[0]).exists() {
        cannot_run(&format!("`{}` is missing: install the package {package}", command[0]));
        return None;
    }
    let env = json!({ "HOME": user.path(""), "PATH": "/usr/bin:/bin", "LANG": "C.UTF-8" });
    Some(user.run_with(&json!({ "command": command, "cwd": user.path(""), "env": env })))
}

/// A shell with a prompt that nothing else prints, which each of them sets by its own file.
const SHELL: &str = "\
//- /.bashrc
PS1='mine> '
//- /.zshrc
PS1='mine> '
//- /.config/fish/config.fish
function fish_prompt; echo -n 'mine> '; end
";

/// Job control, keys, sizes and the end, as one uses them all day.
fn check_shell(package: &str, command: &[&str], status: &str) {
    let user = Process::new(SHELL);
    let Some(mut shell) = run(&user, package, command) else { return };
    let line = |shell: &mut Program, line: &str, printed: &str| {
        shell.expect("mine> ");
        shell.type_keys(&format!("{line}\r"));
        shell.expect(printed);
    };
    // What is printed is not what is typed, which is shown too.
    line(&mut shell, "echo $TERM", "xterm-256color\r\n");
    line(&mut shell, "tty", "/dev/pts/");
    // A line is edited before it is run: the last word is taken back.
    line(&mut shell, "expr 40 + 1\u{17}2", "42\r\n");
    shell.expect("mine> ");
    shell.resize(101, 31);
    shell.type_keys("stty size\r");
    shell.expect("31 101\r\n");
    // What runs in the foreground is interrupted, and the shell is not.
    line(&mut shell, "sh -c 'echo ru\"\"ns; exec sleep 1000'", "runs\r\n");
    shell.type_keys("\u{3}");
    line(&mut shell, &format!("echo 'is '{status}"), "is 130\r\n");
    // It is stopped, and goes on.
    line(&mut shell, "sh -c 'echo ag\"\"ain; read x; echo got $x'", "again\r\n");
    shell.type_keys("\u{1a}");
    line(&mut shell, "fg", "sh -c");
    shell.type_keys("it\r");
    shell.expect("got it\r\n");
    line(&mut shell, "exit 7", "exit 7");
    assert_eq!(shell.end(), json!({ "code": 7 }));
}

#[test]
fn bash() {
    check_shell("bash", &["/bin/bash", "-i"], "$?");
}

#[test]
fn zsh() {
    check_shell("zsh", &["/bin/zsh", "-i"], "$?");
}

#[test]
fn fish() {
    check_shell("fish", &["/usr/bin/fish", "-i"], "$status");
}

#[test]
fn vim() {
    let user = Process::new("//- /text\none\ntwo\n");
    let Some(mut vim) = run(&user, "vim", &["/usr/bin/vim", "-u", "NONE", "-i", "NONE", "-N", "text"]) else { return };
    vim.expect_on_screen("\"text\" 2L, 8B");
    let screen = vim.expect_on_screen("one\ntwo\n~");
    let rows: Vec<&str> = screen.lines().collect();
    assert_eq!((rows[0], rows[1], rows[2], rows[22]), ("one", "two", "~", "~"));
    vim.type_keys("Gothreé 界");
    vim.expect_on_screen("-- INSERT --");
    vim.expect_on_screen("threé 界");
    // An escape with a key at once behind it would be another key.
    vim.type_keys("\u{1b}");
    vim.expect_off_screen("-- INSERT --");
    vim.resize(60, 10);
    // The last row is for commands again.
    vim.expect_on_screen("~\n\n");
    vim.type_keys(":set lines?\r");
    vim.expect_on_screen("  lines=10");
    vim.type_keys(":set columns?\r");
    vim.expect_on_screen("  columns=60");
    vim.type_keys(":wq\r");
    assert_eq!(vim.end(), json!({ "code": 0 }));
    assert_eq!(fs::read_to_string(user.path("text")).unwrap(), "one\ntwo\nthreé 界\n");
    vim.expect("\u{1b}[?1049l");
}

#[test]
fn less() {
    let user = Process::new("");
    let lines: Vec<String> = (1..=1000).map(|number| format!("line {number}\n")).collect();
    fs::write(user.path("lines"), lines.concat()).unwrap();
    let Some(mut less) = run(&user, "less", &["/usr/bin/less", "lines"]) else { return };
    let screen = less.expect_on_screen("line 23\nlines");
    assert!(screen.starts_with("line 1\nline 2\n"), "{screen}");
    less.resize(80, 12);
    // Before it is drawn anew, its first rows or its last one are cut off.
    less.expect_on_screen("line 1\nline 2\n");
    less.expect_off_screen("line 12");
    less.type_keys("G");
    less.expect_on_screen("line 1000\n(END)");
    less.type_keys("g");
    less.expect_on_screen("line 11\n:");
    less.type_keys("/line 77$\r");
    assert!(less.expect_on_screen("line 77\n").starts_with("line 77\n"));
    less.type_keys("q");
    assert_eq!(less.end(), json!({ "code": 0 }));
}

#[test]
fn python() {
    let user = Process::new("");
    let start = || run(&user, "python3", &["/usr/bin/python3", "-q"]);
    let (Some(mut python), Some(mut other)) = (start(), start()) else { return };
    python.expect(">>> ");
    python.type_keys("import os, sys; [6 * 7, sys.stdin.isatty(), os.get_terminal_size().columns]\r");
    python.expect("[42, True, 80]");
    python.expect(">>> ");
    python.type_keys("exit()\r");
    assert_eq!(python.end(), json!({ "code": 0 }));
    // It is interrupted, and goes on.
    other.expect(">>> ");
    // Again and again: Python does not see a signal that comes just before it asks the system to sleep.
    let sleeping = "any(time.sleep(0.1) for _ in iter(int, 1))";
    other.type_keys(&format!("import time; print('sle' + 'eps', flush=True); {sleeping}\r"));
    other.expect("sleeps\r\n");
    other.type_keys("\u{3}");
    other.expect("KeyboardInterrupt");
    other.expect(">>> ");
    other.close();
}

#[test]
fn ssh_to_a_shell() {
    let user = Process::new("");
    let Some(ssh) = ssh(&user, "REMOTE=yes") else { return };
    let script = "trap \"stty size\" WINCH; echo at $REMOTE $(tty); while ! read x; do :; done; exit 9";
    let shell = format!("sh -c '{script}'");
    let command = [ssh.to_str().unwrap(), "-tt", "elsewhere.example", &shell];
    let Some(mut remote) = run(&user, "openssh-client", &command) else { return };
    remote.expect("at yes /dev/pts/");
    remote.resize(100, 40);
    remote.expect("40 100\r\n");
    remote.type_keys("on\r");
    assert_eq!(remote.end(), json!({ "code": 9 }));
}
