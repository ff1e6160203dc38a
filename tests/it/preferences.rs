//! Preferences: their layers, what they can be, who may change them, and that they last.

use icpy_protocol::Empty;
use icpy_protocol::error::Kind;
use icpy_protocol::preferences::{
    CHANGED, PreferencesClient, PreferencesGetParams, PreferencesLayer, PreferencesSetParams, PreferencesValue,
};
use icpy_protocol::project::{ProjectClient, ProjectLoadParams};
use icpy_protocol::state::UPDATED;
use icpy_tests::{Daemon, Process, refused};
use serde_json::{Value, json};

fn set(key: &str, value: Value) -> PreferencesSetParams {
    PreferencesSetParams { key: key.to_owned(), value, ..Default::default() }
}

struct Clients {
    daemon: Daemon,
}

impl Clients {
    async fn client(&self) -> PreferencesClient<icpy::Client> {
        PreferencesClient::new(self.daemon.client().await)
    }

    async fn load(&self, folder: &str) -> Option<String> {
        let params = ProjectLoadParams { path: self.daemon.path(folder).into() };
        let loaded = ProjectClient::new(self.daemon.client().await).load(&params).await.unwrap();
        Some(loaded.workspace.workspace_id)
    }

    async fn get(&self, key: &str, workspace_id: Option<&String>) -> Option<PreferencesValue> {
        let params = PreferencesGetParams { workspace_id: workspace_id.cloned() };
        self.client().await.get(&params).await.unwrap().preferences.remove(key)
    }
}

#[test]
fn a_workspace_goes_before_the_user_and_the_user_before_the_default() {
    let clients = Clients { daemon: Daemon::boot("//- /one/a.txt\n//- /two/a.txt\n") };
    clients.daemon.run(async {
        let (one, two) = (clients.load("one").await, clients.load("two").await);
        let client = clients.client().await;
        let check = async |workspace: Option<&String>, value: Value, layer: PreferencesLayer| {
            let found = clients.get("editor.tabSize", workspace).await.unwrap();
            assert_eq!((found.value, found.layer), (value, layer));
        };
        check(one.as_ref(), json!(4), PreferencesLayer::Default).await;
        let other = clients.daemon.client().await;
        let mut told = clients.daemon.events(&other, "preferences:*").await;
        let of_user = client.set(&set("editor.tabSize", json!(8))).await.unwrap();
        let event = told.expect(&CHANGED).await;
        assert_eq!((event.workspace_id, event.value, event.rev), (None, json!(8), of_user.rev));
        let in_one = PreferencesSetParams { workspace_id: one.clone(), ..set("editor.tabSize", json!(2)) };
        client.set(&in_one).await.unwrap();
        assert_eq!(told.expect(&CHANGED).await.workspace_id, one);
        check(one.as_ref(), json!(2), PreferencesLayer::Workspace).await;
        check(two.as_ref(), json!(8), PreferencesLayer::User).await;
        check(None, json!(8), PreferencesLayer::User).await;

        // What is set already changes nothing.
        assert_eq!(client.set(&set("editor.tabSize", json!(8))).await.unwrap(), of_user);
        client.set(&PreferencesSetParams { value: Value::Null, ..in_one }).await.unwrap();
        assert_eq!(told.expect(&CHANGED).await.value, Value::Null);
        check(one.as_ref(), json!(8), PreferencesLayer::User).await;
        let gone = client.set(&set("editor.tabSize", Value::Null)).await.unwrap();
        assert!(gone.rev > of_user.rev);
        told.expect(&CHANGED).await;
        check(None, json!(4), PreferencesLayer::Default).await;
        let again = client.set(&set("editor.tabSize", json!(8))).await.unwrap();
        assert!(again.rev > gone.rev, "a revision is never given again");
        told.expect(&CHANGED).await;

        let plugin = set("x.my-plugin.any", json!({ "deep": [null, 1] }));
        assert_eq!(clients.get("x.my-plugin.any", None).await, None);
        client.set(&plugin).await.unwrap();
        told.expect(&CHANGED).await;
        assert_eq!(clients.get("x.my-plugin.any", one.as_ref()).await.unwrap().value, plugin.value);
    });
}

