//! The programs on Windows: a pipe, one daemon, and nothing of the client's that the daemon keeps.

use std::io::{self, Read as _};
use std::process::Command;

use icpy_protocol::error::Kind;
use icpy_tests::{Process, process, refused};
use interprocess::local_socket::prelude::*;
use interprocess::local_socket::{GenericFilePath, ListenerOptions};
use interprocess::os::windows::local_socket::ListenerOptionsExt as _;
use interprocess::os::windows::security_descriptor::SecurityDescriptor;
use serde_json::json;
use widestring::U16CString;

/// Ends the daemon as an impatient user does, and returns when its lock is free.
fn kill_daemon(user: &Process) {
    let killed = process::output(Command::new("taskkill").args(["/F", "/PID", &user.daemon_pid().to_string()]));
    assert_eq!(killed.status, 0, "{killed:?}");
    icpy_tests::until_now("the daemon's end", || !user.has_daemon());
}

#[test]
fn a_first_request_starts_the_daemon_that_all_use() {
    let user = Process::new("//- /a.py\nprint()\n");
    assert_eq!(user.icpy(&["status"]).status, 11);
    assert_eq!(user.json(&["call", "session:ping"])["seq"], 0);
    let pid = user.daemon_pid();
    assert_eq!(user.json(&["a.py:1:2"])["isNew"], true);
    assert_eq!(user.json(&["a.py"])["isNew"], false);
    assert_eq!(user.icpy(&["cat", "a.py"]).stdout, "print()\n");
    assert_eq!(user.json(&["call", "file:list"])["files"].as_array().unwrap().len(), 1);
    assert_eq!(user.daemon_pid(), pid);
    assert_eq!(user.json(&["stop"])["stopped"], true);
    assert!(!user.has_daemon());
    assert_eq!(user.icpy(&["status"]).status, 11);
}

#[test]
fn ten_clients_at_once_start_one_daemon() {
    let user = Process::new("//- /a.py\n");
    for _ in 0..3 {
        let answers = process::succeeded(user.clients(10, &["--json", "call", "daemon:status"]));
        let daemons = |name: &str| answers.iter().map(|answer| answer[name].clone()).collect::<Vec<_>>();
        assert!(daemons("pid").iter().all(|pid| *pid == user.daemon_pid()), "{answers:?}");
        assert!(daemons("daemonId").iter().all(|id| *id == answers[0]["daemonId"]), "{answers:?}");
        user.json(&["stop"]);
    }
}

#[test]
fn what_a_killed_daemon_leaves_is_in_nobodys_way() {
    let user = Process::new("//- /a.py\n");
    assert_eq!(user.json(&["a.py"])["isNew"], true);
    let killed = user.daemon_pid();
    kill_daemon(&user);
    assert_eq!(user.icpy(&["status"]).status, 11);
    // What it has acknowledged is there.
    assert_eq!(user.json(&["a.py"])["isNew"], false);
    assert_ne!(user.daemon_pid(), killed);
}

/// Whoever reads a pipe to its end waits for every process that has it open.
#[test]
fn a_reader_is_not_held_by_the_daemon_that_its_writer_started() {
    let user = Process::new("//- /a.py\n");
    let (mut reader, writer) = io::pipe().unwrap();
    // The client inherits the writing end three times, once as what it has no use for.
    let mut command = user.command(&["call", "session:ping"]);
    command.stdin(writer.try_clone().unwrap()).stdout(writer.try_clone().unwrap()).stderr(writer);
    let mut client = command.spawn().unwrap();
    drop(command);
    let mut text = String::new();
    reader.read_to_string(&mut text).unwrap();
    assert!(client.wait().unwrap().success(), "{text}");
    assert!(text.starts_with("{\"epoch\":"), "{text}");
    assert!(user.has_daemon(), "the daemon goes on");
}

