//! The daemon as a service: in the background by itself, and under a service manager.

use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::os::unix::net::UnixDatagram;
use std::process::{Command, Stdio};
use std::time::Duration;

use icpy_tests::{DEADLINE, Process, Stopped, cannot_run, process, until_now};
use rustix::process::{Pid, Signal, kill_process};

#[test]
fn a_daemon_goes_into_the_background_when_it_is_ready() {
    let user = Process::new("//- /a.py\n");
    let started = process::output(&mut user.command_of("icpyd", &["--daemonize"]));
    assert_eq!((started.status, started.stdout.as_str(), started.stderr.as_str()), (0, "", ""));
    // It is ready at once: nothing has to be started.
    let status = user.json(&["status"]);
    let pid = status["pid"].as_u64().unwrap();
    #[cfg(target_os = "linux")]
    {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
        let session = stat.rsplit(") ").next().unwrap().split(' ').nth(3).unwrap().to_owned();
        assert_ne!(session, pid.to_string(), "it leads no session, so that no terminal becomes its own");
    }
    let again = process::output(&mut user.command_of("icpyd", &["--daemonize"]));
    assert_eq!(again.status, 0);
    assert!(again.stderr.contains(&format!("(process {pid}) is running already")), "{again:?}");
    // What is written through it has the mode that the user's files have.
    let params = serde_json::json!({ "path": user.path("new.txt"), "content": "x" });
    user.json(&["call", "fs:write_file", &params.to_string()]);
    let by_user = user.path("a.py").metadata().unwrap().permissions().mode();
    assert_eq!(user.path("new.txt").metadata().unwrap().permissions().mode(), by_user);
}

#[test]
fn a_daemon_that_cannot_start_says_so_before_it_leaves() {
    let user = Process::new("");
    let socket = user.path("none/icpyd.sock");
    let args = ["--daemonize".as_ref(), "--socket".as_ref(), socket.as_os_str()];
    let output = process::output(&mut user.command_of("icpyd", &args));
    assert_eq!(output.status, 1, "{output:?}");
    assert!(output.stderr.starts_with("icpyd: ") && output.stderr.contains("/none`"), "{output:?}");
}

#[test]
fn a_socket_named_from_here_is_here() {
    let user = Process::new("");
    fs::create_dir(user.path("run")).unwrap();
    fs::set_permissions(user.path("run"), fs::Permissions::from_mode(0o700)).unwrap();
    for start in [&["--socket", "run/s", "start"][..], &["--socket", "./run/s", "start"]] {
        assert_eq!(user.icpy(start).status, 0);
        let status = user.json(&["--socket", "run/s", "status"]);
        assert_eq!(status["socket"], user.path("run/s").to_str().unwrap());
        assert_eq!(user.icpy(&["--socket", "run/s", "stop"]).status, 0);
    }
}

#[test]
fn a_service_manager_hands_its_socket_over() {
    let user = Process::new("//- /a.py\n");
    let endpoint = user.endpoint();
    let Some(mut manager) = user.activation(&[&endpoint.socket], &[]) else { return };
    let mut manager = manager.stderr(Stdio::null()).spawn().unwrap();
    while !endpoint.socket.exists() {}
    // The client starts none of its own: it connects, and that starts the daemon.
    user.json(&["a.py"]);
    assert_eq!(user.daemon_pid(), manager.id());
    // The lock is the daemon's own: it is made again, and the socket stays the manager's.
    let socket = endpoint.socket.metadata().unwrap().ino();
    fs::remove_file(endpoint.life_lock()).unwrap();
    until_now("the lock", || user.has_daemon());
    assert_eq!(user.daemon_pid(), manager.id());
    assert_eq!(endpoint.socket.metadata().unwrap().ino(), socket);
    assert_eq!(user.icpy(&["stop"]).status, 0);
    assert_eq!(process::status(manager.wait().unwrap()), 0);
    assert!(endpoint.socket.exists(), "the socket is the manager's");
    fs::remove_file(endpoint.socket).unwrap();
}

