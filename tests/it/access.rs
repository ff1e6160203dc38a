//! Confined sessions: no path, link or race leads out of the folders that a session may use.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
#[cfg(target_os = "linux")]
use std::sync::atomic::{AtomicBool, Ordering};

use icpy::Client;
use icpy_protocol::error::{Error, Kind};
use icpy_protocol::fs::{CHANGED_ON_DISK, FsBeginWriteParams, FsClient, FsConfineParams, FsEndWriteParams, FsRoot};
use icpy_protocol::path::FilePath;
use icpy_tests::Daemon;
use serde_json::{Value, json};

const FILES: &str = "\
//- /root/a.txt
inside
//- /root/folder/b.txt
inside
//- /root/.env
hidden
//- /root-sibling/secret
secret
//- /outside/secret
secret
";

/// Methods that mean a symbolic link itself: one that is inside may be used, wherever it leads.
const ON_LINKS: &[&str] = &["fs:create_symlink", "fs:copy", "fs:move", "fs:delete"];

/// Every way of using a path, as a call. What is written is what is outside too, so that nothing can be told by it.
fn uses(root: &Path, path: &Path) -> Vec<(&'static str, Value)> {
    let inside = |name: &str| FilePath::from(root.join(name));
    let path = FilePath::from(path);
    vec![
        ("fs:read_file", json!({ "path": path })),
        ("fs:write_file", json!({ "path": path, "content": "secret" })),
        ("fs:stat", json!({ "path": path })),
        ("fs:stat", json!({ "path": path, "noFollow": true })),
        ("fs:stat", json!({ "path": path, "withVersion": true })),
        ("fs:list_directory", json!({ "path": path })),
        ("fs:replace", replacing(root, &path)),
        ("fs:find", json!({ "path": path, "query": "s" })),
        ("fs:grep", json!({ "path": path, "pattern": "secret" })),
        ("fs:create_directory", json!({ "path": path })),
        ("fs:create_symlink", json!({ "path": path, "target": "a.txt" })),
        ("fs:set_mode", json!({ "paths": [path], "mode": 0o600, "isRecursive": true })),
        ("fs:copy", json!({ "items": [{ "from": path, "to": inside("copied") }], "overwrite": true })),
        ("fs:copy", json!({ "items": [{ "from": inside("a.txt"), "to": path }], "overwrite": true })),
        ("fs:move", json!({ "items": [{ "from": path, "to": inside("moved") }], "overwrite": true })),
        ("fs:move", json!({ "items": [{ "from": inside("a.txt"), "to": path }], "overwrite": true })),
        ("fs:delete", json!({ "paths": [path] })),
        ("fs:delete", json!({ "paths": [path], "isPermanent": true })),
    ]
}

fn replacing(root: &Path, path: &FilePath) -> Value {
    let search = json!({ "path": FilePath::from(root), "pattern": "secret" });
    let files = json!([{ "path": path, "baseVersion": "" }]);
    json!({ "preview": { "search": search, "replacement": "" }, "files": files })
}

/// What a call answers; the failure of one thing in a batch is the call's.
async fn ask(client: &Client, method: &str, params: &Value) -> Result<String, Error> {
    let answer = client.request(method, params.to_string(), true).await?;
    match serde_json::from_str::<Value>(&answer).unwrap()["items"][0].get("error") {
        Some(error) => Err(serde_json::from_value(error.clone()).unwrap()),
        None => Ok(answer),
    }
}

async fn confined(daemon: &Daemon, denied: &[&str]) -> Client {
    let client = daemon.client().await;
    let root = FsRoot { path: daemon.path("root").into(), is_read_only: false };
    let denied = denied.iter().map(|&glob| glob.to_owned()).collect();
    FsClient::new(client.clone()).confine(&FsConfineParams { roots: Some(vec![root]), denied }).await.unwrap();
    client
}

#[test]
fn no_path_leads_out() {
    let daemon = Daemon::boot(FILES);
    daemon.run(async {
        let client = confined(&daemon, &["*.env", ".env"]).await;
        let root = daemon.path("root");
        symlink("../outside", root.join("relative")).unwrap();
        symlink(daemon.path("outside"), root.join("absolute")).unwrap();
        symlink("/", root.join("folder/top")).unwrap();
        symlink("folder/top/etc", root.join("second")).unwrap();
        symlink("/proc/self/root", root.join("magic")).unwrap();
        let ways = [
            "../outside/secret",
            "folder/../../outside/secret",
            "../root-sibling/secret",
            "relative/secret",
            "absolute/secret",
            "absolute",
            "absolute/none",
            "absolute/none/deeper",
            "second/passwd",
            "magic/etc/passwd",
            "/proc/self/root/etc/passwd",
            "/dev/zero",
            "/dev/stdin",
            "/dev/fd/0",
            "/etc/passwd",
            "/",
            "..",
            ".env",
            "folder/../.env",
        ];
        for way in ways {
            for (method, params) in uses(&root, &root.join(way)) {
                if way == "absolute" && ON_LINKS.contains(&method) {
                    continue;
                }
                // What a link itself is may be seen.
                let is_link = params["noFollow"] == true && way == "absolute";
                let outcome = ask(&client, method, &params).await;
                assert!(is_link || outcome.is_err(), "{method} {params}: {outcome:?}");
                let Err(error) = outcome else { continue };
                assert_eq!(error.kind(), Kind::PermissionDenied, "{method} {params}: {error}");
                assert!(error.message().contains("outside of the folders"), "{error}");
            }
        }
        // Names that only look like ways.
        for name in ["%2e%2e", "..%2foutside", "....", "a\u{2215}b", "CON", "~"] {
            let path = root.join(name);
            let written = json!({ "path": FilePath::from(path.as_path()), "content": "here" });
            ask(&client, "fs:write_file", &written).await.unwrap();
            assert_eq!(fs::read_to_string(path).unwrap(), "here");
        }
        let nul = json!({ "path": "/a\0b" });
        assert_eq!(ask(&client, "fs:stat", &nul).await.unwrap_err().kind(), Kind::InvalidParams);
        assert_eq!(fs::read_to_string(daemon.path("outside/secret")).unwrap(), "secret\n");
    });
}

