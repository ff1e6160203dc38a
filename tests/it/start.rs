//! Starting a daemon: once, from anywhere, and with a reason when it cannot be.

use std::fs::{self, Permissions};
use std::io::{Read as _, Write as _};
use std::os::unix::fs::{PermissionsExt as _, chown};
use std::os::unix::net::UnixStream;
use std::process::{Command, Stdio};
use std::time::Duration;

use icpy_protocol::endpoint::open_lock;
use icpy_tests::{Output, Process, SmallDisk, cannot_run, process};
use rustix::process::{Pid, Signal, geteuid, kill_process};
use serde_json::Value;

/// The processes of the daemon that were started for this user, ready or not.
#[cfg(target_os = "linux")]
fn daemons(user: &Process) -> Vec<Pid> {
    let socket = user.endpoint().socket.into_os_string().into_string().unwrap();
    let pids = fs::read_dir("/proc").unwrap().flatten();
    let pids = pids.filter_map(|entry| entry.file_name().to_str()?.parse::<i32>().ok());
    pids.filter(|pid| {
        let line = fs::read_to_string(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        line.contains("--started-by-client") && line.contains(&socket)
    })
    .filter_map(Pid::from_raw)
    .collect()
}

#[cfg(target_os = "linux")]
#[test]
fn a_hundred_clients_at_once_start_one_daemon() {
    let user = Process::new("//- /a.py\n");
    let answers = process::succeeded(user.clients(100, &["--json", "a.py"]));
    assert_eq!(answers.iter().filter(|answer| answer["isNew"] == true).count(), 1);
    assert!(answers.iter().all(|answer| answer["file"] == answers[0]["file"]));
    assert_eq!(daemons(&user).len(), 1);
}

#[cfg(target_os = "linux")]
#[test]
fn clients_succeed_while_daemons_are_killed() {
    /// Each may cost a client two of its six attempts.
    const KILLS: usize = 2;
    let user = Process::new("//- /a.py\n");
    let rounds = std::env::var("ICPY_TEST_ROUNDS").map_or(3, |rounds| rounds.parse().unwrap());
    for round in 0..rounds {
        let clients = user.clients(30, &["--json", "a.py"]);
        // Whatever it is doing then: starting, listening, or answering.
        let mut left = KILLS;
        for _ in 0..20 {
            std::thread::sleep(Duration::from_millis(1 + round * 7 % 20));
            for daemon in daemons(&user).into_iter().take(left) {
                left -= usize::from(kill_process(daemon, Signal::KILL).is_ok());
            }
        }
        assert!(left < KILLS, "no daemon was killed");
        process::succeeded(clients);
        assert_eq!(user.json(&["call", "file:list"])["files"].as_array().unwrap().len(), 1);
        assert_eq!(daemons(&user).len(), 1);
        user.kill_daemon();
    }
}

#[test]
fn what_a_killed_daemon_leaves_is_in_nobodys_way() {
    let user = Process::new("//- /a.py\n");
    user.json(&["a.py"]);
    user.kill_daemon();
    assert!(user.endpoint().socket.exists(), "a killed daemon cannot remove its socket");
    assert_eq!(user.icpy(&["status"]).status, 11);
    user.json(&["a.py"]);
    user.json(&["stop"]);
    assert!(!user.endpoint().socket.exists());
    // Nor is something else that has taken the name.
    fs::write(user.endpoint().socket, "x").unwrap();
    user.json(&["a.py"]);
}

/// Runs a line of a shell as a user would, and fails when it does not come back.
fn shell(user: &Process, line: &str) -> Output {
    let line = line.replace("icpy", &format!("'{}'", user.program("icpy").display()));
    let mut command = Command::new("timeout");
    command.args(["20", "bash", "-c", &line]).current_dir(user.folder().files());
    process::clear(&mut command).env("ICPY_HOME", user.folder().home());
    process::output(&mut command)
}

#[test]
fn a_shell_is_not_held_by_the_daemon_that_it_started() {
    let lines = [
        "x=$(icpy call session:ping); echo done",
        "x=$(icpy call session:ping 3>&1 4>&1 9>&1); echo done",
        "icpy call session:ping 2>&1 | cat >/dev/null; echo done",
        "(exec 5>&1; icpy a.py 2>/dev/null) | cat; echo done",
        "setsid -w icpy call session:ping >/dev/null; echo done",
        "nohup icpy call session:ping >/dev/null 2>&1; echo done",
        "icpy a.py <&- >&- 2>&- && echo done",
        "icpy a.py >/dev/full 2>&1 && echo done",
        "env -i ICPY_HOME=\"$ICPY_HOME\" icpy call session:ping >/dev/null && echo done",
        "cd \"$(mktemp -d)\" && rmdir \"$PWD\" && icpy call session:ping >/dev/null && echo done",
    ];
    for line in lines {
        let user = Process::new("//- /a.py\n");
        let output = shell(&user, line);
        assert_eq!((output.status, output.stdout.as_str()), (0, "done\n"), "{line}: {output:?}");
        assert!(user.has_daemon(), "{line}");
    }
}

/// What becomes a program for which one system call is not there, as on a kernel before 5.9.
#[cfg(target_os = "linux")]
const WITHOUT_CLOSE_RANGE: &str = r#"
import ctypes, os, struct, sys
rules = [(0x20, 0, 0, 0), (0x15, 0, 1, 436), (0x06, 0, 0, 0x50026), (0x06, 0, 0, 0x7FFF0000)]
rules = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *rule) for rule in rules))
class Filter(ctypes.Structure):
    _fields_ = [("length", ctypes.c_ushort), ("rules", ctypes.c_void_p)]