#[test]
fn what_a_preference_cannot_be_is_refused_and_said() {
    let clients = Clients { daemon: Daemon::boot("//- /one/a.txt\n") };
    clients.daemon.run(async {
        let (client, one) = (clients.client().await, clients.load("one").await);
        let error = client.set(&set("editor.tabSize", json!(99))).await.unwrap_err();
        assert_eq!((error.detail("key"), error.detail("given")), (Some(&json!("editor.tabSize")), Some(&json!(99))));
        assert_eq!(error.detail("allowed"), Some(&json!({ "type": "integer", "minimum": 1, "maximum": 16 })));
        refused::<()>(Err(error), Kind::InvalidParams, "`editor.tabSize` cannot be 99: it is an integer from 1 to 16");
        refused(client.set(&set("editor.tabsize", json!(1))).await, Kind::NotFound, "no preference `editor.tabsize`");
        refused(client.set(&set("editor.no", Value::Null)).await, Kind::NotFound, "no preference `editor.no`");
        refused(client.set(&set("", json!(1))).await, Kind::InvalidParams, "1 to 200 bytes");
        refused(client.set(&set("x.a", json!("x".repeat(1 << 16)))).await, Kind::TooLarge, "of at most 65536");
        let nowhere = PreferencesSetParams { workspace_id: Some("nowhere".into()), ..set("x.a", json!(1)) };
        refused(client.set(&nowhere).await, Kind::NotFound, "`nowhere`");
        let params = PreferencesGetParams { workspace_id: Some("nowhere".into()) };
        refused(client.get(&params).await, Kind::NotFound, "`nowhere`");

        let first = client.set(&PreferencesSetParams { if_rev: Some(0), ..set("x.a", json!(1)) }).await.unwrap();
        let late = client.set(&PreferencesSetParams { if_rev: Some(0), ..set("x.a", json!(2)) }).await.unwrap_err();
        assert_eq!((late.detail("rev"), late.detail("value")), (Some(&json!(first.rev)), Some(&json!(1))));
        refused::<()>(Err(late), Kind::Conflict, "`x.a` is of revision");
        client.set(&PreferencesSetParams { if_rev: Some(first.rev), ..set("x.a", json!(2)) }).await.unwrap();
        for number in 1..1000 {
            client.set(&set(&format!("x.{number}"), json!(1))).await.unwrap();
        }
        refused(client.set(&set("x.1000", json!(1))).await, Kind::TooLarge, "at most 1000 preferences");
        client.set(&set("x.999", json!(2))).await.unwrap();
        client.set(&PreferencesSetParams { workspace_id: one, ..set("x.1000", json!(1)) }).await.unwrap();
    });
}

#[test]
fn what_is_preferred_in_a_workspace_is_part_of_its_state() {
    let clients = Clients { daemon: Daemon::boot("//- /one/a.txt\n") };
    clients.daemon.run(async {
        let (client, workspace_id) = (clients.client().await, clients.load("one").await);
        let other = clients.daemon.client().await;
        let mut told = clients.daemon.events(&other, "state:updated").await;
        let set = PreferencesSetParams { workspace_id, ..set("workbench.theme", json!("dark")) };
        let made = client.set(&set).await.unwrap();
        let record = told.expect(&UPDATED).await.records.remove(0);
        assert_eq!((record.key.as_str(), record.value, record.rev), ("pref/workbench.theme", json!("dark"), made.rev));
        let mutation = json!({ "mutations": [{ "key": "pref/workbench.theme", "set": "pink" }] }).to_string();
        refused(other.request("state:mutate", mutation, false).await, Kind::Unsupported, "`preferences:*` alone");
    });
}

#[test]
fn the_schema_says_what_there_is() {
    let clients = Clients { daemon: Daemon::boot("") };
    clients.daemon.run(async {
        let schema = clients.client().await.schema(&Empty {}).await.unwrap();
        let theme = schema.preferences.iter().find(|it| it.key == "workbench.theme").unwrap();
        assert_eq!(theme.schema["enum"], json!(["system", "light", "dark", "high_contrast"]));
        let all = clients.client().await.get(&PreferencesGetParams::default()).await.unwrap().preferences;
        assert_eq!(all.len(), schema.preferences.len());
        for declared in &schema.preferences {
            assert_eq!(all[&declared.key].value, declared.default, "{}", declared.key);
        }
        assert_eq!(schema.free_prefix, "x.");
    });
}

#[test]
fn preferences_survive_kill_9() {
    let user = Process::new("//- /one/a.txt\n");
    user.json(&["workspace", "create", "one"]);
    for round in 0..3 {
        user.json(&["preferences", "set", "editor.tabSize", &(round + 1).to_string()]);
        user.json(&["preferences", "set", "--workspace", "one", "x.round", &format!("[{round}]")]);
        user.kill_daemon();
        assert_eq!(user.json(&["preferences", "get", "editor.tabSize"])["value"], round + 1);
        let in_one = user.json(&["preferences", "--workspace", "one", "get", "x.round"]);
        assert_eq!((&in_one["value"], &in_one["layer"]), (&json!([round]), &json!("workspace")));
    }
}
