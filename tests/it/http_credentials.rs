//! Tokens, logins, links and tickets: what they are, what they allow, and when that ends. Each test is named after a requirement of
//! `docs/security.md`.

use std::collections::BTreeMap;
use std::path::Path;

use base64::Engine as _;
use hyper::{Request, StatusCode};
use icpy::Client;
use icpy_protocol::API;
use icpy_protocol::Empty;
use icpy_protocol::auth::{
    AuthClient, AuthCreateLoginLinkParams, AuthCreateTokenParams, AuthNewToken, AuthScope, AuthSetPasswordParams,
    AuthTokenParams, AuthUserParams,
};
use icpy_protocol::error::Kind;
use icpy_tests::{Daemon, Web, refused, within};
use icpyd::host::Host;
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Error;

const ALL: &[AuthScope] = AuthScope::ALL;

async fn auth(daemon: &Daemon) -> AuthClient<Client> {
    AuthClient::new(daemon.client().await)
}

async fn make(auth: &AuthClient<Client>, scopes: &[AuthScope], lasts_s: Option<u64>) -> AuthNewToken {
    let params =
        AuthCreateTokenParams { name: "test".to_owned(), scopes: scopes.to_vec(), lasts_s, ..Default::default() };
    auth.create_token(&params).await.unwrap()
}

fn named(token: &AuthNewToken) -> AuthTokenParams {
    AuthTokenParams { token_id: token.token.token_id.clone() }
}

/// The way of a link that logs in.
async fn link(web: &Web, auth: &AuthClient<Client>) -> String {
    let link = auth.create_login_link(&AuthCreateLoginLinkParams::default()).await.unwrap().url;
    link.strip_prefix(&web.url).unwrap().to_owned()
}

/// A browser that was just logged in: its cookie.
async fn log_in(web: &Web, auth: &AuthClient<Client>) -> String {
    let reply = web.get(&link(web, auth).await, "").await;
    reply.header("set-cookie").unwrap().split(';').next().unwrap().to_owned()
}

async fn is_in(web: &Web, cookie: &str) -> bool {
    web.send(Request::get("/metrics").header("cookie", cookie), "").await.status == StatusCode::OK
}

#[test]
fn s07_a_token_is_256_random_bits_that_are_shown_once() {
    let daemon = Daemon::boot("");
    daemon.run(async {
        let auth = auth(&daemon).await;
        let mut seen = Vec::new();
        for _ in 0..16 {
            let secret = make(&auth, ALL, None).await.secret;
            let digits = secret.strip_prefix("icpy_").unwrap().to_owned();
            assert!(digits.len() == 64 && digits.bytes().all(|it| it.is_ascii_hexdigit()), "{secret}");
            seen.push(digits);
        }
        // No place of any two is the same more often than chance has it: a part that repeats is no random part.
        for place in 0..64 {
            let there: Vec<u8> = seen.iter().map(|digits| digits.as_bytes()[place]).collect();
            assert!(there.iter().any(|digit| *digit != there[0]), "digit {place} is always the same");
        }
        let client = daemon.client().await;
        for method in ["auth:list_tokens", "auth:whoami", "auth:list_logins", "auth:list_users"] {
            let told = client.request(method, "{}".to_owned(), true).await.unwrap();
            assert!(seen.iter().all(|digits| !told.contains(&**digits)), "`{method}` tells a token: {told}");
        }
    });
}

#[test]
fn s08_what_is_kept_is_a_hash() {
    let daemon = Daemon::boot("");
    let secrets = daemon.run(async {
        let web = Web::start(&daemon).await;
        let auth = auth(&daemon).await;
        let token = make(&auth, ALL, None).await.secret;
        let link = link(&web, &auth).await;
        let cookie = log_in(&web, &auth).await;
        let password = "correct horse battery".to_owned();
        auth.set_password(&AuthSetPasswordParams { user: None, password: Some(password.clone()) }).await.unwrap();
        let cookie = cookie.split_once('=').unwrap().1.to_owned();
        [token[5..].to_owned(), link.split_once("token=").unwrap().1.to_owned(), cookie, password]
    });
    let mut kept = BTreeMap::new();
    read_all(&daemon.folder().home(), &mut kept);
    assert!(kept.keys().any(|path| path.ends_with("icpy.db")), "{:?}", kept.keys());
    for (path, bytes) in &kept {
        for secret in &secrets {
            let is_there = bytes.windows(secret.len()).any(|part| part == secret.as_bytes());
            assert!(!is_there, "`{path}` holds a secret");
        }
    }
    let has_argon = kept.values().any(|bytes| bytes.windows(10).any(|part| part == b"$argon2id$"));
    assert!(has_argon, "a password is kept by its hash");
}