prctl = ctypes.CDLL(None).prctl
assert prctl(38, 1, 0, 0, 0) == 0 and prctl(22, 2, ctypes.byref(Filter(4, ctypes.addressof(rules)))) == 0
os.execvp(sys.argv[1], sys.argv[1:])
"#;

#[cfg(target_os = "linux")]
#[test]
fn a_shell_is_not_held_on_an_old_kernel() {
    let user = Process::new("");
    fs::write(user.path("old.py"), WITHOUT_CLOSE_RANGE).unwrap();
    let output = shell(&user, "x=$(python3 old.py icpy call session:ping 3>&1 9>&1); echo done");
    assert_eq!((output.status, output.stdout.as_str()), (0, "done\n"), "{output:?}");
    assert!(user.has_daemon());
}

#[test]
fn a_daemon_outlives_the_terminal_that_it_was_started_in() {
    if Command::new("tmux").arg("-V").output().is_err() {
        return cannot_run("tmux is missing");
    }
    let user = Process::new("//- /a.py\n");
    let tmux = |args: &[&str]| {
        let mut command = Command::new("tmux");
        process::clear(&mut command).arg("-S").arg(user.path("tmux")).args(["-f", "/dev/null"]).args(args);
        command.env("ICPY_HOME", user.folder().home()).env("TERM", "xterm");
        command.output().unwrap()
    };
    let line = format!("'{}' a.py; sleep 100", user.program("icpy").display());
    let folder = user.folder().files();
    let started = tmux(&["new-session", "-d", "-c", folder.to_str().unwrap(), &line]);
    assert!(started.status.success(), "{started:?}");
    while user.icpy(&["status"]).status != 0 {}
    let open_files = || user.json(&["call", "file:list"])["files"].as_array().unwrap().len();
    while open_files() == 0 {}
    let pid = user.daemon_pid();
    // The terminal goes away, and with it a hangup to all that is in it.
    assert!(tmux(&["kill-server"]).status.success());
    assert_eq!((user.daemon_pid(), open_files()), (pid, 1));
}

#[cfg(target_os = "linux")]
#[test]
fn the_daemon_keeps_nothing_of_who_started_it() {
    if !geteuid().is_root() {
        return cannot_run("only root can look at a process that keeps its memory to itself");
    }
    let user = Process::new("//- /a.py\n");
    let marker = user.path("marker");
    let line = format!("exec 7>'{}' 8</etc/hostname; icpy call session:ping >/dev/null; echo done", marker.display());
    assert_eq!(shell(&user, &line).stdout, "done\n");
    let pid = user.daemon_pid();
    let folder = fs::read_link(format!("/proc/{pid}/cwd")).unwrap();
    assert_eq!(folder, std::path::Path::new("/"));
    for descriptor in fs::read_dir(format!("/proc/{pid}/fd")).unwrap().flatten() {
        let target = fs::read_link(descriptor.path()).unwrap_or_default();
        assert!(target != marker && target.to_str() != Some("/etc/hostname"), "{}", target.display());
    }
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
    let session = stat.rsplit(") ").next().unwrap().split(' ').nth(3).unwrap().to_owned();
    assert_eq!(session, pid.to_string(), "the daemon leads a session of its own");
}

/// The client must end with 11 and say this.
#[track_caller]
fn cannot_start(output: &Output, expect: &[&str]) {
    assert_eq!(output.status, 11, "{output:?}");
    assert!(output.stderr.starts_with("error: icpyd cannot start: "), "{output:?}");
    for text in expect {
        assert!(output.stderr.contains(text), "`{text}` is missing: {output:?}");
    }
}

