//! Managing files where that goes wrong: what is in the way, cannot be copied, or may not be changed.

use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink};
use std::path::PathBuf;

use icpy_protocol::error::Kind;
use icpy_protocol::fs::{FsDeleteParams, FsTransfer, FsTransferParams};
use icpy_tests::{Process, SmallDisk};

use crate::manage::{check, done, folder, for_good, mode, over, refused, text, transfer};

#[test]
fn nothing_is_replaced_that_was_not_meant_to_be() {
    check("//- /a\none\n//- /b\ntwo\n//- /folder/c\n//- /other/d\n", async |daemon, client| {
        let path = |name: &str| daemon.path(name);
        for to in ["b", "folder"] {
            let expect = format!("`{}`: it exists already", path(to).display());
            refused(client.copy(&transfer(path("a"), path(to))).await, Kind::AlreadyExists, &expect);
            refused(client.move_items(&transfer(path("a"), path(to))).await, Kind::AlreadyExists, &expect);
        }
        symlink("nowhere", path("dangling")).unwrap();
        refused(client.copy(&transfer(path("a"), path("dangling"))).await, Kind::AlreadyExists, "dangling");
        assert_eq!((text(path("a")), text(path("b"))), ("one\n".into(), "two\n".into()));

        done(client.copy(&over(transfer(path("a"), path("b")))).await);
        assert_eq!((text(path("a")), text(path("b"))), ("one\n".into(), "one\n".into()));
        done(client.copy(&over(transfer(path("folder"), path("other")))).await);
        assert!(path("other/c").exists() && !path("other/d").exists(), "it is replaced as a whole");
        done(client.move_items(&over(transfer(path("a"), path("folder")))).await);
        assert_eq!(text(path("folder")), "one\n");
        assert!(!path("a").exists());
    });
}

/// Shows a folder at another place too, until it is dropped.
struct Bound(PathBuf);

impl Bound {
    fn mount(folder: PathBuf, at: PathBuf) -> Option<Self> {
        let mut command = std::process::Command::new("mount");
        command.arg("--bind").arg(folder).arg(&at);
        if !command.output().is_ok_and(|output| output.status.success()) {
            icpy_tests::cannot_run("a folder cannot be mounted: it needs root");
            return None;
        }
        Some(Self(at))
    }
}

impl Drop for Bound {
    fn drop(&mut self) {
        let _gone_where_the_test_went_well = std::process::Command::new("umount").arg(&self.0).output();
    }
}

#[test]
fn nothing_is_deleted_through_a_mount() {
    check("//- /data/f\n//- /tree/a/f\n//- /tree/mount point/x\n//- /other/x\n", async |daemon, client| {
        let path = |name: &str| daemon.path(name);
        let Some(bound) = Bound::mount(path("data"), path("tree/mount point")) else { return };
        for top in ["tree", "tree/mount point"] {
            let outcome = client.delete(&for_good(&[path(top)])).await;
            assert_eq!(outcome.as_ref().unwrap().operation_id, None);
            refused(outcome, Kind::Conflict, "something is mounted at `");
        }
        assert!(path("data/f").exists() && path("tree/a/f").exists());
        for outcome in [
            client.move_items(&transfer(path("tree/mount point"), path("moved"))).await,
            client.delete(&FsDeleteParams { is_permanent: false, ..for_good(&[path("tree/mount point")]) }).await,
        ] {
            refused(outcome, Kind::Conflict, "mounted");
        }
        drop(bound);
        done(client.delete(&for_good(&[path("tree")])).await);
        assert!(path("data/f").exists() && !path("tree").exists());
    });
}

#[test]
fn a_link_is_not_made_where_a_slash_names_a_folder() {
    let user = Process::new("//- /a\n");
    let params = serde_json::json!({ "path": format!("{}/", user.path("link").display()), "target": "a" }).to_string();
    let refused = user.icpy(&["--json", "call", "fs:create_symlink", &params]);
    assert_eq!(refused.status, 3, "{refused:?}");
    assert!(refused.stdout.contains("is not a folder, as the slash at its end says"), "{refused:?}");
    assert!(user.path("link").symlink_metadata().is_err());
}

