//! The event log: who caused what, and everybody who was away gets it once and in order.

use futures_util::StreamExt as _;
use icpy::Update;
use icpy_protocol::auth::{AuthClient, AuthCreateTokenParams, AuthRole, AuthScope, AuthSetRoleParams, AuthUserParams};
use icpy_protocol::error::Kind;
use icpy_protocol::event::{EventClient, EventListParams, EventListResult};
use icpy_protocol::file::{FileClient, FileOpenParams};
use icpy_protocol::fs::{FsClient, FsCreateDirectoryParams};
use icpy_protocol::session::{Position, SessionReplay, SessionSubscribeParams};
use icpy_protocol::state::{StateClient, StateMutateParams, StateMutation};
use icpy_protocol::topic::Pattern;
use icpy_protocol::workspace::{WorkspaceClient, WorkspaceCreateParams};
use icpy_tests::{Daemon, Events, LineClient, Transport, Web, refused};
use serde_json::{Value, json};

use crate::events::patterns;

pub(crate) const UPDATED: &str = "state:updated";

/// A daemon with a workspace, whose ring has room for a few events.
pub(crate) struct Home {
    pub(crate) daemon: Daemon,
}

impl Home {
    pub(crate) fn new(ring_bytes_max: usize) -> Self {
        let daemon =
            Daemon::boot_with("//- /one/a.txt\n//- /two/b.txt\n", |limits| limits.ring_bytes_max = ring_bytes_max);
        Self { daemon }
    }

    pub(crate) async fn workspace(&self, folder: &str) -> String {
        let params = WorkspaceCreateParams { root: self.daemon.path(folder).into(), name: None };
        WorkspaceClient::new(self.daemon.client().await).create(&params).await.unwrap().workspace_id
    }
}

/// Changes a record so many times: each is a durable event with the next number.
pub(crate) async fn change(client: &icpy::Client, numbers: impl IntoIterator<Item = u64>) {
    let state = StateClient::new(client.clone());
    for number in numbers {
        let mutation = StateMutation { key: "n".into(), set: Some(number.into()), ..StateMutation::default() };
        state.mutate(&StateMutateParams { mutations: vec![mutation], ..StateMutateParams::default() }).await.unwrap();
    }
}

pub(crate) fn number(event: &Value) -> u64 {
    event["params"]["records"][0]["value"].as_u64().unwrap()
}

/// A client that is often away, and knows what it has seen from the lines that came.
struct Away {
    log_id: u64,
    position: Option<Value>,
    numbers: Vec<u64>,
}

impl Away {
    async fn connect(&self, daemon: &Daemon) -> LineClient {
        let mut client = daemon.line_client(Transport::ALL[0]).await;
        let params = json!({ "patterns": [UPDATED], "after": self.position, "replay": { "afterLogId": self.log_id } });
        client.request(1, "session:subscribe", &params).await;
        let (before, answer) = client.receive_answer(1).await;
        assert!(before.is_empty() && answer["result"]["logId"].is_u64(), "{answer}");
        client
    }

    /// Takes lines until one has the last number, or the client goes away.
    async fn take(&mut self, client: &mut LineClient, mut lines: usize, last: u64) {
        while lines > 0 && self.numbers.last() != Some(&last) {
            let line = client.receive().await;
            let params = &line["params"];
            let position = json!({ "epoch": params["epoch"], "seq": params["seq"].as_u64().or(params["to"].as_u64()) });
            if line["method"] == UPDATED {
                self.numbers.push(number(&line));
                self.log_id = params["log"]["id"].as_u64().unwrap();
                // What comes from the log stands before the place from which the subscription goes on.
                if params["seq"] == params["prev"] {
                    self.position = None;
                    lines -= 1;
                    continue;
                }
            }
            self.log_id = params["logId"].as_u64().unwrap_or(self.log_id);
            self.position = Some(position);
            lines -= 1;
        }
    }
}

