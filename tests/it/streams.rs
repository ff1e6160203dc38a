//! What is long: standard input and large files, with bounded memory, and progress for who sees it.

use std::fs::{self, File};
use std::io::{Read as _, Write as _};
use std::process::{Child, ChildStdin, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};

use icpy_tests::{Process, process, until_now};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

/// Starts `icpy ARGS -`, and returns it with its input and its file when that is open.
fn reading(user: &Process, args: &[&str]) -> (Child, ChildStdin, String) {
    let mut command = user.command(&[args, &["-"]].concat());
    let mut child = command.stdin(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let mut input = child.stdin.take().unwrap();
    input.write_all(b"first\n").unwrap();
    until_now("the daemon", || user.icpy(&["status"]).status == 0);
    until_now("an open file", || !open_files(user).is_empty());
    let path = open_files(user)[0]["path"].as_str().unwrap().to_owned();
    until_now("the first line", || fs::read_to_string(&path).unwrap() == "first\n");
    (child, input, path)
}

fn open_files(user: &Process) -> Vec<Value> {
    user.json(&["call", "file:list"])["files"].as_array().unwrap().clone()
}

#[test]
fn waiting_ends_when_the_file_is_closed_though_more_could_come() {
    let user = Process::new("");
    let (mut child, mut input, path) = reading(&user, &["--wait"]);
    input.write_all(b"second\n").unwrap();
    until_now("the second line", || fs::read_to_string(&path).unwrap() == "first\nsecond\n");
    assert!(child.try_wait().unwrap().is_none());
    assert_eq!(user.icpy(&["close", &path]).status, 0);
    assert_eq!(process::status(child.wait().unwrap()), 0);
    assert!(open_files(&user).is_empty(), "it is not opened again");
    drop(input);
}

#[test]
fn it_is_read_once() {
    let user = Process::new("");
    let twice = user.icpy(&["-", "-"]);
    assert!(twice.status == 2 && twice.stderr.contains("given twice"), "{twice:?}");
    assert!(!user.has_daemon());
}

#[test]
fn an_interrupt_leaves_what_was_read() {
    let user = Process::new("");
    let (mut child, _input, path) = reading(&user, &[]);
    kill_process(Pid::from_child(&child), Signal::INT).unwrap();
    assert_eq!(process::status(child.wait().unwrap()), 130);
    assert_eq!((fs::read_to_string(&path).unwrap().as_str(), open_files(&user).len()), ("first\n", 1));
}

#[test]
fn old_input_goes_unless_it_is_open() {
    let user = Process::new("");
    let mut paths = Vec::new();
    for _ in 0..2 {
        let file = user.json(&["-"])["file"]["path"].as_str().unwrap().to_owned();
        let day = std::time::Duration::from_hours(24);
        File::options()
            .append(true)
            .open(&file)
            .unwrap()
            .set_modified(std::time::SystemTime::now() - 30 * day)
            .unwrap();
        paths.push(file);
    }
    user.icpy(&["close", &paths[1]]);
    user.json(&["-"]);
    assert_eq!(paths.iter().map(|path| fs::exists(path).unwrap()).collect::<Vec<_>>(), [true, false]);
}

/// Runs a line of sh in a terminal; `{icpy}` stands for the client.
fn in_terminal(user: &Process, line: &str) -> icpy_tests::Terminal {
    user.foreign_terminal("sh", &["-c", &line.replace("{icpy}", user.program("icpy").to_str().unwrap())])
}

fn make_fifo(user: &Process) -> std::path::PathBuf {
    let fifo = user.path("fifo");
    assert!(std::process::Command::new("mkfifo").arg(&fifo).status().unwrap().success());
    fifo
}

#[test]
fn progress_is_shown_at_a_terminal_when_input_takes_long() {
    let user = Process::new("");
    let fifo = make_fifo(&user);
    let is_seen = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let mut terminal = in_terminal(&user, "{icpy} - < fifo; echo ended with $?");
        scope.spawn(|| {
            let mut input = File::options().write(true).open(&fifo).unwrap();
            while !is_seen.load(Ordering::Relaxed) {
                input.write_all(&[b'x'; 1024]).unwrap();
                std::thread::sleep(std::time::Duration::from_millis(5));
            }
        });
        terminal.expect(" MiB read");
        is_seen.store(true, Ordering::Relaxed);
        // The line is taken away.
        assert!(terminal.expect("ended with 0").contains("\r\x1b[K"));
    });
}

#[test]
fn progress_of_a_large_file_has_a_bar() {
    let user = Process::new("");
    let fifo = make_fifo(&user);
    File::create(user.path("large")).unwrap().set_len(64 << 20).unwrap();
    let is_seen = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let mut terminal = in_terminal(&user, "{icpy} cat large > fifo; echo ended with $?");
        scope.spawn(|| {
            let (mut output, mut piece) = (File::open(&fifo).unwrap(), vec![0; 64 << 10]);
            while output.read(&mut piece).unwrap() > 0 {
                if !is_seen.load(Ordering::Relaxed) {
                    std::thread::sleep(std::time::Duration::from_millis(10));
                }
            }
        });
        terminal.expect(" of 64.0 MiB read");
        is_seen.store(true, Ordering::Relaxed);
        terminal.expect("ended with 0");
    });
}

#[test]
fn no_progress_is_told_to_a_file() {
    let user = Process::new("");
    let mut command = user.command(&["-"]);
    let mut child = command.stdin(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut input = child.stdin.take().unwrap();
    let began = std::time::Instant::now();
    while began.elapsed() < std::time::Duration::from_millis(1300) {
        input.write_all(b"x").unwrap();
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    drop(input);
    let said = String::from_utf8(child.wait_with_output().unwrap().stderr).unwrap();
    assert!(!said.contains('\r') && !said.contains("MiB"), "{said}");
}

/// The most memory that a process has had, in KiB.
#[cfg(target_os = "linux")]
fn peak_kib(pid: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}

#[cfg(target_os = "linux")]
#[test]
fn a_large_file_is_printed_in_little_memory() {
    const BYTES: u64 = 48 << 20;
    let user = Process::new("");
    File::create(user.path("large")).unwrap().set_len(BYTES).unwrap();
    user.json(&["start"]);
    let before = peak_kib(user.daemon_pid());
    let mut child = user.command(&["cat", "large"]).stdout(Stdio::piped()).spawn().unwrap();
    let mut output = child.stdout.take().unwrap();
    // It still lives when all but the last piece was read.
    let read = std::io::copy(&mut (&mut output).take(BYTES - (1 << 20)), &mut std::io::sink()).unwrap();
    let (client, daemon) = (peak_kib(child.id()), peak_kib(user.daemon_pid()) - before);
    assert!(client < 16 << 10 && daemon < 24 << 10, "{client} KiB, and {daemon} KiB more");
    assert_eq!(read + std::io::copy(&mut output, &mut std::io::sink()).unwrap(), BYTES);
    assert!(child.wait().unwrap().success());
}
