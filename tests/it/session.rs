//! A session: introducing oneself, streams, cancelling, and what ends with a connection.

use std::path::Path;
use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use icpy_protocol::Empty;
use icpy_protocol::error::Kind;
use icpy_protocol::session::SessionClient;
use icpy_tests::{Daemon, LineClient, Transport, until};
use serde_json::{Value, json};

/// What is sent of a stream before any is acknowledged, and what one piece holds.
const CREDIT_BYTES: usize = 256 << 10;
const PIECE_BYTES: usize = 128 << 10;

#[test]
fn a_client_introduces_itself() {
    let daemon = Daemon::boot("");
    for transport in Transport::ALL {
        daemon.run(async {
            let mut client = daemon.line_client(*transport).await;
            let params = json!({
                "clientInfo": { "name": "editor", "version": "7" },
                "protocol": { "min": 1, "max": 99 },
                "capabilities": { "unknown": [1] },
            });
            client.request(1, "session:initialize", &params).await;
            let result = client.receive().await["result"].clone();
            assert_eq!(result["serverInfo"]["name"], "icpyd");
            assert_eq!(result["protocol"], 1);
            for member in ["daemonId", "sessionId", "resumeToken"] {
                assert!(result[member].as_str().is_some_and(|text| text.len() >= 8), "{member}: {result}");
            }
            client.request(2, "session:list", &json!({})).await;
            let list = client.receive().await;
            let own = list["result"]["sessions"].as_array().unwrap().iter().find(|it| it["isCaller"] == true).unwrap();
            assert_eq!(own["clientInfo"], json!({ "name": "editor", "version": "7" }));
            assert_eq!(own["sessionId"], result["sessionId"]);
            assert_eq!(own["pid"], std::process::id());
            assert!(!list.to_string().contains(result["resumeToken"].as_str().unwrap()), "a token is a secret");
            client.request(3, "session:initialize", &params).await;
            assert_eq!(client.receive().await["error"]["data"]["kind"], "conflict");
        });
    }
}

#[test]
fn another_protocol_is_refused_with_what_would_do() {
    let daemon = Daemon::boot("");
    daemon.run(async {
        let mut client = daemon.line_client(Transport::Memory).await;
        let mut initialize = async |id: u64, min: u32, max: u32| {
            let params = json!({ "clientInfo": { "name": "x" }, "protocol": { "min": min, "max": max } });
            client.request(id, "session:initialize", &params).await;
            client.receive().await
        };
        let newer = initialize(1, 2, 5).await;
        assert_eq!(newer["error"]["data"]["kind"], "unsupported");
        assert_eq!((&newer["error"]["data"]["min"], &newer["error"]["data"]["max"]), (&json!(1), &json!(1)));
        assert_eq!(initialize(2, 5, 2).await["error"]["data"]["kind"], "invalid_params");
        assert_eq!(initialize(3, 1, 1).await["result"]["protocol"], 1);
    });
}

fn fixture(bytes: usize) -> (Daemon, Vec<u8>) {
    let daemon = Daemon::boot("");
    let content: Vec<u8> = (0..bytes).map(|place| u8::try_from(place % 251).unwrap()).collect();
    std::fs::write(daemon.path("large.bin"), &content).unwrap();
    (daemon, content)
}

async fn stream(client: &mut LineClient, id: u64, path: &Path) {
    client.request(id, "fs:read_file", &json!({ "path": path, "stream": true })).await;
}

/// Reads as many pieces as come without being acknowledged.
async fn pieces_on_credit(client: &mut LineClient) -> Vec<Value> {
    let pieces: Vec<Value> = [client.receive().await, client.receive().await].into();
    // An answer behind them shows that no third is on its way.
    client.request(99, "session:ping", &json!({})).await;
    assert_eq!(client.receive().await["id"], 99);
    pieces
}

