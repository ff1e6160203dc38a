//! Taking operations back: each kind, what has changed since, and who may.

use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;

use icpy::Client;
use icpy_protocol::error::{Error, Kind};
use icpy_protocol::fs::{
    FsClient, FsFileEdits, FsFileVersion, FsGrepParams, FsListOperationsParams, FsOperation, FsOperationKind,
    FsPreviewReplaceParams, FsReplaceParams, FsReplaceResult, FsUndoParams, OPERATION_DONE, OPERATION_UNDONE,
};
use icpy_protocol::path::FilePath;
use icpy_tests::{Daemon, Folder, Process, SmallDisk};
use icpyd::host::Host;
use serde_json::{Value, json};

const FILES: &str = "//- /a\none\n//- /b\ntwo\n//- /tree/c\nthree\n//- /tree/sub/d\nfour\n";

/// One user with a home, the files, and a client.
struct World {
    daemon: Daemon,
    home: Folder,
}

impl World {
    fn new() -> Self {
        let home = Folder::new("");
        let host = Host::fake_with_variables(&[("HOME", home.files().to_str().unwrap())]);
        Self { daemon: Daemon::boot_in(FILES, host, |_| ()), home }
    }

    fn path(&self, name: &str) -> FilePath {
        self.daemon.path(name).into()
    }

    /// Everything there is, with its content and permissions.
    fn all(&self) -> Vec<String> {
        let mut all = Vec::new();
        describe(&self.daemon.path(""), &mut all);
        all
    }

    fn transfer(&self, pairs: &[(&str, &str)]) -> Value {
        let items: Vec<Value> =
            pairs.iter().map(|(from, to)| json!({ "from": self.path(from), "to": self.path(to) })).collect();
        json!({ "items": items, "overwrite": true })
    }
}

fn describe(path: &Path, all: &mut Vec<String>) {
    let metadata = path.symlink_metadata().unwrap();
    let mode = metadata.permissions().mode();
    if metadata.is_dir() {
        all.push(format!("{} {mode:o}", path.display()));
        let mut entries: Vec<_> = fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path()).collect();
        entries.sort();
        for entry in &entries {
            describe(entry, all);
        }
    } else if metadata.is_symlink() {
        all.push(format!("{} -> {}", path.display(), fs::read_link(path).unwrap().display()));
    } else {
        all.push(format!("{} {mode:o} {}", path.display(), fs::read_to_string(path).unwrap()));
    }
}

/// Does something that must succeed, and returns the operation's id.
async fn operate(client: &Client, method: &str, params: &Value) -> String {
    let answer = client.request(method, params.to_string(), false).await.unwrap();
    let answer: Value = serde_json::from_str(&answer).unwrap();
    for item in answer["items"].as_array().into_iter().flatten() {
        assert!(item.get("error").is_none(), "{method}: {item}");
    }
    answer["operationId"].as_str().unwrap_or_else(|| panic!("{method}: {answer}")).to_owned()
}

async fn undo(client: &Client, id: Option<&str>) -> Result<FsOperation, Error> {
    let params = FsUndoParams { operation_id: id.map(str::to_owned) };
    FsClient::new(client.clone()).undo(&params).await.map(|result| result.operation)
}

async fn list(client: &Client) -> Vec<FsOperation> {
    FsClient::new(client.clone()).list_operations(&FsListOperationsParams::default()).await.unwrap().operations
}

/// Replaces an expression by a text in all files below the folder.
async fn replace(world: &World, client: &Client, pattern: &str, replacement: &str) -> FsReplaceResult {
    let service = FsClient::new(client.clone());
    let search = FsGrepParams::new(world.path(""), pattern);
    let preview = FsPreviewReplaceParams { search, replacement: replacement.to_owned() };
    let shown = service.preview_replace(&preview).await.unwrap();
    let versions =
        shown.files.into_iter().map(|FsFileEdits { path, base_version, .. }| FsFileVersion { path, base_version });
    service.replace(&FsReplaceParams { preview, files: versions.collect() }).await.unwrap()
}

