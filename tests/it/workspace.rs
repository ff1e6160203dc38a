//! Workspaces: where a file opens, and what is refused.

use std::path::Path;

use icpy::Client;
use icpy_protocol::Empty;
use icpy_protocol::daemon::DaemonClient;
use icpy_protocol::error::Kind;
use icpy_protocol::event::{EventClient, EventListParams};
use icpy_protocol::file::{
    FileClient, FileCloseParams, FileListParams, FileOpenParams, OPENED, OpenFile, TextPosition,
};
use icpy_protocol::project::{ProjectClient, ProjectLoadParams};
use icpy_protocol::topic::Pattern;
use icpy_protocol::workspace::{
    WorkspaceActivateParams, WorkspaceClient, WorkspaceCreateParams, WorkspaceGetStateParams, WorkspaceInfo,
    WorkspaceListParams,
};
use icpy_tests::Daemon;
use icpyd::host::Host;

fn opening(path: impl AsRef<Path>) -> FileOpenParams {
    FileOpenParams::new(path.as_ref())
}

async fn open(client: &Client, path: impl AsRef<Path>) -> OpenFile {
    FileClient::new(client.clone()).open(&opening(path)).await.unwrap().file
}

async fn workspaces(client: &Client) -> Vec<WorkspaceInfo> {
    WorkspaceClient::new(client.clone()).list(&WorkspaceListParams::default()).await.unwrap().workspaces
}

async fn root_of(client: &Client, file: &OpenFile) -> String {
    let all = workspaces(client).await;
    all.iter().find(|workspace| workspace.workspace_id == file.workspace_id).unwrap().root.to_string()
}

fn shown(path: impl AsRef<Path>) -> String {
    path.as_ref().display().to_string()
}

#[test]
fn the_first_file_makes_a_workspace_of_its_repository() {
    let daemon = Daemon::boot("//- /project/.git/HEAD\n//- /project/src/deep/a.py\n//- /alone/b.py\n");
    daemon.run(async {
        let client = daemon.client().await;
        let file = open(&client, daemon.path("project/src/deep/a.py")).await;
        let all = workspaces(&client).await;
        assert_eq!(all.len(), 1);
        assert_eq!((all[0].name.as_str(), all[0].is_active, all[0].open_files), ("project", true, 1));
        assert_eq!(root_of(&client, &file).await, shown(daemon.path("project")));
        // The next one belongs to no workspace: it opens in the active one.
        let other = open(&client, daemon.path("alone/b.py")).await;
        assert_eq!(other.workspace_id, file.workspace_id);
        assert_eq!(workspaces(&client).await.len(), 1);
    });
}

#[test]
fn a_file_outside_every_repository_opens_in_its_folder() {
    let daemon = Daemon::boot("//- /alone/b.py\n");
    daemon.run(async {
        let client = daemon.client().await;
        let file = open(&client, daemon.path("alone/b.py")).await;
        assert_eq!(root_of(&client, &file).await, shown(daemon.path("alone")));
    });
}

#[test]
fn the_innermost_workspace_holds_a_file() {
    let daemon = Daemon::boot("//- /outer/a.py\n//- /outer/inner/b.py\n//- /outer-too/c.py\n");
    daemon.run(async {
        let client = daemon.client().await;
        let create = WorkspaceClient::new(client.clone());
        for root in ["outer", "outer/inner"] {
            create.create(&WorkspaceCreateParams { root: daemon.path(root).into(), name: None }).await.unwrap();
        }
        for (path, root) in [
            ("outer/a.py", "outer"),
            ("outer/inner/b.py", "outer/inner"),
            // A name that only begins like a root's is not below it: the active one takes it.
            ("outer-too/c.py", "outer/inner"),
        ] {
            let file = open(&client, daemon.path(path)).await;
            assert_eq!(root_of(&client, &file).await, shown(daemon.path(root)), "{path}");
        }
    });
}

