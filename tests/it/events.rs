//! Events: who gets which, in what order, and from where on.

use std::path::Path;

use futures_util::StreamExt as _;
use icpy::Update;
use icpy_protocol::Empty;
use icpy_protocol::error::Kind;
use icpy_protocol::file::{self, FileClient, FileCloseParams, FileOpenParams, FileOpened, OpenFile};
use icpy_protocol::session::{Position, SessionClient, SessionSubscribeParams};
use icpy_protocol::state;
use icpy_protocol::topic::Pattern;
use icpy_protocol::workspace::{self, WorkspaceClient, WorkspaceCreateParams, WorkspaceInfo, WorkspaceStateChanged};
use icpy_tests::{Daemon, Events, Transport};
use icpyd::caller::Scopes;
use serde_json::json;

/// A payload that tells its number.
pub(crate) fn opened(number: u64) -> FileOpened {
    let file = OpenFile {
        file_id: number.to_string(),
        workspace_id: format!("w{}", number % 3),
        path: Path::new("/a.py").into(),
        opened_at_ms: number,
        purpose: None,
    };
    FileOpened { file, position: None, is_new: number.is_multiple_of(2), opened_by: "test".to_owned() }
}

/// A payload that a newer one of the same workspace replaces.
pub(crate) fn changed(workspace: u64, revision: u64) -> WorkspaceStateChanged {
    let workspace = WorkspaceInfo {
        workspace_id: format!("w{workspace}"),
        name: String::new(),
        root: Path::new("/").into(),
        is_active: false,
        created_at_ms: 0,
        activated_at_ms: 0,
        closed_at_ms: None,
        revision,
        open_files: 0,
        folders: Vec::new(),
    };
    WorkspaceStateChanged { workspace }
}

/// The number of an event made by [`opened`].
pub(crate) fn number(event: &icpy::Event) -> u64 {
    event.payload(&file::OPENED).unwrap().file.opened_at_ms
}

pub(crate) fn patterns(patterns: &[&str]) -> SessionSubscribeParams {
    let patterns = patterns.iter().map(|pattern| Pattern::parse(pattern).unwrap()).collect();
    SessionSubscribeParams { patterns, ..Default::default() }
}

fn open(path: impl AsRef<Path>) -> FileOpenParams {
    FileOpenParams::new(path.as_ref())
}

#[test]
fn every_client_learns_of_a_file_that_one_opens() {
    let daemon = Daemon::boot("//- /a.py\n");
    daemon.run(async {
        let (one, other) = (daemon.client().await, daemon.client().await);
        let (mut ours, mut theirs) = (daemon.events(&one, "file:*").await, daemon.events(&other, "file:*").await);
        let result = FileClient::new(one).open(&open(daemon.path("a.py"))).await.unwrap();
        assert!(result.is_new);
        assert_eq!(result.receivers, 2);
        let event = ours.expect(&file::OPENED).await;
        assert_eq!(event.file, result.file);
        assert_eq!(theirs.expect(&file::OPENED).await, event);
    });
}

#[test]
fn what_a_request_causes_comes_before_its_answer() {
    let daemon = Daemon::boot("//- /a.py\n");
    for transport in Transport::ALL {
        daemon.run(async {
            let mut client = daemon.line_client(*transport).await;
            client.request(1, "session:subscribe", &json!({ "patterns": ["**"] })).await;
            client.receive_answer(1).await;
            client.request(2, "file:open", &json!({ "path": daemon.path("a.py") })).await;
            let (before, answer) = client.receive_answer(2).await;
            let topics: Vec<&str> = before.iter().filter_map(|event| event["method"].as_str()).collect();
            assert_eq!(topics.last(), Some(&"file:opened"), "{before:?}");
            assert_eq!(before.last().unwrap()["params"]["file"], answer["result"]["file"]);
        });
    }
}

