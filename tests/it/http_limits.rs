//! What one client can make the listener for HTTP hold, wait for, or do. Each test is named after a requirement of
//! `docs/security.md`.

use std::time::Duration;

use hyper::Request;
use icpy_protocol::auth::AuthScope;
use icpy_tests::http::authorized;
use icpy_tests::{Daemon, RawHttp, Web, within};
use icpyd::config::Config;
use icpyd::host::Host;
use serde_json::{Value, json};

const ALL: &[AuthScope] = AuthScope::ALL;

/// A time that passes while a test waits for its end.
const SOON: Duration = Duration::from_millis(200);

fn boot(set: impl FnOnce(&mut Config)) -> Daemon {
    Daemon::boot_set("", Host::real(), set)
}

async fn open(daemon: &Daemon) -> (Web, String) {
    (Web::start(daemon).await, Web::token(daemon, ALL).await)
}

/// The head of a request, with a credential.
fn head(web: &Web, token: &str, line: &str) -> String {
    let host = web.address;
    format!("{line}\r\nHost: {host}\r\nAuthorization: Bearer {token}\r\nContent-Type: application/json\r\n")
}

fn ping() -> Value {
    json!({ "jsonrpc": "2.0", "id": 1, "method": "session:ping" })
}

#[test]
fn s29_a_body_is_as_long_as_the_settings_say_however_it_comes() {
    let daemon = boot(|config| (config.http.body_bytes_max, config.http.body_timeout) = (2048, SOON));
    daemon.run(async {
        let (web, token) = open(&daemon).await;
        let head = head(&web, &token, "POST /rpc HTTP/1.1");
        let padded = |length: usize| {
            let body = ping().to_string();
            body.clone() + &" ".repeat(length - body.len())
        };
        let fits = padded(2048);
        let reply = web.ask(format!("{head}Content-Length: 2048\r\n\r\n{fits}")).await.unwrap();
        assert_eq!(reply.status, 200);
        let chunked = format!(
            "{head}Transfer-Encoding: chunked\r\n\r\n400\r\n{}\r\n400\r\n{}\r\n0\r\n\r\n",
            &fits[..1024],
            &fits[1024..]
        );
        assert_eq!(web.ask(chunked).await.unwrap().status, 200);

        let long = padded(2049);
        assert_eq!(web.ask(format!("{head}Content-Length: 2049\r\n\r\n{long}")).await.unwrap().status, 413);
        // It is refused by its length before it comes, and without one as soon as it is too long.
        assert_eq!(web.ask(format!("{head}Content-Length: 99999999999\r\n\r\n")).await.unwrap().status, 413);
        let mut raw = web.raw().await;
        raw.send(format!("{head}Transfer-Encoding: chunked\r\n\r\n")).await;
        for _ in 0..3 {
            raw.send(format!("400\r\n{}\r\n", " ".repeat(1024))).await;
        }
        assert_eq!(raw.reply().await.unwrap().status, 413);
        // Who sends all of it before looking sees the answer too.
        let mut eager = web.raw().await;
        assert!(eager.send(format!("{head}Content-Length: {}\r\n\r\n", 32 << 20)).await);
        assert!(eager.send(vec![b' '; 32 << 20]).await, "the connection was reset");
        assert_eq!(eager.reply().await.unwrap().status, 413);
        let huge = web.ask(format!("{head}Transfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\nx")).await;
        assert!(huge.is_none_or(|reply| reply.status == 400 || reply.status == 413));
        // Two lengths are none.
        for lengths in [
            "Content-Length: 2\r\nContent-Length: 3",
            "Content-Length: -1",
            "Content-Length: 0x10",
            "Content-Length: 1, 2",
        ] {
            let reply = web.ask(format!("{head}{lengths}\r\n\r\n{{}}")).await;
            assert!(reply.as_ref().is_none_or(|reply| reply.status == 400), "{lengths}: {reply:?}");
        }
        // Who is not known may send a name and a password, and no more.
        let login = format!("POST /login HTTP/1.1\r\nHost: {}\r\nContent-Type: application/json\r\n", web.address);
        let reply = web.ask(format!("{login}Content-Length: 5000\r\n\r\n{}", " ".repeat(5000))).await.unwrap();
        assert_eq!(reply.status, 413);
    });
}