#[test]
fn what_was_not_deleted_is_no_operation() {
    let user = Process::ordinary("//- /closed/a\n");
    let closed = user.path("closed");
    fs::set_permissions(&closed, Permissions::from_mode(0o555)).unwrap();
    let params = serde_json::json!({ "paths": [closed.join("a")], "isPermanent": true }).to_string();
    let outcome = user.json(&["call", "fs:delete", &params]);
    assert_eq!(outcome["items"][0]["error"]["data"]["kind"], "permission_denied", "{outcome}");
    assert_eq!(outcome.get("operationId"), None);
    assert_eq!(user.json(&["call", "fs:list_operations"])["operations"], serde_json::json!([]));
}

#[test]
fn a_folder_that_may_not_be_read_is_told_so() {
    let user = Process::ordinary("//- /tree/closed/a\n");
    let closed = user.path("tree/closed");
    fs::set_permissions(&closed, Permissions::from_mode(0o000)).unwrap();
    let transfer = serde_json::json!({ "items": [{ "from": user.path("tree"), "to": user.path("copy") }] });
    let delete = serde_json::json!({ "paths": [user.path("tree")], "isPermanent": true });
    for (method, params) in [("fs:copy", transfer), ("fs:delete", delete)] {
        let outcome = user.json(&["call", method, &params.to_string()]);
        assert_eq!(outcome["items"][0]["error"]["data"]["kind"], "permission_denied", "{outcome}");
    }
    fs::set_permissions(&closed, Permissions::from_mode(0o700)).unwrap();
}

#[test]
fn what_cannot_be_copied_or_moved_is_named_and_the_others_are_done() {
    check("//- /a\none\n//- /folder/sub/x\n", async |daemon, client| {
        let path = |name: &str| daemon.path(name);
        assert!(std::process::Command::new("mkfifo").arg(path("fifo")).status().unwrap().success());
        fs::create_dir(path("with")).unwrap();
        fs::write(path("with/a"), "").unwrap();
        fs::rename(path("fifo"), path("with/fifo")).unwrap();
        let _socket = std::os::unix::net::UnixListener::bind(path("socket")).unwrap();
        symlink(path("folder/sub"), path("link")).unwrap();
        let cases = [
            ("none", "new", Kind::NotFound, "none` does not exist"),
            ("with", "new", Kind::Unsupported, "with/fifo` is a FIFO"),
            ("socket", "new", Kind::Unsupported, "socket` is a socket"),
            ("a", "none/new", Kind::NotFound, "none`"),
            ("a", "a/new", Kind::NotFound, "not a folder"),
            ("a", "a", Kind::InvalidParams, "are the same"),
            ("folder", "folder/sub/new", Kind::InvalidParams, "into itself"),
            ("folder", "link/new", Kind::InvalidParams, "into itself"),
            ("folder/sub", "folder", Kind::InvalidParams, "which it is in"),
        ];
        let mut items: Vec<FsTransfer> =
            cases.iter().map(|case| FsTransfer { from: path(case.0).into(), to: path(case.1).into() }).collect();
        items.push(FsTransfer { from: "/dev/zero".into(), to: path("new").into() });
        items.push(FsTransfer { from: path("a").into(), to: path("copied").into() });
        let params = FsTransferParams { items, overwrite: true, progress: false };
        let results = client.copy(&params).await.unwrap().items;
        for (case, result) in cases.iter().zip(&results) {
            let error = result.error.as_ref().unwrap_or_else(|| panic!("{case:?}"));
            assert_eq!(error.kind(), case.2, "{case:?}: {error}");
            assert!(error.message().contains(case.3), "{case:?}: {error}");
            assert_eq!(result.path, path(case.0).into(), "the thing that was not copied");
        }
        assert_eq!(results[9].error.as_ref().unwrap().kind(), Kind::Unsupported);
        assert_eq!((&results[10].error, &results[10].path), (&None, &path("copied").into()));
        assert!(!path("new").exists());
        for case in cases.iter().filter(|case| !["with", "socket"].contains(&case.0)) {
            refused(client.move_items(&transfer(path(case.0), path(case.1))).await, case.2, case.3);
        }
        // A name is all that moves.
        done(client.move_items(&transfer(path("with"), path("moved"))).await);
        assert!(path("moved/fifo").exists());
        let many = FsDeleteParams { paths: vec!["/x".into(); 10_001], is_permanent: true, progress: false };
        assert_eq!(client.delete(&many).await.unwrap_err().kind(), Kind::TooLarge);
        let root = client.copy(&transfer("/", path("root"))).await;
        refused(root, Kind::InvalidParams, "outermost");
    });
}