fn read_all(folder: &Path, files: &mut BTreeMap<String, Vec<u8>>) {
    for entry in std::fs::read_dir(folder).unwrap().flatten() {
        let file_type = entry.file_type().unwrap();
        if file_type.is_dir() {
            read_all(&entry.path(), files);
        } else if file_type.is_file() {
            files.insert(entry.path().display().to_string(), std::fs::read(entry.path()).unwrap());
        }
    }
}

/// How long a comparison takes is no thing of tests: `auth/secret.rs` compares by `subtle`.
#[test]
fn s09_a_token_is_good_as_a_whole_alone() {
    let daemon = Daemon::boot_set("", Host::real(), |_| ());
    daemon.run(async {
        let web = Web::start(&daemon).await;
        let auth = auth(&daemon).await;
        let token = make(&auth, ALL, None).await.secret;
        let flip = |place: usize| {
            let mut bytes = token.clone().into_bytes();
            bytes[place] = if bytes[place] == b'0' { b'1' } else { b'0' };
            String::from_utf8(bytes).unwrap()
        };
        let near = [
            flip(5),
            flip(68),
            token[..68].to_owned(),
            format!("{token}0"),
            token.to_uppercase(),
            token[5..].to_owned(),
        ];
        for near in near {
            let status = web.get("/metrics", &near).await.status;
            assert!(status == 401 || status == 429, "{near}: {status}");
        }
        assert_eq!(web.get("/metrics", &token).await.status, StatusCode::OK);
    });
}

#[test]
fn s10_a_scope_allows_its_methods_and_nothing_else() {
    let daemon = Daemon::boot_set("", Host::real(), |config| config.http.others_per_second = 0);
    daemon.run(async {
        let web = Web::start(&daemon).await;
        let methods = || API.iter().flat_map(|namespace| namespace.methods);
        for scope in ALL {
            let others: Vec<AuthScope> = ALL.iter().copied().filter(|other| other != scope).collect();
            let token = Web::token(&daemon, &others).await;
            let mut socket = web.socket_of(&token).await;
            for method in methods().filter(|method| method.access == scope.access()) {
                // Refused before the params are looked at.
                let over_post = web.call(&token, method.name, json!([7])).await;
                let over_socket = socket.call(method.name, json!([7])).await;
                for answer in [over_post, over_socket] {
                    assert_eq!(answer["error"]["data"]["kind"], "permission_denied", "{}: {answer}", method.name);
                }
            }
        }
        let token = Web::token(&daemon, ALL).await;
        for unknown in ["fs:no_such", "fs:read_file ", "FS:read_file", "", "__proto__", "rpc.describe"] {
            let answer = web.call(&token, unknown, json!({})).await;
            assert_eq!(answer["error"]["data"]["kind"], "method_not_found", "{unknown}: {answer}");
        }
    });
}

#[test]
fn s11_what_has_expired_or_was_revoked_ends_what_goes_on() {
    let daemon = Daemon::boot("");
    daemon.run(async {
        let web = Web::start(&daemon).await;
        let auth = auth(&daemon).await;
        let client = daemon.client().await;
        let made = client.request("terminal:create", json!({ "command": ["cat"] }).to_string(), false).await.unwrap();
        let terminal: Value = serde_json::from_str(&made).unwrap();
        // A request that goes on for as long as the terminal does.
        let params = json!({ "terminalId": terminal["terminalId"] });
        let revoked = make(&auth, ALL, None).await;
        let expiring = make(&auth, ALL, Some(1)).await;
        let mut sockets = [web.socket_of(&revoked.secret).await, web.socket_of(&expiring.secret).await];
        let requests = [&revoked, &expiring].map(|token| {
            let body = json!({ "jsonrpc": "2.0", "id": 1, "method": "terminal:wait", "params": params }).to_string();
            let (web, secret) = (web.clone(), token.secret.clone());
            tokio::spawn(async move {
                let request = Request::post("/rpc").header("authorization", format!("Bearer {secret}"));
                web.send(request.header("content-type", "application/json"), body).await.status
            })
        });
        within("both requests are under way", async {
            loop {
                let metrics = client.request("daemon:metrics", "{}".to_owned(), true).await.unwrap();
                let metrics: Value = serde_json::from_str(&metrics).unwrap();
                if metrics["methods"]["terminal:wait"]["requests"] == 2 {
                    break;
                }
            }
        })
        .await;
        let mut events = web.raw().await;
        let head = format!("Host: {}\r\nAuthorization: Bearer {}\r\n", web.address, revoked.secret);
        events.send(format!("GET /api/v1/events HTTP/1.1\r\nAccept: text/event-stream\r\n{head}\r\n")).await;
        events.expect("\nid: ").await;
        auth.revoke_token(&named(&revoked)).await.unwrap();
        assert!(events.rest().await.starts_with(b"HTTP/1.1 200"), "the stream has ended");
        assert_eq!(sockets[0].closed().await, (1008, "its credential has ended".to_owned()));
        assert_eq!(sockets[1].closed().await, (1008, "its credential has expired".to_owned()));
        for request in requests {
            assert_eq!(within("the request ends", request).await.unwrap(), StatusCode::UNAUTHORIZED);
        }
        for token in [revoked, expiring] {
            assert_eq!(web.get("/metrics", &token.secret).await.status, StatusCode::UNAUTHORIZED);
        }
    });
}

