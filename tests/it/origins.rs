//! Whose the changes are that are told: those that the daemon makes for a session name it, and others name nobody.

use std::fs;
use std::path::{Path, PathBuf};

use icpy::Client;
use icpy_protocol::Empty;
use icpy_protocol::fs::{
    CHANGED_ON_DISK, FileChange, FileChangedOnDisk, FsClient, FsCreateSymlinkParams, FsDeleteParams, FsRestoreParams,
    FsSaveMethod, FsSetModeParams, FsSyncParams, FsUndoParams, FsWatchParams, FsWriteFilesParams,
};
use icpy_protocol::session::SessionClient;
use icpy_tests::{Daemon, Events, SmallDisk};

use crate::manage::{check, done, folder, for_good, mode, over, transfer};
use crate::save::writing;

const TREE: &str = "//- /a.txt\none\n//- /tree/b.txt\ntwo\n//- /tree/deep/c.txt\nthree\n//- /other/d.txt\n";

/// What is told of one folder, and the session whose changes it should be.
struct Told {
    client: FsClient<Client>,
    events: Events,
    root: PathBuf,
    session: String,
}

impl Told {
    async fn new(daemon: &Daemon, maker: &Client) -> Self {
        let sessions = SessionClient::new(maker.clone()).list(&Empty {}).await.unwrap().sessions;
        let session = sessions.into_iter().find(|session| session.is_caller).unwrap().session_id;
        let client = daemon.client().await;
        let events = daemon.events(&client, "file:changed_on_disk").await;
        let (client, path) = (FsClient::new(client), daemon.path(""));
        let watched = client.watch(&FsWatchParams { path: path.into(), is_shallow: false }).await.unwrap();
        Self { client, events, root: watched.path.into_path_buf(), session }
    }

    /// All changes up to now: `path`, with `?` behind those of nobody.
    async fn next(&mut self) -> Vec<String> {
        self.client.sync(&FsSyncParams::default()).await.unwrap();
        let last = self.root.join("last");
        fs::write(&last, "").unwrap();
        let mut all = Vec::new();
        loop {
            let changed: FileChangedOnDisk = self.events.expect(&CHANGED_ON_DISK).await;
            if changed.path.as_path() == last {
                assert_eq!(changed.origin, None);
                break;
            }
            let path = changed.path.as_path().strip_prefix(&self.root).unwrap().display().to_string();
            match &changed.origin {
                None => all.push(format!("{path}?")),
                Some(origin) => {
                    assert_eq!(origin.session_id, self.session, "{path}");
                    all.push(path);
                }
            }
        }
        fs::remove_file(&last).unwrap();
        while self.events.expect(&CHANGED_ON_DISK).await.kind != FileChange::Deleted {}
        all.sort();
        all.dedup();
        all
    }
}

async fn with_told(daemon: &Daemon, test: impl AsyncFnOnce(&FsClient<Client>, &mut Told)) {
    let client = daemon.client().await;
    let mut told = Told::new(daemon, &client).await;
    test(&FsClient::new(client), &mut told).await;
}

#[test]
fn what_is_made_copied_and_moved_names_its_session() {
    check(TREE, async |daemon, _| {
        let path = |name: &str| daemon.path(name);
        with_told(daemon, async |client, told| {
            client.create_directory(&folder(path("new/er"))).await.unwrap();
            assert_eq!(told.next().await, ["new", "new/er"]);
            let link = FsCreateSymlinkParams { path: path("link").into(), target: "nowhere".into() };
            client.create_symlink(&link).await.unwrap();
            assert_eq!(told.next().await, ["link"]);
            done(client.copy(&transfer(path("tree"), path("copy"))).await);
            assert_eq!(told.next().await, ["copy", "copy/b.txt", "copy/deep", "copy/deep/c.txt"]);
            done(client.move_items(&transfer(path("copy"), path("moved"))).await);
            assert_eq!(told.next().await, ["moved"]);
            done(client.copy(&over(transfer(path("a.txt"), path("tree/b.txt")))).await);
            assert_eq!(told.next().await, ["tree/b.txt"]);
            done(client.set_mode(&mode(path("a.txt"), 0o600)).await);
            assert_eq!(told.next().await, ["a.txt"]);
        })
        .await;
    });
}

