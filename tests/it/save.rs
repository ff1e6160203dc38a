//! Saving files: what a file keeps that is written anew, and the folders that it is put into.

use std::fs::{self, Permissions};
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink};
use std::path::Path;

use icpy::Client;
use icpy_protocol::error::Kind;
use icpy_protocol::fs::{FsClient, FsConfineParams, FsRoot, FsSaveMethod, FsWriteFileParams};
use icpy_tests::{Daemon, Disk, DiskKind, Process};
use rustix::fs::{XattrFlags, getxattr, lsetxattr};

pub(crate) fn writing(path: impl AsRef<Path>, content: &str) -> FsWriteFileParams {
    FsWriteFileParams::of(path.as_ref(), content)
}

/// Runs a test against the files of a fixture.
pub(crate) fn check(fixture: &str, test: impl AsyncFnOnce(&Daemon, &FsClient<Client>)) {
    let daemon = Daemon::boot(fixture);
    daemon.run(async { test(&daemon, &FsClient::new(daemon.client().await)).await });
}

fn attribute(path: &Path, name: &str) -> Vec<u8> {
    let mut value = vec![0; 4096];
    let length = getxattr(path, name, &mut value[..]).unwrap_or_else(|error| panic!("{name}: {error}"));
    value.truncate(length);
    value
}

/// An ACL as the kernel takes it: the owner, a user by number, the group, the mask, and others.
fn acl(user: u32) -> Vec<u8> {
    let entry = |tag: u16, rights: u16, id: u32| {
        [tag.to_le_bytes().as_slice(), &rights.to_le_bytes(), &id.to_le_bytes()].concat()
    };
    let none = u32::MAX;
    let entries = [(1, 6, none), (2, 7, user), (4, 4, none), (16, 6, none), (32, 0, none)];
    let entries = entries.into_iter().flat_map(|(tag, rights, id)| entry(tag, rights, id));
    2u32.to_le_bytes().into_iter().chain(entries).collect()
}

/// What a file keeps that is saved in this folder.
async fn attributes_stay(client: &FsClient<Client>, folder: &Path) {
    let (path, plain) = (folder.join("a.txt"), folder.join("plain.txt"));
    fs::write(&path, "one\n").unwrap();
    fs::write(&plain, "one\n").unwrap();
    let long = vec![b'x'; 500];
    lsetxattr(&path, "user.origin", b"https://example.org", XattrFlags::empty()).unwrap();
    lsetxattr(&path, "user.long", &long, XattrFlags::empty()).unwrap();
    lsetxattr(&path, "system.posix_acl_access", &acl(1234), XattrFlags::empty()).unwrap();
    let before = path.metadata().unwrap();
    let written = client.write_file(&writing(&path, "two\n")).await.unwrap();
    assert_eq!(written.method, Some(FsSaveMethod::Replaced));
    assert_eq!(fs::read_to_string(&path).unwrap(), "two\n");
    let after = path.metadata().unwrap();
    assert_ne!(before.ino(), after.ino());
    assert_eq!((before.mode(), before.uid(), before.gid()), (after.mode(), after.uid(), after.gid()));
    assert_eq!(attribute(&path, "user.origin"), b"https://example.org");
    assert_eq!(attribute(&path, "user.long"), long);
    assert_eq!(attribute(&path, "system.posix_acl_access"), acl(1234));

    // What the folder gives to new files is not for one that was there before.
    lsetxattr(folder, "system.posix_acl_default", &acl(4321), XattrFlags::empty()).unwrap();
    fs::set_permissions(&plain, Permissions::from_mode(0o640)).unwrap();
    client.write_file(&writing(&plain, "two\n")).await.unwrap();
    assert!(getxattr(&plain, "system.posix_acl_access", &mut [0; 64][..]).is_err());
    assert_eq!(plain.metadata().unwrap().mode() & 0o7777, 0o640);
    client.write_file(&writing(folder.join("new.txt"), "new\n")).await.unwrap();
    assert_eq!(attribute(&folder.join("new.txt"), "system.posix_acl_access").len(), acl(4321).len());

    let other_name = folder.join("other_name.txt");
    fs::hard_link(&path, &other_name).unwrap();
    let written = client.write_file(&writing(&other_name, "three\n")).await.unwrap();
    assert_eq!(written.method, Some(FsSaveMethod::InPlace));
    assert_eq!(fs::read_to_string(&path).unwrap(), "three\n");
    assert_eq!(attribute(&path, "user.long"), long);
}

