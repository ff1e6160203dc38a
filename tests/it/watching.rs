//! Watching files: what is told of changes on disk, by whom they are made and how fast they come.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;
#[cfg(target_os = "linux")]
use std::time::Duration;

use icpy::Client;
use icpy_protocol::error::Kind;
use icpy_protocol::fs::{
    CHANGED_ON_DISK, FileChange, FileChangedOnDisk, FsClient, FsFindParams, FsSyncParams, FsUnwatchParams,
    FsWatchParams, FsWatchResult,
};
#[cfg(target_os = "linux")]
use icpy_tests::until;
use icpy_tests::{Daemon, Events, Folder};

const FILES: &str = "\
//- /.git/config
//- /.gitignore
*.log
/ignored/
//- /a.txt
one
//- /folder/b.txt
//- /ignored/c.txt
";

/// A client that watches, and what it is told.
struct Watcher {
    client: FsClient<Client>,
    events: Events,
    root: PathBuf,
}

impl Watcher {
    async fn new(daemon: &Daemon, path: &Path, is_shallow: bool) -> Self {
        let client = daemon.client().await;
        let events = daemon.events(&client, "file:changed_on_disk").await;
        let client = FsClient::new(client);
        let FsWatchResult { path, .. } = client.watch(&FsWatchParams { path: path.into(), is_shallow }).await.unwrap();
        Self { client, events, root: path.into_path_buf() }
    }

    async fn next(&mut self) -> FileChangedOnDisk {
        self.events.expect(&CHANGED_ON_DISK).await
    }

    /// Everything that is told of what has happened before now, as `kind path` below the root, `kind path from` for a rename.
    async fn told(&mut self) -> Vec<String> {
        self.client.sync(&FsSyncParams::default()).await.unwrap();
        // The events that a request causes come before its answer, and this one comes after both.
        let last = self.root.join("last");
        fs::write(&last, "").unwrap();
        let mut told = Vec::new();
        loop {
            let changed = self.next().await;
            if changed.path.as_path() == last {
                break;
            }
            told.push(self.shown(&changed));
        }
        // A file that is emptied and then written may be seen in between.
        told.dedup();
        fs::remove_file(last).unwrap();
        while self.next().await.kind != FileChange::Deleted {}
        told
    }

    fn shown(&self, changed: &FileChangedOnDisk) -> String {
        let below = |path: &Path| path.strip_prefix(&self.root).unwrap().display().to_string();
        let kind = serde_json::to_value(changed.kind).unwrap();
        let from = changed.from.as_ref().map(|from| format!(" {}", below(from.as_path())));
        format!("{} {}{}", kind.as_str().unwrap(), below(changed.path.as_path()), from.unwrap_or_default())
    }

    /// Everything that can be found.
    async fn found(&self) -> BTreeSet<PathBuf> {
        self.client.sync(&FsSyncParams::default()).await.unwrap();
        let params =
            FsFindParams { path: self.root.clone().into(), query: String::new(), include_hidden: true, limit: None };
        let found = self.client.find(&params).await.unwrap();
        assert!(!found.has_more && !found.is_partial);
        found.files.into_iter().map(icpy_protocol::path::FilePath::into_path_buf).collect()
    }
}

fn check(fixture: &str, test: impl AsyncFnOnce(&Daemon, &mut Watcher)) {
    let daemon = Daemon::boot(fixture);
    daemon.run(async {
        let mut watcher = Watcher::new(&daemon, &daemon.path(""), false).await;
        test(&daemon, &mut watcher).await;
    });
}

