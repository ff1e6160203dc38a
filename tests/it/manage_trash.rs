//! The trash: what goes there, in which of them, and back.

use std::ffi::OsStr;
use std::fs::{self, Permissions};
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};

use icpy::Client;
use icpy_protocol::error::{Error, Kind};
use icpy_protocol::fs::{
    FsBatchResult, FsClient, FsDeleteParams, FsItemResult, FsRestoreParams, FsTransfer, FsTransferParams,
};
use icpy_protocol::path::FilePath;
use icpy_tests::{Daemon, Folder, SmallDisk, refused};
use icpyd::host::Host;

/// Runs a test with a user's home, which has the trash in it.
fn check(fixture: &str, test: impl AsyncFnOnce(&Daemon, &FsClient<Client>, &Path)) {
    let home = Folder::new("");
    let host = Host::fake_with_variables(&[("HOME", home.files().to_str().unwrap())]);
    let daemon = Daemon::boot_in(fixture, host, |_| ());
    daemon.run(async {
        let client = FsClient::new(daemon.client().await);
        test(&daemon, &client, &home.files().join(".local/share/Trash")).await;
    });
}

async fn delete(client: &FsClient<Client>, path: impl Into<PathBuf>) -> Result<FilePath, Error> {
    let params = FsDeleteParams { paths: vec![path.into().into()], is_permanent: false, progress: false };
    outcome(client.delete(&params).await).map(|item| item.trash_id.unwrap())
}

async fn restore(client: &FsClient<Client>, id: &FilePath) -> Result<FilePath, Error> {
    let params = FsRestoreParams { trash_ids: vec![id.clone()] };
    outcome(client.restore(&params).await).map(|item| item.path)
}

/// What became of the one thing.
fn outcome(result: Result<FsBatchResult, Error>) -> Result<FsItemResult, Error> {
    let item = result.unwrap().items.remove(0);
    item.error.clone().map_or(Ok(item), Err)
}

#[test]
fn what_is_deleted_is_in_the_trash_and_comes_back() {
    check("//- /folder/a b.txt\none\n//- /folder/sub/c\ntwo\n", async |daemon, client, trash| {
        let path = daemon.path("folder/a b.txt");
        let id = delete(client, &path).await.unwrap();
        assert_eq!(id.as_path(), trash.canonicalize().unwrap().join("files/a b.txt"));
        assert_eq!((path.exists(), fs::read_to_string(&id).unwrap().as_str()), (false, "one\n"));
        let info = fs::read_to_string(trash.join("info/a b.txt.trashinfo")).unwrap();
        let lines: Vec<&str> = info.lines().collect();
        let escaped = path.to_str().unwrap().replace(' ', "%20");
        assert_eq!(lines[..2], ["[Trash Info]", &format!("Path={escaped}")]);
        let date = lines[2].strip_prefix("DeletionDate=").unwrap();
        assert!(date.len() == 19 && date.as_bytes()[10] == b'T', "{date}");
        for folder in [trash, &trash.join("info"), &trash.join("files")] {
            assert_eq!(folder.metadata().unwrap().permissions().mode() & 0o777, 0o700, "{}", folder.display());
        }

        assert_eq!(restore(client, &id).await.unwrap().as_path(), path);
        assert_eq!(fs::read_to_string(&path).unwrap(), "one\n");
        assert_eq!(fs::read_dir(trash.join("info")).unwrap().count(), 0);
        refused(restore(client, &id).await, Kind::NotFound, "a b.txt`");
        // A whole folder, whose own has gone by then.
        let id = delete(client, daemon.path("folder/sub")).await.unwrap();
        fs::remove_dir_all(daemon.path("folder")).unwrap();
        restore(client, &id).await.unwrap();
        assert_eq!(fs::read_to_string(daemon.path("folder/sub/c")).unwrap(), "two\n");
    });
}

#[test]
fn names_in_the_trash_are_all_different() {
    check("", async |daemon, client, trash| {
        let long = "x".repeat(255);
        let names: Vec<&OsStr> =
            vec![OsStr::from_bytes(b"caf\xe9"), OsStr::new(&long), OsStr::new("a"), OsStr::new("-%")];
        for name in names {
            let path = daemon.path("").join(name);
            let mut ids = Vec::new();
            for number in 0..5 {
                fs::write(&path, number.to_string()).unwrap();
                ids.push(delete(client, &path).await.unwrap());
            }
            for (number, id) in ids.iter().enumerate() {
                restore(client, id).await.unwrap();
                assert_eq!(fs::read_to_string(&path).unwrap(), number.to_string());
                fs::remove_file(&path).unwrap();
            }
        }
        // Content that nothing tells about keeps its name.
        fs::write(trash.join("files/b"), "orphan").unwrap();
        fs::write(daemon.path("b"), "new").unwrap();
        let id = delete(client, daemon.path("b")).await.unwrap();
        assert_eq!(fs::read_to_string(trash.join("files/b")).unwrap(), "orphan");
        assert_eq!(fs::read_to_string(id).unwrap(), "new");
        symlink("nowhere", daemon.path("link")).unwrap();
        let id = delete(client, daemon.path("link")).await.unwrap();
        assert_eq!(fs::read_link(id).unwrap(), Path::new("nowhere"));
    });
}

