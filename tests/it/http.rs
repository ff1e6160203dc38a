//! The listener for HTTP: who gets in, by which way, and what is refused.

use hyper::{Request, StatusCode};
use icpy_protocol::Empty;
use icpy_protocol::auth::{AuthClient, AuthCreateLoginLinkParams, AuthCreateTokenParams, AuthScope, AuthTokenParams};
use icpy_protocol::error::Kind;
use icpy_protocol::web::{WebClient, WebStartParams};
use icpy_tests::{Daemon, Folder, Web, refused};
use icpyd::host::Host;
use icpyd::transport::http::{Needs, table};
use serde_json::json;
use tokio_tungstenite::tungstenite::{Error, Message};

const ALL: &[AuthScope] = AuthScope::ALL;

#[test]
fn the_web_ui_can_be_of_a_folder() {
    let files = Folder::new("//- /ui/index.html\nours\n//- /ui/assets/web/a.js\nlet a;\n//- /ui/secret.js\nlet b;\n");
    let daemon = Daemon::boot_set("", Host::real(), |config| config.http.web_folder = files.path("ui"));
    daemon.run(async {
        let web = Web::start(&daemon).await;
        assert_eq!(web.get("/", "").await.body, "ours\n");
        let script = web.get("/assets/web/a.js", "").await;
        assert_eq!(
            (&*script.body, script.header("content-type")),
            (&b"let a;\n"[..], Some("text/javascript; charset=utf-8"))
        );
        assert_eq!(web.get("/assets/login.js", "").await.status, 200, "what it has not is the program's own");
        for path in ["/assets/../secret.js", "/assets/%2e%2e/secret.js", "/assets//etc/passwd", "/assets/web/b.js"] {
            assert_eq!(web.get(path, "").await.status, 404, "{path}");
        }
    });
}

#[test]
fn it_is_off_until_somebody_asks_and_stops_when_asked() {
    let daemon = Daemon::boot("");
    daemon.run(async {
        let client = WebClient::new(daemon.client().await);
        assert_eq!(client.status(&Empty {}).await.unwrap().address, None);
        let auth = AuthClient::new(daemon.client().await);
        refused(auth.create_login_link(&AuthCreateLoginLinkParams::default()).await, Kind::Unavailable, "`icpy web`");
        for (address, why) in [("0.0.0.0:0", "can be reached by others"), ("nowhere", "no address and port")] {
            let params = WebStartParams { address: Some(address.to_owned()) };
            refused(client.start(&params).await, Kind::InvalidParams, why);
        }
        let web = Web::start(&daemon).await;
        assert_eq!(web.get("/healthz", "").await.status, StatusCode::OK);
        let again = Web::start(&daemon).await;
        assert_eq!(again.address, web.address);
        let taken = WebStartParams { address: Some(web.address.to_string()) };
        client.stop(&Empty {}).await.unwrap();
        assert_eq!(client.status(&Empty {}).await.unwrap().address, None);
        // The same place is free at once.
        assert_eq!(client.start(&taken).await.unwrap().address, taken.address);
    });
}

/// S28: what is not in the list of open routes is refused without a credential.
#[test]
fn every_route_but_a_few_needs_a_credential() {
    let daemon = Daemon::boot("");
    daemon.run(async {
        let web = Web::start(&daemon).await;
        let open: Vec<&str> = table().filter(|(_, needs)| *needs == Needs::Nothing).map(|(path, _)| path).collect();
        assert_eq!(open, ["/", "/assets/{*path}", "/api/v1/docs", "/healthz", "/login"]);
        let guarded = table().filter(|(_, needs)| *needs != Needs::Nothing).map(|(path, _)| path);
        for path in guarded.chain(["/nothing", "/api", "/api/v1/fs/file", "/assets", "/assets/", "//", "/%2e%2e/rpc"]) {
            for method in ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"] {
                let reply = web.send(Request::builder().method(method).uri(path), "").await;
                assert_eq!(reply.status, StatusCode::UNAUTHORIZED, "{method} {path}");
                assert_eq!(reply.header("www-authenticate"), Some("Bearer realm=\"icpy\""), "{method} {path}");
            }
        }
    });
}

