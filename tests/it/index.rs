//! What is known of a folder in memory, against what is there: after anything that can happen to it.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use icpy::Client;
use icpy_protocol::fs::{
    CHANGED_ON_DISK, FileChange, FileChangedOnDisk, FsClient, FsFindParams, FsSyncParams, FsWatchParams,
};
use icpy_protocol::path::FilePath;
use icpy_tests::{Daemon, Events, Random, Stopped};

use crate::events::patterns;
use crate::reconnect::{connect, with_processes};

/// Operations of the random test.
const OPERATIONS: usize = 10_000;

/// The files that are found below a folder, after everything that happened is taken in.
async fn found(client: &FsClient<Client>, root: &Path) -> BTreeSet<PathBuf> {
    client.sync(&FsSyncParams::default()).await.unwrap();
    let params = FsFindParams { path: root.into(), query: String::new(), include_hidden: true, limit: None };
    let found = client.find(&params).await.unwrap();
    assert!(!found.has_more && !found.is_partial);
    found.files.into_iter().map(FilePath::into_path_buf).collect()
}

/// The regular files that there are, but for git's own.
fn there(root: &Path) -> BTreeSet<PathBuf> {
    fn collect(root: &Path, folder: &Path, files: &mut BTreeSet<PathBuf>) {
        for entry in fs::read_dir(folder).unwrap() {
            let entry = entry.unwrap();
            let kind = entry.file_type().unwrap();
            if kind.is_dir() && entry.file_name() != ".git" {
                collect(root, &entry.path(), files);
            } else if kind.is_file() {
                files.insert(entry.path().strip_prefix(root).unwrap().to_owned());
            }
        }
    }
    let mut files = BTreeSet::new();
    collect(root, root, &mut files);
    files
}

/// One of few paths, so that they meet each other.
fn any_path(random: &mut Random, root: &Path) -> PathBuf {
    let depth = 1 + random.below(4);
    (0..depth).fold(root.to_owned(), |path, _| path.join(format!("n{}", random.below(6))))
}

/// Does something to a folder. Much of it fails, as it does in life.
fn operate(random: &mut Random, root: &Path, outside: &Path) {
    let (path, other) = (any_path(random, root), any_path(random, root));
    let _ = match random.below(12) {
        0..=2 => fs::write(&path, "x"),
        3..=4 => fs::create_dir_all(&path),
        5 => fs::remove_file(&path),
        6 => fs::remove_dir_all(&path),
        7..=8 => fs::rename(&path, &other),
        9 => fs::rename(&path, outside.join("n")),
        10 => fs::rename(outside.join("n"), &path),
        _ => std::os::unix::fs::symlink("n1", &path),
    };
}

fn git(folder: &Path, args: &[&str]) {
    let identity = ["-c", "user.name=a", "-c", "user.email=a@b", "-c", "init.defaultBranch=main"];
    let done = Command::new("git").current_dir(folder).args(identity).args(args).output().unwrap();
    assert!(done.status.success(), "{done:?}");
}

/// A repository with two branches of different files.
fn repository(folder: &Path) {
    fs::create_dir(folder).unwrap();
    git(folder, &["init", "--quiet"]);
    for branch in ["main", "other"] {
        for file in 0..100 {
            let path = folder.join(format!("{branch}{}/{}/{file}", file % 7, file % 3));
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, branch).unwrap();
        }
        git(folder, &["add", "--all"]);
        git(folder, &["commit", "--quiet", "--message", branch]);
        if branch == "main" {
            git(folder, &["checkout", "--quiet", "-b", "other"]);
            git(folder, &["rm", "-r", "--quiet", "."]);
        }
    }
}

#[test]
fn the_tree_is_what_is_on_disk_after_ten_thousand_operations() {
    let daemon = Daemon::boot("//- /root/a\n//- /outside/a\n");
    let (root, outside) = (daemon.path("root"), daemon.path("outside"));
    repository(&root.join("repository"));
    daemon.run(async {
        let client = FsClient::new(daemon.client().await);
        client.watch(&FsWatchParams { path: root.clone().into(), is_shallow: false }).await.unwrap();
        let mut random = Random::new(7);
        for number in 1..=OPERATIONS {
            if number % 1000 == 0 {
                let branch = if number % 2000 == 0 { "main" } else { "other" };
                git(&root.join("repository"), &["checkout", "--quiet", "--force", branch]);
            }
            operate(&mut random, &root.join("free"), &outside);
            if number % 997 == 0 || number == OPERATIONS {
                let (found, there) = (found(&client, &root).await, there(&root));
                let missed: Vec<_> = there.difference(&found).collect();
                let gone: Vec<_> = found.difference(&there).collect();
                assert!(missed.is_empty() && gone.is_empty(), "{number}: missed {missed:?}, gone {gone:?}");
            }
        }
    });
}

#[test]
fn nothing_is_missed_when_notices_are_lost() {
    with_processes("//- /changed\n//- /deleted\n//- /moved/a\n", async |user, finder| {
        let client = connect(finder).await;
        let mut events = Events::new(client.subscribe(patterns(&["file:changed_on_disk"])).await.unwrap());
        let (client, root) = (FsClient::new(client), user.path(""));
        let root = root.canonicalize().unwrap();
        client.watch(&FsWatchParams { path: root.clone().into(), is_shallow: false }).await.unwrap();
        let stopped = Stopped::new(user.daemon_pid());
        // Two notices each, at least, and the kernel keeps 16,384 (`fs.inotify.max_queued_events`).
        for number in 0..12_000 {
            fs::write(root.join("changed"), format!("{number}")).unwrap();
            fs::write(root.join(format!("moved/{}", number % 1000)), "").unwrap();
        }
        fs::remove_file(root.join("deleted")).unwrap();
        fs::create_dir_all(root.join("new/deep")).unwrap();
        fs::write(root.join("new/deep/file"), "").unwrap();
        fs::write(root.join("changed"), "last").unwrap();
        drop(stopped);
        assert_eq!(found(&client, &root).await, there(&root));
        let last = root.join("last");
        fs::write(&last, "").unwrap();
        let mut told = BTreeSet::new();
        loop {
            let changed: FileChangedOnDisk = events.expect(&CHANGED_ON_DISK).await;
            if changed.path.as_path() == last {
                break;
            }
            told.insert(format!(
                "{:?} {}",
                changed.kind,
                changed.path.as_path().strip_prefix(&root).unwrap().display()
            ));
        }
        for expect in ["Modified changed", "Deleted deleted", "Created new/deep/file", "Created moved/999"] {
            assert!(told.contains(expect), "{expect}: {} told", told.len());
        }
    });
}

#[test]
fn a_watch_goes_on_when_the_program_is_replaced() {
    with_processes("//- /a.txt\n", async |user, finder| {
        let client = connect(finder).await;
        let mut events = Events::new(client.subscribe(patterns(&["file:changed_on_disk"])).await.unwrap());
        let (fs_client, root) = (FsClient::new(client), user.path("").canonicalize().unwrap());
        fs_client.watch(&FsWatchParams { path: root.clone().into(), is_shallow: false }).await.unwrap();
        tokio::task::block_in_place(|| user.json(&["restart"]));
        let unknown = events.expect(&CHANGED_ON_DISK).await;
        assert_eq!((unknown.kind, unknown.path.as_path()), (FileChange::Unknown, root.as_path()));
        fs::rename(root.join("a.txt"), root.join("b.txt")).unwrap();
        let changed = events.expect(&CHANGED_ON_DISK).await;
        assert_eq!((changed.kind, changed.path.as_path()), (FileChange::Renamed, root.join("b.txt").as_path()));
    });
}