#[test]
fn nothing_is_replaced_by_what_comes_back_and_no_other_folder_is_a_trash() {
    check("//- /a\nold\n//- /fake/files/x\n//- /.Trash-0/files/x\n", async |daemon, client, trash| {
        let id = delete(client, daemon.path("a")).await.unwrap();
        fs::write(daemon.path("a"), "new").unwrap();
        refused(restore(client, &id).await, Kind::AlreadyExists, "a`");
        assert_eq!(fs::read_to_string(daemon.path("a")).unwrap(), "new");
        fs::create_dir(daemon.path("fake/info")).unwrap();
        let info = format!("[Trash Info]\nPath={}\n", daemon.path("stolen").display());
        fs::write(daemon.path("fake/info/x.trashinfo"), &info).unwrap();
        for name in ["fake/files/x", "none", ".Trash-0/files/x", "fake/files/../files/x"] {
            refused(restore(client, &daemon.path(name).into()).await, Kind::NotFound, name);
        }
        // An entry that leads out of where it may, and one that is none.
        for (name, text) in [("up", "Path=/tmp/../etc/x"), ("relative", "Path=a/b"), ("none", "")] {
            fs::write(trash.join("files").join(name), "").unwrap();
            fs::write(trash.join(format!("info/{name}.trashinfo")), text).unwrap();
            let id = trash.canonicalize().unwrap().join("files").join(name);
            refused(restore(client, &id.into()).await, Kind::NotFound, "does not say where");
        }
    });
}

#[test]
fn the_trash_does_not_take_itself() {
    check("//- /a\n", async |daemon, client, trash| {
        let id = delete(client, daemon.path("a")).await.unwrap();
        refused(delete(client, id.as_path()).await, Kind::Unsupported, "in the trash already");
        let share = trash.parent().unwrap().canonicalize().unwrap();
        refused(delete(client, share).await, Kind::Unsupported, "holds the trash itself");
        refused(delete(client, daemon.path("none")).await, Kind::NotFound, "none`");
        refused(delete(client, "/").await, Kind::InvalidParams, "outermost");
    });
}

#[test]
fn what_is_replaced_goes_to_the_trash() {
    check("//- /a\nnew\n//- /b\nold\n//- /c/d\nold\n", async |daemon, client, _| {
        for (method, from, to) in [("copy", "a", "b"), ("move", "a", "c")] {
            let items = vec![FsTransfer { from: daemon.path(from).into(), to: daemon.path(to).into() }];
            let params = FsTransferParams { items, overwrite: true, progress: false };
            let done = if method == "copy" { client.copy(&params).await } else { client.move_items(&params).await };
            let id = outcome(done).unwrap().replaced_trash_id.unwrap();
            assert_eq!(fs::read_to_string(daemon.path(to)).unwrap(), "new\n");
            fs::remove_file(daemon.path(to)).unwrap();
            restore(client, &id).await.unwrap();
        }
        assert_eq!(fs::read_to_string(daemon.path("c/d")).unwrap(), "old\n");
    });
}

#[test]
fn each_disk_has_its_own_trash() {
    let Some(disk) = SmallDisk::mount(1 << 20) else { return };
    check("", async |_, client, home_trash| {
        let user = rustix::process::geteuid().as_raw();
        let own = disk.join(&format!(".Trash-{user}"));
        let file = disk.join("folder/a b");
        fs::create_dir(disk.join("folder")).unwrap();
        let again = || fs::write(&file, "here").unwrap();

        again();
        let id = delete(client, &file).await.unwrap();
        assert_eq!(id.as_path(), own.join("files/a b"));
        let info = fs::read_to_string(own.join("info/a b.trashinfo")).unwrap();
        assert!(info.contains("\nPath=folder/a%20b\n"), "{info}");
        restore(client, &id).await.unwrap();
        assert_eq!(fs::read_to_string(&file).unwrap(), "here");

        // A folder for all users counts when nobody can take away another's things, and is no link.
        let shared = disk.join(".Trash");
        fs::create_dir(&shared).unwrap();
        assert_eq!(delete(client, &file).await.unwrap().as_path(), own.join("files/a b"));
        fs::set_permissions(&shared, Permissions::from_mode(0o1777)).unwrap();
        again();
        let id = delete(client, &file).await.unwrap();
        assert_eq!(id.as_path(), shared.join(user.to_string()).join("files/a b"));
        restore(client, &id).await.unwrap();
        fs::rename(&shared, disk.join("elsewhere")).unwrap();
        symlink("elsewhere", &shared).unwrap();
        assert_eq!(delete(client, &file).await.unwrap().as_path(), own.join("files/a b.2"));

        // And none at all.
        fs::remove_dir_all(&own).unwrap();
        fs::write(&own, "in the way").unwrap();
        again();
        refused(delete(client, &file).await, Kind::Unsupported, "there is no trash");
        symlink("elsewhere", disk.join("link")).unwrap();
        fs::remove_file(&own).unwrap();
        fs::rename(disk.join("link"), &own).unwrap();
        refused(delete(client, &file).await, Kind::Unsupported, "only be deleted for good");
        refused(delete(client, disk.path()).await, Kind::Unsupported, "is a whole disk");
        assert!(file.exists());
        assert_eq!(fs::read_dir(home_trash.join("files")).unwrap().count(), 0);
    });
}