#[test]
fn a_token_does_what_it_is_for_and_ends_when_it_is_revoked_or_rotated() {
    let daemon = Daemon::boot("//- /a.txt\none\n");
    daemon.run(async {
        let web = Web::start(&daemon).await;
        let auth = AuthClient::new(daemon.client().await);
        let params =
            AuthCreateTokenParams { name: "reader".into(), scopes: vec![AuthScope::Read], ..Default::default() };
        let made = auth.create_token(&params).await.unwrap();
        assert!(made.secret.starts_with("icpy_") && made.secret.len() == 5 + 64, "{}", made.secret);
        let path = json!({ "path": daemon.path("a.txt") });
        let read = web.call(&made.secret, "fs:read_file", path.clone()).await;
        assert_eq!(read["result"]["content"], "one\n");
        let write =
            web.call(&made.secret, "fs:write_file", json!({ "path": daemon.path("a.txt"), "content": "" })).await;
        assert_eq!(write["error"]["data"]["kind"], "permission_denied");
        let mut socket = web.socket_of(&made.secret).await;
        assert_eq!(socket.call("fs:read_file", path).await["result"]["content"], "one\n");

        let token = AuthTokenParams { token_id: made.token.token_id.clone() };
        let rotated = auth.rotate_token(&token).await.unwrap();
        let (code, reason) = socket.closed().await;
        assert_eq!((code, &*reason), (1008, "its credential has ended"));
        assert_eq!(web.get("/metrics", &made.secret).await.status, StatusCode::UNAUTHORIZED);
        assert_eq!(web.get("/metrics", &rotated.secret).await.status, StatusCode::OK);
        let listed = auth.list_tokens(&Empty {}).await.unwrap().tokens;
        assert_eq!(listed, [rotated.token]);
        assert!(!serde_json::to_string(&listed).unwrap().contains(&rotated.secret[5..]));
        auth.revoke_token(&token).await.unwrap();
        assert_eq!(web.get("/metrics", &rotated.secret).await.status, StatusCode::UNAUTHORIZED);
        refused(auth.revoke_token(&token).await, Kind::NotFound, &token.token_id);
    });
}

#[test]
fn a_link_logs_one_browser_in_and_logging_out_ends_that() {
    let daemon = Daemon::boot("");
    daemon.run(async {
        let web = Web::start(&daemon).await;
        let auth = AuthClient::new(daemon.client().await);
        let link = auth.create_login_link(&AuthCreateLoginLinkParams::default()).await.unwrap().url;
        let path = link.strip_prefix(&web.url).unwrap();
        let reply = web.get(path, "").await;
        assert_eq!((reply.status, reply.header("location")), (StatusCode::SEE_OTHER, Some("/")));
        let set = reply.header("set-cookie").unwrap().to_owned();
        for attribute in ["HttpOnly", "SameSite=Strict", "Path=/"] {
            assert!(set.contains(attribute), "{set}");
        }
        let cookie = set.split(';').next().unwrap().to_owned();
        assert!(cookie.starts_with(&format!("icpy_{}=", web.address.port())), "{cookie}");
        assert_eq!(web.get(path, "").await.status, StatusCode::UNAUTHORIZED, "a link is good once");
        let with = |request: hyper::http::request::Builder| request.header("cookie", &cookie);
        assert_eq!(web.send(with(Request::get("/metrics")), "").await.status, StatusCode::OK);

        // What changes something is made by a page of ours.
        let origin = web.url.clone();
        let mut socket = web.socket("/ws", &[("cookie", &cookie), ("origin", &origin)]).await.unwrap();
        let who = socket.call("auth:whoami", json!({})).await["result"].clone();
        assert_eq!((who["user"].as_str(), who["credential"].as_str()), (Some("owner"), Some("login")));
        let csrf = who["csrfToken"].as_str().unwrap();
        let logout = |csrf: &str| with(Request::post("/logout")).header("x-icpy-csrf", csrf);
        assert_eq!(web.send(logout("wrong"), "").await.status, StatusCode::FORBIDDEN);
        assert_eq!(web.send(with(Request::post("/logout")), "").await.status, StatusCode::FORBIDDEN);
        let no_origin = web.socket("/ws", &[("cookie", &cookie)]).await.unwrap_err();
        assert!(matches!(no_origin, Error::Http(answer) if answer.status() == 403));
        let reply = web.send(logout(csrf), "").await;
        assert_eq!(reply.status, StatusCode::NO_CONTENT);
        assert!(reply.header("set-cookie").unwrap().contains("Max-Age=0"));
        assert_eq!(socket.closed().await.0, 1008);
        assert_eq!(web.send(with(Request::get("/metrics")), "").await.status, StatusCode::UNAUTHORIZED);
    });
}

