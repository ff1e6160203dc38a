//! Managing files: making, copying, moving and deleting them. Beside this: `manage_refusals.rs` has what can go wrong.

use std::fs::{self, Permissions};
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use icpy::Client;
use icpy_protocol::error::{Error, Kind};
use icpy_protocol::fs::{
    FsBatchResult, FsClient, FsCreateDirectoryParams, FsCreateSymlinkParams, FsDeleteParams, FsSetModeParams,
    FsTransfer, FsTransferParams,
};
use icpy_protocol::path::FilePath;
use icpy_tests::{Daemon, Folder, SmallDisk};
use icpyd::host::Host;

/// Runs a test against the files of a fixture. What is replaced goes to a trash of the test's own.
pub(crate) fn check(fixture: &str, test: impl AsyncFnOnce(&Daemon, &FsClient<Client>)) {
    let home = Folder::new("");
    let host = Host::fake_with_variables(&[("HOME", home.files().to_str().unwrap())]);
    let daemon = Daemon::boot_in(fixture, host, |_| ());
    daemon.run(async { test(&daemon, &FsClient::new(daemon.client().await)).await });
}

pub(crate) fn transfer(from: impl Into<PathBuf>, to: impl Into<PathBuf>) -> FsTransferParams {
    let items = vec![FsTransfer { from: from.into().into(), to: to.into().into() }];
    FsTransferParams { items, overwrite: false, progress: false }
}

pub(crate) fn over(params: FsTransferParams) -> FsTransferParams {
    FsTransferParams { overwrite: true, ..params }
}

pub(crate) fn for_good(paths: &[PathBuf]) -> FsDeleteParams {
    let paths = paths.iter().map(FilePath::from).collect();
    FsDeleteParams { paths, is_permanent: true, progress: false }
}

pub(crate) fn folder(path: impl Into<PathBuf>) -> FsCreateDirectoryParams {
    FsCreateDirectoryParams { path: path.into().into() }
}

pub(crate) fn mode(path: impl Into<PathBuf>, mode: u32) -> FsSetModeParams {
    let paths = vec![path.into().into()];
    FsSetModeParams { paths, mode, directory_mode: None, is_recursive: false, progress: false }
}

/// What must succeed of one thing.
#[track_caller]
pub(crate) fn done(outcome: Result<FsBatchResult, Error>) {
    let items = outcome.unwrap().items;
    assert!(items.iter().all(|item| item.error.is_none()), "{items:?}");
}

/// What must fail of one thing, with an error of this kind that says this.
#[track_caller]
pub(crate) fn refused(outcome: Result<FsBatchResult, Error>, kind: Kind, expect: &str) {
    let error = outcome.unwrap().items.remove(0).error.expect("it should have failed");
    assert_eq!(error.kind(), kind, "{error}");
    assert!(error.message().contains(expect), "{error}");
}

pub(crate) fn text(path: impl AsRef<Path>) -> String {
    fs::read_to_string(path).unwrap()
}

fn mode_of(path: impl AsRef<Path>) -> u32 {
    path.as_ref().symlink_metadata().unwrap().mode() & 0o7777
}

#[test]
fn folders_are_made_with_those_above() {
    check("//- /file\n", async |daemon, client| {
        let path = |name: &str| daemon.path(name);
        let made = client.create_directory(&folder(path("a/b/c"))).await.unwrap().created;
        assert_eq!(made, ["a", "a/b", "a/b/c"].map(|name| FilePath::from(path(name))));
        assert!(path("a/b/c").is_dir());
        let again = client.create_directory(&folder(path("a/b/c"))).await.unwrap();
        assert_eq!((again.created, again.operation_id), (vec![], None));
        symlink("a/b", path("link")).unwrap();
        symlink("nowhere", path("dangling")).unwrap();
        client.create_directory(&folder(path("link/d"))).await.unwrap();
        assert!(path("a/b/d").is_dir());
        for (name, kind, expect) in [
            ("file", Kind::AlreadyExists, "file`: there is something else"),
            ("file/below/deep", Kind::AlreadyExists, "file`: there is something else"),
            ("dangling", Kind::AlreadyExists, "dangling`"),
            ("dangling/x", Kind::AlreadyExists, "dangling`"),
        ] {
            let error = client.create_directory(&folder(path(name))).await.unwrap_err();
            assert_eq!(error.kind(), kind, "{name}: {error}");
            assert!(error.message().contains(expect), "{name}: {error}");
        }
        let error = client.create_directory(&folder("relative")).await.unwrap_err();
        assert_eq!(error.kind(), Kind::InvalidParams, "{error}");
        assert_eq!(fs::read_dir(path("")).unwrap().count(), 4);
    });
}

