//! Workspaces that are renamed, closed and forgotten: what stays, what goes, and that no unsaved text is lost.

use std::time::Duration;

use icpy::Client;
use icpy_protocol::error::Kind;
use icpy_protocol::file::text::{FileEditParams, FileGetTextParams, FileText, TextEdit, TextPlace};
use icpy_protocol::file::{self, FileClient, FileCloseParams, FileListParams, FileOf, FileOpenParams, FilePlacing};
use icpy_protocol::project::{ProjectClient, ProjectLoadParams};
use icpy_protocol::state::{
    self, StateCheckpointParams, StateClient, StateGetParams, StateMutateParams, StateMutation, StateOfParams,
};
use icpy_protocol::terminal::{TerminalClient, TerminalCreateParams, TerminalListParams};
use icpy_protocol::workspace::{
    self, WorkspaceActivateParams, WorkspaceClient, WorkspaceCloseParams, WorkspaceCreateParams, WorkspaceDeleteParams,
    WorkspaceFolderParams, WorkspaceInfo, WorkspaceListParams, WorkspaceRenameParams,
};
use icpy_tests::{Daemon, Transport, refused, within};
use serde_json::{Value, json};

const TREE: &str = "//- /one/a.txt\none\n//- /one/b.txt\n//- /two/c.txt\n//- /more/d.txt\n";

struct Clients {
    client: Client,
    workspaces: WorkspaceClient<Client>,
    files: FileClient<Client>,
    state: StateClient<Client>,
}

impl Clients {
    async fn of(daemon: &Daemon) -> Self {
        let client = daemon.client().await;
        Self {
            workspaces: WorkspaceClient::new(client.clone()),
            files: FileClient::new(client.clone()),
            state: StateClient::new(client.clone()),
            client,
        }
    }

    async fn load(&self, daemon: &Daemon, folder: &str) -> WorkspaceInfo {
        let params = ProjectLoadParams { path: daemon.path(folder).into() };
        ProjectClient::new(self.client.clone()).load(&params).await.unwrap().workspace
    }

    async fn open(&self, daemon: &Daemon, path: &str) {
        self.files.open(&FileOpenParams::new(daemon.path(path))).await.unwrap();
    }

    /// The names of the workspaces that are open, or of all.
    async fn names(&self, include_closed: bool) -> Vec<String> {
        let listed = self.workspaces.list(&WorkspaceListParams { include_closed }).await.unwrap();
        listed.workspaces.into_iter().map(|it| it.name).collect()
    }

    async fn text(&self, daemon: &Daemon, path: &str) -> FileText {
        let file = FileOf { path: Some(daemon.path(path).into()), file_id: None };
        self.files.get_text(&FileGetTextParams { file }).await.unwrap()
    }

    /// Types something at the beginning of a file, and saves nothing.
    async fn type_into(&self, daemon: &Daemon, path: &str) {
        let now = self.text(daemon, path).await;
        let edit = json!({
            "path": daemon.path(path),
            "epoch": now.revision.epoch,
            "baseRev": now.revision.rev,
            "edits": [TextEdit { from: TextPlace::Offset(0), to: None, text: "new ".to_owned() }],
        });
        let edit: FileEditParams = serde_json::from_value(edit).unwrap();
        self.files.edit(&edit).await.unwrap();
    }

    async fn recent(&self, workspace_id: &str) -> Vec<Value> {
        let params =
            StateGetParams { workspace_id: Some(workspace_id.to_owned()), prefix: Some("recent_file/".to_owned()) };
        let mut records = self.state.get(&params).await.unwrap().records;
        records.sort_by_key(|record| std::cmp::Reverse(record.rev));
        records.into_iter().map(|record| record.value["path"].clone()).collect()
    }
}

fn close(id: &str) -> WorkspaceCloseParams {
    WorkspaceCloseParams { workspace_id: Some(id.to_owned()), discard: false }
}

fn delete(id: &str) -> WorkspaceDeleteParams {
    WorkspaceDeleteParams { workspace_id: id.to_owned(), discard: false }
}

