//! The daemon of another machine, through a real ssh and sshd: the other machine is a home of its own.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use icpy_tests::{Output, Process, process, ssh, until_now};
use serde_json::{Value, json};

const URL: &str = "ssh://elsewhere.example:2222";

/// Two machines, and a way from the one to the other.
struct Machines {
    local: Process,
    remote: Process,
    ssh: PathBuf,
}

impl Machines {
    /// `None`, with the reason told, where there is no sshd.
    fn new(fixture: &str) -> Option<Self> {
        let (local, remote) = (Process::new("//- /here.py\n"), Process::new(fixture));
        let (programs, home) = (remote.search_path(), remote.folder().home());
        let ssh = ssh(&local, &format!("PATH={programs} ICPY_HOME={}", home.display()))?;
        Some(Self { local, remote, ssh })
    }

    fn command(&self, url: &str, args: &[&str]) -> Command {
        let mut command = self.local.command(&[&["--host", url], args].concat());
        command.env("ICPY_SSH", &self.ssh);
        command
    }

    fn run(&self, args: &[&str]) -> Output {
        process::output(&mut self.command(URL, args))
    }

    fn json(&self, args: &[&str]) -> Value {
        let output = self.run(&[&["--json"], args].concat());
        assert_eq!(output.status, 0, "{args:?}: {output:?}");
        serde_json::from_str(&output.stdout).unwrap()
    }
}

#[test]
fn commands_work_on_the_daemon_of_another_machine() {
    let Some(machines) = Machines::new("//- /there.py\nit is there\n//- /folder/b.py\n") else { return };
    let path = |name: &str| machines.remote.path(name).display().to_string();
    let opened = machines.json(&[&format!("{}:3:4", path("there.py"))]);
    assert_eq!(opened["file"]["path"], json!(path("there.py")));
    assert_eq!(machines.json(&["status"])["pid"], json!(machines.remote.daemon_pid()));
    assert_eq!(machines.remote.json(&["call", "file:list"])["files"][0]["fileId"], opened["file"]["fileId"]);
    assert_eq!(machines.json(&[&path("folder")])["workspace"]["root"], json!(path("folder")));
    assert_eq!(machines.run(&["cat", &path("there.py")]).stdout, "it is there\n");
    assert_eq!(machines.run(&["ls", &path("folder")]).stdout, "b.py\n");
    assert_eq!(machines.run(&["close", &path("there.py")]).status, 0);
    let stopped = machines.run(&["stop"]);
    assert_eq!(stopped.status, 0, "{stopped:?}");
    until_now("the daemon's end", || !machines.remote.has_daemon());
    assert!(!machines.local.has_daemon());
    assert!(fs::read_to_string(machines.local.path("connected")).unwrap().starts_with("elsewhere.example 2222\n"));
}

#[test]
fn what_exists_is_seen_there() {
    let Some(machines) = Machines::new("//- /there:10\n") else { return };
    let there = machines.remote.path("there:10").display().to_string();
    assert_eq!(machines.json(&[&there])["file"]["path"], json!(there), "a file has that very name");
    // A terminal begins where the user there is at home, with the variables of that machine.
    let id = machines.json(&["terminal", "new", "--", "sh", "-c", "echo \"begun $ICPY_SSH\""])["terminalId"].clone();
    let shown = machines.run(&["terminal", "show", "--follow", id.as_str().unwrap()]);
    assert!(shown.status == 0 && shown.stdout.contains("begun \r\n"), "{shown:?}");
}

#[test]
fn a_large_file_comes_whole() {
    let Some(machines) = Machines::new("") else { return };
    let bytes: Vec<u8> = (0..3_000_000_u32).map(|place| u8::try_from(place % 251).unwrap()).collect();
    fs::write(machines.remote.path("large"), &bytes).unwrap();
    let large = machines.remote.path("large").display().to_string();
    let output = machines.command(URL, &["cat", &large]).output().unwrap();
    assert!(output.status.success() && output.stdout == bytes, "{}", output.stdout.len());
}