#[test]
fn opening_in_another_workspace_makes_it_the_active_one() {
    let daemon = Daemon::boot("//- /one/a.py\n//- /two/b.py\n");
    daemon.run(async {
        let client = daemon.client().await;
        let projects = ProjectClient::new(client.clone());
        for name in ["one", "two"] {
            let loaded = projects.load(&ProjectLoadParams { path: daemon.path(name).into() }).await.unwrap();
            assert!(loaded.is_new && loaded.workspace.is_active);
        }
        open(&client, daemon.path("one/a.py")).await;
        let all = workspaces(&client).await;
        assert_eq!((all[0].name.as_str(), all[0].is_active), ("one", true));
        assert_eq!((all[1].name.as_str(), all[1].is_active), ("two", false));
        let again = projects.load(&ProjectLoadParams { path: daemon.path("two").into() }).await.unwrap();
        assert!(!again.is_new && again.workspace.is_active);
        let named = WorkspaceClient::new(client.clone());
        named.activate(&WorkspaceActivateParams { workspace_id: all[0].workspace_id.clone() }).await.unwrap();
        let state = named.get_state(&WorkspaceGetStateParams::default()).await.unwrap();
        assert_eq!((state.workspace.name.as_str(), state.files.len()), ("one", 1));
    });
}

#[test]
fn a_file_that_is_open_is_shown_again() {
    let daemon = Daemon::boot("//- /a.py\n");
    daemon.run(async {
        let client = daemon.client().await;
        let files = FileClient::new(client.clone());
        let first = files.open(&opening(daemon.path("a.py"))).await.unwrap();
        let position = Some(TextPosition { line: 10, column: Some(2) });
        let mut told = daemon.events(&client, "file:*").await;
        let params = FileOpenParams { position, ..opening(daemon.path("./a.py")) };
        let again = files.open(&params).await.unwrap();
        assert_eq!((again.is_new, &again.file), (false, &first.file));
        assert_eq!(told.expect(&icpy_protocol::file::OPENED).await.position, position);
        assert_eq!(files.list(&FileListParams::default()).await.unwrap().files.len(), 1);
    });
}

#[test]
fn wrong_requests_are_refused_and_nothing_changes() {
    let daemon = Daemon::boot("//- /a.py\n");
    daemon.run(async {
        let client = daemon.client().await;
        let (files, named) = (FileClient::new(client.clone()), WorkspaceClient::new(client.clone()));
        let mut told = daemon.events(&client, "**").await;
        let refused = |error: icpy_protocol::error::Error, kind: Kind, expect: &str| {
            assert_eq!(error.kind(), kind, "{error}");
            assert!(error.message().contains(expect), "{error}");
        };
        let path = daemon.path("a.py");
        refused(files.open(&opening("a.py")).await.unwrap_err(), Kind::InvalidParams, "not absolute");
        refused(files.open(&opening(daemon.path("none.py"))).await.unwrap_err(), Kind::NotFound, "none.py`");
        refused(files.open(&opening(daemon.path(""))).await.unwrap_err(), Kind::Unsupported, "project");
        refused(files.open(&opening("/dev/null")).await.unwrap_err(), Kind::Unsupported, "`/dev/null`");
        let zero = FileOpenParams { position: Some(TextPosition { line: 0, column: None }), ..opening(&path) };
        refused(files.open(&zero).await.unwrap_err(), Kind::InvalidParams, "count from 1");
        let nowhere = FileOpenParams { workspace_id: Some("nowhere".to_owned()), ..opening(&path) };
        refused(files.open(&nowhere).await.unwrap_err(), Kind::NotFound, "`nowhere`");
        refused(files.close(&FileCloseParams::default()).await.unwrap_err(), Kind::InvalidParams, "`fileId`");
        let by_path = FileCloseParams { path: Some(path.clone().into()), ..Default::default() };
        refused(files.close(&by_path).await.unwrap_err(), Kind::NotFound, "is not open");
        let list = FileListParams { workspace_id: Some("nowhere".to_owned()) };
        refused(files.list(&list).await.unwrap_err(), Kind::NotFound, "`nowhere`");
        let state = WorkspaceGetStateParams::default();
        refused(named.get_state(&state).await.unwrap_err(), Kind::NotFound, "no workspace is open");
        let create = |root: &Path, name: Option<&str>| WorkspaceCreateParams {
            root: root.into(),
            name: name.map(str::to_owned),
        };
        refused(named.create(&create(&path, None)).await.unwrap_err(), Kind::Unsupported, "is not a folder");
        let unnamed = create(&daemon.path(""), Some("  "));
        refused(named.create(&unnamed).await.unwrap_err(), Kind::InvalidParams, "name is empty");
        assert_eq!(workspaces(&client).await, []);

        named.create(&create(&daemon.path(""), Some("mine"))).await.unwrap();
        told.expect(&icpy_protocol::workspace::STATE_CHANGED).await;
        let twice = named.create(&create(&daemon.path(""), None)).await.unwrap_err();
        assert!(twice.detail("workspaceId").is_some());
        refused(twice, Kind::AlreadyExists, "`mine`");
    });
}