#[test]
fn a_pattern_and_a_filter_choose() {
    let daemon = Daemon::boot("");
    daemon.run(async {
        let client = daemon.client().await;
        let mut files = daemon.events(&client, "file:**").await;
        let mut all = daemon.events(&client, "**").await;
        let mut two = Events::new(client.subscribe(patterns(&["file:opened", "*:opened"])).await.unwrap());
        let filter = json!({ "isNew": true, "noSuchMember": true }).as_object().unwrap().clone();
        let _none =
            Events::new(client.subscribe(SessionSubscribeParams { filter, ..patterns(&["**"]) }).await.unwrap());
        let filter = json!({ "isNew": true }).as_object().unwrap().clone();
        let mut new =
            Events::new(client.subscribe(SessionSubscribeParams { filter, ..patterns(&["**"]) }).await.unwrap());
        let bus = daemon.inner().bus();
        bus.publish(&file::OPENED, &opened(1));
        bus.publish(&file::OPENED, &opened(2));
        bus.publish(&workspace::STATE_CHANGED, &changed(1, 1));
        assert_eq!([number(&files.event().await), number(&files.event().await)], [1, 2]);
        assert_eq!([number(&all.event().await), number(&all.event().await)], [1, 2]);
        all.expect(&workspace::STATE_CHANGED).await;
        // Two patterns that match are one subscription, and one event.
        assert_eq!([number(&two.event().await), number(&two.event().await)], [1, 2]);
        assert_eq!(number(&new.event().await), 2);
    });
}

#[test]
fn events_of_all_topics_keep_their_order() {
    const EVENTS: u64 = 3000;
    let daemon = Daemon::boot("");
    daemon.run(async {
        let client = daemon.client().await;
        let mut all = daemon.events(&client, "**").await;
        let bus = daemon.inner().bus().clone();
        let publisher = std::thread::spawn(move || {
            for number in 0..EVENTS {
                match number % 2 {
                    0 => bus.publish(&file::OPENED, &opened(number)),
                    _ => bus.publish(&workspace::STATE_CHANGED, &changed(number, number)),
                };
            }
        });
        let mut last = 0;
        for _ in 0..EVENTS {
            let event = all.event().await;
            assert_eq!(event.position.seq, last + 1);
            last = event.position.seq;
        }
        publisher.join().unwrap();
    });
}

#[test]
fn a_subscription_may_begin_in_the_past() {
    let daemon = Daemon::boot("");
    daemon.run(async {
        let client = daemon.client().await;
        let session = SessionClient::new(client.clone());
        let bus = daemon.inner().bus();
        bus.publish(&file::OPENED, &opened(1));
        let between = session.ping(&Empty {}).await.unwrap();
        for number in 2..500 {
            bus.publish(&file::OPENED, &opened(number));
        }
        let after = |after: Position| SessionSubscribeParams { after: Some(after), ..patterns(&["file:*"]) };
        let mut past = Events::new(client.subscribe(after(between.clone())).await.unwrap());
        bus.publish(&file::OPENED, &opened(500));
        for expect in 2..=500 {
            assert_eq!(number(&past.event().await), expect);
        }
        let refused = [Position { seq: 501, ..between.clone() }, Position { epoch: "another".to_owned(), ..between }];
        for position in refused {
            let error = client.subscribe(after(position)).await.unwrap_err();
            assert_eq!(error.kind(), Kind::Gone, "{error}");
            assert!(error.detail("epoch").is_some() && error.detail("seq").is_some());
        }
    });
}

#[test]
fn a_past_that_is_no_longer_kept_is_gone() {
    let daemon = Daemon::boot_with("", |limits| limits.ring_bytes_max = 20_000);
    daemon.run(async {
        let client = daemon.client().await;
        let begin = SessionClient::new(client.clone()).ping(&Empty {}).await.unwrap();
        for number in 0..1000 {
            daemon.inner().bus().publish(&file::OPENED, &opened(number));
        }
        let params = SessionSubscribeParams { after: Some(begin), ..patterns(&["**"]) };
        assert_eq!(client.subscribe(params).await.unwrap_err().kind(), Kind::Gone);
    });
}