#[test]
fn a_thousand_disconnects_lose_and_double_nothing() {
    const ROUNDS: u64 = 1000;
    let home = Home::new(1500);
    home.daemon.run_long(async {
        home.workspace("one").await;
        let producer = home.daemon.client().await;
        let mut away = Away { log_id: 0, position: None, numbers: Vec::new() };
        let (mut random, mut last) = (7u64, 0);
        let mut next = |below: u64| {
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (random >> 33) % below
        };
        for _ in 0..ROUNDS {
            // While it is away, and while it reads.
            let (gone, read) = (next(5), next(8));
            change(&producer, last + 1..=last + gone).await;
            last += gone;
            let during = next(3);
            let take = async {
                let mut client = away.connect(&home.daemon).await;
                away.take(&mut client, usize::try_from(read).unwrap(), last).await;
            };
            tokio::join!(take, change(&producer, last + 1..=last + during));
            last += during;
        }
        let mut client = away.connect(&home.daemon).await;
        away.take(&mut client, usize::MAX, last).await;
        assert_eq!(away.numbers, (1..=last).collect::<Vec<_>>());
    });
}

#[test]
fn what_is_replayed_begins_where_it_is_asked_for() {
    let home = Home::new(5000);
    home.daemon.run(async {
        home.workspace("one").await;
        let client = home.daemon.client().await;
        let list = EventListParams { patterns: vec![Pattern::parse(UPDATED).unwrap()], ..EventListParams::default() };
        change(&client, 1..=100).await;
        let listed = EventClient::new(client.clone()).list(&list).await.unwrap().events;
        assert_eq!(listed.len(), 100);
        let replay = |after_log_id, since_ms| SessionSubscribeParams {
            replay: Some(SessionReplay { after_log_id, since_ms }),
            ..patterns(&[UPDATED])
        };
        let entry = &listed[39].entry;
        let cases = [
            (replay(Some(entry.id), None), 41),
            (replay(Some(listed[98].entry.id), None), 100),
            (replay(None, Some(0)), 1),
            (replay(None, None), 104),
        ];
        for (last, (params, first)) in (101..).zip(cases) {
            let mut events = Events::new(client.subscribe(params).await.unwrap());
            change(&client, [last]).await;
            for expect in first..=last {
                let event = loop {
                    match events.next().await {
                        Update::Event(event) => break event,
                        // Of what is not durable, and here there is nothing of that.
                        Update::Gap { .. } => {}
                        other @ Update::Reset { .. } => panic!("{other:?}"),
                    }
                };
                let params: Value = serde_json::from_str(event.params().get()).unwrap();
                assert_eq!(params["records"][0]["value"], expect);
                assert_eq!(event.log.unwrap().by.unwrap().client.as_deref(), Some("test"), "{params}");
            }
        }
        // A time is a place too: what has happened at it, and after.
        let since = replay(None, Some(entry.time_ms));
        let mut updates = client.subscribe(since).await.unwrap();
        let Some(Update::Event(first)) = updates.next().await else { panic!("no event") };
        let first: Value = serde_json::from_str(first.params().get()).unwrap();
        assert!(first["records"][0]["value"].as_u64().unwrap() <= 40, "{first}");
    });
}

#[test]
fn a_wrong_place_is_refused_and_says_why() {
    let home = Home::new(5000);
    home.daemon.run(async {
        home.workspace("one").await;
        let client = home.daemon.client().await;
        let replay = |after_log_id, since_ms| Some(SessionReplay { after_log_id, since_ms });
        let with = |replay| SessionSubscribeParams { replay, ..patterns(&["**"]) };
        refused(client.subscribe(with(replay(Some(1000), None))).await, Kind::Gone, "`1000`");
        refused(client.subscribe(with(replay(Some(u64::MAX), None))).await, Kind::Gone, "not in the log");
        refused(client.subscribe(with(replay(Some(1), Some(1)))).await, Kind::InvalidParams, "not at both");
        let paced = SessionSubscribeParams { throttle_ms: Some(1), ..with(replay(None, None)) };
        refused(client.subscribe(paced).await, Kind::InvalidParams, "not paced");
        let gone = Position { epoch: "other".to_owned(), seq: 7 };
        let after = SessionSubscribeParams { after: Some(gone), ..with(replay(None, None)) };
        refused(client.subscribe(after).await, Kind::Gone, "no place in the log");
        for wrong in [json!({ "sinceMs": -1 }), json!({ "afterLogId": "1" }), json!(7)] {
            let params = json!({ "patterns": ["**"], "replay": wrong }).to_string();
            refused(client.request("session:subscribe", params, false).await, Kind::InvalidParams, "session:subscribe");
        }
        for wrong in
            [json!({ "afterId": -1 }), json!({ "path": 7 }), json!({ "newest": "yes" }), json!({ "limit": -1 })]
        {
            refused(client.request("event:list", wrong.to_string(), false).await, Kind::InvalidParams, "event:list");
        }
        let relative = json!({ "path": "a.txt" }).to_string();
        let nothing = client.request("event:list", relative, false).await.unwrap();
        assert_eq!(serde_json::from_str::<EventListResult>(&nothing).unwrap().events, []);
    });
}