#[test]
fn a_deep_path_is_made_in_little_time() {
    check("", async |daemon, client| {
        let deep = daemon.path("").join("d/".repeat(1500));
        let began = std::time::Instant::now();
        assert_eq!(client.create_directory(&folder(&deep)).await.unwrap().created.len(), 1500);
        // It took a time that grows with the third power of the depth: 20 s.
        assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
        assert!(deep.is_dir());
    });
}

#[test]
fn a_link_is_made_where_nothing_is() {
    check("//- /file\n", async |daemon, client| {
        let link = |name: &str, target: &str| FsCreateSymlinkParams {
            path: daemon.path(name).into(),
            target: FilePath::from(target),
        };
        client.create_symlink(&link("a", "nowhere/yet")).await.unwrap();
        assert_eq!(fs::read_link(daemon.path("a")).unwrap(), Path::new("nowhere/yet"));
        for name in ["a", "file"] {
            let error = client.create_symlink(&link(name, "x")).await.unwrap_err();
            assert_eq!(error.kind(), Kind::AlreadyExists, "{error}");
        }
        assert_eq!(client.create_symlink(&link("b", "")).await.unwrap_err().kind(), Kind::InvalidParams);
        assert_eq!(client.create_symlink(&link("no/b", "x")).await.unwrap_err().kind(), Kind::NotFound);
    });
}

#[test]
fn a_copy_is_as_the_original() {
    check(
        "//- /tree/a.txt\none\n//- /tree/folder/b.txt\ntwo\n//- /tree/folder/deep/c.txt\n",
        async |daemon, client| {
            let path = |name: &str| daemon.path(name);
            let long_ago = SystemTime::UNIX_EPOCH + Duration::new(1_000_000_000, 123_456_789);
            symlink("loop", path("tree/loop")).unwrap();
            symlink("../../outside", path("tree/folder/link")).unwrap();
            fs::hard_link(path("tree/a.txt"), path("tree/folder/again.txt")).unwrap();
            let bytes = std::ffi::OsStr::from_bytes(b"caf\xe9");
            fs::write(path("tree").join(bytes), "coffee").unwrap();
            let file = fs::File::options().write(true).open(path("tree/a.txt")).unwrap();
            file.set_modified(long_ago).unwrap();
            fs::set_permissions(path("tree/a.txt"), Permissions::from_mode(0o751)).unwrap();
            let has_attributes =
                rustix::fs::setxattr(path("tree/a.txt"), "user.note", b"kept", rustix::fs::XattrFlags::empty()).is_ok();
            fs::File::open(path("tree/folder")).unwrap().set_modified(long_ago).unwrap();
            fs::set_permissions(path("tree/folder"), Permissions::from_mode(0o555)).unwrap();

            done(client.copy(&transfer(path("tree"), path("copy"))).await);
            assert_eq!((text(path("copy/a.txt")), text(path("copy/folder/b.txt"))), ("one\n".into(), "two\n".into()));
            assert_eq!(text(path("copy").join(bytes)), "coffee");
            assert_eq!(fs::read_link(path("copy/loop")).unwrap(), Path::new("loop"));
            assert_eq!(fs::read_link(path("copy/folder/link")).unwrap(), Path::new("../../outside"));
            assert_eq!((mode_of(path("copy/a.txt")), mode_of(path("copy/folder"))), (0o751, 0o555));
            for name in ["copy/a.txt", "copy/folder"] {
                assert_eq!(path(name).metadata().unwrap().modified().unwrap(), long_ago, "{name}");
            }
            let (first, second) =
                (path("copy/a.txt").metadata().unwrap(), path("copy/folder/again.txt").metadata().unwrap());
            assert_eq!((first.ino(), first.nlink()), (second.ino(), 2), "two names of one file");
            assert_ne!(first.ino(), path("tree/a.txt").metadata().unwrap().ino());
            if has_attributes {
                let mut value = [0u8; 4];
                rustix::fs::getxattr(path("copy/a.txt"), "user.note", &mut value[..]).unwrap();
                assert_eq!(&value, b"kept");
            }
            // A single link, and a single file.
            done(client.copy(&transfer(path("tree/loop"), path("loop"))).await);
            assert_eq!(fs::read_link(path("loop")).unwrap(), Path::new("loop"));
            done(client.copy(&transfer(path("tree/a.txt"), path("a.txt"))).await);
            assert_eq!(mode_of(path("a.txt")), 0o751);
        },
    );
}