#[test]
fn a_write_that_is_given_up_leaves_nothing() {
    let daemon = Daemon::boot(FILES);
    daemon.run(async {
        let client = FsClient::new(confined(&daemon, &[]).await);
        let folder = daemon.path("root/folder");
        let begun = client.begin_write(&FsBeginWriteParams::of(folder.join("new"))).await.unwrap();
        assert_eq!(fs::read_dir(&folder).unwrap().count(), 2);
        client.abort_write(&FsEndWriteParams { write_id: begun.write_id }).await.unwrap();
        assert_eq!(fs::read_dir(&folder).unwrap().count(), 1);
        // The daemon gives this one up when it ends.
        client.begin_write(&FsBeginWriteParams::of(folder.join("new"))).await.unwrap();
    });
}

#[test]
fn what_is_inside_is_as_for_everybody() {
    let daemon = Daemon::boot(FILES);
    daemon.run(async {
        let client = confined(&daemon, &[]).await;
        let root = daemon.path("root");
        symlink("folder", root.join("inner")).unwrap();
        symlink(root.join("a.txt"), root.join("absolute")).unwrap();
        for way in ["a.txt", "folder/../a.txt", "inner/b.txt", "absolute", "../root/a.txt", ".env", "./folder/./b.txt"]
        {
            let params = json!({ "path": FilePath::from(root.join(way)) });
            ask(&client, "fs:read_file", &params).await.unwrap_or_else(|error| panic!("{way}: {error}"));
        }
        let read = ask(&client, "fs:list_directory", &json!({ "path": FilePath::from(root.as_path()) })).await.unwrap();
        assert!(read.contains("\"folder\"") && read.contains("\"a.txt\""), "{read}");
        let found =
            ask(&client, "fs:grep", &json!({ "path": FilePath::from(root.as_path()), "pattern": "inside" })).await;
        let found = found.unwrap();
        assert!(found.contains("\"folder/b.txt\"") && found.contains("\"a.txt\""), "{found}");
        let missing = json!({ "path": FilePath::from(root.join("none/x")) });
        assert_eq!(ask(&client, "fs:read_file", &missing).await.unwrap_err().kind(), Kind::NotFound);
        let write = json!({ "path": FilePath::from(root.join("inner/new.txt")), "content": "new" });
        ask(&client, "fs:write_file", &write).await.unwrap();
        assert_eq!(fs::read_to_string(root.join("folder/new.txt")).unwrap(), "new");
    });
}

#[test]
fn a_confined_session_stays_so_and_runs_nothing() {
    let daemon = Daemon::boot(FILES);
    daemon.run(async {
        let client = confined(&daemon, &[]).await;
        let again = FsClient::new(client.clone()).confine(&FsConfineParams::default()).await.unwrap_err();
        assert_eq!(again.kind(), Kind::Conflict, "{again}");
        for method in ["terminal:create", "daemon:stop", "daemon:restart"] {
            let error = ask(&client, method, &json!({})).await.unwrap_err();
            assert_eq!(error.kind(), Kind::PermissionDenied, "{method}: {error}");
        }
        let other = daemon.client().await;
        let params = json!({ "path": FilePath::from(daemon.path("outside/secret")) });
        ask(&other, "fs:read_file", &params).await.unwrap();

        let roots = |path: &str, is_read_only| {
            let path = if path.is_empty() { FilePath::from("relative") } else { daemon.path(path).into() };
            FsConfineParams { roots: Some(vec![FsRoot { path, is_read_only }]), denied: vec![] }
        };
        let other_fs = FsClient::new(other.clone());
        assert_eq!(other_fs.confine(&roots("", false)).await.unwrap_err().kind(), Kind::InvalidParams);
        assert_eq!(other_fs.confine(&roots("none", false)).await.unwrap_err().kind(), Kind::NotFound);
        let glob = FsConfineParams { denied: vec!["a[".to_owned()], ..roots("root", false) };
        assert_eq!(other_fs.confine(&glob).await.unwrap_err().kind(), Kind::InvalidParams);
        other_fs.confine(&roots("root", true)).await.unwrap();
        let write = json!({ "path": FilePath::from(daemon.path("root/a.txt")), "content": "x" });
        let error = ask(&other, "fs:write_file", &write).await.unwrap_err();
        assert!(error.kind() == Kind::PermissionDenied && error.message().contains("may only read"), "{error}");
        assert_eq!(fs::read_to_string(daemon.path("root/a.txt")).unwrap(), "inside\n");
    });
}