#[test]
fn over_http_the_log_is_read_on_by_the_same_cursor() {
    let home = Home::new(5000);
    home.daemon.run(async {
        home.workspace("one").await;
        let client = home.daemon.client().await;
        let web = Web::start(&home.daemon).await;
        let token = Web::token(&home.daemon, &[AuthScope::Read]).await;
        let page = async |query: String| web.get(&format!("/api/v1/events?topics={UPDATED}&{query}"), &token).await;
        let values = |page: &Value| -> Vec<u64> {
            let events = page["events"].as_array().unwrap().iter();
            events.filter_map(|it| it["payload"]["records"][0]["value"].as_u64()).collect()
        };
        let begin = page(String::new()).await.json()["cursor"].as_str().unwrap().to_owned();
        change(&client, 1..=80).await;
        for query in ["sinceMs=0".to_owned(), format!("after={begin}")] {
            let first = page(query).await.json();
            assert_eq!(values(&first), (1..=80).collect::<Vec<_>>());
            assert_eq!(first["events"][0]["log"]["by"]["client"], "test", "{first}");
        }
        // Another history: as after a restart of the daemon.
        let (_, log_id) = begin.rsplit_once(':').unwrap();
        let after = page(format!("after=other:7:{log_id}")).await.json();
        assert_eq!(values(&after), (1..=80).collect::<Vec<_>>());
        // From an event in the middle of what was read.
        let middle = after["events"][9]["id"].as_str().unwrap();
        assert!(middle.starts_with("log:"), "{middle}");
        let rest = page(format!("after={middle}")).await.json();
        assert_eq!(values(&rest), (11..=80).collect::<Vec<_>>());
        let cursor = rest["cursor"].as_str().unwrap().to_owned();
        let waiting = page(format!("after={cursor}&waitMs=20000"));
        let (next, ()) = tokio::join!(waiting, change(&client, [81]));
        assert_eq!(values(&next.json()), [81]);
        for wrong in ["after=log:x", "after=log:", "after=a:b:c", "after=a:1:2:3", "sinceMs=-1", "sinceMs=soon"] {
            let reply = page(wrong.to_owned()).await;
            assert_eq!(reply.status.as_u16(), 400, "{wrong}");
        }
        assert_eq!(page("after=log:99999".to_owned()).await.status.as_u16(), 410);
    });
}