#[test]
fn holes_stay_holes() {
    check("", async |daemon, client| {
        use std::os::unix::fs::FileExt as _;
        let file = fs::File::create(daemon.path("a")).unwrap();
        file.set_len(64 << 20).unwrap();
        file.write_all_at(b"middle", 20 << 20).unwrap();
        done(client.copy(&transfer(daemon.path("a"), daemon.path("b"))).await);
        let copy = fs::read(daemon.path("b")).unwrap();
        assert_eq!((copy.len(), &copy[20 << 20..(20 << 20) + 6]), (64 << 20, &b"middle"[..]));
        assert!(daemon.path("b").metadata().unwrap().blocks() * 512 < 8 << 20, "the holes were filled");
        done(client.copy(&transfer("/proc/self/status", daemon.path("c"))).await);
        assert!(text(daemon.path("c")).starts_with("Name:"), "it says that it is empty");
    });
}

#[test]
fn things_are_deleted_for_good_and_links_alone() {
    check("//- /tree/folder/a\n//- /tree/b\n//- /kept/c\n//- /file\n", async |daemon, client| {
        let path = |name: &str| daemon.path(name);
        symlink(path("kept"), path("tree/folder/link")).unwrap();
        symlink("tree", path("link")).unwrap();
        let paths = [path("link"), path("none"), path("tree"), path("file")];
        let results = client.delete(&for_good(&paths)).await.unwrap().items;
        let kinds: Vec<Option<Kind>> = results.iter().map(|it| it.error.as_ref().map(Error::kind)).collect();
        assert_eq!(kinds, [None, Some(Kind::NotFound), None, None]);
        assert!(path("kept/c").exists());
        assert_eq!(fs::read_dir(path("")).unwrap().count(), 1);
    });
}

#[test]
fn deep_and_wide_trees_are_copied_and_deleted() {
    check("//- /top/a\n", async |daemon, client| {
        // Deeper than one path can say.
        let mut at = icpyd::confinement::Folder::open(&daemon.path("top")).unwrap();
        for _ in 0..1500 {
            fs::create_dir(at.path().join("some-name")).unwrap();
            at = at.open_below(Path::new("some-name")).unwrap();
        }
        fs::write(at.path().join("end"), "found").unwrap();
        drop(at);
        done(client.copy(&transfer(daemon.path("top"), daemon.path("copy"))).await);
        done(client.delete(&for_good(&[daemon.path("top"), daemon.path("copy")])).await);
        assert_eq!(fs::read_dir(daemon.path("")).unwrap().count(), 0);
    });
}

