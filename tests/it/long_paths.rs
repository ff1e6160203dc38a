//! What is deeper than the system takes paths for: it is found, or it is said that something is missing.

use std::fs::{self, File, Permissions};
use std::os::fd::AsRawFd as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use icpy::Client;
use icpy_protocol::fs::{FsClient, FsFindParams, FsGrepParams, FsSyncParams, FsWatchParams};
use icpy_tests::{Daemon, Process};

/// Makes so many folders, each in the one before, and returns the last one, by a path that the system takes.
fn deep(root: &Path, levels: usize) -> (File, PathBuf) {
    let mut folder = File::open(root).unwrap();
    for _ in 0..levels {
        let next = held(&folder).join("x".repeat(200));
        fs::create_dir(&next).unwrap();
        folder = File::open(next).unwrap();
    }
    let path = held(&folder);
    (folder, path)
}

fn held(folder: &File) -> PathBuf {
    format!("/proc/self/fd/{}", folder.as_raw_fd()).into()
}

/// The files that are found by name and by content, and how many folders are missing for each.
async fn found(service: &FsClient<Client>, root: &Path) -> ([usize; 2], [u64; 2]) {
    service.sync(&FsSyncParams::default()).await.unwrap();
    let params = FsFindParams { path: root.into(), query: "needle".to_owned(), include_hidden: false, limit: None };
    let found = service.find(&params).await.unwrap();
    let grep = service.grep(&FsGrepParams::new(root, "content")).await.unwrap();
    ([found.files.len(), grep.matches.len()], [found.folders_failed, grep.stats.files_failed])
}

#[test]
fn what_is_below_a_long_path_is_found_or_said_to_be_missing() {
    let daemon = Daemon::boot("//- /a/b\n");
    let (_folder, path) = deep(&daemon.path("a"), 21);
    fs::write(path.join("needle"), "content").unwrap();
    daemon.run(async {
        let service = FsClient::new(daemon.client().await);
        let root = daemon.path("a");
        // Nobody has asked for the folder to be watched: it is walked through by paths.
        assert_eq!(found(&service, &root).await, ([1, 0], [0, 1]));
        service.watch(&FsWatchParams { path: (&*root).into(), is_shallow: false }).await.unwrap();
        assert_eq!(found(&service, &root).await, ([1, 1], [0, 0]));
        fs::write(path.join("needle"), "more content\nand content").unwrap();
        fs::write(path.join("needle-2"), "content").unwrap();
        assert_eq!(found(&service, &root).await, ([2, 3], [0, 0]));
        fs::remove_file(path.join("needle")).unwrap();
        assert_eq!(found(&service, &root).await, ([1, 1], [0, 0]));
        // There is an end to it.
        let (_folder, path) = deep(&path, 25);
        fs::write(path.join("needle"), "content").unwrap();
        assert_eq!(found(&service, &root).await, ([1, 1], [1, 1]));
    });
}

#[test]
fn folders_that_may_not_be_read_are_told() {
    let user = Process::ordinary("//- /closed/needle\ncontent\n//- /open/needle\ncontent\n");
    fs::set_permissions(user.path("closed"), Permissions::from_mode(0o0)).unwrap();
    let grep = user.icpy(&["grep", "content"]);
    assert_eq!((grep.status, &*grep.stdout), (2, "open/needle:1:1:content\n"), "{grep:?}");
    assert_eq!(grep.stderr, "icpy: `closed` cannot be read\n");
    let find = user.icpy(&["find", "needle"]);
    assert_eq!((find.status, &*find.stdout), (0, "open/needle\n"), "{find:?}");
    assert_eq!(find.stderr, "icpy: `closed` cannot be read\n");
    fs::set_permissions(user.path("closed"), Permissions::from_mode(0o755)).unwrap();
}