#[test]
fn the_log_says_who_and_each_sees_what_it_could_have_heard() {
    let home = Home::new(1 << 20);
    home.daemon.run(async {
        let (one, two) = (home.workspace("one").await, home.workspace("two").await);
        let client = home.daemon.client().await;
        let auth = AuthClient::new(client.clone());
        let web = Web::start(&home.daemon).await;
        let mut tokens = Vec::new();
        for (user, role) in [("vic", AuthRole::Viewer), ("eve", AuthRole::Editor)] {
            auth.create_user(&AuthUserParams { user: user.into() }).await.unwrap();
            let role = AuthSetRoleParams { user: user.into(), workspace_id: one.clone(), role: Some(role) };
            auth.set_role(&role).await.unwrap();
            let (name, scopes) = (user.into(), AuthScope::ALL.to_vec());
            let params = AuthCreateTokenParams { name, scopes, user: Some(user.into()), ..Default::default() };
            tokens.push(Web::token_of(client.clone(), params).await);
        }
        FileClient::new(client.clone()).open(&FileOpenParams::new(&*home.daemon.path("two/b.txt"))).await.unwrap();
        let opened = web.call(&tokens[1], "file:open", json!({ "path": home.daemon.path("one/a.txt") })).await;
        assert!(opened["result"].is_object(), "{opened}");
        let made = FsCreateDirectoryParams { path: home.daemon.path("two/new").into() };
        FsClient::new(client.clone()).create_directory(&made).await.unwrap();

        let all: EventListResult = EventClient::new(client.clone()).list(&EventListParams::default()).await.unwrap();
        let by = |topic: &str, path: &str| {
            let names = |payload: &serde_json::Map<String, Value>| json!(payload).to_string().contains(path);
            let found = all.events.iter().find(|event| event.topic == topic && names(&event.payload));
            found.unwrap_or_else(|| panic!("{topic} {path}: {all:?}")).entry.by.clone().unwrap()
        };
        let (ours, theirs) = (by("file:opened", "/two/b.txt"), by("file:opened", "/one/a.txt"));
        assert_eq!((ours.client.as_deref(), ours.pid), (Some("test"), Some(std::process::id())));
        assert_eq!((theirs.user.as_deref(), theirs.pid), (Some("eve"), None));
        assert_eq!(by("fs:operation_done", "/two/new").session, ours.session);

        let seen = web.call(&tokens[0], "event:list", json!({})).await;
        let seen = serde_json::from_value::<EventListResult>(seen["result"].clone()).unwrap().events;
        assert!(seen.iter().any(|event| event.topic == "file:opened"), "{seen:?}");
        let text = serde_json::to_string(&seen).unwrap();
        assert!(!text.contains("/two") && !text.contains(&two), "{text}");
        // A subscription that reads the log hears no more than that.
        let mut socket = web.socket_of(&tokens[0]).await;
        let replay = json!({ "patterns": ["**"], "replay": { "afterLogId": 0 } });
        assert!(socket.call("session:subscribe", replay).await["result"].is_object());
        change_in(&client, &one).await;
        loop {
            let event = socket.next().await;
            assert!(!event.to_string().contains("/two"), "{event}");
            if event["params"]["records"][0]["key"] == "end" {
                break;
            }
        }
        let of_a_file = EventListParams { path: Some(home.daemon.path("one/a.txt").into()), ..Default::default() };
        let found = EventClient::new(client.clone()).list(&of_a_file).await.unwrap().events;
        assert!(!found.is_empty() && !serde_json::to_string(&found).unwrap().contains("b.txt"), "{found:?}");
        let newest = EventListParams { newest: true, limit: Some(2), ..Default::default() };
        let newest = EventClient::new(client).list(&newest).await.unwrap();
        let ids: Vec<u64> = newest.events.iter().map(|event| event.entry.id).collect();
        assert_eq!(ids, [newest.last_id - 1, newest.last_id]);
    });
}

async fn change_in(client: &icpy::Client, workspace_id: &str) {
    let mutation = StateMutation { key: "end".into(), set: Some(1.into()), ..StateMutation::default() };
    let workspace_id = Some(workspace_id.to_owned());
    let params = StateMutateParams { mutations: vec![mutation], workspace_id, ..StateMutateParams::default() };
    StateClient::new(client.clone()).mutate(&params).await.unwrap();
}

#[test]
fn a_log_has_as_many_bytes_as_it_may() {
    let set = |limits: &mut icpyd::config::Limits| {
        limits.history_bytes_max = 20_000;
        limits.ring_bytes_max = 5000;
    };
    let home = Home { daemon: Daemon::boot_with("//- /one/a.txt\n", set) };
    home.daemon.run(async {
        home.workspace("one").await;
        let client = home.daemon.client().await;
        change(&client, 1..=1100).await;
        let list = EventListParams { limit: Some(1), ..EventListParams::default() };
        let first = EventClient::new(client.clone()).list(&list).await.unwrap();
        assert!(first.events[0].entry.id > 500 && first.next_after_id == Some(first.events[0].entry.id), "{first:?}");
        // Whoever knows no more than what has gone is told so.
        let gone = SessionReplay { after_log_id: Some(5), since_ms: None };
        let params = SessionSubscribeParams { replay: Some(gone), ..patterns(&[UPDATED]) };
        refused(client.subscribe(params).await, Kind::Gone, "after `5`");
    });
}