#[test]
fn a_replacement_in_many_files_is_taken_back() {
    let world = World::new();
    world.daemon.run(async {
        let client = world.daemon.client().await;
        fs::write(world.daemon.path("latin"), b"caf\xe9 o\r\no\n").unwrap();
        let bytes = || ["a", "b", "tree/c", "latin"].map(|name| fs::read(world.daemon.path(name)).unwrap());
        let before = bytes();
        let replaced = replace(&world, &client, "o|e", "<$0$0>").await;
        let id = replaced.operation_id.unwrap();
        assert_eq!((replaced.replaced, replaced.files.len()), (8, 5));
        let listed = list(&client).await;
        assert_eq!((listed[0].kind, listed[0].item_count, listed[0].can_undo), (FsOperationKind::Replace, 5, true));
        assert_ne!(bytes(), before);
        undo(&client, Some(&id)).await.unwrap();
        assert_eq!(bytes(), before);

        // One that has changed since keeps all as they are.
        let id = replace(&world, &client, "o", "0").await.operation_id.unwrap();
        fs::write(world.daemon.path("b"), "mine\n").unwrap();
        let after = bytes();
        let refused = undo(&client, Some(&id)).await.unwrap_err();
        assert_eq!(refused.kind(), Kind::Conflict);
        assert!(refused.message().contains("/b` is not any more what the operation has left"), "{refused}");
        assert_eq!(bytes(), after);

        // There is an end to what is kept.
        fs::write(world.daemon.path("b"), "abc\n".repeat(50_000)).unwrap();
        let id = replace(&world, &client, "[abc]", "x").await.operation_id.unwrap();
        let refused = undo(&client, Some(&id)).await.unwrap_err();
        assert!(refused.kind() == Kind::Unsupported && refused.message().contains("too much to be kept"), "{refused}");
        assert!(replace(&world, &client, "nowhere", "x").await.operation_id.is_none());
    });
}

/// Every kind of operation, as a call.
fn operations(world: &World) -> Vec<(&'static str, Value, FsOperationKind)> {
    use FsOperationKind as Did;
    vec![
        ("fs:create_directory", json!({ "path": world.path("x/y/z") }), Did::CreateDirectory),
        ("fs:create_symlink", json!({ "path": world.path("link"), "target": "a" }), Did::CreateSymlink),
        ("fs:set_mode", json!({ "paths": [world.path("a")], "mode": 0o600 }), Did::SetMode),
        ("fs:set_mode", json!({ "paths": [world.path("tree")], "mode": 0o500, "isRecursive": true }), Did::SetMode),
        ("fs:copy", world.transfer(&[("a", "new"), ("tree", "new-tree")]), Did::Copy),
        ("fs:copy", world.transfer(&[("a", "b"), ("a", "tree")]), Did::Copy),
        ("fs:move", world.transfer(&[("a", "new"), ("tree", "new-tree")]), Did::Move),
        ("fs:move", world.transfer(&[("a", "swap"), ("b", "a"), ("swap", "b")]), Did::Move),
        ("fs:move", world.transfer(&[("a", "b"), ("tree", "b")]), Did::Move),
        ("fs:delete", json!({ "paths": [world.path("a"), world.path("tree/sub"), world.path("tree")] }), Did::Trash),
    ]
}

#[test]
fn every_kind_of_operation_is_taken_back() {
    let world = World::new();
    world.daemon.run(async {
        let client = world.daemon.client().await;
        let mut events = world.daemon.events(&client, "fs:*").await;
        let before = world.all();
        for (method, params, kind) in operations(&world) {
            let id = operate(&client, method, &params).await;
            assert_eq!(events.expect(&OPERATION_DONE).await.operation.operation_id, id);
            assert_ne!(world.all(), before, "{method} {params}");
            let undone = undo(&client, None).await.unwrap_or_else(|error| panic!("{method} {params}: {error}"));
            assert_eq!((&undone.operation_id, undone.kind), (&id, kind));
            assert!(!undone.can_undo && undone.undone_at_ms.is_some());
            assert_eq!(world.all(), before, "{method} {params}");
            assert_eq!(events.expect(&OPERATION_UNDONE).await.operation, undone);
            let twice = undo(&client, Some(&id)).await.unwrap_err();
            assert!(twice.kind() == Kind::Conflict && twice.message().contains("undone already"), "{twice}");
        }
        assert_eq!(list(&client).await.len(), operations(&world).len());
        assert_eq!(undo(&client, None).await.unwrap_err().kind(), Kind::NotFound, "nothing is left");
        assert_eq!(undo(&client, Some("none")).await.unwrap_err().kind(), Kind::NotFound);

        // What is brought back goes to the trash again.
        let delete = json!({ "paths": [world.path("a")] }).to_string();
        drop(events);
        let deleted = client.request("fs:delete", delete, false).await.unwrap();
        let deleted: Value = serde_json::from_str(&deleted).unwrap();
        let without = world.all();
        operate(&client, "fs:restore", &json!({ "trashIds": [deleted["items"][0]["trashId"]] })).await;
        assert_eq!(world.all(), before);
        undo(&client, None).await.unwrap();
        assert_eq!(world.all(), without);
    });
}