#[test]
fn each_kind_of_change_is_told() {
    check(FILES, async |daemon, watcher| {
        let path = |name: &str| daemon.path(name);
        fs::write(path("a.txt"), "two").unwrap();
        assert_eq!(watcher.told().await, ["modified a.txt"]);
        fs::write(path("new.txt"), "").unwrap();
        assert_eq!(watcher.told().await, ["created new.txt"]);
        fs::rename(path("new.txt"), path("folder/other.txt")).unwrap();
        assert_eq!(watcher.told().await, ["renamed folder/other.txt new.txt"]);
        fs::remove_file(path("folder/other.txt")).unwrap();
        assert_eq!(watcher.told().await, ["deleted folder/other.txt"]);
        fs::create_dir(path("made")).unwrap();
        assert_eq!(watcher.told().await, ["created made"]);
        fs::write(path("made/d.txt"), "").unwrap();
        assert_eq!(watcher.told().await, ["created made/d.txt"]);
        fs::rename(path("made"), path("folder/moved")).unwrap();
        assert_eq!(watcher.told().await, ["renamed folder/moved made"]);
        fs::write(path("folder/moved/d.txt"), "x").unwrap();
        assert_eq!(watcher.told().await, ["modified folder/moved/d.txt"]);
        symlink("nowhere", path("link")).unwrap();
        assert_eq!(watcher.told().await, ["created link"]);
        fs::remove_dir_all(path("folder/moved")).unwrap();
        let told = watcher.told().await;
        assert!(told.contains(&"deleted folder/moved".to_owned()), "{told:?}");
        let changed = [".gitignore", "a.txt", "folder/b.txt"].map(PathBuf::from);
        assert_eq!(watcher.found().await, BTreeSet::from(changed));
    });
}

#[test]
fn what_is_ignored_is_not_told_unless_it_is_no_longer_so() {
    check(FILES, async |daemon, watcher| {
        let path = |name: &str| daemon.path(name);
        for name in ["ignored/c.txt", "x.log", "folder/y.log", ".git/config", ".icpy-temporary"] {
            fs::write(path(name), "new").unwrap();
        }
        fs::create_dir_all(path("ignored/deep/er")).unwrap();
        fs::remove_file(path(".icpy-temporary")).unwrap();
        assert_eq!(watcher.told().await, Vec::<String>::new());
        fs::write(path(".gitignore"), "*.tmp\n").unwrap();
        assert_eq!(watcher.told().await, ["modified .gitignore"]);
        fs::write(path("ignored/c.txt"), "newer").unwrap();
        fs::write(path("z.tmp"), "").unwrap();
        assert_eq!(watcher.told().await, ["modified ignored/c.txt"]);
        let files = [".gitignore", "a.txt", "folder/b.txt", "folder/y.log", "ignored/c.txt", "x.log"];
        assert_eq!(watcher.found().await, files.map(PathBuf::from).into());
        // Renamed to what is ignored, and back.
        fs::rename(path("a.txt"), path("a.tmp")).unwrap();
        assert_eq!(watcher.told().await, ["deleted a.txt"]);
        fs::rename(path("a.tmp"), path("a.txt")).unwrap();
        assert_eq!(watcher.told().await, ["created a.txt"]);
    });
}

#[test]
fn a_file_that_is_saved_by_way_of_another_is_told_as_modified() {
    check(FILES, async |daemon, watcher| {
        fs::write(daemon.path(".icpy-1"), "new").unwrap();
        fs::rename(daemon.path(".icpy-1"), daemon.path("a.txt")).unwrap();
        assert_eq!(watcher.told().await, ["modified a.txt"]);
        fs::write(daemon.path("a.txt~"), "newer").unwrap();
        fs::rename(daemon.path("a.txt~"), daemon.path("a.txt")).unwrap();
        let told = watcher.told().await;
        assert_eq!(told.iter().filter(|line| *line == "modified a.txt").count(), 1, "{told:?}");
        assert_eq!(watcher.found().await.len(), 3);
    });
}

