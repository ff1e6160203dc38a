//! Who is limited to some workspaces or paths: what they see and may do, on every way in.

use icpy_protocol::auth::{AuthClient, AuthCreateTokenParams, AuthRole, AuthScope, AuthSetRoleParams, AuthUserParams};
use icpy_protocol::workspace::{WorkspaceClient, WorkspaceCreateParams, WorkspaceDeleteParams, WorkspaceFolderParams};
use icpy_tests::{Daemon, Web};
use serde_json::{Value, json};

const TREE: &str = "//- /one/a.txt\none\n//- /one/src/b.txt\n//- /two/a.txt\ntwo\n";

pub(crate) struct Shared {
    pub(crate) daemon: Daemon,
}

impl Shared {
    pub(crate) fn new() -> Self {
        Self { daemon: Daemon::boot(TREE) }
    }

    pub(crate) async fn workspace(&self, folder: &str) -> String {
        let client = WorkspaceClient::new(self.daemon.client().await);
        let params = WorkspaceCreateParams { root: self.daemon.path(folder).into(), name: None };
        client.create(&params).await.unwrap().workspace_id
    }

    async fn auth(&self) -> AuthClient<icpy::Client> {
        AuthClient::new(self.daemon.client().await)
    }

    /// A user with a role, and a token of theirs that is good for everything.
    pub(crate) async fn user(&self, user: &str, workspace_id: &str, role: AuthRole) -> String {
        let auth = self.auth().await;
        auth.create_user(&AuthUserParams { user: user.into() }).await.unwrap();
        let role = AuthSetRoleParams { user: user.into(), workspace_id: workspace_id.into(), role: Some(role) };
        auth.set_role(&role).await.unwrap();
        let scopes = AuthScope::ALL.to_vec();
        let params = AuthCreateTokenParams { name: user.into(), scopes, user: Some(user.into()), ..Default::default() };
        Web::token_of(self.daemon.client().await, params).await
    }

    pub(crate) fn file(&self, path: &str) -> Value {
        json!({ "path": self.daemon.path(path) })
    }
}

pub(crate) fn kind(answer: &Value) -> &str {
    answer["error"]["data"]["kind"].as_str().unwrap_or("none")
}

#[test]
fn a_role_is_what_a_user_may_do_in_a_workspace_and_nothing_else() {
    let shared = Shared::new();
    shared.daemon.run(async {
        let (one, two) = (shared.workspace("one").await, shared.workspace("two").await);
        let web = Web::start(&shared.daemon).await;
        let viewer = shared.user("vic", &one, AuthRole::Viewer).await;
        let editor = shared.user("eve", &one, AuthRole::Editor).await;
        for (token, may_write) in [(&viewer, false), (&editor, true)] {
            assert_eq!(web.call(token, "fs:read_file", shared.file("one/a.txt")).await["result"]["content"], "one\n");
            assert_eq!(kind(&web.call(token, "fs:read_file", shared.file("two/a.txt")).await), "permission_denied");
            let mut write = shared.file("one/new.txt");
            write["content"] = "".into();
            assert_eq!(kind(&web.call(token, "fs:write_file", write).await) == "none", may_write);
            let listed = web.call(token, "workspace:list", json!({})).await;
            let ids: Vec<&str> = listed["result"]["workspaces"]
                .as_array()
                .unwrap()
                .iter()
                .map(|it| it["workspaceId"].as_str().unwrap())
                .collect();
            assert_eq!(ids, [&*one]);
            assert_eq!(kind(&web.call(token, "file:open", shared.file("one/a.txt")).await) == "none", may_write);
            assert_eq!(kind(&web.call(token, "file:open", shared.file("two/a.txt")).await), "permission_denied");
            let other = json!({ "workspaceId": two });
            assert_eq!(kind(&web.call(token, "workspace:get_state", other.clone()).await), "not_found");
            assert_eq!(kind(&web.call(token, "workspace:activate", other).await), "not_found");
            for method in
                ["terminal:create", "daemon:stop", "auth:list_tokens", "session:list", "daemon:status", "web:stop"]
            {
                assert_eq!(kind(&web.call(token, method, json!({})).await), "permission_denied", "{method}");
            }
            let make = json!({ "root": shared.daemon.path("one/src") });
            assert_eq!(kind(&web.call(token, "workspace:create", make).await), "permission_denied");
        }
    });
}