#[test]
fn a_subscription_that_has_ended_yields_nothing() {
    let daemon = Daemon::boot("");
    daemon.run(async {
        let mut client = daemon.line_client(Transport::Memory).await;
        client.request(1, "session:subscribe", &json!({ "patterns": ["**"] })).await;
        let (_, answer) = client.receive_answer(1).await;
        let subscription = answer["result"]["subscription"].clone();
        client.request(2, "session:unsubscribe", &json!({ "subscription": subscription })).await;
        client.receive_answer(2).await;
        daemon.inner().bus().publish(&file::OPENED, &opened(1));
        client.request(3, "session:ping", &json!({})).await;
        assert_eq!(client.receive_answer(3).await.0, Vec::<serde_json::Value>::new());
        client.request(4, "session:unsubscribe", &json!({ "subscription": subscription })).await;
        assert_eq!(client.receive_answer(4).await.1["error"]["data"]["kind"], "not_found");
        assert_eq!(daemon.inner().bus().statistics().subscriptions, 0);
    });
}

#[test]
fn a_quiet_subscription_gets_bookmarks() {
    let daemon = Daemon::boot_with("", |limits| limits.ring_bytes_max = 40_000);
    daemon.run(async {
        let mut client = daemon.line_client(Transport::Memory).await;
        client.request(1, "session:subscribe", &json!({ "patterns": ["file:closed"] })).await;
        let (_, answer) = client.receive_answer(1).await;
        for number in 0..100 {
            daemon.inner().bus().publish(&file::OPENED, &opened(number));
        }
        let bookmark = client.receive().await;
        assert_eq!(bookmark["method"], "session:bookmark");
        assert_eq!(bookmark["params"]["subscription"], answer["result"]["subscription"]);
        assert!(bookmark["params"]["seq"].as_u64().unwrap() > 20, "{bookmark}");
    });
}

#[test]
fn a_waiting_event_of_the_latest_kind_is_replaced_by_its_key() {
    let daemon = Daemon::boot("");
    daemon.run(async {
        let mut subscriber =
            daemon.inner().bus().subscribe(icpyd::bus::Interest::all(Pattern::parse("workspace:*").unwrap()));
        for revision in 1..=10 {
            daemon.inner().bus().publish(&workspace::STATE_CHANGED, &changed(revision % 2, revision));
        }
        let mut revisions = Vec::new();
        while let Some(icpyd::bus::Item::Event(event)) = subscriber.take_ready() {
            revisions.push(event.payload::<WorkspaceStateChanged>().unwrap().workspace.revision);
        }
        assert_eq!(revisions, [9, 10]);
        assert_eq!(daemon.inner().bus().statistics().conflated, 8);
    });
}

#[test]
fn a_session_without_the_scope_gets_no_event() {
    let daemon = Daemon::boot("");
    daemon.run(async {
        use icpy_protocol::api::Access;
        let client = daemon.client_with(Scopes::of(&[Access::Write])).await;
        let error = client.subscribe(patterns(&["**"])).await.unwrap_err();
        assert_eq!(error.kind(), Kind::PermissionDenied);
    });
}

#[test]
fn a_wrong_subscription_is_refused_and_says_why() {
    let daemon = Daemon::boot("");
    daemon.run(async {
        let mut client = daemon.line_client(Transport::Memory).await;
        let wrong = [
            (json!({ "patterns": [] }), "at least one pattern"),
            (json!({ "patterns": ["a::b"] }), "`a::b`"),
            (json!({ "patterns": ["**:a"] }), "`**:a`"),
            (json!({ "patterns": "file:*" }), "`patterns` is `file:*`, and has to be a list"),
            (json!({ "patterns": ["*"], "debounceMs": 1, "throttleMs": 1 }), "one of"),
            (json!({ "patterns": ["*"], "after": { "seq": 1 } }), "epoch"),
        ];
        for (id, (params, expect)) in (1..).zip(wrong) {
            client.request(id, "session:subscribe", &params).await;
            let (_, answer) = client.receive_answer(id).await;
            assert_eq!(answer["error"]["code"], -32602, "{answer}");
            assert!(answer["error"]["message"].as_str().unwrap().contains(expect), "{answer}");
        }
    });
}