#[test]
fn a_folder_that_is_not_ours_is_refused() {
    let user = Process::ordinary("//- /a.py\n");
    let run = user.folder().home().join("run");
    fs::create_dir_all(&run).unwrap();
    fs::set_permissions(&run, Permissions::from_mode(0o755)).unwrap();
    if geteuid().is_root() {
        cannot_start(&user.icpy(&["a.py"]), &[run.to_str().unwrap(), "belongs to uid 0"]);
        fs::remove_dir(&run).unwrap();
        chown(user.folder().home(), Some(65_534), None).unwrap();
    } else {
        cannot_start(&user.icpy(&["a.py"]), &[run.to_str().unwrap(), "open to others (mode 0755)", "chmod 700"]);
        fs::set_permissions(&run, Permissions::from_mode(0o700)).unwrap();
    }
    assert_eq!(user.icpy(&["a.py"]).status, 0);
}

#[test]
fn a_folder_that_others_can_enter_is_refused() {
    let user = Process::new("//- /a.py\n");
    let run = user.folder().home().join("run");
    fs::create_dir_all(&run).unwrap();
    fs::set_permissions(&run, Permissions::from_mode(0o770)).unwrap();
    cannot_start(&user.icpy(&["a.py"]), &["open to others (mode 0770)", "chmod 700"]);
    fs::set_permissions(&run, Permissions::from_mode(0o700)).unwrap();
    assert_eq!(user.icpy(&["a.py"]).status, 0);
}

#[test]
fn a_socket_path_that_is_too_long_is_refused_where_it_was_asked_for() {
    let user = Process::new("//- /a.py\n");
    let long = user.path(&"x".repeat(120));
    cannot_start(&user.icpy(&["--socket", long.to_str().unwrap(), "a.py"]), &["bytes and may have 100"]);
}

#[test]
fn a_full_disk_is_told_and_leaves_no_daemon() {
    let Some(disk) = SmallDisk::mount(64 << 10) else { return };
    let user = Process::new("//- /a.py\n");
    let home = disk.join("home");
    for folder in ["run", "log", "state"] {
        fs::create_dir_all(home.join(folder)).unwrap();
        fs::set_permissions(home.join(folder), Permissions::from_mode(0o700)).unwrap();
    }
    let mut filler = fs::File::create(disk.join("filler")).unwrap();
    while filler.write(&[0; 512]).is_ok_and(|written| written > 0) {}
    drop(filler);
    let output = process::output(user.command(&["a.py"]).env("ICPY_HOME", &home));
    cannot_start(&output, &["No space left on device", home.to_str().unwrap()]);
    // With room again it starts.
    fs::remove_file(disk.join("filler")).unwrap();
    let output = process::output(user.command(&["call", "session:ping"]).env("ICPY_HOME", &home));
    assert_eq!(output.status, 0, "{output:?}");
    assert_eq!(process::output(user.command(&["stop"]).env("ICPY_HOME", &home)).status, 0);
}

#[test]
fn another_holder_of_the_lock_is_named() {
    let user = Process::new("//- /a.py\n");
    fs::create_dir_all(user.endpoint().folder).unwrap();
    fs::set_permissions(user.endpoint().folder, Permissions::from_mode(0o700)).unwrap();
    let mut lock = open_lock(&user.endpoint().life_lock()).unwrap();
    lock.lock().unwrap();
    writeln!(lock, "{{\"pid\":4321,\"version\":\"9.9\",\"more\":1}}").unwrap();
    let output = user.icpy(&["a.py"]);
    cannot_start(&output, &["icpyd 9.9 (process 4321) holds", "icpyd.lock", "its log is"]);
    // When that one ends while a client waits, the client starts its own.
    let waiting = user.clients(1, &["--json", "a.py"]);
    std::thread::sleep(Duration::from_millis(300));
    drop(lock);
    process::succeeded(waiting);
}

/// A user whose daemon is a program of the test's own.
fn with_daemon(script: Option<&str>) -> Process {
    let user = Process::with_own_programs("//- /a.py\n");
    let daemon = user.program("icpyd");
    fs::remove_file(&daemon).unwrap();
    if let Some(script) = script {
        fs::write(&daemon, format!("#!/bin/sh\n{script}\n")).unwrap();
        fs::set_permissions(&daemon, Permissions::from_mode(0o755)).unwrap();
    }
    user
}

#[test]
fn a_daemon_that_is_missing_or_broken_is_named() {
    let missing = with_daemon(None);
    cannot_start(&missing.icpy(&["a.py"]), &["`icpyd` is neither beside", "nor in the PATH"]);
    let dying = with_daemon(Some("exit 1"));
    let output = dying.icpy(&["a.py"]);
    cannot_start(&output, &["it ends each time before it is ready"]);
    assert!(!output.stderr.contains("its log"), "there is none: {output:?}");
    let talking = with_daemon(Some("echo hello"));
    cannot_start(&talking.icpy(&["a.py"]), &["it ends each time before it is ready"]);
}