/// What is done after an operation, so that it cannot be taken back, and what the refusal names.
type Since = (&'static str, Value, fn(&World), &'static str);

fn changed_after_making(world: &World) -> Vec<Since> {
    vec![
        (
            "fs:create_directory",
            json!({ "path": world.path("x/y") }),
            |it| fs::write(it.daemon.path("x/y/f"), "").unwrap(),
            "x/y`",
        ),
        (
            "fs:create_directory",
            json!({ "path": world.path("u/v") }),
            |it| fs::remove_dir(it.daemon.path("u/v")).unwrap(),
            "u/v`",
        ),
        (
            "fs:create_symlink",
            json!({ "path": world.path("link"), "target": "a" }),
            |it| {
                fs::remove_file(it.daemon.path("link")).unwrap();
                symlink("b", it.daemon.path("link")).unwrap();
            },
            "link`",
        ),
        (
            "fs:set_mode",
            json!({ "paths": [world.path("b")], "mode": 0o600 }),
            |it| fs::set_permissions(it.daemon.path("b"), Permissions::from_mode(0o644)).unwrap(),
            "b`",
        ),
    ]
}

fn changed_after_transfer(world: &World) -> Vec<Since> {
    let one = |from: &str, to: &str| world.transfer(&[(from, to)]);
    vec![
        ("fs:copy", one("tree", "t1"), |it| fs::write(it.daemon.path("t1/sub/new"), "").unwrap(), "t1`"),
        (
            "fs:copy",
            world.transfer(&[("a", "f1"), ("b", "f2")]),
            |it| fs::write(it.daemon.path("f1"), "changed").unwrap(),
            "f1`",
        ),
        ("fs:copy", one("b", "f3"), |it| fs::remove_file(it.daemon.path("f3")).unwrap(), "f3`"),
        ("fs:move", one("a", "m"), |it| fs::write(it.daemon.path("a"), "another").unwrap(), "a`"),
        (
            "fs:move",
            one("m", "n"),
            |it| {
                fs::write(it.daemon.path("other"), "").unwrap();
                fs::rename(it.daemon.path("other"), it.daemon.path("n")).unwrap();
            },
            "n`",
        ),
        (
            "fs:delete",
            json!({ "paths": [world.path("b")] }),
            |it| fs::write(it.daemon.path("b"), "another").unwrap(),
            "b`",
        ),
    ]
}

#[test]
fn what_was_changed_since_is_not_lost() {
    let world = World::new();
    world.daemon.run(async {
        let client = world.daemon.client().await;
        for (method, params, since, expect) in
            changed_after_making(&world).into_iter().chain(changed_after_transfer(&world))
        {
            let id = operate(&client, method, &params).await;
            since(&world);
            let before = world.all();
            let error = undo(&client, None).await.unwrap_err();
            assert_eq!(error.kind(), Kind::Conflict, "{method} {params}: {error}");
            assert!(error.message().contains(expect), "{method} {params}: {error}");
            assert_eq!(world.all(), before, "{method} {params}: nothing was taken back in part");
            let kept = list(&client).await.into_iter().find(|it| it.operation_id == id).unwrap();
            assert!(kept.can_undo && kept.undone_at_ms.is_none(), "it can be tried again");
        }
        // What was moved may be changed: it is moved back as it is.
        operate(&client, "fs:move", &world.transfer(&[("tree/c", "moved")])).await;
        fs::write(world.daemon.path("moved"), "edited").unwrap();
        undo(&client, None).await.unwrap();
        assert_eq!(fs::read_to_string(world.daemon.path("tree/c")).unwrap(), "edited");
        // The trash may have been emptied.
        operate(&client, "fs:delete", &json!({ "paths": [world.path("tree/c")] })).await;
        fs::remove_dir_all(world.home.path(".local")).unwrap();
        assert_eq!(undo(&client, None).await.unwrap_err().kind(), Kind::Conflict);
    });
}