#[test]
fn s29_a_head_is_bounded_in_all_its_parts() {
    let daemon = boot(|config| config.http.headers_max = 32);
    daemon.run(async {
        let (web, token) = open(&daemon).await;
        let head = head(&web, &token, "GET /metrics HTTP/1.1");
        let more = |count: usize| "X: y\r\n".repeat(count);
        assert_eq!(web.ask(format!("{head}{}\r\n", more(29))).await.unwrap().status, 200);
        assert_eq!(web.ask(format!("{head}{}\r\n", more(30))).await.unwrap().status, 431);
        assert_eq!(web.ask(format!("{head}X: {}\r\n\r\n", "y".repeat(40 << 10))).await.unwrap().status, 431);
        // It is refused before its end has come.
        let mut flood = web.raw().await;
        flood.send(&head).await;
        flood.send("y".repeat(64 << 10)).await;
        assert_eq!(flood.reply().await.unwrap().status, 431);
        let path = format!("GET /{} HTTP/1.1\r\nHost: {}\r\n\r\n", "y".repeat(70_000), web.address);
        let status = web.ask(path).await.unwrap().status;
        assert!(status == 414 || status == 431, "{status}");
        let odd = [
            "GET /\x01 HTTP/1.1\r\n\r\n",
            "GET\r\n\r\n",
            "\r\n\r\n\r\nx",
            "GET / HTTP/9.9\r\n\r\n",
            "\x16\x03\x01\x02\0\x01",
        ];
        for odd in odd {
            let mut raw = web.raw().await;
            raw.send(odd).await;
            raw.send("\r\n\r\n").await;
            let reply = raw.reply().await;
            assert!(
                reply.as_ref().is_none_or(|reply| reply.status == 400 || reply.status == 505),
                "{odd:?}: {reply:?}"
            );
        }
    });
}

#[test]
fn s29_json_is_not_too_deep_and_a_batch_not_too_long() {
    let daemon = boot(|_| ());
    daemon.run(async {
        let (web, token) = open(&daemon).await;
        let post = async |body: String| {
            let request = authorized(Request::post("/rpc"), &token).header("content-type", "application/json");
            web.send(request, body).await.json()
        };
        for deep in ["[".repeat(65), "{\"a\":".repeat(65), "[".repeat(1 << 20)] {
            assert_eq!(post(deep).await["error"]["data"]["kind"], "too_large");
        }
        let params = "[".repeat(70) + &"]".repeat(70);
        let inside =
            format!("{{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"session:ping\",\"params\":{{\"a\":{params}}}}}");
        assert_eq!(post(inside).await["error"]["data"]["kind"], "too_large");
        let batch = |count: usize| Value::from(vec![ping(); count]).to_string();
        assert_eq!(post(batch(50)).await.as_array().unwrap().len(), 50);
        assert_eq!(post(batch(51)).await["error"]["data"]["kind"], "too_large");
    });
}

/// A frame of a client, with or without the mask that it must have.
fn frame(opcode: u8, payload: &[u8], is_masked: bool) -> Vec<u8> {
    let mut frame = vec![0x80 | opcode];
    let mask = if is_masked { 0x80 } else { 0 };
    match u8::try_from(payload.len()) {
        Ok(length @ ..=125) => frame.push(mask | length),
        _ => {
            frame.push(mask | 127);
            frame.extend((payload.len() as u64).to_be_bytes());
        }
    }
    // A mask of nothing leaves the payload as it is.
    frame.extend(if is_masked { &[0; 4][..] } else { &[] });
    frame.extend(payload);
    frame
}

/// A WebSocket for whatever bytes.
async fn raw_socket(web: &Web, token: &str) -> RawHttp {
    let mut raw = web.raw().await;
    let upgrade = "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n\
        Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Extensions: permessage-deflate\r\n";
    let reply = raw.ask(format!("{}{upgrade}\r\n", head(web, token, "GET /ws HTTP/1.1"))).await.unwrap();
    assert_eq!(reply.status, 101);
    assert_eq!(reply.header("sec-websocket-extensions"), None, "what is compressed could be far longer than it is");
    raw
}