#[test]
fn a_change_of_role_ends_what_goes_on_and_holds_from_then_on() {
    let shared = Shared::new();
    shared.daemon.run(async {
        let one = shared.workspace("one").await;
        let web = Web::start(&shared.daemon).await;
        let token = shared.user("vic", &one, AuthRole::Owner).await;
        let mut socket = web.socket_of(&token).await;
        let who = socket.call("auth:whoami", json!({})).await["result"].clone();
        assert_eq!((who["user"].as_str(), &who["workspaces"]), (Some("vic"), &json!([one])));
        // Who owns a workspace gives roles on it, and on no other.
        let two = shared.workspace("two").await;
        shared.auth().await.create_user(&AuthUserParams { user: "bob".into() }).await.unwrap();
        let give = |workspace: &str| json!({ "user": "bob", "workspaceId": workspace, "role": "viewer" });
        assert_eq!(kind(&socket.call("auth:set_role", give(&one)).await), "none");
        assert_eq!(kind(&socket.call("auth:set_role", give(&two)).await), "not_found");
        let none = AuthSetRoleParams { user: "vic".into(), workspace_id: one.clone(), role: None };
        shared.auth().await.set_role(&none).await.unwrap();
        assert_eq!(socket.closed().await.0, 1008);
        assert_eq!(kind(&web.call(&token, "fs:read_file", shared.file("one/a.txt")).await), "permission_denied");
        shared.auth().await.remove_user(&AuthUserParams { user: "vic".into() }).await.unwrap();
        assert_eq!(web.get("/metrics", &token).await.status, 401);
    });
}

#[test]
fn a_session_hears_of_nothing_that_it_could_not_have_asked_for() {
    let shared = Shared::new();
    shared.daemon.run(async {
        let one = shared.workspace("one").await;
        shared.workspace("two").await;
        let web = Web::start(&shared.daemon).await;
        let token = shared.user("vic", &one, AuthRole::Viewer).await;
        let mut socket = web.socket_of(&token).await;
        socket.call("session:subscribe", json!({ "patterns": ["**"] })).await;
        let client = shared.daemon.client().await;
        for file in ["two/a.txt", "one/a.txt"] {
            client.request("file:open", shared.file(file).to_string(), false).await.unwrap();
        }
        client.request("terminal:create", json!({ "command": ["true"] }).to_string(), false).await.unwrap();
        client.request("file:close", shared.file("one/a.txt").to_string(), false).await.unwrap();
        let mut heard = Vec::new();
        while heard.last().is_none_or(|topic| topic != "file:closed") {
            let event = socket.next().await;
            let text = event.to_string();
            assert!(!text.contains("/two"), "{text}");
            heard.push(event["method"].as_str().unwrap().to_owned());
        }
        assert!(heard.contains(&"file:opened".to_owned()), "{heard:?}");
        let namespaces = ["file:", "workspace:", "state:"];
        assert!(heard.iter().all(|topic| namespaces.iter().any(|it| topic.starts_with(it))), "{heard:?}");
    });
}

#[test]
fn a_token_can_be_limited_to_paths_of_a_workspace() {
    let shared = Shared::new();
    shared.daemon.run(async {
        let one = shared.workspace("one").await;
        let web = Web::start(&shared.daemon).await;
        let params = AuthCreateTokenParams {
            name: "src".into(),
            scopes: vec![AuthScope::Read, AuthScope::Write],
            workspace_id: Some(one.clone()),
            paths: vec!["src/**".into()],
            ..Default::default()
        };
        let token = Web::token_of(shared.daemon.client().await, params.clone()).await;
        assert_eq!(kind(&web.call(&token, "fs:read_file", shared.file("one/src/b.txt")).await), "none");
        assert_eq!(kind(&web.call(&token, "fs:read_file", shared.file("one/a.txt")).await), "permission_denied");
        let listed = web.call(&token, "fs:list_directory", shared.file("one")).await;
        let names: Vec<&str> =
            listed["result"]["entries"].as_array().unwrap().iter().map(|it| it["name"].as_str().unwrap()).collect();
        assert_eq!(names, ["src"], "{listed}");
        // The folder on the way is not its own.
        let gone = json!({ "paths": [shared.daemon.path("one/src")], "permanent": true });
        let answer = web.call(&token, "fs:delete", gone).await;
        assert!(shared.daemon.path("one/src/b.txt").exists(), "{answer}");

        let auth = shared.auth().await;
        let wrong = [
            AuthCreateTokenParams { workspace_id: None, ..params.clone() },
            AuthCreateTokenParams { workspace_id: Some("none".into()), ..params.clone() },
            AuthCreateTokenParams { paths: vec!["/etc/**".into()], ..params.clone() },
            AuthCreateTokenParams { paths: vec!["[".into()], ..params.clone() },
            AuthCreateTokenParams { scopes: vec![], ..params.clone() },
            AuthCreateTokenParams { name: " ".into(), ..params.clone() },
            AuthCreateTokenParams { user: Some("nobody".into()), ..params },
        ];
        for params in wrong {
            auth.create_token(&params).await.unwrap_err();
        }
    });
}

