//! Who is there: told to all who may know, and no longer than they are.

use icpy_protocol::auth::AuthScope;
use icpy_protocol::error::Kind;
use icpy_protocol::file::text::TextPlace;
use icpy_protocol::presence::{
    CHANGED, LEFT, PresenceClient, PresenceListParams, PresenceRange, PresenceUpdateParams, PresenceView,
};
use icpy_protocol::workspace::{WorkspaceClient, WorkspaceCreateParams};
use icpy_tests::{Daemon, Web};
use serde_json::json;

async fn workspace(daemon: &Daemon) {
    let params = WorkspaceCreateParams { root: daemon.path("").into(), name: None };
    WorkspaceClient::new(daemon.client().await).create(&params).await.unwrap();
}

fn looking_at(daemon: &Daemon, line: u64) -> PresenceUpdateParams {
    let cursor = TextPlace::Line { line, character: 0 };
    let selections = vec![PresenceRange { anchor: cursor, head: cursor }];
    let path = Some(daemon.path("a.txt").into());
    PresenceUpdateParams { workspace_id: None, view: PresenceView { path, selections, ..Default::default() } }
}

#[test]
fn others_see_who_comes_moves_and_goes() {
    let daemon = Daemon::boot("//- /a.txt\n");
    daemon.run(async {
        workspace(&daemon).await;
        let watcher = daemon.client().await;
        let mut events = daemon.events(&watcher, "presence:*").await;
        let ann = daemon.client().await;
        let presence = PresenceClient::new(&ann);
        let here = presence.update(&looking_at(&daemon, 3)).await.unwrap();
        assert_eq!((&*here.user, &*here.client), ("owner", "test"));
        assert_eq!(events.expect(&CHANGED).await, here);
        // The same again is no news.
        presence.update(&looking_at(&daemon, 3)).await.unwrap();
        let moved = presence.update(&looking_at(&daemon, 4)).await.unwrap();
        assert_eq!(events.expect(&CHANGED).await, moved);
        assert_eq!(moved.since_ms, here.since_ms);
        let list = PresenceClient::new(&watcher).list(&PresenceListParams::default()).await.unwrap();
        assert_eq!(list.present, [moved]);
        drop(ann);
        assert_eq!(events.expect(&LEFT).await.session_id, here.session_id);
        let list = PresenceClient::new(&watcher).list(&PresenceListParams::default()).await.unwrap();
        assert_eq!(list.present, []);
    });
}

#[test]
fn who_comes_back_at_once_was_never_gone() {
    let daemon = Daemon::boot("//- /a.txt\n");
    daemon.run(async {
        workspace(&daemon).await;
        let web = Web::start(&daemon).await;
        let token = Web::token(&daemon, &[AuthScope::Read]).await;
        let watcher = daemon.client().await;
        let mut events = daemon.events(&watcher, "presence:*").await;
        let mut socket = web.socket_of(&token).await;
        let client = json!({ "clientInfo": { "name": "browser", "version": "1" }, "protocol": { "min": 1, "max": 1 } });
        let session = socket.call("session:initialize", client).await["result"].clone();
        let looking = serde_json::to_value(looking_at(&daemon, 1)).unwrap();
        let here = socket.call("presence:update", looking).await;
        assert_eq!(events.expect(&CHANGED).await.client, "browser", "{here}");
        drop(socket);
        let mut again = web.socket_of(&token).await;
        let resume = json!({ "resumeToken": session["resumeToken"], "epoch": session["position"]["epoch"] });
        let resumed = again.call("session:resume", resume).await;
        assert!(resumed["error"].is_null(), "{resumed}");
        // It moves on, and nobody has heard that it left: the next event is this one.
        let moved = again.call("presence:update", serde_json::to_value(looking_at(&daemon, 2)).unwrap()).await;
        assert_eq!(json!(events.expect(&CHANGED).await), moved["result"]);
        again.call("presence:leave", json!({})).await;
        events.expect(&LEFT).await;
    });
}

#[test]
fn who_has_no_session_is_not_there() {
    let daemon = Daemon::boot("//- /a.txt\n");
    daemon.run(async {
        workspace(&daemon).await;
        let web = Web::start(&daemon).await;
        let token = Web::token(&daemon, &[AuthScope::Read]).await;
        let answer = web.call(&token, "presence:update", json!({})).await;
        assert_eq!(answer["error"]["data"]["kind"], Kind::Unsupported.info().name, "{answer}");
    });
}