#[test]
fn s12_a_new_password_or_token_ends_what_the_old_one_has_opened() {
    let daemon = Daemon::boot("");
    daemon.run(async {
        let web = Web::start(&daemon).await;
        let auth = auth(&daemon).await;
        let cookie = log_in(&web, &auth).await;
        assert!(is_in(&web, &cookie).await);
        let mut socket = web.socket("/ws", &[("cookie", &cookie), ("origin", &web.url)]).await.unwrap();
        let password = Some("correct horse battery".to_owned());
        auth.set_password(&AuthSetPasswordParams { user: None, password }).await.unwrap();
        assert_eq!(socket.closed().await.0, 1008);
        assert!(!is_in(&web, &cookie).await);

        let token = make(&auth, ALL, None).await;
        let mut socket = web.socket_of(&token.secret).await;
        let rotated = auth.rotate_token(&named(&token)).await.unwrap().secret;
        assert_eq!(socket.closed().await.0, 1008);
        assert_eq!(web.get("/metrics", &token.secret).await.status, StatusCode::UNAUTHORIZED);
        // A token that rotates itself is told the new one.
        let answer = web.call(&rotated, "auth:rotate_token", json!({ "tokenId": token.token.token_id })).await;
        let again = answer["result"]["secret"].as_str().unwrap();
        assert_eq!(web.get("/metrics", again).await.status, StatusCode::OK);

        // Whoever is removed is out.
        auth.create_user(&AuthUserParams { user: "guest".to_owned() }).await.unwrap();
        let params = AuthCreateLoginLinkParams { user: Some("guest".to_owned()) };
        let url = auth.create_login_link(&params).await.unwrap().url;
        let reply = web.get(url.strip_prefix(&web.url).unwrap(), "").await;
        let cookie = reply.header("set-cookie").unwrap().split(';').next().unwrap().to_owned();
        let mut socket = web.socket("/ws", &[("cookie", &cookie), ("origin", &web.url)]).await.unwrap();
        auth.remove_user(&AuthUserParams { user: "guest".to_owned() }).await.unwrap();
        assert_eq!(socket.closed().await.0, 1008);
        assert!(!is_in(&web, &cookie).await);
    });
}

#[test]
fn s13_a_token_comes_in_its_header_and_a_link_is_good_once_and_soon() {
    let host = Host::fake(1_000_000);
    let daemon = Daemon::boot_in("", host.clone(), |_| ());
    daemon.run(async {
        let web = Web::start(&daemon).await;
        let auth = auth(&daemon).await;
        let token = make(&auth, ALL, None).await.secret;
        let paths = [
            "/metrics?token=T",
            "/metrics?access_token=T",
            "/ws?token=T",
            "/ws?ticket=T",
            "/rpc?token=T",
            "/login?token=T",
        ];
        for path in paths.map(|path| path.replace('T', &token)) {
            host.advance(60_000);
            let reply = web.get(&path, "").await;
            assert!(reply.status == 401, "{path}: {reply:?}");
            assert_eq!(reply.header("set-cookie"), None);
        }
        let basic = base64::engine::general_purpose::STANDARD.encode(format!("owner:{token}"));
        let port = web.address.port();
        let elsewhere = [
            ("authorization", format!("Basic {basic}")),
            ("authorization", token.clone()),
            ("authorization", format!("Bearer: {token}")),
            ("cookie", format!("icpy_{port}={token}")),
            ("x-api-key", token.clone()),
            ("sec-websocket-protocol", format!("icpy.v1, {token}")),
        ];
        for (name, value) in elsewhere {
            host.advance(60_000);
            let reply = web.send(Request::get("/metrics").header(name, &value), "").await;
            assert_eq!(reply.status, StatusCode::UNAUTHORIZED, "{name}: {value}");
        }

        let late = link(&web, &auth).await;
        host.advance(60_000);
        assert_eq!(web.get(&late, "").await.status, StatusCode::UNAUTHORIZED, "a link is good for a minute");
        let soon = link(&web, &auth).await;
        host.advance(59_999);
        let reply = web.get(&soon, "").await;
        // The address that the browser keeps has nothing secret in it.
        assert_eq!((reply.status, reply.header("location")), (StatusCode::SEE_OTHER, Some("/")));
        assert_eq!(web.get(&soon, "").await.status, StatusCode::UNAUTHORIZED, "a link is good once");
    });
}

