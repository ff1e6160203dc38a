//! Managing whole trees: while somebody swaps links in them, with parts that are not there for a session, with progress, and
//! cancelled in the middle.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use icpy::Client;
use icpy_protocol::error::{Error, Kind};
use icpy_protocol::fs::{FsClient, FsConfineParams, FsRoot};
use icpy_protocol::path::FilePath;
use icpy_tests::{Daemon, Folder, Transport};
use icpyd::host::Host;
use rustix::fs::{CWD, RenameFlags, renameat_with};
use serde_json::{Value, json};

async fn confined(daemon: &Daemon, roots: &[(&str, bool)], denied: &[&str]) -> Client {
    let client = daemon.client().await;
    let root =
        |(name, is_read_only): &(&str, bool)| FsRoot { path: daemon.path(name).into(), is_read_only: *is_read_only };
    let roots = Some(roots.iter().map(root).collect());
    let denied = denied.iter().map(|&glob| glob.to_owned()).collect();
    FsClient::new(client.clone()).confine(&FsConfineParams { roots, denied }).await.unwrap();
    client
}

/// What became of the one thing of a batch.
async fn one(client: &Client, method: &str, params: Value) -> Result<(), Error> {
    let answer = client.request(method, params.to_string(), true).await.unwrap();
    match serde_json::from_str::<Value>(&answer).unwrap()["items"][0].get("error") {
        Some(error) => Err(serde_json::from_value(error.clone()).unwrap()),
        None => Ok(()),
    }
}

fn path(path: impl AsRef<Path>) -> FilePath {
    FilePath::from(path.as_ref())
}

#[test]
fn links_that_are_swapped_in_lead_no_tree_outside() {
    let home = Folder::new("");
    let host = Host::fake_with_variables(&[("HOME", home.files().to_str().unwrap())]);
    let daemon = Daemon::boot_in("//- /root/a\n//- /outside/secret\nsecret\n", host, |_| ());
    let (root, outside) = (daemon.path("root"), daemon.path("outside/secret"));
    fs::set_permissions(&outside, fs::Permissions::from_mode(0o640)).unwrap();
    symlink("../outside", root.join("link")).unwrap();
    let is_over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !is_over.load(Ordering::Relaxed) {
                // The tree is away for a moment now and then.
                let _ = renameat_with(CWD, root.join("tree/sub"), CWD, root.join("link"), RenameFlags::EXCHANGE);
            }
        });
        daemon.run(async {
            let client = confined(&daemon, &[("root", false)], &[]).await;
            let mut done = 0;
            for _ in 0..300 {
                fs::create_dir_all(root.join("tree")).unwrap();
                let _ = fs::create_dir(root.join("tree/sub"));
                // Through the link this writes what is there already.
                let _ = fs::File::create_new(root.join("tree/sub/secret"));
                let copy = json!({ "items": [{ "from": path(root.join("tree")), "to": path(root.join("copy")) }] });
                let mode = json!({ "paths": [path(root.join("tree"))], "mode": 0o700, "isRecursive": true });
                let paths = json!({ "paths": [path(root.join("tree")), path(root.join("copy"))], "isPermanent": true });
                done += i32::from(one(&client, "fs:copy", copy).await.is_ok());
                let is_link = root.join("copy/sub").is_symlink();
                let copied = fs::read_to_string(root.join("copy/sub/secret")).unwrap_or_default();
                assert!(is_link || copied != "secret\n", "what is outside was copied");
                let _ = one(&client, "fs:set_mode", mode).await;
                let inner = root.join("tree/sub/secret");
                let moving =
                    json!({ "items": [{ "from": path(&inner), "to": path(root.join("moved")) }], "overwrite": true });
                let _ = one(&client, "fs:move", moving).await;
                let _ = one(&client, "fs:delete", json!({ "paths": [path(&inner)] })).await;
                let _ = one(&client, "fs:delete", paths).await;
                assert_eq!(outside.metadata().unwrap().permissions().mode() & 0o777, 0o640);
                assert_eq!(fs::read_to_string(&outside).unwrap(), "secret\n");
            }
            assert!(done > 0, "nothing was copied at all");
        });
        is_over.store(true, Ordering::Relaxed);
    });
}