#[test]
fn a_confined_session_hears_of_nothing_outside() {
    let daemon = Daemon::boot(FILES);
    daemon.run(async {
        let other = daemon.client().await;
        let client = daemon.client().await;
        let early = daemon.events(&client, "**").await;
        let root = FsRoot { path: daemon.path("root").into(), is_read_only: false };
        FsClient::new(client.clone())
            .confine(&FsConfineParams { roots: Some(vec![root]), denied: vec![] })
            .await
            .unwrap();
        let mut late = daemon.events(&client, "**").await;
        let path = |name: &str| FilePath::from(daemon.path(name));
        ask(&other, "file:open", &json!({ "path": path("outside/secret") })).await.unwrap();
        ask(&other, "fs:watch", &json!({ "path": path("") })).await.unwrap();
        for folder in ["outside", "root"] {
            let file = path(&format!("{folder}/new"));
            ask(&other, "fs:write_file", &json!({ "path": file, "content": "x" })).await.unwrap();
            ask(&other, "fs:sync", &json!({})).await.unwrap();
        }
        // From outside to inside, which tells both.
        let moved = json!({ "items": [{ "from": path("outside/new"), "to": path("root/moved") }] });
        ask(&other, "fs:move", &moved).await.unwrap();
        ask(&other, "fs:sync", &json!({})).await.unwrap();
        let mut early = early;
        for events in [&mut early, &mut late] {
            let changed = events.expect(&CHANGED_ON_DISK).await;
            assert_eq!(changed.path, path("root/new"));
        }
        for method in ["file:list", "workspace:list", "terminal:list", "session:list", "event:list", "file.list"] {
            let error = ask(&client, method, &json!({})).await.unwrap_err();
            assert_eq!(error.kind(), Kind::PermissionDenied, "{method}: {error}");
        }
        ask(&client, "fs.list_directory", &json!({ "path": path("root") })).await.unwrap();
    });
}

#[test]
fn the_folders_of_workspaces_are_what_a_session_is_confined_to() {
    let daemon = Daemon::boot(FILES);
    daemon.run(async {
        let client = daemon.client().await;
        let create = json!({ "root": FilePath::from(daemon.path("root")) });
        ask(&client, "workspace:create", &create).await.unwrap();
        FsClient::new(client.clone()).confine(&FsConfineParams::default()).await.unwrap();
        let read = |name: &str| json!({ "path": FilePath::from(daemon.path(name)) });
        ask(&client, "fs:read_file", &read("root/a.txt")).await.unwrap();
        let error = ask(&client, "fs:read_file", &read("outside/secret")).await.unwrap_err();
        assert_eq!(error.kind(), Kind::PermissionDenied, "{error}");
        // The same path, on the way through another service.
        let error = ask(&client, "file:open", &read("outside/secret")).await.unwrap_err();
        assert_eq!(error.kind(), Kind::PermissionDenied, "{error}");
    });
}

#[cfg(target_os = "linux")]
#[test]
fn a_link_that_is_swapped_in_at_the_wrong_moment_leads_nowhere() {
    let daemon = Daemon::boot(FILES);
    let is_over = AtomicBool::new(false);
    let root = daemon.path("root");
    symlink("../outside", root.join("link")).unwrap();
    fs::write(root.join("folder/secret"), "inside\n").unwrap();
    std::thread::scope(|scope| {
        scope.spawn(|| {
            use rustix::fs::{CWD, RenameFlags, renameat_with};
            while !is_over.load(Ordering::Relaxed) {
                renameat_with(CWD, root.join("folder"), CWD, root.join("link"), RenameFlags::EXCHANGE).unwrap();
            }
        });
        daemon.run(async {
            let client = confined(&daemon, &[]).await;
            let mut inside = 0;
            for round in 0..2000 {
                let uses = uses(&root, &root.join("folder/secret"));
                let (method, params) = &uses[round % 2];
                let mut params = params.clone();
                if params["content"] == "secret" {
                    params["content"] = "inside\n".into();
                }
                match ask(&client, method, &params).await {
                    Ok(answer) => {
                        assert!(!answer.contains("secret\\n"), "{answer}");
                        inside += 1;
                    }
                    Err(error) => {
                        let expected = [Kind::PermissionDenied, Kind::NotFound, Kind::Busy, Kind::Conflict];
                        assert!(expected.contains(&error.kind()), "{error}");
                    }
                }
            }
            assert!(inside > 0, "nothing was found at all");
        });
        is_over.store(true, Ordering::Relaxed);
    });
    assert_eq!(fs::read_to_string(daemon.path("outside/secret")).unwrap(), "secret\n");
}