#[test]
fn what_is_deleted_for_good_stays_so() {
    let world = World::new();
    world.daemon.run(async {
        let client = world.daemon.client().await;
        operate(&client, "fs:copy", &world.transfer(&[("a", "copy")])).await;
        operate(&client, "fs:delete", &json!({ "paths": [world.path("a")], "isPermanent": true })).await;
        let error = undo(&client, None).await.unwrap_err();
        assert!(error.kind() == Kind::Unsupported && error.message().contains("for good"), "{error}");
        assert!(world.daemon.path("copy").exists(), "the operation before is not meant");
        let operations = list(&client).await;
        assert_eq!((operations[0].kind, operations[0].can_undo), (FsOperationKind::Delete, false));
    });
}

#[test]
fn a_move_to_another_disk_is_taken_back() {
    let Some(disk) = SmallDisk::mount(1 << 20) else { return };
    let world = World::new();
    world.daemon.run(async {
        let client = world.daemon.client().await;
        let before = world.all();
        let params = json!({ "items": [{ "from": world.path("tree"), "to": FilePath::from(disk.join("tree")) }] });
        operate(&client, "fs:move", &params).await;
        assert!(disk.join("tree/sub/d").exists());
        undo(&client, None).await.unwrap();
        assert_eq!((world.all(), fs::read_dir(disk.path()).unwrap().count()), (before, 0));
    });
}

#[test]
fn each_session_takes_back_its_own_and_a_confined_one_sees_no_other() {
    let world = World::new();
    world.daemon.run(async {
        let (one, other) = (world.daemon.client().await, world.daemon.client().await);
        let first = operate(&one, "fs:create_directory", &json!({ "path": world.path("first") })).await;
        operate(&other, "fs:move", &world.transfer(&[("b", "tree/b")])).await;
        assert_eq!(undo(&one, None).await.unwrap().operation_id, first);
        let confine = json!({ "roots": [{ "path": world.path("tree") }] });
        other.request("fs:confine", confine.to_string(), false).await.unwrap();
        assert_eq!(list(&other).await, [], "it came from outside");
        assert_eq!(undo(&other, None).await.unwrap_err().kind(), Kind::PermissionDenied);
        let inside = operate(&other, "fs:create_directory", &json!({ "path": world.path("tree/inside") })).await;
        let seen: Vec<String> = list(&other).await.into_iter().map(|it| it.operation_id).collect();
        assert_eq!(seen, [inside]);
        assert_eq!(list(&one).await.len(), 3);
        let trashed = operate(&other, "fs:delete", &json!({ "paths": [world.path("tree/sub")] })).await;
        undo(&other, Some(&trashed)).await.unwrap();
        assert!(world.daemon.path("tree/sub/d").exists());
    });
}

#[test]
fn an_operation_is_taken_back_once_whoever_asks() {
    let world = World::new();
    world.daemon.run(async {
        let client = world.daemon.client().await;
        let id = operate(&client, "fs:move", &world.transfer(&[("a", "new")])).await;
        let outcomes = futures_util::future::join_all((0..8).map(|_| undo(&client, Some(&id)))).await;
        let (done, refused): (Vec<_>, Vec<_>) = outcomes.into_iter().partition(Result::is_ok);
        assert_eq!(done.len(), 1);
        for error in refused.into_iter().map(Result::unwrap_err) {
            assert!(error.message().contains("undone already"), "{error}");
        }
    });
}

#[test]
fn a_hundred_operations_are_kept() {
    let world = World::new();
    world.daemon.run(async {
        let client = world.daemon.client().await;
        let mut ids = Vec::new();
        for number in 0..105 {
            let params = json!({ "path": world.path(&format!("folder-{number}")) });
            ids.push(operate(&client, "fs:create_directory", &params).await);
        }
        ids.reverse();
        let kept: Vec<String> = list(&client).await.into_iter().map(|it| it.operation_id).collect();
        assert_eq!(kept, ids[..100]);
        assert_eq!(undo(&client, Some(&ids[104])).await.unwrap_err().kind(), Kind::NotFound);
    });
}

#[test]
fn operations_survive_the_daemon() {
    let user = Process::new("//- /a\n");
    let params = json!({ "items": [{ "from": user.path("a"), "to": user.path("b") }] }).to_string();
    let id = user.json(&["call", "fs:move", &params])["operationId"].as_str().unwrap().to_owned();
    user.kill_daemon();
    let kept = user.json(&["call", "fs:list_operations"]);
    assert_eq!((&kept["operations"][0]["operationId"], &kept["operations"][0]["kind"]), (&json!(id), &json!("move")));
    assert!(kept["operations"][0]["pid"].is_u64(), "{kept}");
    user.json(&["call", "fs:undo", &json!({ "operationId": id }).to_string()]);
    assert!(user.path("a").exists() && !user.path("b").exists());
}