#[test]
fn a_file_elsewhere_is_waited_for() {
    let Some(machines) = Machines::new("//- /there.py\n") else { return };
    let there = machines.remote.path("there.py").display().to_string();
    let mut child = machines.command(URL, &["--wait", &there]).stderr(Stdio::null()).spawn().unwrap();
    while machines.remote.icpy(&["status"]).status != 0 {}
    while machines.remote.json(&["call", "file:list"])["files"] == json!([]) {}
    assert!(child.try_wait().unwrap().is_none());
    assert_eq!(machines.remote.icpy(&["close", &there]).status, 0);
    assert_eq!(process::status(child.wait().unwrap()), 0);
}

#[test]
fn the_variable_names_a_machine_too() {
    let Some(machines) = Machines::new("//- /there.py\n") else { return };
    let mut command = machines.local.command(&["start"]);
    let output = process::output(command.env("ICPY_SSH", &machines.ssh).env("ICPY_HOST", URL));
    assert_eq!(output.status, 0, "{output:?}");
    assert!(machines.remote.has_daemon() && !machines.local.has_daemon());
}

#[test]
fn looking_starts_no_daemon_elsewhere() {
    let Some(machines) = Machines::new("") else { return };
    let status = machines.run(&["status"]);
    assert_eq!(status.status, 11, "{status:?}");
    assert!(status.stderr.contains("icpyd is not running"), "{status:?}");
    assert_eq!(machines.run(&["stop"]).status, 0);
    assert!(!machines.remote.has_daemon());
}

#[test]
fn what_cannot_work_is_said() {
    let Some(machines) = Machines::new("//- /there.py\n") else { return };
    let check = |url: &str, args: &[&str], status: i32, expect: &str| {
        let output = process::output(&mut machines.command(url, args));
        assert_eq!(output.status, status, "{url} {args:?}: {output:?}");
        assert!(output.stderr.contains(expect), "{url} {args:?}: {output:?}");
    };
    check(URL, &["here.py"], 2, "on another machine");
    check("ssh://nowhere.example", &["status"], 11, "the cable is cut");
    check("ssh://nowhere.example", &["status"], 11, "`ssh://nowhere.example`");
    check("ssh://nowhere.example", &["--wait", "/a"], 11, "`ssh://nowhere.example`");
    check("ssh://-oProxyCommand=touch", &["status"], 2, "names no machine");
    check("elsewhere.example", &["status"], 2, "does not begin with ssh://");
    // The client is missing there.
    let config = fs::read_to_string(machines.local.path("sshd_config")).unwrap();
    let without = config.replace(&machines.remote.search_path(), "/usr/bin:/bin");
    fs::write(machines.local.path("sshd_config"), without).unwrap();
    check(URL, &["status"], 11, "`icpy` is not in the PATH there");
    let mut command = machines.command(URL, &["status"]);
    let output = process::output(command.env("ICPY_SSH", "/no/such/ssh"));
    assert!(output.status == 11 && output.stderr.contains("`/no/such/ssh`"), "{output:?}");
}

#[test]
fn a_wrong_key_is_refused() {
    let Some(machines) = Machines::new("") else { return };
    fs::copy(machines.local.path("server"), machines.local.path("client")).unwrap();
    let output = machines.run(&["status"]);
    assert_eq!(output.status, 11, "{output:?}");
    assert!(output.stderr.contains("Permission denied") && output.stderr.contains(URL), "{output:?}");
    assert!(!output.stderr.contains("closed the connection"), "it is said once: {output:?}");
}

#[test]
fn a_client_that_is_killed_leaves_nothing_there() {
    let Some(machines) = Machines::new("") else { return };
    machines.run(&["start"]);
    let mut watch = machines.command(URL, &["watch"]).stdout(Stdio::null()).spawn().unwrap();
    let subscriptions = || machines.remote.json(&["status"])["bus"]["subscriptions"].clone();
    until_now("the subscription", || subscriptions() == json!(1));
    watch.kill().unwrap();
    watch.wait().unwrap();
    until_now("the end of the subscription", || subscriptions() == json!(0));
}

