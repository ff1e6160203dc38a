//! The records of a workspace: shared, changed all or none, and as they were when somebody wants that.

use icpy::Client;
use icpy_protocol::error::Kind;
use icpy_protocol::file::{FileClient, FileCloseParams, FileOpenParams};
use icpy_protocol::state::{
    StateCheckpointParams, StateClient, StateGetParams, StateMutateParams, StateMutation, StateOfParams, StateRecord,
    StateRollbackParams, UPDATED,
};
use icpy_tests::{Daemon, Process, refused};
use serde_json::{Map, Value, json};

fn set(key: &str, value: Value) -> StateMutation {
    StateMutation { key: key.to_owned(), set: Some(value), ..Default::default() }
}

fn delete(key: &str) -> StateMutation {
    StateMutation { key: key.to_owned(), delete: true, ..Default::default() }
}

fn merge(key: &str, members: &Value) -> StateMutation {
    let members: Map<String, Value> = members.as_object().unwrap().clone();
    StateMutation { key: key.to_owned(), merge: Some(members), ..Default::default() }
}

fn of(mutations: Vec<StateMutation>) -> StateMutateParams {
    StateMutateParams { mutations, ..Default::default() }
}

/// A client of a workspace with an open file.
async fn client(daemon: &Daemon) -> StateClient<Client> {
    let client = daemon.client().await;
    FileClient::new(&client).open(&FileOpenParams::new(daemon.path("a.txt"))).await.unwrap();
    StateClient::new(client)
}

async fn values(state: &StateClient<Client>, prefix: &str) -> Vec<(String, Value)> {
    let params = StateGetParams { prefix: Some(prefix.to_owned()), workspace_id: None };
    let records = state.get(&params).await.unwrap().records;
    records.into_iter().map(|StateRecord { key, value, .. }| (key, value)).collect()
}

#[test]
fn records_are_changed_all_or_none() {
    let daemon = Daemon::boot("//- /a.txt\n");
    daemon.run(async {
        let state = client(&daemon).await;
        let first = state
            .mutate(&of(vec![set("panel/left", json!({ "width": 200 })), set("theme", json!("dark"))]))
            .await
            .unwrap();
        let [panel, theme] = &*first.records else { panic!("{first:?}") };
        assert!(panel.rev < theme.rev, "{first:?}");
        let changed = state
            .mutate(&of(vec![merge("panel/left", &json!({ "height": 9, "width": null })), delete("theme")]))
            .await
            .unwrap();
        assert_eq!(changed.records[0].value, json!({ "height": 9 }));
        assert_eq!((&changed.records[1].value, values(&state, "theme").await.len()), (&Value::Null, 0));

        // The record is another one by now: who is late is told what it is, and nothing is changed.
        let late = StateMutation { if_rev: Some(panel.rev), ..set("panel/left", json!(1)) };
        let error = state.mutate(&of(vec![set("other", json!(1)), late])).await.unwrap_err();
        assert_eq!(error.kind(), Kind::Conflict, "{error}");
        assert_eq!(error.detail("value"), Some(&json!({ "height": 9 })));
        assert_eq!(error.detail("rev"), Some(&json!(changed.records[0].rev)));
        assert_eq!(values(&state, "other").await, []);
        let new = StateMutation { if_rev: Some(0), ..set("panel/left", json!(1)) };
        refused(state.mutate(&of(vec![new])).await, Kind::Conflict, "`panel/left` is of revision");
        let right = StateMutation { if_rev: Some(changed.records[0].rev), ..set("panel/left", json!(1)) };
        state.mutate(&of(vec![right])).await.unwrap();

        let check = async |mutation: StateMutation, kind, message: &str| {
            refused(state.mutate(&of(vec![mutation])).await, kind, message);
        };
        check(set("", json!(1)), Kind::InvalidParams, "`key` has 1 to 256 bytes").await;
        check(set("a\nb", json!(1)), Kind::InvalidParams, "no control characters").await;
        check(set("open_file/1", json!(1)), Kind::Unsupported, "`open_file/1` changes by `file:*`").await;
        check(
            StateMutation { delete: true, ..set("a", json!(1)) },
            Kind::InvalidParams,
            "either `set`, `merge` or `delete`",
        )
        .await;
        check(set("a", json!("x".repeat(1 << 20))), Kind::TooLarge, "of at most 1048576").await;
    });
}

#[test]
fn who_sends_a_mutation_again_has_it_done_once() {
    let daemon = Daemon::boot("//- /a.txt\n");
    daemon.run(async {
        let state = client(&daemon).await;
        let mutation = StateMutateParams { mutation_id: Some("m1".into()), ..of(vec![set("count", json!(1))]) };
        let first = state.mutate(&mutation).await.unwrap();
        state.mutate(&of(vec![set("count", json!(2))])).await.unwrap();
        assert_eq!(state.mutate(&mutation).await.unwrap(), first);
        assert_eq!(values(&state, "count").await, [("count".to_owned(), json!(2))]);
    });
}