#[test]
fn a_saved_file_keeps_its_attributes_and_its_acl() {
    check("", async |daemon, client| attributes_stay(client, &daemon.path("")).await);
}

#[test]
fn a_saved_file_keeps_its_attributes_on_every_filesystem() {
    for kind in DiskKind::ALL {
        let Some(disk) = Disk::mount(kind) else { continue };
        eprintln!("{kind:?}");
        fs::create_dir(disk.path("folder")).unwrap();
        check("", async |_, client| {
            attributes_stay(client, &disk.path("folder")).await;
            if kind == DiskKind::Overlay {
                let path = disk.path("below.txt");
                client.write_file(&writing(&path, "above it\n")).await.unwrap();
                assert_eq!(fs::read_to_string(&path).unwrap(), "above it\n");
            }
        });
    }
}

#[test]
fn special_bits_and_owner_stay() {
    if !rustix::process::geteuid().is_root() {
        return icpy_tests::cannot_run("only root can give files away");
    }
    check("//- /a.sh\none\n", async |daemon, client| {
        let path = daemon.path("a.sh");
        std::os::unix::fs::chown(&path, Some(1234), Some(5678)).unwrap();
        fs::set_permissions(&path, Permissions::from_mode(0o6755)).unwrap();
        client.write_file(&writing(&path, "two\n")).await.unwrap();
        let after = path.metadata().unwrap();
        assert_eq!((after.uid(), after.gid(), after.mode() & 0o7777), (1234, 5678, 0o6755));
    });
}

#[test]
fn a_chain_of_links_stays_and_its_end_is_saved() {
    check("//- /folder/a.txt\none\n", async |daemon, client| {
        symlink("folder/b", daemon.path("link")).unwrap();
        symlink("../folder/a.txt", daemon.path("folder/b")).unwrap();
        client.write_file(&writing(daemon.path("link"), "two\n")).await.unwrap();
        assert!(daemon.path("link").symlink_metadata().unwrap().is_symlink());
        assert!(daemon.path("folder/b").symlink_metadata().unwrap().is_symlink());
        assert_eq!(fs::read_to_string(daemon.path("folder/a.txt")).unwrap(), "two\n");
    });
}

#[test]
fn folders_are_made_where_that_is_asked_for() {
    check("//- /a.txt\n", async |daemon, client| {
        let asked = |path: &Path| FsWriteFileParams { make_folders: true, ..writing(path, "new\n") };
        let name = std::ffi::OsStr::from_bytes(b"caf\xe9");
        for path in [daemon.path("x/y/z.txt"), daemon.path("").join(name).join(name)] {
            let refused = client.write_file(&writing(&path, "new\n")).await.unwrap_err();
            assert_eq!(refused.kind(), Kind::NotFound, "{refused}");
            assert!(client.write_file(&asked(&path)).await.unwrap().is_new);
            assert!(!client.write_file(&asked(&path)).await.unwrap().is_new);
            assert_eq!(fs::read_to_string(&path).unwrap(), "new\n");
        }
        let below_a_file = client.write_file(&asked(&daemon.path("a.txt/b/c"))).await.unwrap_err();
        assert_eq!(below_a_file.kind(), Kind::NotFound, "{below_a_file}");
        // What is based on a version is there already, or refused.
        let based = FsWriteFileParams { base_version: Some("xxh3:0".to_owned()), ..asked(&daemon.path("n/o.txt")) };
        client.write_file(&based).await.unwrap_err();
        assert!(!daemon.path("n").exists());
    });
}

