//! Who is limited to some workspaces or paths: what they see and may do, on every way in.

use icpy_protocol::auth::{AuthClient, AuthCreateTokenParams, AuthRole, AuthScope, AuthSetRoleParams, AuthUserParams};
use icpy_protocol::workspace::{WorkspaceClient, WorkspaceCreateParams};
use icpy_tests::{Daemon, Web};
use serde_json::{Value, json};

const TREE: &str = "//- /one/a.txt\none\n//- /one/src/b.txt\n//- /two/a.txt\ntwo\n";

struct Shared {
    daemon: Daemon,
}

impl Shared {
    fn new() -> Self {
        Self { daemon: Daemon::boot(TREE) }
    }

    async fn workspace(&self, folder: &str) -> String {
        let client = WorkspaceClient::new(self.daemon.client().await);
        let params = WorkspaceCreateParams { root: self.daemon.path(folder).into(), name: None };
        client.create(&params).await.unwrap().workspace_id
    }

    async fn auth(&self) -> AuthClient<icpy::Client> {
        AuthClient::new(self.daemon.client().await)
    }

    /// A user with a role, and a token of theirs that is good for everything.
    async fn user(&self, user: &str, workspace_id: &str, role: AuthRole) -> String {
        let auth = self.auth().await;
        auth.create_user(&AuthUserParams { user: user.into() }).await.unwrap();
        let role = AuthSetRoleParams { user: user.into(), workspace_id: workspace_id.into(), role: Some(role) };
        auth.set_role(&role).await.unwrap();
        let scopes = AuthScope::ALL.to_vec();
        let params = AuthCreateTokenParams { name: user.into(), scopes, user: Some(user.into()), ..Default::default() };
        Web::token_of(self.daemon.client().await, params).await
    }

    fn file(&self, path: &str) -> Value {
        json!({ "path": self.daemon.path(path) })
    }
}

fn kind(answer: &Value) -> &str {
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
fn a_text_is_read_and_edited_by_who_may_read_and_write_the_file() {
    let shared = Shared::new();
    shared.daemon.run(async {
        let one = shared.workspace("one").await;
        let web = Web::start(&shared.daemon).await;
        let viewer = shared.user("vic", &one, AuthRole::Viewer).await;
        let editor = shared.user("eve", &one, AuthRole::Editor).await;
        let scopes = vec![AuthScope::Read, AuthScope::Write];
        let paths = vec!["src/**".to_owned()];
        let workspace_id = Some(one.clone());
        let limited = AuthCreateTokenParams { name: "src".into(), scopes, workspace_id, paths, ..Default::default() };
        let limited = Web::token_of(shared.daemon.client().await, limited).await;
        let client = shared.daemon.client().await;
        for file in ["one/a.txt", "one/src/b.txt", "two/a.txt"] {
            client.request("file:open", shared.file(file).to_string(), false).await.unwrap();
        }
        let mut heard = web.socket_of(&viewer).await;
        heard.call("session:subscribe", json!({ "patterns": ["file:changed"] })).await;
        for (token, file, may_read, may_write) in [
            (&viewer, "one/a.txt", true, false),
            (&editor, "one/a.txt", true, true),
            (&editor, "two/a.txt", false, false),
            (&limited, "one/a.txt", false, false),
            (&limited, "one/src/b.txt", true, true),
        ] {
            let read = web.call(token, "file:get_text", shared.file(file)).await;
            assert_eq!(kind(&read) == "none", may_read, "{file}: {read}");
            let now = client.request("file:get_text", shared.file(file).to_string(), false).await.unwrap();
            let now: Value = serde_json::from_str(&now).unwrap();
            let mut edit = shared.file(file);
            (edit["epoch"], edit["baseRev"]) = (now["revision"]["epoch"].clone(), now["revision"]["rev"].clone());
            // Text that looks like a path of somebody else's is text.
            edit["edits"] = json!([{ "from": 0, "text": "/two/a.txt" }]);
            let edited = web.call(token, "file:edit", edit).await;
            assert_eq!(kind(&edited) == "none", may_write, "{file}: {edited}");
        }
        for file in ["a.txt", "b.txt"] {
            let event = heard.next().await;
            assert!(event["params"]["path"].as_str().unwrap().ends_with(file), "{event}");
            assert_eq!(event["params"]["edits"][0]["text"], "/two/a.txt");
        }
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
