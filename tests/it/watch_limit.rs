//! What is watched where the system has no more watches: it is told once, and changes are found all the same.
//!
//! The limit is that of a user namespace of the daemon's own, so that nothing else on the machine has less.

use std::collections::BTreeSet;
use std::fs;
use std::io::Write as _;
use std::path::PathBuf;

use icpy::{Client, Finder};
use icpy_protocol::fs::{CHANGED_ON_DISK, FsClient, FsWatchParams, WATCH_LIMITED};
use icpy_protocol::session::SessionSubscribeParams;
use icpy_protocol::topic::Pattern;
use icpy_tests::{Events, Process, cannot_run};

use crate::reconnect::connect;

/// Folders that are watched: more than there are watches.
const FOLDERS: usize = 30;

/// Starts a program with a few watches. This file holds what the namespace of who opens it has, and nobody else's.
const WITH_FEW_WATCHES: &str = "echo 8 > /proc/sys/user/max_inotify_watches && exec \"$0\" \"$@\"";

/// Starts the daemon in a user namespace with a few watches. Returns whether that can be done here.
fn start(user: &Process) -> bool {
    let daemon = user.program("icpyd");
    let in_namespace = ["--user", "--map-root-user", "sh", "-c", WITH_FEW_WATCHES];
    let mut command = user.foreign_command("unshare", &in_namespace);
    let output = command.arg(daemon).arg("--daemonize").output().unwrap();
    if !output.status.success() {
        cannot_run(&format!("no user namespace can be made: {}", String::from_utf8_lossy(&output.stderr).trim()));
    }
    output.status.success()
}

async fn events(client: &Client) -> Events {
    let patterns = ["fs:watch_limited", "file:changed_on_disk"].map(|pattern| Pattern::parse(pattern).unwrap());
    let params = SessionSubscribeParams { patterns: patterns.into(), ..Default::default() };
    Events::new(client.subscribe(params).await.unwrap())
}

#[test]
fn changes_are_told_where_there_are_no_more_watches() {
    let user = Process::new("");
    for folder in 0..FOLDERS {
        fs::create_dir(user.path(&folder.to_string())).unwrap();
        fs::write(user.path(&format!("{folder}/file")), "old").unwrap();
    }
    if !start(&user) {
        return;
    }
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let client = connect(Finder::default().at(Some(user.endpoint().socket))).await;
        let mut events = events(&client).await;
        let watcher = FsClient::new(client.clone());
        let watch = FsWatchParams { path: user.path("").into(), is_shallow: false };
        let watched = watcher.watch(&watch).await.unwrap();
        assert!(watched.is_polled);
        let limited = events.expect(&WATCH_LIMITED).await;
        assert_eq!(limited.path, watched.path);
        assert!(limited.reason.contains("sudo sysctl fs.inotify.max_user_watches="), "{}", limited.reason);
        // Whichever folders have no watch, all are told, and nothing more of the limit.
        let mut awaited: BTreeSet<PathBuf> = BTreeSet::new();
        for folder in 0..FOLDERS {
            let path = format!("{folder}/file");
            fs::OpenOptions::new().append(true).open(user.path(&path)).unwrap().write_all(b" and new").unwrap();
            awaited.insert(watched.path.as_path().join(path));
        }
        while !awaited.is_empty() {
            let changed = events.expect(&CHANGED_ON_DISK).await;
            assert!(awaited.remove(changed.path.as_path()), "{changed:?}");
        }
    });
}