#[test]
fn a_ticket_opens_one_socket_and_nothing_else() {
    let daemon = Daemon::boot("");
    daemon.run(async {
        let web = Web::start(&daemon).await;
        let token = Web::token(&daemon, &[AuthScope::Read]).await;
        let made = web.call(&token, "auth:create_ticket", json!({})).await;
        let path = format!("/ws?ticket={}", made["result"]["ticket"].as_str().unwrap());
        let metrics = path.replace("/ws", "/metrics");
        assert_eq!(web.get(&metrics, "").await.status, StatusCode::UNAUTHORIZED);
        let mut socket = web.socket(&path, &[]).await.unwrap();
        let who = socket.call("auth:whoami", json!({})).await;
        assert_eq!(who["result"]["scopes"], json!(["read"]));
        let again = web.socket(&path, &[]).await.unwrap_err();
        assert!(matches!(again, Error::Http(answer) if answer.status() == 401));
    });
}

#[test]
fn a_password_logs_in_when_one_was_set() {
    let daemon = Daemon::boot("");
    daemon.run(async {
        let web = Web::start(&daemon).await;
        let client = daemon.client().await;
        let log_in = |body: serde_json::Value| {
            let request = Request::post("/login").header("content-type", "application/json");
            web.send(request, body.to_string())
        };
        let right = json!({ "user": "owner", "password": "correct horse" });
        assert_eq!(log_in(right.clone()).await.status, StatusCode::UNAUTHORIZED);
        let params = json!({ "password": "correct horse" }).to_string();
        client.request("auth:set_password", params, false).await.unwrap();
        assert_eq!(log_in(right.clone()).await.status, StatusCode::NO_CONTENT);
        assert_eq!(log_in(json!({ "password": "correct house" })).await.status, StatusCode::UNAUTHORIZED);
        assert_eq!(
            log_in(json!({ "user": "nobody", "password": "correct horse" })).await.status,
            StatusCode::UNAUTHORIZED
        );
        let form = Request::post("/login").header("content-type", "application/x-www-form-urlencoded");
        assert_eq!(web.send(form, "password=x").await.status, StatusCode::UNSUPPORTED_MEDIA_TYPE);
    });
}

