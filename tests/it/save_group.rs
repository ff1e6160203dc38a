//! Saving several files as one: all or none.

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use icpy_protocol::error::Kind;
use icpy_protocol::fs::{FsSaveMethod, FsWriteFileParams, FsWriteFilesParams};
use icpy_tests::{Daemon, SmallDisk};

use crate::save::{check, writing};
use crate::save_in_place::{Mounted, copies};

const FILES: &str = "//- /a.txt\nold a\n//- /b.txt\nold b\n//- /c.txt\nold c\n";

fn all(files: Vec<FsWriteFileParams>) -> FsWriteFilesParams {
    FsWriteFilesParams { files }
}

/// Nothing has changed, and nothing is left over.
fn untouched(daemon: &Daemon) {
    for name in ["a", "b", "c"] {
        let content = fs::read_to_string(daemon.path(&format!("{name}.txt"))).unwrap();
        assert_eq!(content, format!("old {name}\n"));
    }
    assert!(!daemon.path("new.txt").exists());
    assert_eq!(daemon.folder().litter(), Vec::<PathBuf>::new());
    assert_eq!(copies(&daemon.folder().home()), Vec::<PathBuf>::new());
}

#[test]
fn several_files_are_saved_as_one() {
    check(FILES, async |daemon, client| {
        fs::hard_link(daemon.path("b.txt"), daemon.path("other.txt")).unwrap();
        let files = ["a.txt", "b.txt", "new.txt"].map(|name| writing(daemon.path(name), &format!("new {name}\n")));
        let saved = client.write_files(&all(files.to_vec())).await.unwrap().files;
        let told: Vec<_> = saved.iter().map(|file| (file.is_new, file.method.unwrap(), file.size)).collect();
        let (replaced, in_place) = (FsSaveMethod::Replaced, FsSaveMethod::InPlace);
        assert_eq!(told, [(false, replaced, 10), (false, in_place, 10), (true, replaced, 12)]);
        for name in ["a.txt", "b.txt", "new.txt"] {
            assert_eq!(fs::read_to_string(daemon.path(name)).unwrap(), format!("new {name}\n"));
        }
        assert_eq!(fs::read_to_string(daemon.path("other.txt")).unwrap(), "new b.txt\n");
        assert_eq!(daemon.path("a.txt").metadata().unwrap().nlink(), 1);
        assert_eq!(copies(&daemon.folder().home()), Vec::<PathBuf>::new());
        assert_eq!(daemon.folder().litter(), Vec::<PathBuf>::new());
        assert!(client.write_files(&all(vec![])).await.unwrap().files.is_empty());
    });
}

#[test]
fn one_that_has_changed_stops_all() {
    check(FILES, async |daemon, client| {
        fs::hard_link(daemon.path("b.txt"), daemon.path("other.txt")).unwrap();
        let new = |name: &str| writing(daemon.path(name), "new\n");
        let based = |name: &str| FsWriteFileParams { base_version: Some("xxh3:0".to_owned()), ..new(name) };
        let fresh = |name: &str| FsWriteFileParams { must_be_new: true, ..new(name) };
        let cases = [
            (vec![new("a.txt"), new("b.txt"), new("new.txt"), based("c.txt")], Kind::Conflict),
            (vec![new("a.txt"), new("new.txt"), based("b.txt")], Kind::Conflict),
            (vec![new("a.txt"), fresh("c.txt")], Kind::AlreadyExists),
            (vec![new("a.txt"), new("none/c.txt")], Kind::NotFound),
            (vec![new("a.txt"), new("../files/a.txt")], Kind::InvalidParams),
            (vec![new("b.txt"), new("other.txt")], Kind::InvalidParams),
        ];
        for (files, kind) in cases {
            let refused = client.write_files(&all(files)).await.unwrap_err();
            assert_eq!(refused.kind(), kind, "{refused}");
            untouched(daemon);
        }
    });
}

#[test]
fn one_that_cannot_be_renamed_gives_all_back() {
    check(FILES, async |daemon, client| {
        fs::write(daemon.path("outer.txt"), "old c\n").unwrap();
        let Some(_mounted) = Mounted::bind(&daemon.path("outer.txt"), &daemon.path("c.txt")) else { return };
        fs::hard_link(daemon.path("b.txt"), daemon.path("other.txt")).unwrap();
        let before = daemon.path("a.txt").metadata().unwrap();
        let files = ["a.txt", "b.txt", "new.txt", "c.txt"].map(|name| writing(daemon.path(name), "new\n"));
        let refused = client.write_files(&all(files.to_vec())).await.unwrap_err();
        assert!(refused.message().contains("c.txt"), "{refused}");
        untouched(daemon);
        assert_eq!(daemon.path("a.txt").metadata().unwrap().ino(), before.ino());
    });
}

#[test]
fn one_for_which_there_is_no_room_stops_all() {
    let Some(disk) = SmallDisk::mount(64 << 10) else { return };
    check(FILES, async |daemon, client| {
        fs::write(disk.join("d.txt"), "old d\n").unwrap();
        let long = "x".repeat(200_000);
        let save = async |path: &Path| {
            let files = vec![writing(daemon.path("a.txt"), "new\n"), writing(path, &long)];
            let refused = client.write_files(&all(files)).await.unwrap_err();
            assert_eq!(refused.kind(), Kind::Unavailable, "{refused}");
            untouched(daemon);
            assert_eq!(fs::read_to_string(disk.join("d.txt")).unwrap(), "old d\n");
        };
        save(&disk.join("d.txt")).await;
        // In place the first that shows it is the write itself, when others have their new content.
        fs::hard_link(disk.join("d.txt"), disk.join("e.txt")).unwrap();
        save(&disk.join("d.txt")).await;
    });
}