#[test]
fn modes_are_set_one_by_one_and_below() {
    check("//- /tree/folder/a\n//- /tree/b\n//- /outside\n", async |daemon, client| {
        let path = |name: &str| daemon.path(name);
        symlink(path("outside"), path("tree/link")).unwrap();
        symlink(path("tree/b"), path("to-b")).unwrap();
        let outside = mode_of(path("outside"));
        done(client.set_mode(&mode(path("to-b"), 0o640)).await);
        assert_eq!(mode_of(path("tree/b")), 0o640, "the file that the link leads to");
        let below = FsSetModeParams { is_recursive: true, directory_mode: Some(0o700), ..mode(path("tree"), 0o600) };
        done(client.set_mode(&below).await);
        let modes = ["tree", "tree/folder", "tree/folder/a", "tree/b"].map(|name| mode_of(path(name)));
        assert_eq!((modes, mode_of(path("outside"))), ([0o700, 0o700, 0o600, 0o600], outside));
        done(client.set_mode(&FsSetModeParams { is_recursive: true, ..mode(path("tree"), 0) }).await);
        assert_eq!(mode_of(path("tree")), 0);
        done(client.set_mode(&FsSetModeParams { is_recursive: true, ..mode(path("tree"), 0o755) }).await);
        assert_eq!(mode_of(path("tree/folder/a")), 0o755);
        refused(client.set_mode(&mode(path("none"), 0o600)).await, Kind::NotFound, "none`");
        assert_eq!(client.set_mode(&mode(path("tree"), 0o10000)).await.unwrap_err().kind(), Kind::InvalidParams);
    });
}

#[test]
fn what_moves_to_another_disk_arrives_as_it_was() {
    let Some(disk) = SmallDisk::mount(4 << 20) else { return };
    check("//- /tree/a.txt\none\n//- /tree/folder/b.txt\ntwo\n//- /old\nold\n", async |daemon, client| {
        let path = |name: &str| daemon.path(name);
        fs::set_permissions(path("tree/a.txt"), Permissions::from_mode(0o600)).unwrap();
        if rustix::process::geteuid().is_root() {
            std::os::unix::fs::chown(path("tree/a.txt"), Some(12), Some(34)).unwrap();
        }
        let before = path("tree/a.txt").metadata().unwrap();
        symlink("a.txt", path("tree/link")).unwrap();
        done(client.move_items(&transfer(path("tree"), disk.join("tree"))).await);
        assert!(!path("tree").exists());
        let after = disk.join("tree/a.txt").metadata().unwrap();
        let described = |it: &fs::Metadata| (it.mode(), it.uid(), it.gid(), it.mtime(), it.mtime_nsec());
        assert_eq!(described(&after), described(&before));
        assert_eq!(text(disk.join("tree/folder/b.txt")), "two\n");
        refused(client.move_items(&transfer(path("old"), disk.join("tree"))).await, Kind::AlreadyExists, "tree`");
        done(client.move_items(&over(transfer(path("old"), disk.join("tree")))).await);
        assert_eq!(text(disk.join("tree")), "old\n");

        fs::write(path("large"), vec![7; 6 << 20]).unwrap();
        for outcome in [
            client.move_items(&transfer(path("large"), disk.join("large"))).await,
            client.copy(&transfer(path("large"), disk.join("large"))).await,
        ] {
            refused(outcome, Kind::Unavailable, "the disk is full");
        }
        assert_eq!(path("large").metadata().unwrap().len(), 6 << 20);
        let names = fs::read_dir(disk.path()).unwrap().map(|entry| entry.unwrap().file_name());
        let names: Vec<_> = names.filter(|name| !name.as_bytes().starts_with(b".Trash-")).collect();
        assert_eq!(names, ["tree"], "nothing half copied is left over");
    });
}

#[test]
fn a_name_is_changed_in_its_case_alone() {
    check("//- /readme\none\n//- /b\ntwo\n", async |daemon, client| {
        let path = |name: &str| daemon.path(name);
        done(client.move_items(&transfer(path("readme"), path("README"))).await);
        assert_eq!(text(path("README")), "one\n");
        // Two names of one file stay two names.
        fs::hard_link(path("b"), path("B")).unwrap();
        refused(client.move_items(&transfer(path("b"), path("B"))).await, Kind::AlreadyExists, "B`");
        assert!(path("b").exists() && path("B").exists());
    });
}
