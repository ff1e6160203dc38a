//! A service manager that keeps descriptors, as systemd does: the test plays it, as `sd_notify`(3) and `sd_listen_fds`(3) say.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{IoSliceMut, Write as _};
use std::mem::MaybeUninit;
use std::os::fd::{AsRawFd as _, OwnedFd};
use std::os::unix::net::{UnixDatagram, UnixStream};
use std::path::PathBuf;
use std::process::Child;

use icpy_tests::{DEADLINE, Process, process, until_now};
use rustix::io::{FdFlags, fcntl_dupfd_cloexec, fcntl_setfd};
use rustix::net::{RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, recvmsg};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::json;

/// A service manager of one daemon.
struct Manager {
    path: PathBuf,
    socket: UnixDatagram,
    stored: BTreeMap<String, OwnedFd>,
}

impl Manager {
    fn new(user: &Process) -> Self {
        let path = user.path("notify");
        let socket = UnixDatagram::bind(&path).unwrap();
        socket.set_read_timeout(Some(DEADLINE)).unwrap();
        Self { path, socket, stored: BTreeMap::new() }
    }

    /// Starts the daemon with what is stored, and waits until it is ready.
    fn start(&mut self, user: &Process) -> Child {
        let (mut script, mut names) = (String::new(), Vec::new());
        let mut open = Vec::new();
        for (number, (name, descriptor)) in (3..).zip(&self.stored) {
            // None is in the way of another.
            let descriptor = fcntl_dupfd_cloexec(descriptor, 100).unwrap();
            fcntl_setfd(&descriptor, FdFlags::empty()).unwrap();
            writeln!(script, "exec {number}<&{0} {0}<&-", descriptor.as_raw_fd()).unwrap();
            names.push(name.clone());
            open.push(descriptor);
        }
        script += "LISTEN_PID=$$ exec \"$0\"";
        let mut daemon = user.foreign_command("bash", &["-c", &script, user.program("icpyd").to_str().unwrap()]);
        daemon.env("NOTIFY_SOCKET", &self.path).env("FDSTORE", "64");
        if !names.is_empty() {
            daemon.env("LISTEN_FDS", names.len().to_string()).env("LISTEN_FDNAMES", names.join(":"));
        }
        let daemon = daemon.spawn().unwrap();
        while self.hear() != "READY=1" {}
        daemon
    }

    /// Asks the daemon to end as a manager does.
    fn stop(&mut self, mut daemon: Child) {
        kill_process(Pid::from_child(&daemon), Signal::TERM).unwrap();
        assert_eq!(process::status(daemon.wait().unwrap()), 0);
        self.socket.set_nonblocking(true).unwrap();
        while !self.hear().is_empty() {}
        self.socket.set_nonblocking(false).unwrap();
    }

    /// Does what the daemon asks for next. Returns what it says; nothing, when it says nothing now.
    fn hear(&mut self) -> String {
        let mut buffer = [0; 500];
        let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
        let mut ancillary = RecvAncillaryBuffer::new(&mut space);
        let flags = RecvFlags::CMSG_CLOEXEC;
        let received = recvmsg(&self.socket, &mut [IoSliceMut::new(&mut buffer)], &mut ancillary, flags);
        let Ok(length) = received.map(|message| message.bytes) else { return String::new() };
        let said = String::from_utf8_lossy(&buffer[..length]).trim().to_owned();
        let name = || said.lines().find_map(|line| line.strip_prefix("FDNAME=")).unwrap().to_owned();
        if said.contains("FDSTORE=1") {
            let descriptors = ancillary.drain().filter_map(|message| match message {
                RecvAncillaryMessage::ScmRights(descriptors) => Some(descriptors),
                _ => None,
            });
            self.stored.insert(name(), descriptors.flatten().next().unwrap());
        } else if said.contains("FDSTOREREMOVE=1") {
            self.stored.remove(&name());
        }
        said
    }
}

#[test]
fn what_runs_goes_on_when_the_manager_starts_the_daemon_again() {
    let user = Process::new("");
    let mut manager = Manager::new(&user);
    let daemon = manager.start(&user);
    let script = "echo before; read line; echo got $line; exit 3";
    user.json(&["terminal", "new", "--name", "kept", "--", "sh", "-c", script]);
    let shown = || user.icpy(&["terminal", "show", "kept"]).stdout;
    until_now("the program", || shown().contains("before"));
    let terminals = user.json(&["terminal", "list"]);
    let status = user.json(&["status"]);

    manager.stop(daemon);
    assert!(manager.stored.len() >= 4, "a letter, a socket, a lock, a terminal: {:?}", manager.stored);
    // Who comes meanwhile waits.
    let mut early = UnixStream::connect(user.endpoint().socket).unwrap();
    early.write_all(b"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"session:ping\"}\n").unwrap();
    let daemon = manager.start(&user);
    until_now("nothing to be kept twice", || {
        manager.stored.is_empty() || {
            manager.hear();
            false
        }
    });
    let after = user.json(&["status"]);
    assert_eq!((&after["daemonId"], &after["restarts"]), (&status["daemonId"], &json!(1)));
    assert_eq!(user.json(&["terminal", "list"]), terminals, "the same processes in the same terminals");
    let mut answer = [0; 1];
    early.set_read_timeout(Some(DEADLINE)).unwrap();
    std::io::Read::read_exact(&mut early, &mut answer).unwrap();

    assert_eq!(user.icpy(&["terminal", "send", "kept", "on\n"]).status, 0);
    let id = terminals["terminals"][0]["terminalId"].as_str().unwrap();
    let ended = user.json(&["call", "terminal:wait", &json!({ "terminalId": id }).to_string()]);
    // It was the child of a process that is gone: how it ended was told to nobody.
    assert_eq!(ended, json!({ "exit": {} }));
    assert!(shown().starts_with("before\non\ngot on\n"), "{}", shown());
    manager.stop(daemon);
}

#[test]
fn what_runs_ends_when_the_manager_does_not_start_the_daemon_again() {
    let user = Process::new("");
    let mut manager = Manager::new(&user);
    let daemon = manager.start(&user);
    let terminal = user.json(&["terminal", "new", "--", "sh", "-c", "sleep 1000; exit 1"]);
    let pid = i32::try_from(terminal["pid"].as_i64().unwrap()).unwrap();
    manager.stop(daemon);
    let is_there = || rustix::process::test_kill_process(Pid::from_raw(pid).unwrap()).is_ok();
    assert!(is_there());
    manager.stored.clear();
    until_now("the end", || !is_there());
    std::fs::remove_file(user.endpoint().socket).unwrap();
}

#[test]
fn a_client_that_stops_the_daemon_ends_what_runs() {
    let user = Process::new("");
    let mut manager = Manager::new(&user);
    let mut daemon = manager.start(&user);
    user.json(&["terminal", "new", "--", "sleep", "1000"]);
    assert_eq!(user.icpy(&["stop", "--force"]).status, 0);
    assert_eq!(process::status(daemon.wait().unwrap()), 0);
    assert!(manager.stored.is_empty());
}
