//! Workspaces as documents: written, made again here or elsewhere, and refused where they are wrong.

use icpy::Client;
use icpy_protocol::error::Kind;
use icpy_protocol::file::{FileClient, FileListParams, FileOpenParams};
use icpy_protocol::preferences::{PreferencesClient, PreferencesSetParams};
use icpy_protocol::state::{StateClient, StateGetParams, StateMutateParams, StateMutation};
use icpy_protocol::workspace::document::{WorkspaceDocument, WorkspaceImportParams, WorkspaceImportResult};
use icpy_protocol::workspace::{
    WorkspaceClient, WorkspaceDeleteParams, WorkspaceExportParams, WorkspaceFolderParams, WorkspaceListParams,
};
use icpy_tests::{Daemon, refused};
use serde_json::{Value, json};

const TREE: &str = "//- /one/a.txt\none\n//- /one/sub/b.txt\n//- /more/d.txt\n//- /other/a.txt\n//- /other/sub/e.txt\n";

/// A workspace with something of everything, as a document.
async fn filled(daemon: &Daemon, client: &Client) -> WorkspaceDocument {
    let files = FileClient::new(client.clone());
    for path in ["one/a.txt", "one/sub/b.txt"] {
        files.open(&FileOpenParams::new(daemon.path(path))).await.unwrap();
    }
    let workspaces = WorkspaceClient::new(client.clone());
    let folder = WorkspaceFolderParams { path: daemon.path("more").into(), workspace_id: None };
    let workspace_id = workspaces.add_folder(&folder).await.unwrap().workspace_id;
    let layout = StateMutation { key: "layout/main".into(), set: Some(json!({ "left": 1 })), ..Default::default() };
    let params = StateMutateParams { mutations: vec![layout], ..Default::default() };
    StateClient::new(client.clone()).mutate(&params).await.unwrap();
    let (key, workspace_id) = ("editor.tabSize".to_owned(), Some(workspace_id));
    let set = PreferencesSetParams { key, value: json!(2), workspace_id, if_rev: None };
    PreferencesClient::new(client.clone()).set(&set).await.unwrap();
    workspaces.export(&WorkspaceExportParams::default()).await.unwrap()
}

fn import(document: &WorkspaceDocument) -> WorkspaceImportParams {
    WorkspaceImportParams { document: document.clone(), root: None, replace: false, discard: false }
}

/// The workspace's records, without what is made anew each time.
async fn records(client: &Client, prefix: &str) -> Vec<Value> {
    let params = StateGetParams { prefix: Some(prefix.to_owned()), workspace_id: None };
    let records = StateClient::new(client.clone()).get(&params).await.unwrap().records;
    records.into_iter().map(|record| record.value).collect()
}

#[test]
fn a_document_makes_the_workspace_again() {
    let daemon = Daemon::boot(TREE);
    daemon.run(async {
        let client = daemon.client().await;
        let workspaces = WorkspaceClient::new(client.clone());
        let document = filled(&daemon, &client).await;
        let path = |name: &str| daemon.path(name).into();
        assert_eq!((document.name.as_str(), &document.root), ("one", &path("one")));
        assert_eq!((&document.folders, document.files.len()), (&vec![path("more")], 2));
        assert_eq!(document.recent_files, [path("one/sub/b.txt"), path("one/a.txt")]);
        assert_eq!(document.records, [("layout/main".to_owned(), json!({ "left": 1 }))].into());
        assert_eq!(document.preferences, [("editor.tabSize".to_owned(), json!(2))].into());

        let refusal = workspaces.import(&import(&document)).await.unwrap_err();
        let before = refusal.detail("workspaceId").unwrap().as_str().unwrap().to_owned();
        refused::<()>(Err(refusal), Kind::AlreadyExists, "is the workspace `one` already");
        workspaces.delete(&WorkspaceDeleteParams { workspace_id: before.clone(), discard: false }).await.unwrap();
        // What is named twice is there once.
        let mut twice = import(&document);
        twice.document.files.extend(document.files.clone());
        twice.document.folders.extend([path("one"), path("more")]);
        let made = workspaces.import(&twice).await.unwrap();
        assert!(made.is_new && made.missing.is_empty() && made.workspace.is_active, "{made:?}");
        assert_eq!(made.workspace.open_files, 2);
        assert_ne!(made.workspace.workspace_id, before);
        assert_eq!(workspaces.export(&WorkspaceExportParams::default()).await.unwrap(), document);

        // Over another folder, where not all of it is.
        let params = WorkspaceImportParams { root: Some(path("other")), ..import(&document) };
        let WorkspaceImportResult { workspace, missing, .. } = workspaces.import(&params).await.unwrap();
        let missing: Vec<_> = missing.into_iter().map(|it| (it.path, it.reason.contains("b.txt`"))).collect();
        assert_eq!(missing, [(path("other/sub/b.txt"), true)]);
        assert_eq!((workspace.root, workspace.open_files, workspace.folders), (path("other"), 1, vec![path("more")]));
    });
}

