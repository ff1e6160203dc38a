//! `icpy doctor` and `icpy rage`.

use std::fs;

use icpy_tests::Process;
use serde_json::Value;

/// What the doctor says of one thing, state and sentence.
fn said(user: &Process, name: &str) -> Vec<(String, String)> {
    let output = user.icpy(&["--json", "doctor"]);
    let report: Value = serde_json::from_str(&output.stdout).unwrap();
    let checks = report["checks"].as_array().unwrap().iter().filter(|check| check["name"] == name);
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    checks
        .map(|check| (text(&check["state"]), format!("{} {}", text(&check["says"]), text(&check["advice"]))))
        .collect()
}

fn is_said(user: &Process, name: &str, state: &str, part: &str) {
    let said = said(user, name);
    assert!(said.iter().any(|(is, says)| is == state && says.contains(part)), "{name}: {said:?}");
}

#[test]
fn the_doctor_starts_nothing_and_is_content() {
    let user = Process::new("");
    is_said(&user, "daemon", "ok", "none runs");
    is_said(&user, "state", "ok", "is made when it is needed");
    assert!(!user.has_daemon());
    assert_eq!(user.icpy(&["start"]).status, 0);
    is_said(&user, "daemon", "ok", &format!("process {}, answers in", user.daemon_pid()));
    is_said(&user, "place", "ok", "is private");
    is_said(&user, "state", "ok", "can be written");
    let output = user.icpy(&["doctor"]);
    assert_eq!(output.status, 0, "{output:?}");
    assert!(output.stdout.contains("ok       program"), "{output:?}");
}

#[test]
fn a_state_that_cannot_be_made_is_named() {
    let user = Process::new("//- /a.txt\n");
    let home = user.path("a.txt/home");
    let output = icpy_tests::process::output(user.command(&["doctor"]).env("ICPY_HOME", &home));
    assert_eq!(output.status, 1, "{output:?}");
    assert!(output.stdout.contains("a.txt/home/state` cannot be made: Not a directory"), "{output:?}");
}

#[test]
fn the_doctor_names_what_is_wrong_and_what_to_do() {
    let user = Process::with_own_programs("//- /a.py\n");
    let home = user.folder().home();
    assert_eq!(user.icpy(&["a.py"]).status, 0);
    fs::create_dir_all(home.join("config")).unwrap();
    fs::write(home.join("config/config.toml"), "x = 1").unwrap();
    is_said(&user, "settings", "wrong", "no setting is named `x` correct them");
    assert_eq!(user.icpy(&["doctor"]).status, 1);
    fs::remove_file(home.join("config/config.toml")).unwrap();

    user.kill_daemon();
    let _ = fs::remove_file(home.join("state/icpy.db-wal"));
    fs::write(home.join("state/icpy.db"), "not a database".repeat(1000)).unwrap();
    fs::create_dir_all(home.join("state/crash")).unwrap();
    fs::write(home.join("state/crash/signal-1.json"), "{\"signal\":\"SIGSEGV\"}").unwrap();
    assert_eq!(user.icpy(&["start"]).status, 0);
    is_said(&user, "daemon", "wrong", "icpy.db");
    is_said(&user, "log", "warning", "errors");
    // What was wrong with the last one is over.
    assert_eq!(user.icpy(&["stop"]).status, 0);
    fs::remove_file(home.join("state/icpy.db")).unwrap();
    assert_eq!(user.icpy(&["start"]).status, 0);
    is_said(&user, "log", "ok", "no errors since");
    is_said(&user, "crashes", "warning", "1 reports");

    let lock = icpy_protocol::endpoint::open_lock(&user.endpoint().life_lock()).unwrap();
    assert_eq!(user.icpy(&["stop"]).status, 0);
    lock.lock().unwrap();
    is_said(&user, "daemon", "wrong", "holds `");
    drop(lock);

    fs::rename(user.program("icpyd"), user.path("away")).unwrap();
    is_said(&user, "program", "wrong", "install icpyd beside icpy");
    fs::rename(user.path("away"), user.program("icpyd")).unwrap();
    let mut command = user.command(&["doctor"]);
    let output = icpy_tests::process::output(command.env("ICPY_SOCKET", "/nowhere/s"));
    assert!(output.stdout.contains("ICPY_SOCKET names `/nowhere/s`, where nothing is"), "{output:?}");
}

#[test]
fn a_report_has_all_that_is_needed_and_no_content() {
    let user = Process::new("//- /a.py\nsecret content\n");
    assert_eq!(user.icpy(&["a.py"]).status, 0);
    assert_eq!(user.icpy(&["cat", "a.py"]).stdout, "secret content\n");
    user.json(&["terminal", "new", "--", "sh", "-c", "echo secret output; sleep 1000"]);
    let crash = user.folder().home().join("state/crash");
    fs::create_dir_all(&crash).unwrap();
    fs::write(crash.join("signal-1.json"), "{\"signal\":\"SIGSEGV\"}").unwrap();
    let report = user.icpy(&["rage"]);
    assert_eq!(report.status, 0, "{report:?}");
    for part in
        ["# icpy ", "# doctor", "# daemon:status", "# daemon:metrics", "# daemon:get_config", "# log", "SIGSEGV"]
    {
        assert!(report.stdout.contains(part), "{part}: {}", report.stdout);
    }
    assert!(!report.stdout.contains("secret content"));
    let json = user.json(&["rage"]);
    assert!(json["log"].as_array().unwrap().len() > 1 && json["daemon"]["daemon:status"]["pid"].is_u64());
}
