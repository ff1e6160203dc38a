//! The daemon's settings: layers, errors, and reading them again.

use std::fs;

use icpy::{Connection, Finder};
use icpy_tests::{Process, process, until_now};
use serde_json::{Value, json};

fn write(user: &Process, text: &str) {
    let file = user.folder().home().join("config/config.toml");
    fs::create_dir_all(file.parent().unwrap()).unwrap();
    fs::write(file, text).unwrap();
}

fn setting(user: &Process, key: &str) -> Value {
    user.json(&["config", "show"])["settings"][key].clone()
}

#[test]
fn settings_come_from_file_environment_and_command_line() {
    let user = Process::new("");
    write(&user, "[limits]\nrequests_max = 7\nsubscriptions_max = 8\n");
    let mut command = user.command(&["start"]);
    assert!(command.env("ICPY_LIMITS_SUBSCRIPTIONS_MAX", "9").status().unwrap().success());
    let file = user.folder().home().join("config/config.toml");
    assert_eq!(user.icpy(&["config", "path"]).stdout, format!("{}\n", file.display()));
    let origin = format!("{}:2", file.display());
    assert_eq!(setting(&user, "limits.requests_max"), json!({ "value": 7, "origin": origin }));
    let variable = json!({ "value": 9, "origin": "ICPY_LIMITS_SUBSCRIPTIONS_MAX" });
    assert_eq!(setting(&user, "limits.subscriptions_max"), variable);
    assert_eq!(setting(&user, "daemon.idle_exit"), json!({ "value": "never" }));
    // What is set holds.
    let client = Connection::open(&Finder::default().at(Some(user.endpoint().socket))).unwrap();
    let subscribe = || client.request("session:subscribe", r#"{"patterns":["file:*"]}"#, |_, _| ());
    for _ in 0..9 {
        subscribe().unwrap();
    }
    assert!(subscribe().unwrap_err().message().contains("at most 9"));
    let shown = user.icpy(&["config", "show"]).stdout;
    let line = shown.lines().find(|line| line.starts_with("limits.requests_max ")).unwrap();
    assert_eq!(line.split_whitespace().collect::<Vec<_>>(), ["limits.requests_max", "7", &origin]);
    // As people write it, not in months.
    assert_eq!(setting(&user, "limits.history_age_max")["value"], "90d");
}

#[test]
fn every_setting_is_explained() {
    let user = Process::new("");
    let help = process::output(&mut user.command_of("icpyd", &["--help"])).stdout;
    for key in user.json(&["config", "show"])["settings"].as_object().unwrap().keys() {
        assert!(help.contains(&format!("\n  {key} ")), "{key} is missing from `icpyd --help`");
    }
}

#[test]
fn a_wrong_setting_stops_the_start_and_is_named() {
    let user = Process::new("");
    write(&user, "\n[limit]\nrequests_max = 7\n");
    let named = "config.toml:3: no setting is named `limit.requests_max`; did you mean `limits.requests_max`?";
    for (args, status) in [(&["a.py"][..], 11), (&["config", "check"], 1)] {
        let output = user.icpy(args);
        assert_eq!(output.status, status, "{output:?}");
        assert!(output.stderr.contains(named), "{output:?}");
    }
    let checked = user.icpy(&["--json", "config", "check"]);
    let error: Value = serde_json::from_str(&checked.stdout).unwrap();
    assert_eq!(error["error"]["data"]["problems"].as_array().unwrap().len(), 1);
    assert!(!user.has_daemon());
    write(&user, "");
    assert_eq!(user.icpy(&["config", "check"]).status, 0);
    let missing = user.icpy(&["config", "check", "nowhere.toml"]);
    assert_eq!((missing.status, missing.stderr.contains("nowhere.toml")), (3, true), "{missing:?}");
}

#[test]
fn settings_are_read_again() {
    let user = Process::new("");
    assert_eq!(user.icpy(&["start"]).status, 0);
    write(&user, "log.level = 'debug'\nlimits.requests_max = 3\n");
    let reloaded = user.icpy(&["config", "reload"]);
    assert_eq!(reloaded.stdout, "log.level\nlimits.requests_max holds after `icpy restart`\n", "{reloaded:?}");
    assert_eq!(setting(&user, "log.level")["value"], "debug");
    assert_eq!(setting(&user, "limits.requests_max"), json!({ "value": 256 }));

    write(&user, "log.level = 'loud'");
    let wrong = user.icpy(&["config", "reload"]);
    assert_eq!(wrong.status, 2, "{wrong:?}");
    assert!(wrong.stderr.contains("config.toml:1: `log.level` is `loud`"), "{wrong:?}");
    assert_eq!(setting(&user, "log.level")["value"], "debug");
}

#[test]
fn the_log_level_changes_while_the_daemon_runs() {
    let user = Process::new("");
    assert_eq!(user.icpy(&["start"]).status, 0);
    let debug_lines = || {
        let log = fs::read_to_string(user.folder().home().join("log/icpyd.log")).unwrap();
        log.lines().filter(|line| line.contains("\"DEBUG\"")).count()
    };
    user.json(&["status"]);
    assert_eq!(debug_lines(), 0);
    assert_eq!(user.icpy(&["logs", "--level", "debug"]).status, 0);
    // The client's connection ends with a line of that level.
    until_now("a line", || debug_lines() > 0);
    assert_eq!(setting(&user, "log.level"), json!({ "value": "debug", "origin": "daemon:set_log_level" }));
}

#[test]
fn a_log_holds_what_is_wanted_and_says_when_it_cannot() {
    let user = Process::new("");
    let log = user.folder().home().join("log/icpyd.log");
    for level in ["error", "warn"] {
        write(&user, &format!("log.level = '{level}'"));
        assert_eq!(user.icpy(&["start"]).status, 0);
        assert_eq!(user.icpy(&["stop"]).status, 0);
        assert_eq!(fs::read_to_string(&log).unwrap(), "", "{level}");
    }
    #[cfg(target_os = "linux")]
    {
        write(&user, "");
        fs::remove_file(&log).unwrap();
        std::os::unix::fs::symlink("/dev/full", &log).unwrap();
        let full = user.icpy(&["start"]);
        let names = ["cannot write the log: no storage space", log.to_str().unwrap()];
        assert!(names.iter().all(|name| full.stderr.contains(name)), "{full:?}");
        assert!(full.status == 11 && !user.has_daemon(), "{full:?}");
    }
}

#[cfg(unix)]
#[test]
fn a_hangup_reads_the_settings_again() {
    let user = Process::new("");
    assert_eq!(user.icpy(&["start"]).status, 0);
    write(&user, "daemon.idle_exit = '3h'");
    let pid = rustix::process::Pid::from_raw(user.daemon_pid().cast_signed()).unwrap();
    rustix::process::kill_process(pid, rustix::process::Signal::HUP).unwrap();
    until_now("the setting", || setting(&user, "daemon.idle_exit")["value"] == "3h");
}
