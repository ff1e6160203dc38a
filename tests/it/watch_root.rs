//! Watches of what goes away, with what is above it or alone, and comes back.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use futures_util::StreamExt as _;
use icpy::{Client, Subscription, Update};
use icpy_protocol::fs::{CHANGED_ON_DISK, FileChange, FsClient, FsSyncParams, FsWatchParams};
use icpy_protocol::session::SessionSubscribeParams;
use icpy_protocol::topic::Pattern;
use icpy_tests::{Daemon, Process, Stopped, within};
use serde_json::json;

use crate::reconnect::{connect, with_processes};

struct Watcher {
    client: FsClient<Client>,
    events: Subscription,
    above: PathBuf,
}

impl Watcher {
    async fn new(daemon: &Daemon, path: &Path) -> Self {
        Self::of(daemon.client().await, &daemon.path(""), path, false).await
    }

    async fn of(client: Client, above: &Path, path: &Path, is_shallow: bool) -> Self {
        let patterns = vec![Pattern::parse(CHANGED_ON_DISK.info.topic).unwrap()];
        let events = client.subscribe(SessionSubscribeParams { patterns, ..Default::default() }).await.unwrap();
        let client = FsClient::new(client);
        client.watch(&FsWatchParams { path: path.into(), is_shallow }).await.unwrap();
        Self { client, events, above: above.canonicalize().unwrap() }
    }

    /// Reads on until a change is told: that something is there, however it came, or that it is not.
    async fn expect(&mut self, is_there: bool, path: &str) {
        loop {
            let event = within("the next event", self.events.next()).await.unwrap();
            let Update::Event(event) = event else { panic!("{event:?}") };
            let changed = event.payload(&CHANGED_ON_DISK).unwrap();
            let below = changed.path.as_path().strip_prefix(&self.above).unwrap();
            if (changed.kind != FileChange::Deleted) == is_there && below == Path::new(path) {
                break;
            }
        }
        // What else has happened is told too, and nothing that happens from now on is taken together with it.
        self.client.sync(&FsSyncParams::default()).await.unwrap();
    }
}

#[test]
fn a_watched_folder_that_goes_is_waited_for() {
    let daemon = Daemon::boot("//- /p/k/f\none\n");
    daemon.run(async {
        let path = |name: &str| daemon.path(name);
        let mut watcher = Watcher::new(&daemon, &path("p/k")).await;
        for round in 0..20 {
            // Removed, and made again at once or later.
            fs::remove_dir_all(path("p/k")).unwrap();
            if round % 2 == 0 {
                watcher.expect(false, "p/k").await;
            }
            fs::create_dir(path("p/k")).unwrap();
            fs::write(path("p/k/f"), "two").unwrap();
            watcher.expect(true, "p/k/f").await;
            // What is above is moved away, and made anew.
            fs::rename(path("p"), path(&format!("p{round}"))).unwrap();
            watcher.expect(false, "p/k").await;
            fs::write(path(&format!("p{round}/k/f")), "elsewhere").unwrap();
            fs::create_dir_all(path("p/k/deeper")).unwrap();
            fs::write(path("p/k/deeper/f"), "three").unwrap();
            watcher.expect(true, "p/k/deeper/f").await;
            fs::write(path("p/k/deeper/f"), "four").unwrap();
            watcher.expect(true, "p/k/deeper/f").await;
        }
    });
}

#[test]
fn a_watched_folder_that_goes_is_missed_at_once_by_who_still_works_in_it() {
    let daemon = Daemon::boot("//- /p/k/f\none\n");
    daemon.run(async {
        let path = |name: &str| daemon.path(name);
        let mut watcher = Watcher::new(&daemon, &path("p/k")).await;
        let worker = fs::File::open(path("p/k")).unwrap();
        fs::remove_dir_all(path("p/k")).unwrap();
        watcher.expect(false, "p/k").await;
        fs::create_dir(path("p/k")).unwrap();
        watcher.expect(true, "p/k").await;
        drop(worker);
        fs::write(path("p/k/f"), "two").unwrap();
        watcher.expect(true, "p/k/f").await;
    });
}

#[test]
fn a_folder_from_above_can_become_the_one_that_is_watched() {
    for is_shallow in [false, true] {
        with_processes("//- /p/k/f\none\n", async |user, finder| {
            let path = |name: &str| user.path(name);
            let mut watcher = Watcher::of(connect(finder).await, &path(""), &path("p/k"), is_shallow).await;
            // All at once, for the daemon.
            let stopped = Stopped::new(user.daemon_pid());
            fs::rename(path("p"), path("z")).unwrap();
            fs::create_dir(path("p")).unwrap();
            fs::rename(path("z"), path("p/k")).unwrap();
            drop(stopped);
            watcher.expect(true, "p/k").await;
            fs::write(path("p/k/new"), "two").unwrap();
            watcher.expect(true, "p/k/new").await;
        });
    }
}

#[test]
fn a_watched_file_is_waited_for_with_its_folder() {
    let daemon = Daemon::boot("//- /v/k/f\none\n//- /v/k/other\n");
    daemon.run(async {
        let mut watcher = Watcher::new(&daemon, &daemon.path("v/k/f")).await;
        fs::rename(daemon.path("v"), daemon.path("w")).unwrap();
        watcher.expect(false, "v/k/f").await;
        fs::create_dir_all(daemon.path("v/k")).unwrap();
        fs::write(daemon.path("v/k/f"), "two").unwrap();
        watcher.expect(true, "v/k/f").await;
    });
}

#[test]
fn who_watches_something_below_is_told_when_a_folder_of_the_tree_goes() {
    let daemon = Daemon::boot("//- /a/b/c/f\none\n");
    daemon.run(async {
        let all = Watcher::new(&daemon, &daemon.path("")).await;
        let mut below = Watcher::new(&daemon, &daemon.path("a/b/c")).await;
        fs::rename(daemon.path("a"), daemon.path("z")).unwrap();
        below.expect(false, "a/b/c").await;
        fs::rename(daemon.path("z"), daemon.path("a")).unwrap();
        below.expect(true, "a/b/c").await;
        drop(all);
    });
}

#[test]
fn what_may_not_be_read_cannot_be_watched() {
    let user = Process::ordinary("//- /closed/f\n");
    fs::set_permissions(user.path("closed"), fs::Permissions::from_mode(0o0)).unwrap();
    let params = json!({ "path": user.path("closed") }).to_string();
    let output = user.icpy(&["--json", "call", "fs:watch", &params]);
    assert!(output.stdout.contains("permission_denied"), "{output:?}");
    fs::set_permissions(user.path("closed"), fs::Permissions::from_mode(0o755)).unwrap();
}