#[test]
fn a_service_manager_with_two_sockets_is_told_that_one_is_wanted() {
    let user = Process::new("");
    let sockets = ["one", "two"].map(|name| user.path(name));
    let Some(mut manager) = user.activation(&[&sockets[0], &sockets[1]], &[]) else { return };
    let manager = manager.spawn().unwrap();
    until_now("the socket", || std::os::unix::net::UnixStream::connect(&sockets[1]).is_ok());
    let output = manager.wait_with_output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(!output.status.success() && said.contains("it hands over more than one"), "{said}");
}

#[test]
fn a_service_manager_is_told_how_the_daemon_does() {
    let user = Process::new("");
    let path = user.path("notify");
    let manager = UnixDatagram::bind(&path).unwrap();
    manager.set_read_timeout(Some(DEADLINE)).unwrap();
    let mut daemon = user.command_of("icpyd", &[] as &[&str]);
    let mut daemon = daemon.env("NOTIFY_SOCKET", &path).env("WATCHDOG_USEC", "100000").spawn().unwrap();
    let told = || {
        let mut buffer = [0; 200];
        let length = manager.recv(&mut buffer).unwrap();
        String::from_utf8_lossy(&buffer[..length]).trim().to_owned()
    };
    assert_eq!(told(), "READY=1");
    // It listens, as it said.
    assert_eq!(user.icpy(&["status"]).status, 0);
    for _ in 0..3 {
        assert_eq!(told(), "WATCHDOG=1");
    }
    let stopped = Stopped::new(daemon.id());
    manager.set_read_timeout(Some(Duration::from_millis(400))).unwrap();
    let mut buffer = [0; 200];
    while manager.recv(&mut buffer).is_ok() {}
    // One that hangs feeds no watchdog.
    drop(stopped);
    manager.set_read_timeout(Some(DEADLINE)).unwrap();
    assert_eq!(told(), "WATCHDOG=1");
    kill_process(Pid::from_child(&daemon), Signal::TERM).unwrap();
    while told() != "STOPPING=1" {}
    assert_eq!(process::status(daemon.wait().unwrap()), 0);
}

#[test]
fn the_units_are_what_systemd_expects() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../packaging/systemd");
    let user = Process::new("");
    for unit in ["icpyd.socket", "icpyd.service"] {
        let text = fs::read_to_string(format!("{folder}/{unit}")).unwrap();
        // The program is looked for where it will be installed.
        let text = text.replace("/usr/bin/icpyd", user.program("icpyd").to_str().unwrap());
        // Nor are man pages installed here.
        let text = text.lines().filter(|line| !line.starts_with("Documentation=")).collect::<Vec<_>>().join("\n");
        fs::write(user.path(unit), text).unwrap();
    }
    let mut verify = Command::new("systemd-analyze");
    verify
        .args(["verify", "--user", "--recursive-errors=no"])
        .args([user.path("icpyd.socket"), user.path("icpyd.service")]);
    let Ok(output) = verify.env("XDG_RUNTIME_DIR", user.folder().files()).output() else {
        return cannot_run("systemd-analyze is missing: install the package systemd");
    };
    let complaints = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success() && !complaints.contains("icpyd."), "{complaints}");
}

#[test]
fn the_service_takes_nothing_from_the_users_programs() {
    let unit = concat!(env!("CARGO_MANIFEST_DIR"), "/../packaging/systemd/icpyd.service");
    let mut analyze = Command::new("systemd-analyze");
    analyze.args(["security", "--user", "--offline=true", "--json=short", unit]);
    let user = Process::new("");
    let Ok(output) = analyze.env("XDG_RUNTIME_DIR", user.folder().files()).output() else {
        return cannot_run("systemd-analyze is missing: install the package systemd");
    };
    let findings: Vec<serde_json::Value> =
        serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}"));
    // What systemd counts as set without anything being taken.
    let harmless = ["AmbientCapabilities=", "Delegate=", "NotifyAccess="];
    let taken =
        findings.iter().filter(|finding| finding["set"] == true).map(|finding| finding["name"].as_str().unwrap());
    let taken: Vec<&str> = taken.filter(|name| !harmless.contains(name)).collect();
    assert!(findings.len() > 50 && taken.is_empty(), "shells, compilers and sudo would run under {taken:?}");
}
