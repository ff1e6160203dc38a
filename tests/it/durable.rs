//! What was answered is there after the worst, and nobody else reads it.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use icpy_tests::Process;

#[test]
fn what_was_answered_survives_kill_9() {
    let user = Process::new("//- /project/.git/HEAD\n//- /project/a.py\n");
    let mut last = None;
    for round in 0..5 {
        let name = format!("project/f{round}.py");
        fs::write(user.path(&name), "").unwrap();
        let opened = user.json(&[&name]);
        assert_eq!(opened["isNew"], true);
        user.kill_daemon();
        // A new daemon, and everything that was told.
        let listed = user.json(&["call", "file:list"]);
        let paths: Vec<&str> =
            listed["files"].as_array().unwrap().iter().map(|it| it["path"].as_str().unwrap()).collect();
        assert_eq!(paths.len(), round + 1, "{listed}");
        assert!(paths.contains(&user.path(&name).to_str().unwrap()));
        let state = user.json(&["call", "workspace:get_state"]);
        assert_eq!(state["workspace"]["name"], "project");
        assert!(last.replace(state["workspace"]["revision"].as_u64()) < Some(state["workspace"]["revision"].as_u64()));
        let logged = user.json(&["call", "event:list", "{\"patterns\":[\"file:opened\"]}"]);
        assert_eq!(logged["events"].as_array().unwrap().len(), round + 1);
    }
}

#[test]
fn a_store_that_is_broken_is_named_and_left_as_it_is() {
    let user = Process::new("//- /a.py\n");
    let state = user.folder().home().join("state");
    fs::create_dir_all(&state).unwrap();
    fs::write(state.join("icpy.db"), "this is no database, and someone may want it back").unwrap();
    let output = user.icpy(&["a.py"]);
    assert_eq!(output.status, 1, "{output:?}");
    assert!(output.stderr.contains(state.join("icpy.db").to_str().unwrap()), "{output:?}");
    // All that needs no store works, and the daemon says what is wrong.
    assert_eq!(user.icpy(&["call", "fs:stat", "{\"path\":\"/\"}"]).status, 0);
    let status = user.icpy(&["status"]);
    assert_eq!(status.status, 0);
    assert!(status.stdout.contains("problem     the store `"), "{status:?}");
    let content = fs::read_to_string(state.join("icpy.db")).unwrap();
    assert_eq!(content, "this is no database, and someone may want it back");
}

#[test]
fn nobody_else_can_read_the_store() {
    let user = Process::new("//- /a.py\n");
    user.json(&["a.py"]);
    let home = user.folder().home();
    for (name, mode) in [("state", 0o700), ("run", 0o700), ("state/icpy.db", 0o600), ("log/icpyd.log", 0o600)] {
        let found = home.join(name).metadata().unwrap().permissions().mode() & 0o777;
        assert_eq!(found, mode, "{name}: {found:o}");
    }
    #[cfg(target_os = "linux")]
    assert_eq!(home.join("run/icpyd.sock").metadata().unwrap().permissions().mode() & 0o777, 0o600);
}