#[test]
fn a_workspace_that_is_closed_is_remembered_and_opened_again() {
    let daemon = Daemon::boot(TREE);
    daemon.run(async {
        let clients = Clients::of(&daemon).await;
        let (one, two) = (clients.load(&daemon, "one").await, clients.load(&daemon, "two").await);
        clients.open(&daemon, "one/a.txt").await;
        let layout = StateMutation { key: "layout/main".into(), set: Some(json!({ "left": 1 })), ..Default::default() };
        let params = StateMutateParams { mutations: vec![layout], ..Default::default() };
        clients.state.mutate(&params).await.unwrap();

        let client = daemon.client().await;
        let mut told = daemon.events(&client, "**").await;
        let closed = clients.workspaces.close(&close(&one.workspace_id)).await.unwrap();
        assert!(closed.closed_at_ms.is_some() && !closed.is_active && closed.open_files == 0, "{closed:?}");
        let gone = told.expect(&state::UPDATED).await;
        assert_eq!((&gone.records[0].value, gone.records.len()), (&Value::Null, 2), "{gone:?}");
        assert_eq!(told.expect(&file::CLOSED).await.file.path, daemon.path("one/a.txt").into());
        let next = told.expect(&workspace::STATE_CHANGED).await.workspace;
        assert!(next.is_active && next.workspace_id == two.workspace_id, "{next:?}");
        assert_eq!(told.expect(&workspace::CLOSED).await.workspace, closed);
        // Again nothing happens.
        assert_eq!(clients.workspaces.close(&close(&one.workspace_id)).await.unwrap(), closed);
        drop(told);

        assert_eq!(
            (clients.names(false).await, clients.names(true).await),
            (vec!["two".into()], vec!["one".into(), "two".into()])
        );
        assert_eq!(clients.recent(&one.workspace_id).await, [json!(daemon.path("one/a.txt"))]);
        let create = WorkspaceCreateParams { root: daemon.path("one").into(), name: None };
        refused(clients.workspaces.create(&create).await, Kind::AlreadyExists, "which is closed");
        // A file of it opens in the active one, as if it was not there, but not in one of its own.
        clients.open(&daemon, "one/a.txt").await;
        let own = FileOpenParams { placing: FilePlacing::Own, ..FileOpenParams::new(daemon.path("one/b.txt")) };
        let opened = clients.files.open(&own).await.unwrap().file;
        assert_eq!(opened.workspace_id, one.workspace_id, "its folder has one workspace");
        clients.workspaces.close(&close(&one.workspace_id)).await.unwrap();
        let activate = WorkspaceActivateParams { workspace_id: one.workspace_id.clone() };
        let again = clients.workspaces.activate(&activate).await.unwrap();
        assert!(again.is_active && again.closed_at_ms.is_none(), "{again:?}");
        let params = StateGetParams { prefix: Some("layout/".into()), ..Default::default() };
        assert_eq!(clients.state.get(&params).await.unwrap().records[0].value, json!({ "left": 1 }));
        // Without any that is open there is no active one.
        for _ in 0..2 {
            clients.workspaces.close(&WorkspaceCloseParams::default()).await.unwrap();
        }
        refused(
            clients.workspaces.close(&WorkspaceCloseParams::default()).await,
            Kind::NotFound,
            "no workspace is open",
        );
    });
}

#[test]
fn text_that_is_not_saved_is_not_closed_by_the_way() {
    let daemon = Daemon::boot(TREE);
    daemon.run(async {
        let clients = Clients::of(&daemon).await;
        let one = clients.load(&daemon, "one").await;
        for path in ["one/a.txt", "one/b.txt"] {
            clients.open(&daemon, path).await;
        }
        clients.type_into(&daemon, "one/a.txt").await;
        let expect = [daemon.path("one/a.txt").display().to_string()];
        let check = |error: icpy_protocol::error::Error| {
            assert_eq!(error.detail("unsaved"), Some(&json!(expect)));
            refused::<()>(Err(error), Kind::Conflict, format!("the text of `{}` is not saved", expect[0]));
        };
        check(clients.workspaces.close(&close(&one.workspace_id)).await.unwrap_err());
        check(clients.workspaces.delete(&delete(&one.workspace_id)).await.unwrap_err());
        assert_eq!(clients.files.list(&FileListParams::default()).await.unwrap().files.len(), 2);
        assert_eq!(clients.text(&daemon, "one/a.txt").await.text, "new one\n");

        // A text that is open in another workspace too is not lost.
        let two = clients.load(&daemon, "two").await;
        let params = FileOpenParams {
            workspace_id: Some(two.workspace_id.clone()),
            ..FileOpenParams::new(daemon.path("one/a.txt"))
        };
        clients.files.open(&params).await.unwrap();
        clients.workspaces.close(&close(&one.workspace_id)).await.unwrap();
        assert_eq!(clients.text(&daemon, "one/a.txt").await.text, "new one\n");
        check(clients.workspaces.close(&close(&two.workspace_id)).await.unwrap_err());
        let client = daemon.client().await;
        let mut told = daemon.events(&client, "file:closed").await;
        let discard = WorkspaceCloseParams { discard: true, ..close(&two.workspace_id) };
        clients.workspaces.close(&discard).await.unwrap();
        assert!(told.expect(&file::CLOSED).await.is_discarded);
        clients.open(&daemon, "one/a.txt").await;
        assert_eq!(clients.text(&daemon, "one/a.txt").await.text, "one\n");
    });
}

