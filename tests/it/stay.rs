//! Staying reachable: whatever is taken away from a running daemon, the next client finds the same one.

use std::fs;
use std::io::Read as _;
use std::os::unix::net::UnixStream;
use std::process::Stdio;
use std::time::{Duration, Instant};

use icpy_tests::{Process, process};
use serde_json::Value;

/// Takes something away from a running daemon; the next clients must still find it, and start no other.
fn check(take_away: impl Fn(&Process)) {
    let user = Process::new("//- /a.py\n");
    user.json(&["a.py"]);
    let daemon = user.daemon_pid();
    for _ in 0..3 {
        take_away(&user);
        // It notices by itself: nothing tells a client that it has.
        let deadline = Instant::now() + Duration::from_secs(10);
        while !user.endpoint().socket.exists() || !user.endpoint().life_lock().exists() {
            assert!(Instant::now() < deadline, "the daemon has not made its socket again");
        }
        assert_eq!(user.json(&["call", "file:list"])["files"].as_array().unwrap().len(), 1);
        assert_eq!(user.daemon_pid(), daemon);
    }
    assert_eq!(user.icpy(&["stop"]).status, 0);
    assert!(!user.endpoint().socket.exists());
}

#[test]
fn a_socket_that_is_removed_is_made_again() {
    check(|user| fs::remove_file(user.endpoint().socket).unwrap());
}

#[test]
fn a_socket_that_is_moved_away_is_made_again() {
    check(|user| fs::rename(user.endpoint().socket, user.path("moved")).unwrap());
}

#[test]
fn a_lock_that_is_removed_is_made_again() {
    check(|user| fs::remove_file(user.endpoint().life_lock()).unwrap());
}

#[test]
fn a_folder_that_is_removed_is_made_again() {
    check(remove_folder);
}

/// Moved first: while it is emptied the daemon would fill it again.
fn remove_folder(user: &Process) {
    let away = user.path("away");
    fs::rename(user.endpoint().folder, &away).unwrap();
    fs::remove_dir_all(away).unwrap();
}

#[test]
fn connected_clients_do_not_notice() {
    let user = Process::new("//- /a.py\n");
    user.json(&["a.py"]);
    let subscriptions = || user.json(&["status"])["bus"]["subscriptions"].clone();
    // Its own.
    let before = subscriptions();
    let mut watch = user.command(&["watch", "file:*"]).stdout(Stdio::piped()).spawn().unwrap();
    while subscriptions() == before {}
    remove_folder(&user);
    while !user.endpoint().socket.exists() {}
    user.json(&["a.py"]);
    let mut line = [0; 40];
    watch.stdout.take().unwrap().read_exact(&mut line).unwrap();
    assert!(line.starts_with(b"{\"topic\":\"file:opened\""));
    watch.kill().unwrap();
    watch.wait().unwrap();
}

#[test]
fn who_comes_when_there_is_no_room_is_told() {
    let user = Process::new("//- /a.py\n");
    let line = format!("ulimit -n 40; exec '{}'", user.program("icpyd").display());
    let mut command = std::process::Command::new("bash");
    process::clear(&mut command).args(["-c", &line]).env("ICPY_HOME", user.folder().home());
    let mut daemon = command.spawn().unwrap();
    while user.icpy(&["status"]).status != 0 {}
    let mut held: Vec<UnixStream> = Vec::new();
    let output = loop {
        held.push(UnixStream::connect(user.endpoint().socket).unwrap());
        assert!(held.len() < 100, "the limit is not reached");
        let output = user.icpy(&["--json", "call", "session:ping"]);
        if output.status != 0 {
            break output;
        }
    };
    assert_eq!(output.status, 4, "{output:?}");
    let error: Value = serde_json::from_str(&output.stdout).unwrap();
    assert_eq!(error["error"]["data"]["kind"], "busy", "{error}");
    assert!(error["error"]["message"].as_str().unwrap().contains("connections"), "{error}");
    held.truncate(held.len() / 2);
    while user.icpy(&["call", "session:ping"]).status != 0 {}
    assert_eq!(user.icpy(&["stop"]).status, 0);
    assert_eq!(process::status(daemon.wait().unwrap()), 0);
}