#[test]
fn many_clients_open_the_same_file_at_once() {
    let daemon = Daemon::boot("//- /project/.git/HEAD\n//- /project/a.py\n");
    daemon.run(async {
        let mut clients = Vec::new();
        for _ in 0..20 {
            clients.push(daemon.client().await);
        }
        let opened =
            futures_util::future::join_all(clients.iter().map(|client| open(client, daemon.path("project/a.py"))))
                .await;
        assert!(opened.iter().all(|file| *file == opened[0]));
        assert_eq!(workspaces(&clients[0]).await.len(), 1);
    });
}

#[test]
fn the_history_is_kept_and_read_in_pages() {
    let daemon = Daemon::boot("//- /a.py\n//- /b.py\n");
    daemon.run(async {
        let client = daemon.client().await;
        for name in ["a.py", "b.py", "a.py"] {
            open(&client, daemon.path(name)).await;
        }
        let history = EventClient::new(client);
        let opened = EventListParams { patterns: vec![Pattern::parse("file:*").unwrap()], ..Default::default() };
        let all = history.list(&opened).await.unwrap();
        // That a file was shown again is no change of state.
        assert_eq!(all.events.len(), 2);
        assert_eq!(all.events[0].payload["file"]["path"], shown(daemon.path("a.py")));
        let first = history.list(&EventListParams { limit: Some(1), ..opened.clone() }).await.unwrap();
        assert_eq!(first.events, all.events[..1]);
        let params = EventListParams { after_id: first.next_after_id, ..opened };
        assert_eq!(history.list(&params).await.unwrap().events, all.events[1..]);
    });
}

#[test]
fn a_clock_that_jumps_changes_no_order() {
    const DAY_MS: u64 = 24 * 3600 * 1000;
    let host = Host::fake(1000 * DAY_MS);
    let daemon = Daemon::boot_in("//- /one/a.py\n//- /two/b.py\n//- /three/c.py\n", host.clone(), |_| ());
    daemon.run(async {
        let client = daemon.client().await;
        let mut events = daemon.events(&client, "file:*").await;
        // Forward as after a sleep, back as when it was wrong, and to its very beginning.
        for (name, now_ms) in [("one", 1000 * DAY_MS), ("two", 5000 * DAY_MS), ("three", 2 * DAY_MS), ("one", 0)] {
            host.jump_to(now_ms);
            let path = daemon.path(name);
            ProjectClient::new(client.clone()).load(&ProjectLoadParams { path: path.into() }).await.unwrap();
            let first = &workspaces(&client).await[0];
            assert!(first.is_active && first.name == name, "the one used last is the active one: {first:?}");
        }
        for name in ["one/a.py", "two/b.py", "three/c.py"] {
            host.jump_to(if name.starts_with("two") { 0 } else { 3000 * DAY_MS });
            let file = open(&client, daemon.path(name)).await;
            assert_eq!(events.expect(&OPENED).await.file, file, "events come in their order");
        }
        let status = DaemonClient::new(client.clone()).status(&Empty {}).await.unwrap();
        assert_eq!(status.uptime_ms, 2000 * DAY_MS);
        host.jump_to(0);
        assert_eq!(DaemonClient::new(client.clone()).status(&Empty {}).await.unwrap().uptime_ms, 0);
        let logged = EventClient::new(client).list(&EventListParams::default()).await.unwrap().events;
        assert!(logged.is_sorted_by_key(|event| event.entry.id), "the log is in the order of what happened");
    });
}
