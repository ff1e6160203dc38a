//! Finding the daemon from another environment than the one it was started in.

use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt as _, chown};
use std::path::{Path, PathBuf};

use icpy_tests::{Output, Process, process};
use serde_json::Value;

/// A user whose fallback folder below /tmp is theirs alone.
struct Stranger {
    user: Process,
    uid: u32,
}

impl Stranger {
    /// The number tells the tests of one process apart; other processes have other users.
    fn new(number: u32) -> Option<Self> {
        let uid = 100_000 + 4 * std::process::id() + number;
        let stranger = Self { user: Process::stranger("//- /a.py\n", uid)?, uid };
        stranger.folder("home", 0o700, uid);
        Some(stranger)
    }

    fn folder(&self, name: &str, mode: u32, owner: u32) -> PathBuf {
        let path = self.user.path(name);
        fs::create_dir_all(&path).unwrap();
        fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
        chown(&path, Some(owner), Some(owner)).unwrap();
        path
    }

    fn run(&self, runtime: Option<&Path>, args: &[&str]) -> Output {
        let mut command = self.user.command(args);
        command.env_remove("ICPY_HOME").env("HOME", self.user.path("home"));
        if let Some(runtime) = runtime {
            command.env("XDG_RUNTIME_DIR", runtime);
        }
        process::output(&mut command)
    }

    fn json(&self, runtime: Option<&Path>, args: &[&str]) -> Value {
        let output = self.run(runtime, &[&["--json"], args].concat());
        assert_eq!(output.status, 0, "{args:?} with {runtime:?}: {output:?}");
        serde_json::from_str(&output.stdout).unwrap()
    }

    fn temporary(&self) -> PathBuf {
        format!("/tmp/icpy-{}", self.uid).into()
    }

    /// A daemon that is started with one runtime folder is found with any of the others.
    fn check(&self, started: Option<&Path>, expect: &Path, others: &[Option<&Path>]) {
        self.json(started, &["a.py"]);
        let status = self.json(started, &["status"]);
        assert_eq!(status["socket"], expect.join("icpyd.sock").to_str().unwrap(), "started with {started:?}");
        for other in others {
            assert_eq!(self.json(*other, &["status"])["pid"], status["pid"], "{started:?} found with {other:?}");
            // Nor is another one started.
            self.json(*other, &["a.py"]);
        }
        let last = others.last().copied().flatten();
        assert_eq!(self.run(last, &["stop"]).status, 0);
        assert_eq!(self.run(started, &["status"]).status, 11, "it was the only one");
    }
}

impl Drop for Stranger {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(self.temporary());
    }
}

#[test]
fn one_daemon_is_found_whatever_the_runtime_folder_is() {
    let Some(user) = Stranger::new(0) else { return };
    let good = user.folder("good", 0o700, user.uid);
    let foreign = user.folder("foreign", 0o755, 0);
    let open = user.folder("open", 0o777, user.uid);
    let long = user.folder(&"x".repeat(200), 0o700, user.uid);
    let missing = user.user.path("missing/too");
    let all = [None, Some(&*foreign), Some(&*open), Some(&*long), Some(&*missing), Some(&*good)];
    let temporary = user.temporary();
    user.check(None, &temporary, &all);
    user.check(Some(&foreign), &temporary, &all);
    user.check(Some(&open), &temporary, &all);
    user.check(Some(&long), &temporary, &all);
    // Written down by the daemon, since nothing else leads there.
    user.check(Some(&good), &good.join("icpy"), &all);
}

#[test]
fn a_hint_is_never_a_trap() {
    let Some(user) = Stranger::new(1) else { return };
    let stale = user.folder("stale", 0o700, user.uid);
    let open = user.folder("open", 0o777, user.uid);
    let _trap = std::os::unix::net::UnixListener::bind(open.join("s")).unwrap();
    for hint in [stale.join("s"), open.join("s"), user.user.path("none/s"), user.user.path("a.py")] {
        let mut command = user.user.command(&["a.py"]);
        command.env_remove("ICPY_HOME").env("HOME", user.user.path("home")).env("ICPY_SOCKET", &hint);
        let output = process::output(&mut command);
        assert_eq!(output.status, 0, "{}: {output:?}", hint.display());
    }
    assert_eq!(user.run(None, &["stop"]).status, 0);
}

#[test]
fn nothing_is_made_in_another_users_home() {
    let Some(user) = Stranger::new(2) else { return };
    // As with a sudo that keeps HOME.
    let root = Process::new("");
    let mut command = root.command(&["call", "session:ping"]);
    command.env_remove("ICPY_HOME").env("HOME", user.user.path("home")).env("XDG_RUNTIME_DIR", root.path("runtime"));
    let output = process::output(&mut command);
    assert_eq!(output.status, 11, "{output:?}");
    assert!(output.stderr.contains(&format!("belongs to uid {}, and we are 0", user.uid)), "{output:?}");
    assert_eq!(fs::read_dir(user.user.path("home")).unwrap().count(), 0);
}