#[test]
fn s29_a_frame_is_masked_and_not_too_long() {
    let daemon = Daemon::boot_with("", |limits| limits.line_bytes_max = 4096);
    daemon.run(async {
        let (web, token) = open(&daemon).await;
        let fits = ping().to_string() + &" ".repeat(4000);
        let mut good = raw_socket(&web, &token).await;
        good.send(frame(1, fits.as_bytes(), true)).await;
        good.send(frame(8, b"", true)).await;
        let answer = String::from_utf8_lossy(&good.rest().await).into_owned();
        assert!(answer.contains("\"result\":"), "{answer}");

        let long = frame(1, " ".repeat(4097).as_bytes(), true);
        let mut endless = long.clone();
        endless[2..10].copy_from_slice(&(1_u64 << 62).to_be_bytes());
        let compressed = [&[0x80 | 0x40 | 1][..], &frame(1, b"{}", true)[1..]].concat();
        let fragments: Vec<u8> = (0..3)
            .flat_map(|number: u8| {
                let mut part = frame(u8::from(number == 0), " ".repeat(2000).as_bytes(), true);
                part[0] &= 0x7f;
                part
            })
            .collect();
        let wrong = [
            (long, "too long"),
            (endless, "endless"),
            (fragments, "too long in parts"),
            (frame(1, ping().to_string().as_bytes(), false), "not masked"),
            (compressed, "compressed"),
            (frame(3, b"", true), "of no kind"),
            (frame(9, &[0; 126], true), "a ping that is too long"),
            (frame(1, b"\xff\xfe", true), "no text"),
        ];
        for (bytes, what) in wrong {
            let mut socket = raw_socket(&web, &token).await;
            socket.send(bytes).await;
            let rest = socket.rest().await;
            assert!(!String::from_utf8_lossy(&rest).contains("result"), "{what}: {rest:?}");
        }
    });
}

#[test]
fn s30_who_is_slow_loses_its_connection() {
    let daemon = boot(|config| (config.http.header_timeout, config.http.body_timeout) = (SOON, SOON));
    daemon.run(async {
        let (web, token) = open(&daemon).await;
        let head = head(&web, &token, "POST /rpc HTTP/1.1");
        let begun = [String::new(), "GET /he".to_owned(), "GET /healthz HTTP/1.1\r\nHost: ".to_owned(), head.clone()];
        for begun in begun {
            let mut raw = web.raw().await;
            raw.send(&begun).await;
            let rest = raw.rest().await;
            assert!(rest.is_empty() || rest.starts_with(b"HTTP/1.1 408"), "{begun}: {rest:?}");
        }
        // A connection on which nothing more is asked is no better.
        let mut idle = web.raw().await;
        let reply = idle.ask(format!("GET /healthz HTTP/1.1\r\nHost: {}\r\n\r\n", web.address)).await.unwrap();
        assert_eq!(reply.status, 200);
        assert_eq!(idle.rest().await, b"");
        // Nor is a body that does not come.
        let login = format!("POST /login HTTP/1.1\r\nHost: {}\r\nContent-Type: application/json\r\n", web.address);
        for head in [head, login] {
            for body in ["Content-Length: 100\r\n\r\n{", "Transfer-Encoding: chunked\r\n\r\n1\r\n{\r\n"] {
                let mut raw = web.raw().await;
                assert_eq!(raw.ask(format!("{head}{body}")).await.unwrap().status, 400);
                assert_eq!(raw.rest().await, b"");
            }
        }
    });
}

#[test]
fn s30_a_socket_that_does_not_answer_is_closed() {
    let daemon = boot(|config| config.http.ping_interval = SOON);
    daemon.run(async {
        let (web, token) = open(&daemon).await;
        let mut silent = raw_socket(&web, &token).await;
        let heard = silent.rest().await;
        // Two bytes are an empty ping.
        assert!(heard.starts_with(&[0x89, 0]), "{heard:?}");
    });
}