#[test]
fn a_document_replaces_a_workspace_only_where_that_is_wanted_and_loses_no_text() {
    let daemon = Daemon::boot(TREE);
    daemon.run(async {
        let client = daemon.client().await;
        let (workspaces, files) = (WorkspaceClient::new(client.clone()), FileClient::new(client.clone()));
        let document = filled(&daemon, &client).await;
        let mut other = document.clone();
        other.name = "Another".to_owned();
        other.files.remove(1);
        other.folders.clear();
        other.records = [("panel/left".to_owned(), json!(7))].into();
        other.preferences = [("x.plugin".to_owned(), json!([1]))].into();
        let replace = WorkspaceImportParams { replace: true, ..import(&other) };

        let path = json!(daemon.path("one/sub/b.txt"));
        let text = client.request("file:get_text", json!({ "path": path }).to_string(), true).await.unwrap();
        let revision = serde_json::from_str::<Value>(&text).unwrap()["revision"].clone();
        let edit = json!({ "path": path, "epoch": revision["epoch"], "baseRev": revision["rev"], "text": "new" });
        client.request("file:edit", edit.to_string(), false).await.unwrap();
        refused(workspaces.import(&replace).await, Kind::Conflict, "b.txt` is not saved");
        assert_eq!(workspaces.export(&WorkspaceExportParams::default()).await.unwrap(), document);

        let first = files.list(&FileListParams::default()).await.unwrap().files[0].clone();
        let discard = WorkspaceImportParams { discard: true, ..replace };
        let made = workspaces.import(&discard).await.unwrap();
        assert!(!made.is_new && made.workspace.name == "Another", "{made:?}");
        assert_eq!(files.list(&FileListParams::default()).await.unwrap().files, [first], "what stays open is the same");
        assert_eq!((records(&client, "folder/").await.len(), records(&client, "layout/").await.len()), (0, 0));
        assert_eq!(
            (records(&client, "panel/").await, records(&client, "pref/").await),
            (vec![json!(7)], vec![json!([1])])
        );
    });
}

#[test]
fn a_wrong_document_is_refused_and_nothing_is_made() {
    let daemon = Daemon::boot(TREE);
    daemon.run(async {
        let client = daemon.client().await;
        let good = json!({ "version": 1, "name": "one", "root": daemon.path("one") });
        let check = async |member: &str, value: Value, kind: Kind, expect: &str| {
            let mut document = good.clone();
            document[member] = value;
            let params = json!({ "document": document }).to_string();
            refused(client.request("workspace:import", params, false).await, kind, expect);
        };
        let wrong = Kind::InvalidParams;
        check("version", json!(2), wrong, "the document is of version 2, and this icpyd reads version 1").await;
        check("version", json!("1"), wrong, "workspace:import").await;
        check("name", json!(""), wrong, "name is empty").await;
        check("root", json!("one"), wrong, "`one` is not absolute").await;
        check("root", json!(daemon.path("none")), Kind::NotFound, "none`").await;
        check("root", json!(daemon.path("one/a.txt")), Kind::Unsupported, "is not a folder").await;
        check("files", json!(["a.txt"]), wrong, "`a.txt` is not absolute").await;
        check("folders", json!([daemon.path("one/../one")]), wrong, "holds `..`").await;
        check("recentFiles", json!([1]), wrong, "workspace:import").await;
        check("records", json!({ "open_file/1": {} }), wrong, "`open_file/1` is none that a client can keep").await;
        check("records", json!({ "a\n": 1 }), wrong, "no control characters").await;
        check("records", json!({ "a": null }), wrong, "`a` is none").await;
        check("records", json!({ "a": "x".repeat(1 << 20) }), Kind::TooLarge, "of at most 1048576").await;
        check("preferences", json!({ "editor.tabSize": 99 }), wrong, "`editor.tabSize` cannot be 99").await;
        check("preferences", json!({ "x.a": null }), wrong, "`x.a` is not set").await;
        check("preferences", json!({ "editor.no": 1 }), Kind::NotFound, "no preference `editor.no`").await;
        let many: serde_json::Map<_, _> = (0..1001).map(|number| (format!("x.{number}"), json!(1))).collect();
        check("preferences", json!(many), Kind::TooLarge, "1001 preferences, of at most 1000").await;
        let many: Vec<_> = (0..10_001).map(|number| format!("/{number}")).collect();
        check("recentFiles", json!(many), Kind::TooLarge, "10001 things").await;
        let listed = WorkspaceClient::new(client.clone()).list(&WorkspaceListParams { include_closed: true }).await;
        assert_eq!(listed.unwrap().workspaces, []);
    });
}