#[test]
fn folders_are_made_only_where_a_session_may_write() {
    check("//- /in/a.txt\n//- /out/a.txt\n", async |daemon, client| {
        let root = FsRoot { path: daemon.path("in").into(), is_read_only: false };
        client.confine(&FsConfineParams { roots: Some(vec![root]), denied: vec![] }).await.unwrap();
        symlink("../out", daemon.path("in/link")).unwrap();
        let asked = |name: &str| FsWriteFileParams { make_folders: true, ..writing(daemon.path(name), "new\n") };
        client.write_file(&asked("in/x/y.txt")).await.unwrap();
        for outside in ["out/x/y.txt", "in/link/x/y.txt", "in/x/../../out/x/y.txt"] {
            let refused = client.write_file(&asked(outside)).await.unwrap_err();
            assert_eq!(refused.kind(), Kind::PermissionDenied, "{outside}: {refused}");
        }
        assert!(daemon.path("in/x/y.txt").exists());
        assert!(!daemon.path("out/x").exists());
    });
}

#[test]
fn a_reader_never_sees_a_part_of_a_long_file() {
    check("", async |daemon, client| {
        let path = daemon.path("a.txt");
        let texts = ["a".repeat(1 << 20), "b".repeat((1 << 20) - 4096)];
        fs::write(&path, &texts[0]).unwrap();
        let is_over = std::sync::atomic::AtomicBool::new(false);
        std::thread::scope(|scope| {
            let reader = scope.spawn(|| {
                let mut reads = 0;
                while !is_over.load(std::sync::atomic::Ordering::Relaxed) {
                    let seen = fs::read_to_string(&path).unwrap();
                    assert!(texts.contains(&seen), "{} bytes", seen.len());
                    reads += 1;
                }
                reads
            });
            tokio::task::block_in_place(|| {
                tokio::runtime::Handle::current().block_on(async {
                    for round in 1..=40 {
                        client.write_file(&writing(&path, &texts[round % 2])).await.unwrap();
                    }
                });
            });
            is_over.store(true, std::sync::atomic::Ordering::Relaxed);
            assert!(reader.join().unwrap() > 10, "the reader has hardly read");
        });
    });
}

#[test]
fn requests_for_one_file_are_done_in_their_order() {
    check("", async |daemon, client| {
        let path = daemon.path("a.txt");
        let all: Vec<FsWriteFileParams> = (0..50).map(|number| writing(&path, &number.to_string())).collect();
        let outcomes = futures_util::future::join_all(all.iter().map(|params| client.write_file(params))).await;
        assert!(outcomes.iter().all(Result::is_ok));
        assert_eq!(fs::read_to_string(&path).unwrap(), "49");
    });
}

#[test]
fn a_file_that_nothing_may_change_is_refused() {
    let user = Process::ordinary("//- /fixed.txt\nold\n");
    fs::set_permissions(user.path("fixed.txt"), Permissions::from_mode(0o444)).unwrap();
    let params = serde_json::json!({ "path": user.path("fixed.txt"), "content": "new" }).to_string();
    let output = user.icpy(&["--json", "call", "fs:write_file", &params]);
    assert!(output.stdout.contains("permission_denied"), "{output:?}");
    assert_eq!(fs::read_to_string(user.path("fixed.txt")).unwrap(), "old\n");

    let path = user.path("immutable.txt");
    fs::write(&path, "old").unwrap();
    let chattr = |flag: &str| std::process::Command::new("chattr").arg(flag).arg(&path).output();
    if !chattr("+i").is_ok_and(|output| output.status.success()) {
        return icpy_tests::cannot_run("`chattr +i` needs root and a filesystem that knows it");
    }
    check("", async |_, client| {
        let refused = client.write_file(&writing(&path, "new")).await;
        assert!(chattr("-i").unwrap().status.success());
        assert_eq!(refused.unwrap_err().kind(), Kind::PermissionDenied);
        assert_eq!(fs::read_to_string(&path).unwrap(), "old");
    });
}
