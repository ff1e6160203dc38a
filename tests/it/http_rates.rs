//! How often a credential may ask, and what becomes of who guesses one. Each test is named after a requirement of
//! `docs/security.md`.

use hyper::{Request, StatusCode};
use icpy_protocol::auth::{AuthClient, AuthCreateLoginLinkParams, AuthScope, AuthSetPasswordParams};
use icpy_tests::{Daemon, Web};
use icpyd::host::Host;
use serde_json::json;

const ALL: &[AuthScope] = AuthScope::ALL;

async fn open(daemon: &Daemon) -> (Web, String) {
    (Web::start(daemon).await, Web::token(daemon, ALL).await)
}

#[test]
fn s31_a_credential_asks_as_often_as_the_settings_say() {
    let daemon = Daemon::boot_set("", Host::real(), |config| config.http.reads_per_second = 3);
    daemon.run(async {
        let (web, token) = open(&daemon).await;
        let other = Web::token(&daemon, ALL).await;
        let mut kinds = Vec::new();
        for _ in 0..20 {
            let answer = web.call(&token, "fs:stat", json!({ "path": daemon.path("") })).await;
            kinds.push(answer["error"]["data"]["kind"].as_str().map(ToOwned::to_owned));
            assert!(answer["error"].is_null() || answer["error"]["data"]["retryAfterMs"].is_u64(), "{answer}");
        }
        assert_eq!(kinds[..3], [None, None, None]);
        assert!(kinds.contains(&Some("busy".to_owned())), "{kinds:?}");
        let free = web.call(&other, "fs:stat", json!({ "path": daemon.path("") })).await;
        assert!(free["error"].is_null(), "another credential is not concerned: {free}");
        let write = web.call(&token, "fs:create_directory", json!({ "path": daemon.path("new") })).await;
        assert!(write["error"].is_null(), "writing has a pace of its own: {write}");
    });
}

/// A wrong credential is what an attacker has. Whoever has a right one must not notice.
#[test]
fn s31_who_guesses_is_kept_out_and_nobody_else() {
    let host = Host::fake(1_000_000);
    let daemon = Daemon::boot_in("", host.clone(), |_| ());
    daemon.run(async {
        let (web, token) = open(&daemon).await;
        let auth = AuthClient::new(daemon.client().await);
        let password = Some("correct horse battery".to_owned());
        auth.set_password(&AuthSetPasswordParams { user: None, password }).await.unwrap();
        let link = auth.create_login_link(&AuthCreateLoginLinkParams::default()).await.unwrap().url;
        let log_in = async |password: &str| {
            let request = Request::post("/login").header("content-type", "application/json");
            web.send(request, json!({ "password": password }).to_string()).await
        };
        // Right ones count for nothing.
        for _ in 0..6 {
            assert_eq!(log_in("correct horse battery").await.status, StatusCode::NO_CONTENT);
        }
        // Many at once are no more than one by one.
        let at_once = futures_util::future::join_all((0..12).map(|number| {
            let (web, body) = (web.clone(), json!({ "password": format!("guess {number}") }).to_string());
            async move { web.send(Request::post("/login").header("content-type", "application/json"), body).await }
        }));
        let replies = at_once.await;
        let looked_at = replies.iter().filter(|reply| reply.status == StatusCode::UNAUTHORIZED).count();
        assert_eq!(looked_at, 5, "{replies:?}");
        let refused = replies.iter().find(|reply| reply.status != StatusCode::UNAUTHORIZED).unwrap();
        assert_eq!((refused.status, refused.header("retry-after")), (StatusCode::TOO_MANY_REQUESTS, Some("60")));
        assert_eq!(web.get("/metrics", "icpy_wrong").await.status, refused.status);

        // Tokens, cookies and links are as good as before, and the socket is nobody's but its user's.
        assert_eq!(web.get("/metrics", &token).await.status, StatusCode::OK);
        let reply = web.get(link.strip_prefix(&web.url).unwrap(), "").await;
        assert_eq!(reply.status, StatusCode::SEE_OTHER);
        let cookie = reply.header("set-cookie").unwrap().split(';').next().unwrap();
        assert_eq!(web.send(Request::get("/metrics").header("cookie", cookie), "").await.status, StatusCode::OK);
        daemon.client().await.request("session:ping", "{}".to_owned(), true).await.unwrap();
        // A password alone can be guessed: it waits for its minute to pass.
        assert_eq!(log_in("correct horse battery").await.status, refused.status);
        host.advance(60_000);
        assert_eq!(log_in("correct horse battery").await.status, StatusCode::NO_CONTENT);
    });
}