#[test]
fn a_session_takes_no_more_along_than_it_may_use() {
    let daemon = Daemon::boot(
        "//- /root/tree/a\n//- /root/tree/.env\nhidden\n//- /root/tree/fixed/b\n//- /root/plain/c\n//- /root/plain/keys/d\n",
    );
    daemon.run(async {
        let client = confined(&daemon, &[("root", false), ("root/tree/fixed", true)], &[".env", "plain/keys"]).await;
        let root = daemon.path("root");
        let transfer =
            |from: &str, to: &str| json!({ "items": [{ "from": path(root.join(from)), "to": path(root.join(to)) }] });
        one(&client, "fs:copy", transfer("tree", "copy")).await.unwrap();
        assert!(root.join("copy/a").exists() && root.join("copy/fixed/b").exists());
        assert!(!root.join("copy/.env").exists(), "what is not there is not copied");
        for (method, params) in [
            ("fs:move", transfer("tree", "moved")),
            ("fs:move", transfer("plain", "moved")),
            ("fs:delete", json!({ "paths": [path(root.join("tree"))] })),
            ("fs:delete", json!({ "paths": [path(root.join("plain"))], "isPermanent": true })),
            ("fs:set_mode", json!({ "paths": [path(root.join("tree"))], "mode": 0o700, "isRecursive": true })),
            ("fs:move", transfer("tree/fixed/b", "moved")),
            ("fs:copy", transfer("copy/a", "tree/fixed/a")),
        ] {
            let error = one(&client, method, params.clone()).await.unwrap_err();
            assert_eq!(error.kind(), Kind::PermissionDenied, "{method} {params}: {error}");
        }
        let mut over = transfer("copy", "tree");
        over["overwrite"] = true.into();
        assert_eq!(one(&client, "fs:copy", over).await.unwrap_err().kind(), Kind::PermissionDenied);
        assert_eq!(fs::read_to_string(root.join("tree/.env")).unwrap(), "hidden\n");
        assert!(root.join("plain/keys/d").exists() && !root.join("moved").exists());
    });
}

/// A tree of 100 folders with 100 files of 10 bytes each.
fn make_tree(top: &Path) {
    for folder in 0..100 {
        let folder = top.join(format!("folder-{folder}"));
        fs::create_dir_all(&folder).unwrap();
        for file in 0..100 {
            fs::write(folder.join(format!("file-{file}")), "0123456789").unwrap();
        }
    }
}

#[test]
fn ten_thousand_files_are_copied_with_progress() {
    let daemon = Daemon::boot("");
    make_tree(&daemon.path("tree"));
    daemon.run(async {
        let mut client = daemon.line_client(Transport::Socket).await;
        let (from, to) = (path(daemon.path("tree")), path(daemon.path("copy")));
        let params = json!({ "items": [{ "from": from, "to": to }], "progress": true });
        client.request(1, "fs:copy", &params).await;
        let (told, answer) = client.receive_answer(1).await;
        let told: Vec<Value> = told.into_iter().map(|message| message["params"].clone()).collect();
        assert!(answer["result"]["items"][0].get("error").is_none(), "{answer}");
        assert!((20..=250).contains(&told.len()), "{}", told.len());
        assert!(told.is_sorted_by_key(|it| it["done"].as_u64()));
        assert!(told.iter().all(|it| it["total"] == 100_000 && it["unit"] == "bytes"), "{:?}", told[0]);
        let params = json!({ "paths": [to], "isPermanent": true, "progress": true });
        client.request(2, "fs:delete", &params).await;
        let first = client.receive().await;
        assert_eq!((&first["params"]["total"], &first["params"]["unit"]), (&json!(10_101), &json!("things")));
    });
}

#[test]
fn a_copy_that_is_cancelled_leaves_nothing() {
    let daemon = Daemon::boot("//- /a\n");
    make_tree(&daemon.path("tree"));
    let names = || {
        let mut names: Vec<String> = fs::read_dir(daemon.path(""))
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort_unstable();
        names
    };
    daemon.run(async {
        let mut client = daemon.line_client(Transport::Socket).await;
        let transfer = |from: &str, to: &str| json!({ "from": path(daemon.path(from)), "to": path(daemon.path(to)) });
        let items = [transfer("a", "before"), transfer("tree", "copy"), transfer("a", "after")];
        let params = json!({ "items": items, "progress": true });
        client.request(1, "fs:copy", &params).await;
        assert_eq!(client.receive().await["method"], "$/progress");
        client.send("{\"jsonrpc\":\"2.0\",\"method\":\"$/cancelRequest\",\"params\":{\"id\":1}}\n").await;
        let (_, answer) = client.receive_answer(1).await;
        assert_eq!(answer["error"]["data"]["kind"], "cancelled");
        // All is done when the answer comes.
        assert_eq!(names(), ["a", "before", "tree"]);
    });
    // What was done until then can be taken back.
    daemon.run(async {
        let client = daemon.client().await;
        let listed = client.request("fs:list_operations", "{}".to_owned(), true).await.unwrap();
        let listed: Value = serde_json::from_str(&listed).unwrap();
        let operation = &listed["operations"][0];
        assert_eq!(operation["items"], json!([{ "path": path(daemon.path("before")) }]));
        let id = json!({ "operationId": operation["operationId"] });
        client.request("fs:undo", id.to_string(), false).await.unwrap();
    });
    assert_eq!(names(), ["a", "tree"]);
}