/// The processes of a name that a process has started, and those that these have.
#[cfg(target_os = "linux")]
fn started_by(ancestor: u32, name: &str) -> Vec<u32> {
    let entries = fs::read_dir("/proc").unwrap().flatten();
    let pids = entries.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    // `PID (NAME) STATE PARENT`, and more.
    let parent = |pid: u32| {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        let (head, tail) = stat.rsplit_once(") ")?;
        Some((head.split_once('(')?.1.to_owned(), tail.split(' ').nth(1)?.parse::<u32>().ok()?))
    };
    let is_below = |pid: u32| {
        let mut above = std::iter::successors(Some(pid), |pid| Some(parent(*pid)?.1));
        above.any(|pid| pid == ancestor)
    };
    pids.filter(|pid| parent(*pid).is_some_and(|(found, _)| found == name) && is_below(*pid)).collect()
}

#[cfg(target_os = "linux")]
#[test]
fn a_connection_that_dies_without_a_word_is_made_again() {
    let Some(machines) = Machines::new("") else { return };
    machines.run(&["start"]);
    let (heard, folder) = (machines.local.path("heard"), machines.remote.path("folder"));
    fs::create_dir(&folder).unwrap();
    let mut watch = machines.command(URL, &["--json", "watch", "workspace:*"]);
    let mut watch = watch.stdout(fs::File::create(&heard).unwrap()).spawn().unwrap();
    until_now("the subscription", || machines.remote.json(&["status"])["bus"]["subscriptions"] == json!(1));
    let (silent, ssh) = (started_by(watch.id(), "sshd"), started_by(watch.id(), "ssh"));
    assert!(!silent.is_empty() && ssh.len() == 1, "{silent:?} {ssh:?}");
    let silent: Vec<_> = silent.into_iter().map(icpy_tests::Stopped::new).collect();
    machines.remote.json(&["workspace", "create", folder.to_str().unwrap()]);
    until_now("the end of ssh", || started_by(watch.id(), "ssh").iter().all(|pid| !ssh.contains(pid)));
    until_now("what was missed", || fs::read_to_string(&heard).unwrap().contains("workspace:state_changed"));
    drop(silent);
    watch.kill().unwrap();
    watch.wait().unwrap();
}

#[test]
fn what_is_in_files_there_is_read_there() {
    let Some(machines) = Machines::new("//- /config with spaces.toml\nunknown = 1\n") else { return };
    let config = machines.run(&["config", "path"]);
    assert_eq!(config.stdout.trim_end(), machines.remote.folder().home().join("config/config.toml").to_str().unwrap());
    let wrong = machines.remote.path("config with spaces.toml");
    let check = machines.run(&["config", "check", wrong.to_str().unwrap()]);
    assert!(check.status == 1 && check.stderr.contains("unknown"), "{check:?}");
    let none = machines.run(&["logs"]);
    assert!(none.status == 3 && none.stderr.contains("icpyd.log"), "{none:?}");
    machines.run(&["start"]);
    assert_eq!(machines.run(&["logs", "-n", "1", "--level", "debug"]).stdout.lines().count(), 1);
    assert!(machines.json(&["doctor"])["checks"].is_array());
    let pid = machines.remote.daemon_pid();
    assert_eq!(machines.run(&["restart"]).status, 0);
    assert_eq!(machines.remote.daemon_pid(), pid);
    let failed = process::output(&mut machines.command("ssh://nowhere.example", &["logs"]));
    assert!(failed.status == 11 && failed.stderr.contains("`ssh://nowhere.example` cannot be reached"), "{failed:?}");
}

#[test]
fn standard_input_goes_there() {
    let Some(machines) = Machines::new("") else { return };
    let mut child =
        machines.command(URL, &["--json", "-"]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    std::io::Write::write_all(&mut child.stdin.take().unwrap(), b"from here").unwrap();
    let output = child.wait_with_output().unwrap();
    let opened: Value = serde_json::from_slice(&output.stdout).unwrap();
    let path = opened["file"]["path"].as_str().unwrap();
    assert!(path.starts_with(machines.remote.folder().home().to_str().unwrap()), "{path}");
    assert_eq!(fs::read_to_string(path).unwrap(), "from here");
}
