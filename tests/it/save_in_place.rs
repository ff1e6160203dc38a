//! Saving files in place: those that would lose something if another file took their name.

use std::fs::{self, File, Permissions};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::process::Command;

use icpy::Client;
use icpy_protocol::error::Kind;
use icpy_protocol::fs::{FsClient, FsSaveMethod, FsWriteFileParams};
use icpy_tests::{Process, SmallDisk};
use serde_json::{Value, json};

use crate::save::{check, writing};

/// What a daemon keeps about saves that are under way, beside the journal.
pub(crate) fn copies(home: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(home.join("state/saves")) else { return vec![] };
    entries.map(|entry| entry.unwrap().path()).filter(|path| !path.ends_with("journal")).collect()
}

/// A file that must be saved in place, with shorter and longer content.
async fn saved_in_place(client: &FsClient<Client>, path: &Path) {
    let before = path.metadata().unwrap();
    for content in ["longer than it was\n", "short\n", ""] {
        let written = client.write_file(&writing(path, content)).await.unwrap();
        assert_eq!((written.method, written.is_new), (Some(FsSaveMethod::InPlace), false));
        assert_eq!(fs::read_to_string(path).unwrap(), content);
    }
    let after = path.metadata().unwrap();
    assert_eq!((after.ino(), after.mode(), after.uid()), (before.ino(), before.mode(), before.uid()));
}

#[test]
fn a_file_with_other_names_keeps_them() {
    check("//- /a.txt\nold\n", async |daemon, client| {
        let path = daemon.path("a.txt");
        fs::hard_link(&path, daemon.path("b.txt")).unwrap();
        fs::set_permissions(&path, Permissions::from_mode(0o4755)).unwrap();
        saved_in_place(client, &path).await;
        assert_eq!(path.metadata().unwrap().nlink(), 2);
        let based = |version: &str| FsWriteFileParams {
            base_version: Some(version.to_owned()),
            ..writing(daemon.path("b.txt"), "based\n")
        };
        let refused = client.write_file(&based("xxh3:0")).await.unwrap_err();
        assert_eq!(refused.kind(), Kind::Conflict, "{refused}");
        let current = refused.detail("currentVersion").and_then(Value::as_str).unwrap();
        client.write_file(&based(current)).await.unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "based\n");
        assert_eq!(copies(&daemon.folder().home()), Vec::<PathBuf>::new());
    });
}

#[test]
fn names_of_one_file_take_turns() {
    check("//- /a.txt\nold\n", async |daemon, client| {
        let names = [daemon.path("a.txt"), daemon.path("b.txt"), daemon.path("c.txt")];
        fs::hard_link(&names[0], &names[1]).unwrap();
        fs::hard_link(&names[0], &names[2]).unwrap();
        let contents: Vec<String> = (0..12).map(|number| number.to_string().repeat(50_000 + number)).collect();
        let all: Vec<FsWriteFileParams> =
            contents.iter().zip(names.iter().cycle()).map(|(content, name)| writing(name, content)).collect();
        for outcome in futures_util::future::join_all(all.iter().map(|params| client.write_file(params))).await {
            outcome.unwrap();
        }
        assert!(contents.contains(&fs::read_to_string(&names[0]).unwrap()));
    });
}

/// Saves as an ordinary user.
fn save(user: &Process, path: &Path, content: &str) -> Value {
    let params = json!({ "path": path, "content": content }).to_string();
    let output = user.icpy(&["--json", "call", "fs:write_file", &params]);
    serde_json::from_str(&output.stdout).unwrap_or_else(|error| panic!("{error}: {output:?}"))
}

#[test]
fn a_file_in_a_folder_where_none_may_be_made_is_saved() {
    let user = Process::ordinary("//- /closed/a.txt\nold\n");
    let folder = user.path("closed");
    fs::set_permissions(&folder, Permissions::from_mode(0o555)).unwrap();
    let path = folder.join("a.txt");
    assert_eq!(save(&user, &path, "new\n")["method"], "in_place");
    assert_eq!(fs::read_to_string(&path).unwrap(), "new\n");
    assert_eq!(save(&user, &folder.join("b.txt"), "new\n")["error"]["data"]["kind"], "permission_denied");
    assert_eq!(copies(&user.folder().home()), Vec::<PathBuf>::new());
    fs::set_permissions(&folder, Permissions::from_mode(0o755)).unwrap();
}