#[test]
fn closing_and_activating_are_told_too() {
    let daemon = Daemon::boot("//- /one/a.py\n//- /two/b.py\n");
    daemon.run(async {
        let client = daemon.client().await;
        let workspaces = WorkspaceClient::new(client.clone());
        for name in ["one", "two"] {
            workspaces.create(&WorkspaceCreateParams { root: daemon.path(name).into(), name: None }).await.unwrap();
        }
        let files = FileClient::new(client.clone());
        let mut told = daemon.events(&client, "**").await;
        let file = files.open(&open(daemon.path("one/a.py"))).await.unwrap().file;
        // The record, the workspace that was active, the one that is, and the file.
        told.expect(&state::UPDATED).await;
        told.expect(&workspace::STATE_CHANGED).await;
        assert!(told.expect(&workspace::STATE_CHANGED).await.workspace.is_active);
        told.expect(&file::OPENED).await;
        files
            .close(&FileCloseParams { file_id: Some(file.file_id.clone()), ..FileCloseParams::default() })
            .await
            .unwrap();
        told.expect(&state::UPDATED).await;
        assert_eq!(told.expect(&workspace::STATE_CHANGED).await.workspace.open_files, 0);
        assert_eq!(told.expect(&file::CLOSED).await.file, file);
        let again = files
            .close(&FileCloseParams { file_id: Some(file.file_id), ..FileCloseParams::default() })
            .await
            .unwrap_err();
        assert_eq!(again.kind(), Kind::NotFound);
    });
}

#[test]
fn paced_subscriptions_deliver_less_and_never_out_of_order() {
    let daemon = Daemon::boot("");
    daemon.run(async {
        let client = daemon.client().await;
        let debounced = SessionSubscribeParams { debounce_ms: Some(30), ..patterns(&["file:*"]) };
        let mut debounced = Events::new(client.subscribe(debounced).await.unwrap());
        let buffered = SessionSubscribeParams { buffer_ms: Some(30), ..patterns(&["file:*"]) };
        let mut buffered = Events::new(client.subscribe(buffered).await.unwrap());
        for number in 0..50 {
            daemon.inner().bus().publish(&file::OPENED, &opened(number));
        }
        assert_eq!(number(&debounced.event().await), 49);
        for expect in 0..50 {
            assert_eq!(number(&buffered.event().await), expect);
        }
    });
}

#[test]
fn a_program_that_reads_too_late_is_told_of_a_gap_and_its_calls_go_on() {
    let daemon = Daemon::boot("");
    daemon.run(async {
        let client = daemon.client().await;
        let mut late = client.subscribe(patterns(&["file:*"])).await.unwrap();
        let session = SessionClient::new(client.clone());
        for number in 0..6000 {
            daemon.inner().bus().publish(&file::OPENED, &opened(number));
        }
        // The client's own queue holds 4096 updates; the call is answered behind all events.
        session.ping(&Empty {}).await.unwrap();
        for expect in 0..4096 {
            assert!(matches!(late.next().await, Some(Update::Event(event)) if number(&event) == expect));
        }
        daemon.inner().bus().publish(&file::OPENED, &opened(6000));
        match late.next().await {
            Some(Update::Gap { from: 4097, to: 6000 }) => {}
            other => panic!("{other:?}"),
        }
        assert!(matches!(late.next().await, Some(Update::Event(event)) if number(&event) == 6000));
    });
}