#[test]
fn permissions_of_folders_count() {
    let user = Process::ordinary("//- /closed/a\nx\n//- /open/b\nx\n//- /secret\nx\n");
    fs::set_permissions(user.path("closed"), Permissions::from_mode(0o555)).unwrap();
    fs::set_permissions(user.path("secret"), Permissions::from_mode(0o000)).unwrap();
    let call = |method: &str, params: serde_json::Value| user.json(&["call", method, &params.to_string()]);
    let item =
        |from: &str, to: &str| serde_json::json!({ "items": [{ "from": user.path(from), "to": user.path(to) }] });
    let denied = |result: serde_json::Value, name: &str| {
        let error = &result["items"][0]["error"];
        assert_eq!(error["data"]["kind"], "permission_denied", "{result}");
        assert!(error["message"].as_str().unwrap().contains(user.path(name).to_str().unwrap()), "{result}");
    };
    denied(call("fs:copy", item("open", "closed/open")), "closed/open");
    denied(call("fs:move", item("closed/a", "a")), "closed/a");
    denied(call("fs:copy", item("secret", "copy")), "secret");
    denied(call("fs:delete", serde_json::json!({ "paths": [user.path("closed")], "isPermanent": true })), "closed/a");
    let password = call("fs:set_mode", serde_json::json!({ "paths": ["/etc/passwd"], "mode": 0 }));
    assert_eq!(password["items"][0]["error"]["data"]["kind"], "permission_denied", "{password}");
    let made = user.icpy(&["call", "fs:create_directory", &format!(r#"{{"path":{:?}}}"#, user.path("closed/new"))]);
    assert!(made.status == 3 && made.stderr.contains("closed/new"), "{made:?}");
    assert_eq!((text(user.path("closed/a")), user.path("copy").exists()), ("x\n".into(), false));
    fs::set_permissions(user.path("closed"), Permissions::from_mode(0o755)).unwrap();
}

#[test]
fn a_disk_that_is_read_only_is_named() {
    let Some(disk) = SmallDisk::mount(1 << 20) else { return };
    fs::write(disk.join("old"), "old").unwrap();
    let remount = |how: &str| {
        let mut command = std::process::Command::new("mount");
        assert!(command.args(["-o", how]).arg(disk.path()).status().unwrap().success());
    };
    remount("remount,ro");
    check("//- /a\none\n", async |daemon, client| {
        let (here, there) = (daemon.path("a"), disk.join("new"));
        let old = disk.join("old");
        let expect = "the filesystem is read-only";
        refused(client.copy(&transfer(&here, &there)).await, Kind::PermissionDenied, expect);
        refused(client.move_items(&transfer(&here, &there)).await, Kind::PermissionDenied, expect);
        refused(client.move_items(&transfer(&old, daemon.path("b"))).await, Kind::PermissionDenied, expect);
        refused(client.delete(&for_good(std::slice::from_ref(&old))).await, Kind::PermissionDenied, expect);
        refused(client.set_mode(&mode(&old, 0o600)).await, Kind::PermissionDenied, expect);
        let error = client.create_directory(&folder(&there)).await.unwrap_err();
        assert!(error.message().contains(expect), "{error}");
        assert!(here.exists() && !daemon.path("b").exists());
        done(client.copy(&transfer(&old, daemon.path("b"))).await);
    });
    remount("remount,rw");
}

#[test]
fn folders_that_may_not_be_written_stop_no_undo_and_no_half_move() {
    let Some(disk) = SmallDisk::mount(1 << 20) else { return };
    let user = Process::ordinary("//- /tree/fixed/a\nx\n");
    let owner = user.path("").metadata().unwrap().uid();
    std::os::unix::fs::chown(disk.path(), Some(owner), None).unwrap();
    fs::set_permissions(user.path("tree/fixed"), Permissions::from_mode(0o555)).unwrap();
    let call = |method: &str, params: serde_json::Value| user.json(&["call", method, &params.to_string()]);
    let item = |to: PathBuf| serde_json::json!({ "items": [{ "from": user.path("tree"), "to": to }] });
    let copied = call("fs:copy", item(user.path("copy")));
    call("fs:undo", serde_json::json!({ "operationId": copied["operationId"] }));
    assert!(!user.path("copy").exists());
    let moved = call("fs:move", item(disk.join("tree")));
    assert_eq!(moved["items"][0]["error"]["data"]["kind"], "permission_denied", "{moved}");
    assert!(user.path("tree/fixed/a").exists() && !disk.join("tree").exists());
    fs::set_permissions(user.path("tree/fixed"), Permissions::from_mode(0o755)).unwrap();
}