#[test]
fn s30_connections_are_counted_in_all_and_by_address() {
    for (all, of_address) in [(2, 100), (100, 2)] {
        let daemon = boot(|config| {
            (config.http.connections_max, config.http.connections_per_address_max) = (all, of_address);
        });
        daemon.run(async {
            let web = Web::start(&daemon).await;
            let get = format!("GET /healthz HTTP/1.1\r\nHost: {}\r\n\r\n", web.address);
            let mut held = [web.raw().await, web.raw().await];
            for held in &mut held {
                assert_eq!(held.ask(&get).await.unwrap().status, 200);
            }
            let refused = web.ask(&get).await;
            assert!(refused.as_ref().is_none_or(|reply| reply.status == 503), "{refused:?}");
            drop(held);
            within("there is room again", async {
                while web.ask(&get).await.is_none_or(|reply| reply.status != 200) {}
            })
            .await;
        });
    }
}

#[test]
fn s32_a_client_that_never_reads_is_dropped_and_nobody_waits_for_it() {
    let daemon = Daemon::boot_with("", |limits| limits.stall_timeout = SOON);
    std::fs::write(daemon.path("large"), "x".repeat(1 << 20)).unwrap();
    daemon.run(async {
        let (web, token) = open(&daemon).await;
        let read =
            json!({ "jsonrpc": "2.0", "id": 1, "method": "fs:read_file", "params": { "path": daemon.path("large") } });
        let body = read.to_string();
        let mut stuck = raw_socket(&web, &token).await;
        // More than the system takes for a client that does not read.
        for _ in 0..64 {
            stuck.send(frame(1, body.as_bytes(), true)).await;
        }
        let mut unread = web.raw().await;
        let head = head(&web, &token, "POST /rpc HTTP/1.1");
        for _ in 0..64 {
            unread.send(format!("{head}Content-Length: {}\r\n\r\n{body}", body.len())).await;
        }
        assert!(web.call(&token, "session:ping", json!({})).await["error"].is_null());
        let connections = async || {
            let status = web.call(&token, "web:status", json!({})).await;
            status["result"]["connections"].as_u64().unwrap()
        };
        within("both connections are given up", async { while connections().await > 1 {} }).await;
        let sessions = daemon.client().await.request("session:list", "{}".to_owned(), true).await.unwrap();
        let sessions: Value = serde_json::from_str(&sessions).unwrap();
        assert_eq!(sessions["sessions"].as_array().unwrap().len(), 1, "{sessions}");
        drop((stuck, unread));
    });
}

#[test]
fn s33_a_session_has_so_many_subscriptions_watches_requests_and_terminals() {
    let daemon = Daemon::boot_with("", |limits| {
        (limits.subscriptions_max, limits.requests_max, limits.terminals_max) = (4, 4, 1);
    });
    daemon.run(async {
        let (web, token) = open(&daemon).await;
        let mut socket = web.socket_of(&token).await;
        socket.call("session:initialize", json!({ "clientInfo": { "name": "test" } })).await;
        for _ in 0..4 {
            let answer = socket.call("session:subscribe", json!({ "patterns": ["file:*"] })).await;
            assert!(answer["error"].is_null(), "{answer}");
        }
        let fifth = socket.call("session:subscribe", json!({ "patterns": ["file:*"] })).await;
        assert_eq!(fifth["error"]["data"]["kind"], "too_large", "{fifth}");

        for _ in 0..1024 {
            let answer = socket.call("fs:watch", json!({ "path": daemon.path("") })).await;
            assert!(answer["error"].is_null(), "{answer}");
        }
        let more = socket.call("fs:watch", json!({ "path": daemon.path("") })).await;
        assert_eq!(more["error"]["data"]["kind"], "too_large", "{more}");

        let terminal = socket.call("terminal:create", json!({ "command": ["cat"] })).await["result"].clone();
        let other = Web::token(&daemon, ALL).await;
        let second = web.call(&other, "terminal:create", json!({ "command": ["cat"] })).await;
        assert_eq!(second["error"]["data"]["kind"], "too_large", "{second}");

        let wait = |id: u32| json!({ "jsonrpc": "2.0", "id": id, "method": "terminal:wait", "params": { "terminalId": terminal["terminalId"] } });
        for id in 1..=5 {
            socket.send(wait(id).to_string()).await;
        }
        let refused = socket.next().await;
        assert_eq!((&refused["id"], &refused["error"]["data"]["kind"]), (&json!(5), &json!("busy")), "{refused}");
    });
}