#[test]
fn a_burst_of_writes_is_told_at_most_twice_for_each_file() {
    check("", async |daemon, watcher| {
        let begin = std::time::Instant::now();
        for _ in 0..20 {
            for file in 0..50 {
                use std::io::Write as _;
                let mut file =
                    fs::OpenOptions::new().append(true).create(true).open(daemon.path(&format!("{file}"))).unwrap();
                file.write_all(b"more\n").unwrap();
            }
        }
        let told = watcher.told().await;
        let took = begin.elapsed();
        for file in 0..50 {
            let count = told.iter().filter(|line| line.ends_with(&format!(" {file}"))).count();
            // Once at first, when it rests, and once more for who asks; what is written for longer can rest in between.
            let count_max = 3 + usize::try_from(took.as_millis() / 100).unwrap();
            assert!((1..=count_max).contains(&count), "{file}: {count} in {took:?}");
        }
    });
}

#[test]
fn only_what_is_asked_for_is_watched() {
    let daemon = Daemon::boot(FILES);
    daemon.run(async {
        let mut folder = Watcher::new(&daemon, &daemon.path("ignored"), true).await;
        fs::write(daemon.path("ignored/new.log"), "").unwrap();
        fs::write(daemon.path("a.txt"), "x").unwrap();
        assert_eq!(folder.told().await, ["created new.log"]);
        drop(folder);
        let mut file = Watcher::new(&daemon, &daemon.path("a.txt"), false).await;
        fs::write(daemon.path("a.log"), "x").unwrap();
        fs::rename(daemon.path("a.log"), daemon.path("a.txt")).unwrap();
        let changed = file.next().await;
        assert_eq!((changed.path.as_path(), changed.kind), (daemon.path("a.txt").as_path(), FileChange::Modified));
        let missing = file.client.watch(&FsWatchParams { path: daemon.path("none").into(), is_shallow: false }).await;
        assert_eq!(missing.unwrap_err().kind(), Kind::NotFound);
        let unknown = FsUnwatchParams { watch_id: "none".to_owned() };
        assert_eq!(file.client.unwatch(&unknown).await.unwrap_err().kind(), Kind::NotFound);
    });
}

#[cfg(target_os = "linux")]
#[test]
fn a_watch_ends_with_its_session_or_when_it_is_told_to() {
    let daemon = Daemon::boot(FILES);
    daemon.run(async {
        let client = daemon.client().await;
        let fs = FsClient::new(client.clone());
        let watch = async || fs.watch(&FsWatchParams { path: daemon.path("").into(), is_shallow: true }).await.unwrap();
        let (first, second) = (watch().await, watch().await);
        assert_eq!(watching_threads(), 1);
        fs.unwatch(&FsUnwatchParams { watch_id: first.watch_id }).await.unwrap();
        assert_eq!(watching_threads(), 1);
        let mut events = daemon.events(&client, "file:changed_on_disk").await;
        std::fs::write(daemon.path("a.txt"), "x").unwrap();
        events.expect(&CHANGED_ON_DISK).await;
        fs.unwatch(&FsUnwatchParams { watch_id: second.watch_id }).await.unwrap();
        until("nothing is watched", || watching_threads() == 0).await;

        let mut line = daemon.line_client(icpy_tests::Transport::Socket).await;
        let params = serde_json::json!({ "path": daemon.path("").to_str().unwrap(), "isShallow": true });
        line.request(1, "fs:watch", &params).await;
        line.receive_answer(1).await;
        assert_eq!(watching_threads(), 1);
        drop(line);
        until("nothing is watched", || watching_threads() == 0).await;
    });
}

#[cfg(target_os = "linux")]
#[test]
fn what_is_known_of_a_folder_is_forgotten_when_nobody_uses_it() {
    let daemon = Daemon::boot_with(FILES, |limits| limits.tree_timeout = Duration::from_millis(500));
    daemon.run(async {
        let fs = FsClient::new(daemon.client().await);
        let params = FsWatchParams { path: daemon.path("").into(), is_shallow: false };
        let watch = fs.watch(&params).await.unwrap();
        tokio::time::sleep(Duration::from_millis(700)).await;
        assert_eq!(watching_threads(), 1, "it is watched");
        fs.unwatch(&FsUnwatchParams { watch_id: watch.watch_id }).await.unwrap();
        assert_eq!(watching_threads(), 1, "somebody may look for something soon");
        until("it is forgotten", || watching_threads() == 0).await;
        fs.watch(&params).await.unwrap();
        assert_eq!(watching_threads(), 1);
    });
}

