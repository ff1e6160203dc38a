//! Terminals over a WebSocket: as text, and as binary frames.

use icpy_protocol::auth::AuthScope;
use icpy_tests::http::Socket;
use icpy_tests::{Daemon, Web};
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Message;

/// What a program prints that is no text, with every byte that could be taken for something else on the way.
const OUTPUT: &str = r"stty -opost; printf '\000\001\377\376a\n\nb\r\n{}\000end'; read line";

async fn attach(socket: &mut Socket, is_binary: bool) -> String {
    let command = json!(["sh", "-c", OUTPUT]);
    let made = socket.call("terminal:create", json!({ "command": command })).await;
    let terminal_id = made["result"]["terminalId"].as_str().unwrap().to_owned();
    let params = json!({ "terminalId": terminal_id, "isBinary": is_binary, "after": 0 });
    let attached = socket.call("terminal:attach", params).await;
    assert!(attached["result"].is_object(), "{attached}");
    terminal_id
}

#[test]
fn output_comes_byte_for_byte_as_binary_frames() {
    let daemon = Daemon::boot("");
    daemon.run(async {
        let web = Web::start(&daemon).await;
        let token = Web::token(&daemon, AuthScope::ALL).await;
        let mut socket = web.socket_of(&token).await;
        let hello = socket.call("session:initialize", json!({ "clientInfo": { "name": "test" } })).await;
        assert_eq!(hello["result"]["capabilities"]["binaryFrames"], true);
        let terminal_id = attach(&mut socket, true).await;
        let mut printed = Vec::new();
        while !printed.ends_with(b"end") {
            match socket.frame().await {
                Some(Ok(Message::Binary(frame))) => {
                    let end = frame.iter().position(|byte| *byte == b'\n').unwrap();
                    let head: Value = serde_json::from_slice(&frame[..end]).unwrap();
                    assert_eq!(
                        (&head["method"], &head["params"]["terminalId"]),
                        (&json!("terminal:data_out"), &json!(terminal_id))
                    );
                    let bytes = &frame[end + 1..];
                    let places = ["from", "to"].map(|name| head["params"][name].as_u64().unwrap());
                    assert_eq!(places, [printed.len() as u64, (printed.len() + bytes.len()) as u64]);
                    printed.extend_from_slice(bytes);
                }
                Some(Ok(Message::Text(text))) => assert!(!text.contains("data_out"), "{text}"),
                other => panic!("{other:?}"),
            }
        }
        assert_eq!(printed, b"\0\x01\xff\xfea\n\nb\r\n{}\0end");
        // What is no output is text as before.
        let close = socket.call("terminal:close", json!({ "terminalId": terminal_id })).await;
        assert!(close["result"].is_object(), "{close}");
    });
}

#[test]
fn output_is_text_where_nobody_asks_and_frames_need_a_socket_that_has_them() {
    let daemon = Daemon::boot("");
    daemon.run(async {
        let web = Web::start(&daemon).await;
        let token = Web::token(&daemon, AuthScope::ALL).await;
        let mut socket = web.socket_of(&token).await;
        let terminal_id = attach(&mut socket, false).await;
        let output = socket.next().await;
        assert_eq!((&output["method"], &output["params"]["encoding"]), (&json!("terminal:data_out"), &json!("base64")));
        let params = json!({ "terminalId": terminal_id, "isBinary": true }).to_string();
        let error = daemon.client().await.request("terminal:attach", params, false).await.unwrap_err();
        assert!(error.message().contains("a WebSocket"), "{error}");
        socket.call("terminal:close", json!({ "terminalId": terminal_id })).await;
    });
}