#[test]
fn a_role_says_what_becomes_of_a_workspace_and_its_preferences() {
    let shared = Shared::new();
    shared.daemon.run(async {
        let (one, two) = (shared.workspace("one").await, shared.workspace("two").await);
        let web = Web::start(&shared.daemon).await;
        let viewer = shared.user("vic", &one, AuthRole::Viewer).await;
        let editor = shared.user("eve", &one, AuthRole::Editor).await;
        let owner = shared.user("olga", &one, AuthRole::Owner).await;
        let document = web.call(&viewer, "workspace:export", json!({ "workspaceId": one })).await["result"].clone();
        assert_eq!(document["name"], "one");
        // A document opens nothing that its caller may not use.
        let mut wider = document.clone();
        wider["folders"] = json!([shared.daemon.path("two")]);
        wider["files"] = json!([shared.daemon.path("two/a.txt")]);
        let params = json!({ "document": wider, "replace": true });
        let imported = web.call(&editor, "workspace:import", params).await["result"].clone();
        assert_eq!(imported["missing"].as_array().unwrap().len(), 2, "{imported}");
        assert_eq!((&imported["workspace"]["folders"], &imported["workspace"]["openFiles"]), (&Value::Null, &json!(0)));
        for (method, extra, least) in [
            ("workspace:rename", json!({ "name": "ours" }), AuthRole::Editor),
            ("workspace:add_folder", shared.file("one/src"), AuthRole::Editor),
            ("workspace:remove_folder", shared.file("one/src"), AuthRole::Editor),
            ("preferences:set", json!({ "key": "editor.tabSize", "value": 2 }), AuthRole::Editor),
            ("workspace:close", json!({}), AuthRole::Editor),
            ("workspace:activate", json!({}), AuthRole::Editor),
            ("workspace:import", json!({ "document": document, "replace": true }), AuthRole::Editor),
            ("workspace:delete", json!({}), AuthRole::Owner),
        ] {
            for (token, role) in [(&viewer, AuthRole::Viewer), (&editor, AuthRole::Editor), (&owner, AuthRole::Owner)] {
                let mut params = extra.clone();
                params["workspaceId"] = json!(one);
                let expect = if role >= least { "none" } else { "permission_denied" };
                assert_eq!(kind(&web.call(token, method, params.clone()).await), expect, "{method} by {role:?}");
                if role == AuthRole::Owner && !method.ends_with("import") {
                    continue;
                }
                params["workspaceId"] = json!(two);
                let mut elsewhere = document.clone();
                elsewhere["root"] = json!(shared.daemon.path("two"));
                params["document"] = elsewhere;
                assert_ne!(kind(&web.call(token, method, params).await), "none", "{method} elsewhere by {role:?}");
                if role == AuthRole::Editor && method == "workspace:remove_folder" {
                    // For who comes next to remove it.
                    let again = json!({ "workspaceId": one, "path": shared.daemon.path("one/src") });
                    assert_eq!(kind(&web.call(token, "workspace:add_folder", again).await), "none");
                }
            }
        }
        let listed = web.call(&owner, "workspace:list", json!({ "includeClosed": true })).await;
        assert_eq!(listed["result"]["workspaces"], json!([]), "and with it went the role: {listed}");
    });
}

