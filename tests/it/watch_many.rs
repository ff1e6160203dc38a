//! Many folders that are watched each for itself: they share a thread and an inotify instance, of which a user has 128.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};

use icpy::Client;
use icpy_protocol::fs::{CHANGED_ON_DISK, FileChange, FsClient, FsSyncParams, FsUnwatchParams, FsWatchParams};
use icpy_tests::{Daemon, Events, until};

use crate::watching::watching_threads;

const FOLDERS: usize = 300;

fn inotify_instances() -> usize {
    let descriptors = fs::read_dir("/proc/self/fd").unwrap().flatten();
    let targets = descriptors.filter_map(|descriptor| fs::read_link(descriptor.path()).ok());
    targets.filter(|target| target == Path::new("anon_inode:inotify")).count()
}

/// Everything that is told of what has happened before now. What is in one watched folder and is another is told by both.
async fn told(fs_client: &FsClient<Client>, events: &mut Events, marker: &Path) -> BTreeMap<PathBuf, FileChange> {
    fs_client.sync(&FsSyncParams::default()).await.unwrap();
    // The events that a request causes come before its answer, and this one comes after both.
    fs::write(marker, "").unwrap();
    let mut told = BTreeMap::new();
    loop {
        let changed = events.expect(&CHANGED_ON_DISK).await;
        if changed.path.as_path() == marker {
            return told;
        }
        told.insert(changed.path.into_path_buf(), changed.kind);
    }
}

/// Changes each of some files once: one that is cut off first would have changed twice.
fn append_to_all(paths: &[PathBuf]) {
    for path in paths {
        let mut file = File::options().append(true).create(true).open(path).unwrap();
        file.write_all(b"a line\n").unwrap();
    }
}

#[test]
fn folders_that_are_watched_for_themselves_share_what_the_system_gives() {
    let daemon = Daemon::boot("");
    let all = daemon.path("all");
    let files: Vec<PathBuf> = (0..FOLDERS).map(|number| all.join(number.to_string()).join("file")).collect();
    for file in &files {
        fs::create_dir_all(file.parent().unwrap()).unwrap();
    }
    append_to_all(&files);
    daemon.run(async {
        let client = daemon.client().await;
        let mut events = daemon.events(&client, CHANGED_ON_DISK.info.topic).await;
        let fs_client = FsClient::new(client);
        let threads = watching_threads();
        let mut watches = Vec::new();
        // One is above all others.
        for folder in [all.as_path()].into_iter().chain(files.iter().filter_map(|file| file.parent())) {
            let watch = fs_client.watch(&FsWatchParams { path: folder.into(), is_shallow: true }).await.unwrap();
            assert!(!watch.is_polled);
            watches.push(watch.watch_id);
        }
        assert_eq!(watching_threads(), threads + 1);
        // The socket has one too.
        assert!(inotify_instances() <= 2, "{}", inotify_instances());

        let modified = |files: &[PathBuf]| files.iter().map(|file| (file.clone(), FileChange::Modified)).collect();
        append_to_all(&files);
        let expected: BTreeMap<_, _> = modified(&files);
        assert_eq!(told(&fs_client, &mut events, &all.join("first")).await, expected);

        let (folder, away) = (files[7].parent().unwrap(), daemon.path("away"));
        fs::rename(folder, &away).unwrap();
        let expected = [(folder.to_owned(), FileChange::Deleted)];
        assert_eq!(told(&fs_client, &mut events, &all.join("second")).await, expected.into());
        fs::rename(&away, folder).unwrap();
        let expected = [folder, &files[7]].map(|path| (path.to_owned(), FileChange::Created));
        assert_eq!(told(&fs_client, &mut events, &all.join("third")).await, expected.into());

        for watch_id in watches.split_off(FOLDERS / 2) {
            fs_client.unwatch(&FsUnwatchParams { watch_id }).await.unwrap();
        }
        append_to_all(&files);
        let expected = modified(&files[..FOLDERS / 2 - 1]);
        assert_eq!(told(&fs_client, &mut events, &all.join("fourth")).await, expected);

        for watch_id in watches {
            fs_client.unwatch(&FsUnwatchParams { watch_id }).await.unwrap();
        }
        until("nothing is watched", || watching_threads() == threads && inotify_instances() <= 1).await;
    });
}

#[test]
fn a_folder_in_one_that_is_watched_for_itself_is_told_as_renamed() {
    let daemon = Daemon::boot("//- /folder/file\n");
    daemon.run(async {
        let client = daemon.client().await;
        let mut events = daemon.events(&client, CHANGED_ON_DISK.info.topic).await;
        let fs_client = FsClient::new(client);
        fs_client.watch(&FsWatchParams { path: daemon.path("").into(), is_shallow: true }).await.unwrap();
        fs::rename(daemon.path("folder"), daemon.path("renamed")).unwrap();
        let changed = events.expect(&CHANGED_ON_DISK).await;
        assert_eq!((changed.kind, changed.path.as_path()), (FileChange::Renamed, &*daemon.path("renamed")));
        // What is in it was not watched, and is not now.
        fs::write(daemon.path("renamed/file"), "new").unwrap();
        fs::write(daemon.path("last"), "").unwrap();
        assert_eq!(events.expect(&CHANGED_ON_DISK).await.path.as_path(), daemon.path("last"));
    });
}