#[test]
fn s14_a_ticket_is_good_once_and_soon_and_for_who_asked_for_it() {
    let host = Host::fake(1_000_000);
    let daemon = Daemon::boot_in("", host.clone(), |_| ());
    daemon.run(async {
        let web = Web::start(&daemon).await;
        let auth = auth(&daemon).await;
        let token = make(&auth, &[AuthScope::Read], None).await;
        let ticket = async || {
            let made = web.call(&token.secret, "auth:create_ticket", json!({})).await;
            format!("/ws?ticket={}", made["result"]["ticket"].as_str().unwrap())
        };
        let is_refused = async |path: &str| {
            host.advance(60_000);
            matches!(web.socket(path, &[]).await, Err(Error::Http(answer)) if answer.status() == 401)
        };
        let good = ticket().await;
        host.advance(29_999);
        let mut socket = web.socket(&good, &[]).await.unwrap();
        let who = socket.call("auth:whoami", json!({})).await["result"].clone();
        assert_eq!((&who["credentialId"], &who["scopes"]), (&json!(token.token.token_id), &json!(["read"])));
        assert!(is_refused(&good).await, "a ticket is good once");
        let late = ticket().await;
        assert!(is_refused(&late).await, "a ticket is good for half a minute");
        // It ends with what it was made by, and so does what it has opened.
        let orphan = ticket().await;
        auth.revoke_token(&named(&token)).await.unwrap();
        assert_eq!(socket.closed().await.0, 1008);
        let refusal = web.socket(&orphan, &[]).await.unwrap_err();
        assert!(matches!(refusal, Error::Http(answer) if answer.status() == 401));
    });
}

#[test]
fn s15_a_handle_is_of_use_to_who_got_it_alone() {
    let daemon = Daemon::boot("");
    daemon.run(async {
        let web = Web::start(&daemon).await;
        let auth = auth(&daemon).await;
        let [own, other] = [make(&auth, ALL, None).await.secret, make(&auth, ALL, None).await.secret];
        let mut owner = web.socket_of(&own).await;
        let begun = owner.call("fs:begin_write", json!({ "path": daemon.path("file") })).await["result"].clone();
        let id = begun["writeId"].as_str().unwrap();
        assert!(id.len() >= 16 && id.bytes().all(|it| it.is_ascii_hexdigit()), "{begun}");
        let mut stranger = web.socket_of(&other).await;
        let mut client = daemon.line_client(icpy_tests::Transport::Memory).await;
        for (method, params) in [
            ("fs:write_part", json!({ "writeId": id, "at": 0, "content": "stolen" })),
            ("fs:commit_write", json!({ "writeId": id })),
            ("fs:abort_write", json!({ "writeId": id })),
        ] {
            let refusal = stranger.call(method, params.clone()).await;
            assert_eq!(refusal["error"]["data"]["kind"], "not_found", "{method}: {refusal}");
            let refusal = web.call(&other, method, params.clone()).await;
            assert_eq!(refusal["error"]["data"]["kind"], "not_found", "{method}: {refusal}");
            client.request(1, method, &params).await;
            let refusal = client.receive_answer(1).await.1;
            assert_eq!(refusal["error"]["data"]["kind"], "not_found", "{method}: {refusal}");
        }
        let done = owner.call("fs:commit_write", json!({ "writeId": id })).await;
        assert!(done["error"].is_null(), "{done}");
        assert_eq!(std::fs::read_to_string(daemon.path("file")).unwrap(), "");
        // What was begun without a session belongs to the credential.
        let begun = web.call(&own, "fs:begin_write", json!({ "path": daemon.path("other") })).await["result"].clone();
        let params = json!({ "writeId": begun["writeId"] });
        for (token, expect) in [(&other, "not_found"), (&own, "")] {
            let answer = web.call(token, "fs:commit_write", params.clone()).await;
            assert_eq!(answer["error"]["data"]["kind"].as_str().unwrap_or_default(), expect, "{answer}");
        }
        // Of a login only who is logged in, or the scope `admin`, may end it.
        let reader = make(&auth, &[AuthScope::Read], None).await.secret;
        log_in(&web, &auth).await;
        let login = auth.list_logins(&Empty {}).await.unwrap().logins.remove(0).login_id;
        let refusal = web.call(&reader, "auth:logout", json!({ "loginId": login })).await;
        assert_eq!(refusal["error"]["data"]["kind"], "permission_denied", "{refusal}");
        let nobody = AuthTokenParams { token_id: "0123456789abcdef".to_owned() };
        refused(auth.revoke_token(&nobody).await, Kind::NotFound, "0123456789abcdef");
    });
}
