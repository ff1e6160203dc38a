//! The programs on Windows: a pipe, one daemon, and nothing of the client's that the daemon keeps.

use std::io::{self, Read as _};
use std::process::Command;

use icpy_tests::{Process, process};
use interprocess::local_socket::prelude::*;
use interprocess::local_socket::{GenericFilePath, ListenerOptions};
use interprocess::os::windows::local_socket::ListenerOptionsExt as _;
use interprocess::os::windows::security_descriptor::SecurityDescriptor;
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
    let terminal = user.icpy(&["terminal", "new", "--", "cmd"]);
    assert_ne!(terminal.status, 0, "{terminal:?}");
    assert!(terminal.stderr.starts_with("error: "), "{terminal:?}");
    // The daemon goes on.
    assert_eq!(user.json(&["a.py"])["isNew"], false);
}