#[test]
fn a_large_file_is_streamed_at_the_pace_of_its_reader() {
    const BYTES: usize = 9_000_000;
    let (daemon, content) = fixture(BYTES);
    for transport in Transport::ALL {
        daemon.run(async {
            let mut client = daemon.line_client(*transport).await;
            stream(&mut client, 1, &daemon.path("large.bin")).await;
            let mut received = String::new();
            let (mut pieces, mut progress) = (pieces_on_credit(&mut client).await, 0);
            let mut seq = 0;
            let result = loop {
                for piece in pieces.drain(..) {
                    assert_eq!((&piece["params"]["id"], &piece["params"]["seq"]), (&json!(1), &json!(seq)));
                    let data = piece["params"]["data"].as_str().unwrap();
                    assert!(data.len() <= PIECE_BYTES);
                    received.push_str(data);
                    seq += 1;
                    let ack =
                        json!({ "jsonrpc": "2.0", "method": "$/ack", "params": { "id": 1, "bytes": data.len() } });
                    client.send(format!("{ack}\n")).await;
                }
                let message = client.receive().await;
                match message["method"].as_str() {
                    Some("$/stream") => pieces.push(message),
                    Some("$/progress") => {
                        assert_eq!(message["params"]["total"], BYTES);
                        assert_eq!(message["params"]["unit"], "bytes");
                        progress += 1;
                    }
                    _ => break message["result"].clone(),
                }
            };
            assert!(progress > 0);
            assert_eq!(result["size"], BYTES);
            assert_eq!(result["encoding"], "base64");
            assert!(BASE64_STANDARD.decode(&received).unwrap() == content);
        });
    }
}

#[test]
fn a_stream_takes_no_more_than_its_credit() {
    let (daemon, _) = fixture(2_000_000);
    daemon.run(async {
        let mut client = daemon.line_client(Transport::Memory).await;
        stream(&mut client, 1, &daemon.path("large.bin")).await;
        let pieces = pieces_on_credit(&mut client).await;
        let bytes: usize = pieces.iter().map(|piece| piece["params"]["data"].as_str().unwrap().len()).sum();
        assert!(bytes <= CREDIT_BYTES, "{bytes}");
        // To acknowledge more than was sent gains nothing.
        client.send("{\"jsonrpc\":\"2.0\",\"method\":\"$/ack\",\"params\":{\"id\":1,\"bytes\":4000000000}}\n").await;
        pieces_on_credit(&mut client).await;
        // Nor does another request's.
        client.send("{\"jsonrpc\":\"2.0\",\"method\":\"$/ack\",\"params\":{\"id\":2,\"bytes\":1000000}}\n").await;
        client.request(3, "session:ping", &json!({})).await;
        assert_eq!(client.receive().await["id"], 3);
    });
}

#[test]
fn a_request_is_cancelled_by_its_id() {
    let (daemon, _) = fixture(2_000_000);
    for transport in Transport::ALL {
        daemon.run(async {
            let mut client = daemon.line_client(*transport).await;
            stream(&mut client, 1, &daemon.path("large.bin")).await;
            pieces_on_credit(&mut client).await;
            client.send("{\"jsonrpc\":\"2.0\",\"method\":\"$/cancelRequest\",\"params\":{\"id\":1}}\n").await;
            let answer = client.receive().await;
            assert_eq!((&answer["id"], &answer["error"]["code"]), (&json!(1), &json!(-32800)));
            client.request(2, "session:list", &json!({})).await;
            assert_eq!(client.receive().await["result"]["sessions"][0]["requests"], 0);
        });
    }
}

#[test]
fn the_requests_of_one_session_are_limited() {
    let (daemon, _) = fixture(2_000_000);
    daemon.run(async {
        let mut client = daemon.line_client(Transport::Memory).await;
        for id in 0..257 {
            stream(&mut client, id, &daemon.path("large.bin")).await;
        }
        let refused = loop {
            let message = client.receive().await;
            if message["id"].is_u64() {
                break message;
            }
        };
        assert_eq!((&refused["id"], &refused["error"]["data"]["kind"]), (&json!(256), &json!("busy")));
        assert_eq!(refused["error"]["data"]["retryable"], true);
        // Another session is not affected.
        SessionClient::new(daemon.client().await).ping(&Empty {}).await.unwrap();
    });
}