#[test]
fn a_workspace_that_is_deleted_leaves_nothing_but_its_files_and_terminals() {
    let daemon = Daemon::boot(TREE);
    daemon.run(async {
        let clients = Clients::of(&daemon).await;
        let (two, one) = (clients.load(&daemon, "two").await, clients.load(&daemon, "one").await);
        clients.open(&daemon, "one/a.txt").await;
        let name = StateCheckpointParams { name: "before".into(), workspace_id: None };
        clients.state.create_checkpoint(&name).await.unwrap();
        let terminals = TerminalClient::new(clients.client.clone());
        let workspace = Some(one.workspace_id.clone());
        let params = TerminalCreateParams { command: vec!["cat".into()], workspace, ..Default::default() };
        let terminal = terminals.create(&params).await.unwrap();
        clients.workspaces.close(&close(&one.workspace_id)).await.unwrap();
        let of_it = TerminalListParams { workspace: Some(one.workspace_id.clone()) };
        assert_eq!(terminals.list(&of_it).await.unwrap().terminals.len(), 1, "it goes on");

        let client = daemon.client().await;
        let mut told = daemon.events(&client, "workspace:*").await;
        clients.workspaces.delete(&delete(&one.workspace_id)).await.unwrap();
        assert_eq!(told.expect(&workspace::DELETED).await.workspace.workspace_id, one.workspace_id);
        assert_eq!(clients.names(true).await, ["two"]);
        assert!(daemon.path("one/a.txt").exists());
        let of_it = StateOfParams { workspace_id: Some(one.workspace_id.clone()) };
        refused(clients.state.list_checkpoints(&of_it).await, Kind::NotFound, "no workspace has the id");
        let all = terminals.list(&TerminalListParams::default()).await.unwrap().terminals;
        assert_eq!(all[0].terminal_id, terminal.terminal_id);
        refused(clients.workspaces.delete(&delete(&one.workspace_id)).await, Kind::NotFound, "no workspace has the id");
        // Made again it is another one.
        let again = clients.load(&daemon, "one").await;
        assert_eq!(clients.recent(&again.workspace_id).await, Vec::<Value>::new());
        assert_ne!(again.workspace_id, one.workspace_id);
        assert!(!told.expect(&workspace::STATE_CHANGED).await.workspace.is_active);
        assert!(told.expect(&workspace::STATE_CHANGED).await.workspace.is_active);
        assert_eq!(two.name, "two");
    });
}

#[test]
fn a_name_and_folders_are_changed_or_refused() {
    let daemon = Daemon::boot(TREE);
    daemon.run(async {
        let clients = Clients::of(&daemon).await;
        let one = clients.load(&daemon, "one").await;
        let rename = |name: &str| WorkspaceRenameParams { workspace_id: None, name: name.to_owned() };
        let renamed = clients.workspaces.rename(&rename("First")).await.unwrap();
        assert!(renamed.name == "First" && renamed.revision > one.revision, "{renamed:?}");
        assert_eq!(clients.workspaces.rename(&rename("First")).await.unwrap(), renamed);
        refused(clients.workspaces.rename(&rename(" ")).await, Kind::InvalidParams, "name is empty");
        refused(clients.workspaces.rename(&rename("a\nb")).await, Kind::InvalidParams, "no control characters");
        refused(clients.workspaces.rename(&rename(&"x".repeat(201))).await, Kind::InvalidParams, "1 to 200 bytes");
        let nowhere = WorkspaceRenameParams { workspace_id: Some("nowhere".into()), name: "x".into() };
        refused(clients.workspaces.rename(&nowhere).await, Kind::NotFound, "`nowhere`");

        let folder = |path: &str| WorkspaceFolderParams { path: daemon.path(path).into(), workspace_id: None };
        clients.workspaces.add_folder(&folder("more")).await.unwrap();
        clients.open(&daemon, "more/d.txt").await;
        let without = clients.workspaces.remove_folder(&folder("more")).await.unwrap();
        assert_eq!((without.folders.len(), without.open_files), (0, 1), "what is open stays open");
        let params = StateGetParams { prefix: Some("folder/".into()), ..Default::default() };
        assert_eq!(clients.state.get(&params).await.unwrap().records, []);
        refused(clients.workspaces.remove_folder(&folder("more")).await, Kind::NotFound, "no folder of the workspace");
        refused(clients.workspaces.remove_folder(&folder("one")).await, Kind::Unsupported, "closed or deleted");
        let relative = WorkspaceFolderParams { path: "more".into(), workspace_id: None };
        refused(clients.workspaces.remove_folder(&relative).await, Kind::InvalidParams, "not absolute");
    });
}