#[test]
fn a_daemon_that_never_becomes_ready_is_ended() {
    let hanging = with_daemon(Some("exec sleep 1000"));
    cannot_start(&hanging.icpy(&["a.py"]), &["did not become ready within 15s"]);
}

#[test]
fn the_daemon_runs_in_the_foreground_and_ends_by_a_signal() {
    let user = Process::new("//- /a.py\n");
    for signal in [Signal::TERM, Signal::INT] {
        let mut daemon = user.command_of("icpyd", &[] as &[&str]).stderr(Stdio::piped()).spawn().unwrap();
        while user.icpy(&["status"]).status != 0 {}
        assert_eq!(user.daemon_pid(), daemon.id());
        let second = process::output(&mut user.command_of("icpyd", &[] as &[&str]));
        assert!(second.stderr.contains(&format!("(process {}) is running already", daemon.id())), "{second:?}");
        kill_process(Pid::from_child(&daemon), signal).unwrap();
        assert_eq!(process::status(daemon.wait().unwrap()), 0);
        assert!(!user.endpoint().socket.exists());
        let mut stderr = String::new();
        daemon.stderr.take().unwrap().read_to_string(&mut stderr).unwrap();
        assert_eq!(stderr, "");
    }
}

#[test]
fn an_ordinary_user_has_a_daemon_of_their_own_in_the_usual_places() {
    let user = Process::ordinary("//- /a.py\n");
    let base = user.folder().files();
    let run = |args: &[&str]| {
        let mut command = user.command(args);
        command.env_remove("ICPY_HOME").env("HOME", base.join("home")).env("XDG_RUNTIME_DIR", base.join("runtime"));
        process::output(&mut command)
    };
    let private = |name: &str| {
        fs::create_dir(base.join(name)).unwrap();
        fs::set_permissions(base.join(name), Permissions::from_mode(0o700)).unwrap();
        if geteuid().is_root() {
            chown(base.join(name), Some(65_534), Some(65_534)).unwrap();
        }
    };
    private("home");
    private("runtime");
    if run(&["status"]).status == 0 {
        return cannot_run("a daemon of yours is running, which would be found: run `icpy stop` first");
    }
    assert_eq!(run(&["a.py"]).status, 0);
    let status: Value = serde_json::from_str(&run(&["--json", "status"]).stdout).unwrap();
    assert_eq!(status["socket"], base.join("runtime/icpy/icpyd.sock").to_str().unwrap());
    assert_eq!(status["stateFolder"], base.join("home/.local/state/icpy").to_str().unwrap());
    assert_eq!(status["log"], base.join("home/.local/state/icpy/log/icpyd.log").to_str().unwrap());
    assert!(base.join("home/.local/state/icpy/icpy.db").is_file());
    // A client that knows nothing of the runtime folder finds it by the hint.
    let mut hinted = user.command(&["--json", "status"]);
    hinted.env_remove("ICPY_HOME").env("ICPY_SOCKET", base.join("runtime/icpy/icpyd.sock")).env("HOME", "/");
    assert_eq!(process::output(&mut hinted).status, 0);
    assert_eq!(run(&["stop"]).status, 0);
}

/// What [`another_user_is_not_served`] runs as that user.
const STRANGER: &str = "ICPY_TEST_STRANGER";

#[test]
fn another_user_is_not_served() {
    if let Some(socket) = std::env::var_os(STRANGER) {
        let mut stream = UnixStream::connect(socket).unwrap();
        // Refused before a byte is read.
        let _ = stream.write_all(b"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"session:ping\"}\n");
        let mut answer = String::new();
        let _ = stream.read_to_string(&mut answer);
        assert_eq!(answer, "");
        return;
    }
    if !geteuid().is_root() {
        return cannot_run("only root can run a program as another user");
    }
    let user = Process::new("");
    assert_eq!(user.icpy(&["call", "session:ping"]).status, 0);
    // The folder and the socket's mode keep others out already; here they are opened to see the next wall.
    for folder in [user.endpoint().folder, user.folder().home(), user.folder().home().parent().unwrap().to_owned()] {
        fs::set_permissions(folder, Permissions::from_mode(0o711)).unwrap();
    }
    fs::set_permissions(user.endpoint().socket, Permissions::from_mode(0o666)).unwrap();
    let mut stranger = Command::new(std::env::current_exe().unwrap());
    stranger.args(["--exact", "start::another_user_is_not_served"]).env(STRANGER, user.endpoint().socket);
    std::os::unix::process::CommandExt::uid(&mut stranger, 65_534);
    let output = stranger.current_dir("/").output();
    let Ok(output) = output else { return cannot_run("the test's program is where only root can look") };
    assert!(output.status.success(), "{output:?}");
    fs::set_permissions(user.endpoint().folder, Permissions::from_mode(0o700)).unwrap();
    assert_eq!(user.icpy(&["call", "session:ping"]).status, 0);
}