#[test]
fn a_file_of_somebody_else_stays_theirs() {
    let user = Process::ordinary("//- /theirs.txt\nold\n");
    if !rustix::process::geteuid().is_root() {
        return icpy_tests::cannot_run("only root can give files away");
    }
    let path = user.path("theirs.txt");
    std::os::unix::fs::chown(&path, Some(1234), Some(1234)).unwrap();
    fs::set_permissions(&path, Permissions::from_mode(0o666)).unwrap();
    assert_eq!(save(&user, &path, "new\n")["method"], "in_place");
    let after = path.metadata().unwrap();
    assert_eq!((after.uid(), after.gid(), after.mode() & 0o777), (1234, 1234, 0o666));
    assert_eq!(fs::read_to_string(&path).unwrap(), "new\n");
}

/// Something mounted over a name. Dropping it takes it away.
pub(crate) struct Mounted(PathBuf);

impl Mounted {
    pub(crate) fn bind(what: &Path, over: &Path) -> Option<Self> {
        let mounted = Command::new("mount").arg("--bind").args([what, over]).output();
        if !mounted.is_ok_and(|output| output.status.success()) {
            icpy_tests::cannot_run("a file can be mounted over another by root alone");
            return None;
        }
        Some(Self(over.to_owned()))
    }
}

impl Drop for Mounted {
    fn drop(&mut self) {
        assert!(Command::new("umount").arg(&self.0).status().unwrap().success());
    }
}

#[test]
fn a_file_that_is_mounted_over_a_name_is_saved() {
    check("//- /outer.txt\nold\n//- /inner.txt\nunder it\n", async |daemon, client| {
        let Some(mounted) = Mounted::bind(&daemon.path("outer.txt"), &daemon.path("inner.txt")) else { return };
        saved_in_place(client, &daemon.path("inner.txt")).await;
        drop(mounted);
        assert_eq!(fs::read_to_string(daemon.path("outer.txt")).unwrap(), "");
        assert_eq!(fs::read_to_string(daemon.path("inner.txt")).unwrap(), "under it\n");
    });
}

#[test]
fn a_full_disk_leaves_a_file_that_is_saved_in_place_as_it_was() {
    let Some(disk) = SmallDisk::mount(64 << 10) else { return };
    check("", async |daemon, client| {
        let path = disk.join("a.txt");
        fs::write(&path, "old").unwrap();
        fs::hard_link(&path, disk.join("b.txt")).unwrap();
        let refused = client.write_file(&writing(&path, &"x".repeat(200_000))).await.unwrap_err();
        assert_eq!(refused.kind(), Kind::Unavailable, "{refused}");
        assert!(refused.message().contains("full"), "{refused}");
        assert_eq!(fs::read_to_string(&path).unwrap(), "old");
        assert_eq!(fs::read_dir(disk.path()).unwrap().count(), 2);
        // Content that fits is saved without room for a second copy.
        File::create(disk.join("fill")).unwrap().set_len(1 << 30).unwrap();
        client.write_file(&writing(&path, "new")).await.unwrap();
        assert_eq!(copies(&daemon.folder().home()), Vec::<PathBuf>::new());
    });
}

#[test]
fn a_full_disk_of_the_daemons_own_leaves_the_file_as_it_was() {
    let Some(disk) = SmallDisk::mount(64 << 10) else { return };
    let user = Process::new("//- /a.txt\nold\n");
    fs::create_dir_all(user.folder().home()).unwrap();
    std::os::unix::fs::symlink(disk.path(), user.folder().home().join("state")).unwrap();
    let path = user.path("a.txt");
    fs::hard_link(&path, user.path("b.txt")).unwrap();
    assert_eq!(save(&user, &path, "new\n")["method"], "in_place");
    let refused = save(&user, &path, &"x".repeat(100_000));
    assert!(refused["error"]["message"].as_str().unwrap().contains("full"), "{refused}");
    assert_eq!(fs::read_to_string(&path).unwrap(), "new\n");
    assert_eq!(copies(&user.folder().home()), Vec::<PathBuf>::new());
}