/// The threads of the daemons in this process that follow what is watched.
#[cfg(target_os = "linux")]
pub(crate) fn watching_threads() -> usize {
    let threads = fs::read_dir("/proc/self/task").unwrap().flatten();
    threads
        .filter(|thread| fs::read_to_string(thread.path().join("comm")).is_ok_and(|name| name == "icpy-watch\n"))
        .count()
}

#[test]
fn folders_that_are_made_and_filled_at_once_are_told_whole() {
    check("", async |daemon, watcher| {
        for round in 0..200 {
            let folder = daemon.path(&format!("{round}/b/c"));
            fs::create_dir_all(&folder).unwrap();
            fs::write(folder.join("f"), "x").unwrap();
        }
        let told: BTreeSet<String> = watcher.told().await.into_iter().collect();
        let missed = (0..200).filter(|round| !told.contains(&format!("created {round}/b/c/f"))).count();
        assert_eq!(missed, 0);
        assert_eq!(watcher.found().await.len(), 200);
    });
}

#[test]
fn trees_that_are_moved_in_are_told_whole() {
    let outside = Folder::new("");
    check("", async |daemon, watcher| {
        for round in 0..200 {
            let folder = outside.path(&round.to_string());
            fs::create_dir_all(folder.join("b")).unwrap();
            fs::write(folder.join("b/f"), "x").unwrap();
            fs::rename(folder, daemon.path(&round.to_string())).unwrap();
        }
        let told: BTreeSet<String> = watcher.told().await.into_iter().collect();
        let missed = (0..200).filter(|round| !told.contains(&format!("created {round}/b/f"))).count();
        assert_eq!(missed, 0);
        // They are watched from then on, and no longer when they are moved out.
        fs::write(daemon.path("7/b/f"), "y").unwrap();
        assert_eq!(watcher.told().await, ["modified 7/b/f"]);
        fs::rename(daemon.path("7"), outside.path("7")).unwrap();
        assert_eq!(watcher.told().await, ["deleted 7"]);
        fs::write(outside.path("7/b/f"), "z").unwrap();
        assert_eq!(watcher.told().await, Vec::<String>::new());
    });
}

#[test]
fn the_tree_is_what_is_on_disk_after_anything_that_git_does() {
    let git = |folder: &Path, args: &[&str]| {
        let identity = ["-c", "user.name=a", "-c", "user.email=a@b"];
        let done = Command::new("git").current_dir(folder).args(identity).args(args).output().unwrap();
        assert!(done.status.success(), "{done:?}");
    };
    check("//- /a/1\n//- /a/2\n//- /b/3\n", async |daemon, watcher| {
        let root = daemon.path("");
        git(&root, &["init", "--quiet", "--initial-branch=main"]);
        git(&root, &["add", "."]);
        git(&root, &["commit", "--quiet", "--message=one"]);
        git(&root, &["checkout", "--quiet", "-b", "other"]);
        git(&root, &["mv", "a", "c"]);
        fs::create_dir_all(root.join("d/e")).unwrap();
        fs::write(root.join("d/e/4"), "").unwrap();
        git(&root, &["add", "."]);
        git(&root, &["commit", "--quiet", "--message=two"]);
        assert_eq!(watcher.found().await, ["b/3", "c/1", "c/2", "d/e/4"].map(PathBuf::from).into());
        git(&root, &["checkout", "--quiet", "main"]);
        assert_eq!(watcher.found().await, ["a/1", "a/2", "b/3"].map(PathBuf::from).into());
        git(&root, &["checkout", "--quiet", "other"]);
        assert_eq!(watcher.found().await, ["b/3", "c/1", "c/2", "d/e/4"].map(PathBuf::from).into());
        assert!(watcher.told().await.contains(&"created d/e/4".to_owned()));
    });
}