#[test]
fn who_goes_on_from_a_snapshot_misses_nothing() {
    let daemon = Daemon::boot("//- /a.txt\n");
    daemon.run(async {
        let state = client(&daemon).await;
        let client = daemon.client().await;
        let mut events = daemon.events(&client, "state:updated").await;
        let made = state.mutate(&of(vec![set("theme", json!("/not/a/path"))])).await.unwrap();
        let event = events.expect(&UPDATED).await;
        assert_eq!(event.records, made.records);
        let snapshot = state.get(&StateGetParams::default()).await.unwrap();
        assert_eq!(snapshot.workspace_id, event.workspace_id);
        // What is open is part of it.
        let open = &snapshot.records[0];
        assert!(open.key.starts_with("open_file/") && open.value["path"] == json!(daemon.path("a.txt")), "{open:?}");
        let close = FileCloseParams { path: Some(daemon.path("a.txt").into()), ..Default::default() };
        FileClient::new(&client).close(&close).await.unwrap();
        let event = events.expect(&UPDATED).await;
        assert_eq!((&event.records[0].key, &event.records[0].value), (&open.key, &Value::Null));
        assert!(event.records[0].rev > open.rev);
    });
}

#[test]
fn a_checkpoint_is_gone_back_to() {
    let daemon = Daemon::boot("//- /a.txt\n");
    daemon.run(async {
        let state = client(&daemon).await;
        state.mutate(&of(vec![set("kept", json!(1)), set("changed", json!("before"))])).await.unwrap();
        let name = StateCheckpointParams { name: "layout".into(), workspace_id: None };
        let checkpoint = state.create_checkpoint(&name).await.unwrap();
        assert_eq!(checkpoint.records, 2);
        state.mutate(&of(vec![set("changed", json!("after")), set("new", json!(1))])).await.unwrap();
        let back = StateRollbackParams { checkpoint_id: checkpoint.checkpoint_id.clone(), workspace_id: None };
        let result = state.rollback(&back).await.unwrap();
        let keys: Vec<&str> = result.records.iter().map(|it| &*it.key).collect();
        assert_eq!(keys, ["new", "changed"], "and nothing else");
        assert_eq!(values(&state, "changed").await, [("changed".to_owned(), json!("before"))]);
        assert_eq!((values(&state, "new").await.len(), values(&state, "open_file/").await.len()), (0, 1));
        assert_eq!(state.list_checkpoints(&StateOfParams::default()).await.unwrap().checkpoints, [checkpoint]);
        let unknown = StateRollbackParams { checkpoint_id: "no such".into(), workspace_id: None };
        refused(state.rollback(&unknown).await, Kind::NotFound, "no checkpoint `no such`");
    });
}

/// What an editor in a browser does with them: it puts its window away under a name, and brings it back for all clients.
#[test]
fn a_layout_is_saved_and_loaded_again() {
    let daemon = Daemon::boot("//- /a.txt\n");
    daemon.run(async {
        let state = client(&daemon).await;
        let file = values(&state, "open_file/").await[0].0.strip_prefix("open_file/").unwrap().to_owned();
        let cursor = json!({ "selections": [{ "anchor": 3, "head": 9 }], "scrollTop": 120 });
        let before = of(vec![
            set("panel/left", json!({ "isOpen": true, "width": 240 })),
            set("panel/bottom", json!({ "isOpen": false })),
            set("active_file", json!(file)),
            set(&format!("cursor/{file}"), cursor.clone()),
        ]);
        state.mutate(&before).await.unwrap();
        // Saving one is to write down the panels.
        let panels: Map<String, Value> = values(&state, "panel/").await.into_iter().collect();
        state.mutate(&of(vec![set("layout/writing", json!(panels))])).await.unwrap();
        let after = of(vec![merge("panel/left", &json!({ "width": 100 })), set("panel/right", json!({}))]);
        state.mutate(&after).await.unwrap();

        // Loading it is one change, of which every client hears at once.
        let other = daemon.client().await;
        let mut events = daemon.events(&other, "state:updated").await;
        let layout = values(&state, "layout/writing").await.remove(0).1;
        let gone =
            values(&state, "panel/").await.into_iter().map(|(key, _)| key).filter(|key| layout.get(key).is_none());
        let mut load: Vec<StateMutation> = gone.map(|key| delete(&key)).collect();
        load.extend(layout.as_object().unwrap().iter().map(|(key, value)| set(key, value.clone())));
        state.mutate(&of(load)).await.unwrap();
        assert_eq!(events.expect(&UPDATED).await.records.len(), 3);
        assert_eq!(values(&state, "panel/").await.into_iter().collect::<Map<String, Value>>(), panels);
        assert_eq!(values(&state, "active_file").await[0].1, json!(file));
        assert_eq!(values(&state, "cursor/").await[0].1, cursor);
    });
}

#[test]
fn state_survives_kill_9() {
    let user = Process::new("//- /a.txt\n");
    user.json(&["a.txt"]);
    for round in 0..3 {
        let mutation = json!({ "mutations": [{ "key": format!("round/{round}"), "set": round }] });
        user.json(&["call", "state:mutate", &mutation.to_string()]);
        user.kill_daemon();
        user.json(&["a.txt"]);
        let got = user.json(&["call", "state:get", "{\"prefix\":\"round/\"}"]);
        assert_eq!(got["records"].as_array().unwrap().len(), round + 1, "{got}");
    }
}
