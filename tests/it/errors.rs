//! Every error of the table, as a client meets it.

use std::fs::{self, File};

use icpy_protocol::api::Access;
use icpy_protocol::error::{ERRORS, Kind};
use icpy_tests::{Daemon, LineClient, Transport, Web};
use icpyd::caller::Scopes;
use serde_json::{Value, json};

/// A request whose answer is this error; `None` where no request of a client's is.
async fn provoke(daemon: &Daemon, client: &mut LineClient, kind: Kind) -> Option<Value> {
    let path = |name: &str| json!({ "path": daemon.path(name) });
    let (method, params) = match kind {
        Kind::ParseError => {
            client.send("{\n").await;
            return Some(client.receive().await);
        }
        Kind::InvalidRequest => {
            client.send("{}\n").await;
            return Some(client.receive().await);
        }
        Kind::MethodNotFound => ("no:such", json!({})),
        Kind::InvalidParams => ("fs:stat", json!({ "path": 7 })),
        Kind::NotFound => ("fs:stat", path("none")),
        Kind::AlreadyExists => {
            ("fs:write_file", json!({ "path": daemon.path("a.txt"), "content": "", "mustBeNew": true }))
        }
        Kind::Conflict => {
            ("fs:write_file", json!({ "path": daemon.path("a.txt"), "content": "", "baseVersion": "old" }))
        }
        Kind::TooLarge => {
            File::create(daemon.path("huge")).unwrap().set_len(10 << 30).unwrap();
            ("fs:read_file", path("huge"))
        }
        Kind::Unsupported => ("fs:read_file", path("folder")),
        Kind::Gone => ("session:resume", json!({ "resumeToken": "x", "epoch": "y" })),
        Kind::Unavailable => {
            fs::create_dir_all(daemon.folder().home().join("state")).unwrap();
            fs::write(daemon.folder().home().join("state/icpy.db"), "no database").unwrap();
            ("file:list", json!({}))
        }
        Kind::PermissionDenied => {
            let scopes = Scopes::of(&[Access::Read]);
            let params = "{\"path\":\"/\",\"content\":\"\"}".to_owned();
            let error = daemon.client_with(scopes).await.request("fs:write_file", params, false).await.unwrap_err();
            return Some(json!({ "error": error }));
        }
        Kind::Cancelled => {
            stream(daemon, client, 1).await;
            client.send("{\"jsonrpc\":\"2.0\",\"method\":\"$/cancelRequest\",\"params\":{\"id\":1}}\n").await;
            return Some(client.receive_answer(1).await.1);
        }
        Kind::Busy => {
            for id in 0..257 {
                stream(daemon, client, id).await;
            }
            return Some(client.receive_answer(256).await.1);
        }
        // Over HTTP alone; see the tests of that.
        Kind::Unauthenticated => {
            let web = Web::start(daemon).await;
            let problem = web.get("/metrics", "icpy_wrong").await.json();
            let error = json!({ "code": -32009, "message": problem["detail"], "data": problem });
            return Some(json!({ "error": error }));
        }
        // A fault of the daemon's own, and a service that does not answer: see the tests of the router and the bus.
        Kind::Internal | Kind::Timeout => return None,
    };
    client.request(1, method, &params).await;
    Some(client.receive_answer(1).await.1)
}

/// Starts a request that does not end before its pieces are asked for.
async fn stream(daemon: &Daemon, client: &mut LineClient, id: u64) {
    client.request(id, "fs:read_file", &json!({ "path": daemon.path("long.bin"), "stream": true })).await;
}

#[test]
fn every_error_of_the_table_looks_as_it_says() {
    for info in ERRORS {
        let daemon = Daemon::boot("//- /a.txt\n//- /folder/b.txt\n");
        fs::write(daemon.path("long.bin"), vec![0; 1_000_000]).unwrap();
        daemon.run(async {
            let mut client = daemon.line_client(Transport::Memory).await;
            let Some(answer) = provoke(&daemon, &mut client, info.kind).await else { return };
            let error = &answer["error"];
            assert_eq!(error["code"], info.code, "{}: {answer}", info.name);
            assert_eq!(error["data"]["kind"], info.name, "{answer}");
            assert_eq!(error["data"]["retryable"], info.retryable, "{answer}");
            let message = error["message"].as_str().unwrap();
            assert!(!message.is_empty() && !message.ends_with('.'), "{message}");
            assert!(message.chars().next().is_some_and(|first| !first.is_uppercase()), "{message}");
        });
    }
}

#[test]
fn no_error_repeats_all_of_a_long_value() {
    let daemon = Daemon::boot("");
    let long = "x".repeat(60_000);
    daemon.run(async {
        let mut client = daemon.line_client(Transport::Memory).await;
        for (method, params, reason) in [
            ("fs:read_file", json!({ "path": "/a", "offset": long }), "`offset` is `xxx"),
            ("fs:list_directory", json!({ "path": "/a", "sortBy": long }), "has to be one of"),
            ("fs:stat", json!({ "path": format!("/{long}") }), "the name is too long"),
            ("fs:stat", json!({ "path": long }), "is not absolute"),
            ("fs:grep", json!({ "path": "/", "pattern": format!("{long}(") }), "unclosed group"),
        ] {
            client.request(1, method, &params).await;
            let (_, answer) = client.receive_answer(1).await;
            let message = answer["error"]["message"].as_str().unwrap();
            assert!(message.len() < 2100 && message.contains(reason), "{method}: {message}");
        }
    });
}