#[test]
fn what_a_connection_started_ends_with_it() {
    let (daemon, _) = fixture(2_000_000);
    for transport in Transport::ALL {
        daemon.run(async {
            let mut client = daemon.line_client(*transport).await;
            for id in 0..20 {
                stream(&mut client, id, &daemon.path("large.bin")).await;
            }
            client.receive().await;
            drop(client);
            let session = SessionClient::new(daemon.client().await);
            // A streaming request holds its file open.
            until("the files' close", || open_files(&daemon.path("large.bin")) == 0).await;
            assert_eq!(session.list(&Empty {}).await.unwrap().sessions.len(), 1);
        });
    }
}

#[cfg(target_os = "linux")]
fn open_files(path: &Path) -> usize {
    let links = std::fs::read_dir("/proc/self/fd").unwrap().flatten();
    links.filter(|link| std::fs::read_link(link.path()).is_ok_and(|target| target == path)).count()
}

#[cfg(not(target_os = "linux"))]
fn open_files(_: &Path) -> usize {
    0
}

#[test]
fn a_stream_without_a_way_back_is_refused() {
    let (daemon, _) = fixture(10);
    daemon.run(async {
        let mut client = daemon.line_client(Transport::Memory).await;
        let params = json!({ "path": daemon.path("large.bin"), "stream": true });
        client.send(format!("{}\n", json!({ "jsonrpc": "2.0", "method": "fs:read_file", "params": params }))).await;
        client.request(1, "session:ping", &json!({})).await;
        assert_eq!(client.receive().await["id"], 1);
    });
}

#[test]
fn the_answers_of_a_batch_are_bounded() {
    let daemon = Daemon::boot("");
    std::fs::write(daemon.path("large.txt"), "x".repeat(3_000_000)).unwrap();
    daemon.run(async {
        let mut client = daemon.line_client(Transport::Memory).await;
        let call = |id: u64| {
            json!({ "jsonrpc": "2.0", "id": id, "method": "fs:read_file", "params": { "path": daemon.path("large.txt") } })
        };
        let batch: Vec<Value> = (0..4).map(call).collect();
        client.send(format!("{}\n", json!(batch))).await;
        let answers = client.receive().await;
        let kinds: Vec<&Value> = answers.as_array().unwrap().iter().map(|it| &it["error"]["data"]["kind"]).collect();
        assert_eq!(kinds.iter().filter(|kind| kind.is_null()).count(), 2, "{kinds:?}");
        assert_eq!(kinds.iter().filter(|kind| **kind == "too_large").count(), 2, "{kinds:?}");
    });
}

#[test]
fn subscriptions_of_one_session_are_limited() {
    let daemon = Daemon::boot_with("", |limits| limits.subscriptions_max = 3);
    daemon.run(async {
        let client = daemon.client().await;
        let mut kept = Vec::new();
        for _ in 0..3 {
            kept.push(daemon.events(&client, "file:*").await);
        }
        let error = client.subscribe(crate::events::patterns(&["**"])).await.unwrap_err();
        assert_eq!(error.kind(), Kind::TooLarge, "{error}");
    });
}

#[test]
fn a_stopping_daemon_ends_what_does_not_end_by_itself() {
    let daemon = Daemon::boot_with("", |limits| limits.drain_timeout = Duration::from_millis(50));
    std::fs::write(daemon.path("large.bin"), vec![0; 2_000_000]).unwrap();
    let mut client = daemon.run(async {
        let mut client = daemon.line_client(Transport::Memory).await;
        stream(&mut client, 1, &daemon.path("large.bin")).await;
        pieces_on_credit(&mut client).await;
        client.request(2, "daemon:stop", &json!({})).await;
        assert_eq!(client.receive().await["id"], 2);
        assert!(daemon.inner().stop_token().is_cancelled());
        client
    });
    let reader = std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async { (client.receive().await, client.receive().await, client.receive_line().await) })
    });
    drop(daemon);
    let (answer, told, end) = reader.join().unwrap();
    assert_eq!((&answer["id"], &answer["error"]["data"]["kind"]), (&json!(1), &json!("unavailable")));
    assert_eq!(told["method"], "session:closing");
    assert_eq!(told["params"]["reason"], "the daemon is stopping");
    assert_eq!(end, None);
}