#[test]
fn what_is_deleted_brought_back_and_undone_names_its_session() {
    check(TREE, async |daemon, _| {
        let path = |name: &str| daemon.path(name);
        with_told(daemon, async |client, told| {
            done(client.delete(&for_good(&[path("tree/deep")])).await);
            let deleted = told.next().await;
            assert!(deleted.contains(&"tree/deep".to_owned()), "{deleted:?}");
            assert!(deleted.iter().all(|path| !path.ends_with('?')), "{deleted:?}");
            let paths = vec![path("a.txt").into()];
            let trash = FsDeleteParams { paths, is_permanent: false, progress: false };
            let id = client.delete(&trash).await.unwrap().items.remove(0).trash_id.unwrap();
            assert_eq!(told.next().await, ["a.txt"]);
            done(client.restore(&FsRestoreParams { trash_ids: vec![id] }).await);
            assert_eq!(told.next().await, ["a.txt"]);
            done(client.move_items(&transfer(path("other"), path("moved"))).await);
            assert_eq!(told.next().await, ["moved"]);
            client.undo(&FsUndoParams::default()).await.unwrap();
            assert_eq!(told.next().await, ["other"]);
            let params = FsSetModeParams { is_recursive: true, ..mode(path("tree"), 0o700) };
            done(client.set_mode(&params).await);
            assert_eq!(told.next().await, ["tree/b.txt"]);
            client.undo(&FsUndoParams::default()).await.unwrap();
            assert_eq!(told.next().await, ["tree/b.txt"]);
        })
        .await;
    });
}

#[test]
fn a_tree_that_goes_to_another_disk_and_back_names_its_session() {
    let Some(disk) = SmallDisk::mount(1 << 20) else { return };
    check(TREE, async |daemon, _| {
        with_told(daemon, async |client, told| {
            done(client.move_items(&transfer(daemon.path("tree"), disk.join("tree"))).await);
            let gone = told.next().await;
            assert!(gone.contains(&"tree".to_owned()) && gone.iter().all(|path| !path.ends_with('?')), "{gone:?}");
            done(client.move_items(&transfer(disk.join("tree"), daemon.path("back"))).await);
            assert_eq!(told.next().await, ["back", "back/b.txt", "back/deep", "back/deep/c.txt"]);
        })
        .await;
    });
}

#[test]
fn a_file_that_is_written_in_place_names_its_session() {
    check(TREE, async |daemon, _| {
        let path = |name: &str| daemon.path(name);
        fs::hard_link(path("a.txt"), path("other/name")).unwrap();
        with_told(daemon, async |client, told| {
            let write = |name: &str| writing(path(name), "much longer content than before\n");
            let files = vec![write("a.txt"), write("tree/b.txt")];
            let saved = client.write_files(&FsWriteFilesParams { files }).await.unwrap();
            assert_eq!(saved.files[0].method, Some(FsSaveMethod::InPlace));
            let told_of = told.next().await;
            // Its other name changes with it.
            assert_eq!(without(&told_of, "other/name?"), ["a.txt", "tree/b.txt"]);
            client.write_file(&writing(path("a.txt"), "short\n")).await.unwrap();
            assert_eq!(without(&told.next().await, "other/name?"), ["a.txt"]);
        })
        .await;
    });
}

#[test]
fn what_others_do_after_a_session_is_nobodys() {
    check(TREE, async |daemon, _| {
        let path = |name: &str| daemon.path(name);
        with_told(daemon, async |client, told| {
            done(client.set_mode(&mode(path("a.txt"), 0o600)).await);
            assert_eq!(told.next().await, ["a.txt"]);
            set_mode(&path("a.txt"), 0o640);
            assert_eq!(told.next().await, ["a.txt?"]);
            done(client.delete(&for_good(&[path("a.txt")])).await);
            assert_eq!(told.next().await, ["a.txt"]);
            fs::write(path("a.txt"), "again").unwrap();
            assert_eq!(told.next().await, ["a.txt?"]);
            fs::remove_file(path("a.txt")).unwrap();
            assert_eq!(told.next().await, ["a.txt?"]);
            // What was not done leaves nothing behind.
            let failed = client.move_items(&transfer(path("tree/b.txt"), path("other/d.txt"))).await.unwrap();
            assert!(failed.items[0].error.is_some());
            fs::remove_file(path("tree/b.txt")).unwrap();
            assert_eq!(told.next().await, ["tree/b.txt?"]);
        })
        .await;
    });
}

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, std::os::unix::fs::PermissionsExt::from_mode(mode)).unwrap();
}

fn without<'a>(told: &'a [String], path: &str) -> Vec<&'a str> {
    told.iter().map(String::as_str).filter(|told| *told != path).collect()
}
