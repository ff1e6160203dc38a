//! Sessions whose connection was lost, and that go on in the event log.

use icpy_tests::Transport;
use serde_json::json;

use crate::history::{Home, UPDATED, change, number};

#[test]
fn a_session_that_was_away_for_too_long_goes_on_in_the_log() {
    let home = Home::new(5000);
    home.daemon.run(async {
        home.workspace("one").await;
        let producer = home.daemon.client().await;
        let mut client = home.daemon.line_client(Transport::ALL[0]).await;
        client.request(1, "session:initialize", &json!({ "clientInfo": { "name": "t" } })).await;
        let (_, begun) = client.receive_answer(1).await;
        client.request(2, "session:subscribe", &json!({ "patterns": [UPDATED], "replay": {} })).await;
        let (_, subscribed) = client.receive_answer(2).await;
        let (position, log_id) = (&subscribed["result"]["position"], &subscribed["result"]["logId"]);
        drop(client);
        change(&producer, 1..=60).await;
        let mut params = json!({
            "resumeToken": begun["result"]["resumeToken"],
            "epoch": position["epoch"],
            "after": position["seq"],
            "logged": { "1": log_id },
        });
        let mut client = home.daemon.line_client(Transport::ALL[0]).await;
        client.request(1, "session:resume", &params).await;
        let (_, resumed) = client.receive_answer(1).await;
        assert_eq!(resumed["result"]["status"], "replayed", "{resumed}");
        assert!(resumed["result"]["snapshot"]["state:get"].is_object(), "{resumed}");
        let mut numbers = Vec::new();
        while numbers.last() != Some(&60) {
            let line = client.receive().await;
            numbers.extend((line["method"] == UPDATED).then(|| number(&line)));
        }
        assert_eq!(numbers, (1..=60).collect::<Vec<_>>());
        // Who does not say what it has seen of the log is told that the tail is gone, as ever.
        drop(client);
        params.as_object_mut().unwrap().remove("logged");
        let mut client = home.daemon.line_client(Transport::ALL[0]).await;
        client.request(1, "session:resume", &params).await;
        assert_eq!(client.receive_answer(1).await.1["result"]["status"], "gone");
    });
}

/// The place in the history is one behind all that the log has, and what was read of that says how far it came.
#[test]
fn a_session_that_was_lost_while_it_read_the_log_reads_on() {
    let home = Home::new(1 << 20);
    home.daemon.run(async {
        home.workspace("one").await;
        let producer = home.daemon.client().await;
        change(&producer, 1..=20).await;
        for is_resumed in [true, false] {
            let mut client = home.daemon.line_client(Transport::ALL[0]).await;
            client.request(1, "session:initialize", &json!({ "clientInfo": { "name": "t" } })).await;
            let (_, begun) = client.receive_answer(1).await;
            client.request(2, "session:subscribe", &json!({ "patterns": [UPDATED], "replay": {} })).await;
            let (_, subscribed) = client.receive_answer(2).await;
            let (position, log_id) =
                (&subscribed["result"]["position"], subscribed["result"]["logId"].as_u64().unwrap());
            drop(client);
            let seen = log_id - 7;
            let mut client = home.daemon.line_client(Transport::ALL[0]).await;
            if is_resumed {
                let params = json!({
                    "resumeToken": begun["result"]["resumeToken"],
                    "epoch": position["epoch"],
                    "subscriptions": { "1": position["seq"] },
                    "logged": { "1": seen },
                });
                client.request(1, "session:resume", &params).await;
            } else {
                let params = json!({ "patterns": [UPDATED], "after": position, "replay": { "afterLogId": seen } });
                client.request(1, "session:subscribe", &params).await;
            }
            let (before, answer) = client.receive_answer(1).await;
            assert!(before.is_empty() && answer["error"].is_null(), "{answer}");
            if is_resumed {
                assert_eq!(answer["result"]["status"], "resumed");
            }
            change(&producer, [21]).await;
            for expect in [14, 15, 16, 17, 18, 19, 20, 21] {
                let event = client.receive().await;
                assert_eq!(number(&event), expect, "{event}");
            }
            change(&producer, 1..=20).await;
        }
    });
}