/// Anybody can make a pipe of a name that is free, and would be told everything.
#[test]
fn a_pipe_of_somebody_else_is_not_trusted() {
    let user = Process::new("//- /a.py\n");
    // The administrators' group owns it, and everybody may use it.
    let everybody = SecurityDescriptor::deserialize(&U16CString::from_str("O:BAD:(A;;GA;;;WD)").unwrap()).unwrap();
    let name = user.endpoint().socket.into_os_string().to_fs_name::<GenericFilePath>().unwrap();
    let listener = ListenerOptions::new().name(name).security_descriptor(everybody).create_sync().unwrap();
    assert_eq!(user.icpy(&["status"]).status, 11);
    drop(listener);
    assert_eq!(user.icpy(&["a.py"]).status, 0);
}

#[test]
fn what_windows_cannot_do_is_said() {
    let user = Process::new("//- /a.py\n");
    user.json(&["a.py"]);
    let restart = user.icpy(&["restart"]);
    assert_ne!(restart.status, 0, "{restart:?}");
    assert!(restart.stderr.starts_with("error: "), "{restart:?}");
    // The daemon goes on.
    assert_eq!(user.json(&["a.py"])["isNew"], false);
}

#[test]
fn a_shell_runs_in_a_terminal() {
    let user = Process::new("//- /folder/file\n");
    let mut shell =
        user.run_with(&json!({ "command": ["cmd.exe", "/q", "/k", "prompt mine$g"], "cwd": user.path("folder") }));
    shell.expect_on_screen("mine>");
    shell.type_keys("echo id %ICPY_TERMINAL_ID%, set [%ICPY_HOME%]\r");
    shell.expect_on_screen(&format!("id {}, set [%ICPY_HOME%]", shell.id().to_owned()));
    shell.type_keys("dir /b\r");
    shell.expect_on_screen("\nfile");
    shell.resize(100, 30);
    shell.type_keys("mode con\r");
    shell.expect_on_screen("100");
    shell.type_keys("exit 7\r");
    assert_eq!(shell.end(), json!({ "code": 7 }));
}

#[test]
fn all_that_a_short_program_prints_is_there_at_its_end() {
    let user = Process::new("");
    for round in 0..10 {
        let mut program = user.run(&["cmd.exe", "/q", "/c", &format!("echo last {round}& exit {round}")]);
        assert_eq!(program.end(), json!({ "code": round }));
        program.expect_on_screen(&format!("last {round}"));
    }
}

#[test]
fn what_cannot_run_is_an_error_and_no_terminal() {
    let user = Process::new("//- /file\nx\n");
    assert_eq!(user.icpy(&["start"]).status, 0);
    let client = user.connect();
    let check = |params: serde_json::Value, kind: Kind, text: &str| {
        refused(client.request("terminal:create", &params.to_string(), |_, _| ()), kind, text);
    };
    check(json!({ "command": ["no-such-program"] }), Kind::NotFound, "`no-such-program`");
    check(json!({ "command": [user.path("")] }), Kind::PermissionDenied, "cannot run");
    check(json!({ "command": ["cmd.exe"], "cwd": user.path("none") }), Kind::NotFound, "none");
    check(json!({ "command": ["cmd.exe"], "cwd": user.path("file") }), Kind::Unsupported, "is not a folder");
    assert_eq!(user.json(&["terminal", "list"])["terminals"], json!([]));
}

#[test]
fn a_terminal_that_is_closed_ends_what_runs_there() {
    let user = Process::new("");
    let mut shell = user.run(&["cmd.exe", "/q", "/k", "prompt mine$g"]);
    shell.expect_on_screen("mine>");
    let pid = shell.pid().to_string();
    let is_there =
        || process::output(Command::new("tasklist").args(["/fo", "csv"])).stdout.contains(&format!(",\"{pid}\","));
    assert!(is_there());
    shell.close();
    icpy_tests::until_now("the shell's end", || !is_there());
    // So does the end of the daemon, however it comes.
    let mut shell = user.run(&["cmd.exe", "/q", "/k", "prompt mine$g"]);
    shell.expect_on_screen("mine>");
    let pid = shell.pid().to_string();
    let is_there =
        || process::output(Command::new("tasklist").args(["/fo", "csv"])).stdout.contains(&format!(",\"{pid}\","));
    kill_daemon(&user);
    icpy_tests::until_now("the shell's end", || !is_there());
}