#[test]
fn the_files_used_last_are_remembered_and_can_be_forgotten() {
    let daemon = Daemon::boot(&(0..205).map(|number| format!("//- /w/{number}.txt")).collect::<Vec<_>>().join("\n"));
    daemon.run(async {
        let clients = Clients::of(&daemon).await;
        let workspace = clients.load(&daemon, "w").await.workspace_id;
        for number in 0..205 {
            clients.open(&daemon, &format!("w/{number}.txt")).await;
        }
        // What is closed was used then.
        let first = FileCloseParams { path: Some(daemon.path("w/100.txt").into()), ..Default::default() };
        clients.files.close(&first).await.unwrap();
        let recent = clients.recent(&workspace).await;
        assert_eq!((recent.len(), &recent[0]), (200, &json!(daemon.path("w/100.txt"))));
        assert_eq!(recent[199], json!(daemon.path("w/5.txt")), "older ones are forgotten");
        let params = StateGetParams { prefix: Some("recent_file/".into()), ..Default::default() };
        let key = clients.state.get(&params).await.unwrap().records[0].key.clone();
        let of = |mutation| StateMutateParams { mutations: vec![mutation], ..Default::default() };
        let set = StateMutation { key: key.clone(), set: Some(json!(1)), ..Default::default() };
        refused(clients.state.mutate(&of(set)).await, Kind::Unsupported, "alone");
        let gone = StateMutation { key, delete: true, ..Default::default() };
        clients.state.mutate(&of(gone)).await.unwrap();
        assert_eq!(clients.recent(&workspace).await.len(), 199);
    });
}

/// What was closed is looked for by nobody: it would be shared for as long as the daemon runs.
#[test]
fn what_is_closed_is_not_shared_any_more_though_who_closed_it_went_away() {
    let names: Vec<String> = (0..40).map(|number| format!("one/{number}.txt")).collect();
    let fixture: String = names.iter().flat_map(|name| ["//- /", name, "\ntext\n"]).collect();
    let daemon = Daemon::boot(&fixture);
    daemon.run(async {
        let clients = Clients::of(&daemon).await;
        let workspace = clients.load(&daemon, "one").await;
        for name in &names {
            clients.open(&daemon, name).await;
            clients.type_into(&daemon, name).await;
        }
        let open = clients.files.list(&FileListParams::default()).await.unwrap().files;
        let mut leaving = daemon.line_client(Transport::Memory).await;
        leaving.request(1, "session:subscribe", &json!({ "patterns": ["workspace:closed"] })).await;
        leaving.receive_answer(1).await;
        let close = json!({ "workspaceId": workspace.workspace_id, "discard": true });
        leaving.request(2, "workspace:close", &close).await;
        while leaving.receive().await["method"] != "workspace:closed" {}
        leaving.send("{\"jsonrpc\":\"2.0\",\"method\":\"$/cancelRequest\",\"params\":{\"id\":2}}\n").await;
        assert_eq!(leaving.receive_answer(2).await.1["error"]["code"], -32800, "it was cancelled");
        for file in open {
            let of = FileGetTextParams { file: FileOf { file_id: Some(file.file_id), path: None } };
            within("the text to be closed", async {
                while clients.files.get_text(&of).await.is_ok() {
                    tokio::time::sleep(Duration::from_millis(2)).await;
                }
            })
            .await;
        }
    });
}