#[test]
fn everybody_has_preferences_of_their_own() {
    let shared = Shared::new();
    shared.daemon.run(async {
        let one = shared.workspace("one").await;
        let web = Web::start(&shared.daemon).await;
        let (vic, eve) =
            (shared.user("vic", &one, AuthRole::Viewer).await, shared.user("eve", &one, AuthRole::Viewer).await);
        let params = AuthCreateTokenParams {
            name: "limited".into(),
            scopes: vec![AuthScope::Read, AuthScope::Write],
            workspace_id: Some(one.clone()),
            ..Default::default()
        };
        let limited = Web::token_of(shared.daemon.client().await, params).await;
        let mut heard = web.socket_of(&vic).await;
        heard.call("session:subscribe", json!({ "patterns": ["preferences:*"] })).await;
        let set = |value: u32| json!({ "key": "editor.tabSize", "value": value });
        let local = shared.daemon.client().await;
        local.request("preferences:set", set(8).to_string(), false).await.unwrap();
        assert_eq!(kind(&web.call(&eve, "preferences:set", set(3)).await), "none");
        assert_eq!(kind(&web.call(&vic, "preferences:set", set(2)).await), "none");
        assert_eq!(kind(&web.call(&limited, "preferences:set", set(1)).await), "permission_denied");
        let own = heard.next().await["params"].clone();
        assert_eq!((&own["user"], &own["value"]), (&json!("vic"), &json!(2)), "and of no other's");
        let in_workspace = json!({ "key": "editor.fontFamily", "value": "/two", "workspaceId": one });
        local.request("preferences:set", in_workspace.to_string(), false).await.unwrap();
        assert_eq!(heard.next().await["params"]["value"], "/two");
        let whole = Web::token(&shared.daemon, &[AuthScope::Read]).await;
        for (token, expect) in [(&vic, 2), (&eve, 3), (&limited, 4), (&whole, 8)] {
            let got = web.call(token, "preferences:get", json!({ "workspaceId": one })).await["result"].clone();
            assert_eq!(got["preferences"]["editor.tabSize"]["value"], expect);
            assert_eq!(got["preferences"]["editor.fontFamily"]["layer"], "workspace");
        }
        // What is theirs goes with them.
        shared.auth().await.remove_user(&AuthUserParams { user: "vic".into() }).await.unwrap();
        let again = shared.user("vic", &one, AuthRole::Viewer).await;
        let got = web.call(&again, "preferences:get", json!({})).await;
        assert_eq!(got["result"]["preferences"]["editor.tabSize"]["layer"], "default");
    });
}

#[test]
fn who_loses_a_folder_or_a_workspace_loses_access_at_once() {
    let shared = Shared::new();
    shared.daemon.run(async {
        let one = shared.workspace("one").await;
        let client = WorkspaceClient::new(shared.daemon.client().await);
        let folder = WorkspaceFolderParams { path: shared.daemon.path("two").into(), workspace_id: Some(one.clone()) };
        client.add_folder(&folder).await.unwrap();
        let web = Web::start(&shared.daemon).await;
        let user = shared.user("vic", &one, AuthRole::Viewer).await;
        let params = AuthCreateTokenParams {
            name: "limited".into(),
            scopes: vec![AuthScope::Read],
            workspace_id: Some(one.clone()),
            ..Default::default()
        };
        let limited = Web::token_of(shared.daemon.client().await, params).await;
        let mut sockets = Vec::new();
        for token in [&user, &limited] {
            let mut socket = web.socket_of(token).await;
            assert_eq!(kind(&socket.call("fs:read_file", shared.file("two/a.txt")).await), "none");
            sockets.push(socket);
        }
        client.remove_folder(&folder).await.unwrap();
        for mut socket in sockets {
            assert_eq!(socket.closed().await.0, 1008);
        }
        for token in [&user, &limited] {
            assert_eq!(kind(&web.call(token, "fs:read_file", shared.file("two/a.txt")).await), "permission_denied");
            assert_eq!(kind(&web.call(token, "fs:read_file", shared.file("one/a.txt")).await), "none");
        }
        let mut socket = web.socket_of(&limited).await;
        client.delete(&WorkspaceDeleteParams { workspace_id: one, discard: false }).await.unwrap();
        assert_eq!(socket.closed().await.0, 1008);
        assert_eq!(web.get("/metrics", &limited).await.status, 401, "a token for nothing is no more");
        assert_eq!(kind(&web.call(&user, "fs:read_file", shared.file("one/a.txt")).await), "permission_denied");
        let users = shared.auth().await.list_users(&icpy_protocol::Empty {}).await.unwrap().users;
        assert_eq!(users[0].roles, []);
    });
}