#[test]
fn one_socket_carries_requests_events_and_resumes() {
    let daemon = Daemon::boot("//- /a.txt\n");
    daemon.run(async {
        let web = Web::start(&daemon).await;
        let token = Web::token(&daemon, ALL).await;
        let headers = [("authorization", &*format!("Bearer {token}")), ("sec-websocket-protocol", "other, icpy.v1")];
        let mut socket = web.socket("/ws", &headers).await.unwrap();
        assert_eq!(socket.protocol.as_deref(), Some("icpy.v1"));
        let client_info = json!({ "clientInfo": { "name": "test" } });
        let session = socket.call("session:initialize", client_info).await["result"].clone();
        socket.call("session:subscribe", json!({ "patterns": ["file:*"] })).await;
        // Newlines between the members of a message are as good as any space.
        let open =
            json!({ "jsonrpc": "2.0", "id": 1, "method": "file:open", "params": { "path": daemon.path("a.txt") } });
        socket.send(serde_json::to_string_pretty(&open).unwrap()).await;
        let opened = socket.next().await;
        assert_eq!(opened["method"], "file:opened");
        assert_eq!(socket.next().await["id"], 1);
        drop(socket);

        let close = json!({ "path": daemon.path("a.txt") }).to_string();
        daemon.client().await.request("file:close", close, false).await.unwrap();
        let mut socket = web.socket_of(&token).await;
        let resume =
            json!({ "resumeToken": session["resumeToken"], "epoch": session["position"]["epoch"], "after": opened["params"]["seq"] });
        assert_eq!(socket.call("session:resume", resume.clone()).await["result"]["status"], "resumed");
        assert_eq!(socket.next().await["method"], "file:closed");

        // Another credential cannot take the session up.
        let other = Web::token(&daemon, ALL).await;
        let stolen = web.socket_of(&other).await.call("session:resume", resume).await;
        assert_eq!(stolen["error"]["data"]["kind"], "gone");
    });
}

#[test]
fn a_socket_refuses_what_is_no_message_and_says_so() {
    let daemon = Daemon::boot("");
    daemon.run(async {
        let web = Web::start(&daemon).await;
        let token = Web::token(&daemon, ALL).await;
        let mut socket = web.socket_of(&token).await;
        socket.send("{").await;
        assert_eq!(socket.next().await["error"]["code"], -32700);
        socket.send("[".repeat(65)).await;
        assert_eq!(socket.next().await["error"]["data"]["kind"], "too_large");
        socket.send(format!("\"a\n{}\"", "b")).await;
        assert_eq!(socket.next().await["error"]["code"], -32700, "a newline in a string is wrong");
        socket.send_frame(Message::Binary(vec![1, 2, 3].into())).await;
        assert_eq!(socket.closed().await.0, 1003);
    });
}

/// S42: the audit log says who asked for what, and never what was in it.
#[test]
fn every_decision_is_written_down_and_no_content() {
    let daemon = Daemon::boot("//- /a.txt\ncanary-of-a-file\n");
    daemon.run(async {
        let web = Web::start(&daemon).await;
        let token = Web::token(&daemon, &[AuthScope::Read]).await;
        let path = daemon.path("a.txt");
        web.call(&token, "fs:read_file", json!({ "path": path })).await;
        web.call(&token, "fs:write_file", json!({ "path": path, "content": "canary-of-a-request" })).await;
        web.call(&token, "no:such", json!({})).await;
        web.get("/api/v1/events", &token).await;
        web.get("/metrics", "icpy_canary-of-a-token").await;
        web.get("/login?token=canary-of-a-link", "").await;
        let log = std::fs::read_to_string(daemon.folder().home().join("log/audit.log")).unwrap();
        assert!(!log.contains("canary") && !log.contains(&token[5..]), "{log}");
        let lines: Vec<serde_json::Value> = log.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let said = |method: &str, decision: &str, outcome: &str| {
            let is_it = |line: &&serde_json::Value| {
                line["method"] == method && line["decision"] == decision && line["outcome"] == outcome
            };
            lines.iter().find(is_it).unwrap_or_else(|| panic!("{method} {decision}: {log}"))
        };
        let read = said("fs:read_file", "allowed", "done");
        assert_eq!(read["target"], path.to_str().unwrap());
        assert!(read["who"].as_str().unwrap().starts_with("owner:token:"), "{read}");
        assert!(read["durationUs"].is_u64() && read["timeMs"].is_u64(), "{read}");
        assert_eq!(said("fs:write_file", "refused", "permission_denied")["target"], path.to_str().unwrap());
        said("session:subscribe", "allowed", "done");
        said("unknown", "refused", "method_not_found");
        said("http:enter", "refused", "unauthenticated");
        said("http:login", "refused", "unauthenticated");
    });
}
