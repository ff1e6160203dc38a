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

/// Starts the daemon in a user namespace where this is limited to so much. Returns whether that can be done here.
fn start(user: &Process, limited: &str, to: u32) -> bool {
    let daemon = user.program("icpyd");
    // The file holds what the namespace of who opens it has, and nobody else's.
    let script = format!("echo {to} > /proc/sys/user/{limited} && exec \"$0\" \"$@\"");
    let in_namespace = ["--user", "--map-root-user", "sh", "-c", &script];
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

fn user() -> Process {
    let user = Process::new("");
    for folder in 0..FOLDERS {
        fs::create_dir(user.path(&folder.to_string())).unwrap();
        fs::write(user.path(&format!("{folder}/file")), "old").unwrap();
    }
    user
}

/// Adds to each file. Returns their paths.
fn change(user: &Process) -> BTreeSet<PathBuf> {
    let folder = user.path("").canonicalize().unwrap();
    let append = |number: usize| {
        let path = folder.join(format!("{number}/file"));
        fs::OpenOptions::new().append(true).open(&path).unwrap().write_all(b" and new").unwrap();
        path
    };
    (0..FOLDERS).map(append).collect()
}

/// Waits until all are told, and nothing more of the limit.
async fn expect_all(events: &mut Events, mut awaited: BTreeSet<PathBuf>) {
    while !awaited.is_empty() {
        let changed = events.expect(&CHANGED_ON_DISK).await;
        assert!(awaited.remove(changed.path.as_path()), "{changed:?}");
    }
}

#[test]
fn changes_are_told_where_there_are_no_more_watches() {
    let user = user();
    if !start(&user, "max_inotify_watches", 8) {
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
        // Whichever folders have no watch.
        expect_all(&mut events, change(&user)).await;
    });
}

#[test]
fn changes_are_told_where_there_are_no_more_watchers() {
    let user = user();
    if !start(&user, "max_inotify_instances", 4) {
        return;
    }
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let client = connect(Finder::default().at(Some(user.endpoint().socket))).await;
        let mut events = events(&client).await;
        let watcher = FsClient::new(client.clone());
        let mut polled = 0;
        for folder in 0..FOLDERS {
            // Folders that are watched for themselves need one instance for all of them, which those before have taken.
            let is_shallow = folder >= FOLDERS / 2;
            let watch = FsWatchParams { path: user.path(&folder.to_string()).into(), is_shallow };
            if watcher.watch(&watch).await.unwrap().is_polled {
                polled += 1;
                let limited = events.expect(&WATCH_LIMITED).await;
                assert!(limited.reason.contains("sudo sysctl fs.inotify.max_user_instances="), "{}", limited.reason);
            }
        }
        assert!((FOLDERS / 2..FOLDERS).contains(&polled), "{polled} of {FOLDERS} are polled");
        expect_all(&mut events, change(&user)).await;
        // Another folder in the place of one that is polled is seen too.
        let last = user.path(&(FOLDERS - 1).to_string()).canonicalize().unwrap();
        fs::rename(&last, last.with_extension("away")).unwrap();
        fs::create_dir(&last).unwrap();
        fs::write(last.join("new"), "").unwrap();
        while events.expect(&CHANGED_ON_DISK).await.path.as_path() != last.join("new") {}
    });
}
