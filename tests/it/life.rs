//! The daemon's life beside its start: who may start it, when it ends by itself, and what a crash leaves.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use icpy_tests::{Process, until_now};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

fn pid(user: &Process) -> Pid {
    Pid::from_raw(user.daemon_pid().cast_signed()).unwrap()
}

#[test]
fn root_on_behalf_of_a_user_is_refused_unless_it_is_meant() {
    if !rustix::process::geteuid().is_root() {
        return icpy_tests::cannot_run("only root can be refused");
    }
    let user = Process::new("//- /a.py\n");
    let run = |args: &[&str]| icpy_tests::process::output(user.command(args).env("SUDO_UID", "1000"));
    let refused = run(&["a.py"]);
    assert_eq!((refused.status, refused.stderr.contains("as root on behalf of user 1000")), (11, true), "{refused:?}");
    assert!(refused.stderr.contains("`--allow-root`") && !user.has_daemon(), "{refused:?}");
    assert_eq!(run(&["--allow-root", "a.py"]).status, 0);
    // A daemon that runs is there for root as well.
    assert_eq!(run(&["a.py"]).status, 0);
}

#[test]
fn an_idle_daemon_ends_by_itself_where_that_is_set() {
    let user = Process::new("");
    let mut start = user.command(&["terminal", "new", "--name", "busy", "--", "sh"]);
    assert!(start.env("ICPY_DAEMON_IDLE_EXIT", "100ms").status().unwrap().success());
    assert_eq!(user.icpy(&["terminal", "close", "busy"]).status, 0);
    until_now("the end", || !user.has_daemon());
    let log = fs::read_to_string(user.folder().home().join("log/icpyd.log")).unwrap();
    assert!(log.contains("ended by itself"), "{log}");
}

#[test]
fn a_setting_makes_a_running_daemon_end_when_it_is_idle() {
    let user = Process::new("");
    assert_eq!(user.icpy(&["start"]).status, 0);
    let file = user.folder().home().join("config/config.toml");
    fs::create_dir_all(file.parent().unwrap()).unwrap();
    fs::write(file, "daemon.idle_exit = '100ms'").unwrap();
    assert_eq!(user.icpy(&["config", "reload"]).stdout, "daemon.idle_exit\n");
    until_now("the end", || !user.has_daemon());
}

#[test]
fn a_crash_leaves_a_report_of_methods_and_never_of_params() {
    let user = Process::new("//- /secret-name.py\n");
    assert_eq!(user.icpy(&["secret-name.py"]).status, 0);
    assert_eq!(user.icpy(&["call", "fs:stat", r#"{"path":"/etc/hostname"}"#]).status, 0);
    let pid = pid(&user);
    let lock = icpy_protocol::endpoint::open_lock(&user.endpoint().life_lock()).unwrap();
    kill_process(pid, Signal::SEGV).unwrap();
    lock.lock().unwrap();
    drop(lock);
    let report = user.folder().home().join(format!("state/crash/signal-{}.json", pid.as_raw_nonzero()));
    let text = fs::read_to_string(&report).unwrap();
    let read: Value = serde_json::from_str(&text).unwrap();
    assert_eq!((&read["kind"], &read["signal"]), (&"signal".into(), &"SIGSEGV".into()));
    assert_eq!(read["version"], env!("CARGO_PKG_VERSION"));
    let methods: Vec<&str> = read["recentMethods"].as_array().unwrap().iter().map(|it| it.as_str().unwrap()).collect();
    assert_eq!(methods[..2], ["file:open", "fs:stat"], "the request, and what it asked for itself");
    assert!(methods.contains(&"fs:stat") && !text.contains("secret") && !text.contains("hostname"), "{text}");
    assert_eq!(report.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    // The next client finds a daemon as always.
    assert_eq!(user.icpy(&["secret-name.py"]).status, 0);
}

#[test]
fn a_daemon_of_another_version_is_worked_with_and_named() {
    let user = Process::new("//- /a.py\n");
    assert_eq!(user.icpy(&["start"]).status, 0);
    let lock = user.endpoint().life_lock();
    let holder = fs::read_to_string(&lock).unwrap();
    let older = holder.replace(env!("CARGO_PKG_VERSION"), "0.0.9");
    fs::write(&lock, &older).unwrap();
    let output = user.icpy(&["a.py"]);
    let line = format!(
        "icpy: icpyd 0.0.9 is running and {} is installed: `icpy restart` replaces it in place\n",
        env!("CARGO_PKG_VERSION")
    );
    assert_eq!((output.status, output.stderr.matches(&line).count()), (0, 1), "{output:?}");
    assert_eq!(user.icpy(&["--json", "status"]).stderr, "");
    assert_eq!(user.icpy(&["restart"]).stderr, "", "the new program says its own version");
    // One that was killed runs no more, whatever it has left.
    user.kill_daemon();
    fs::write(&lock, &older).unwrap();
    assert_eq!(user.icpy(&["config", "path"]).stderr, "");
}
