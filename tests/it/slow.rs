//! Clients that do not read: what they cost, and that nobody else notices.

use std::time::Duration;

use icpy_protocol::Empty;
use icpy_protocol::file;
use icpy_protocol::session::SessionClient;
use icpy_tests::{Daemon, Transport, until, within};
use serde_json::json;

use crate::events::{number, opened};

#[test]
fn others_are_served_while_clients_never_read() {
    let daemon = Daemon::boot("");
    std::fs::write(daemon.path("large.txt"), "x".repeat(200_000)).unwrap();
    for transport in Transport::ALL {
        daemon.run(async {
            let mut never = Vec::new();
            for _ in 0..8 {
                let mut client = daemon.line_client(*transport).await;
                client.request(1, "session:subscribe", &json!({ "patterns": ["**"] })).await;
                for id in 2..22 {
                    client.request(id, "fs:read_file", &json!({ "path": daemon.path("large.txt") })).await;
                }
                never.push(client);
            }
            let client = daemon.client().await;
            let session = SessionClient::new(client.clone());
            let mut events = daemon.events(&client, "file:*").await;
            for number_sent in 0..200 {
                daemon.inner().bus().publish(&file::OPENED, &opened(number_sent));
                session.ping(&Empty {}).await.unwrap();
                assert_eq!(number(&events.event().await), number_sent);
            }
            let most = queued(&session, 8, 100_000).await;
            assert!(most < 2 << 20, "{most} bytes wait for one client");
            // Those who read after all get everything.
            for client in &mut never {
                let mut answers = 0;
                while answers < 20 {
                    answers += u64::from(client.receive().await["result"]["size"] == 200_000);
                }
            }
        });
    }
}

#[test]
fn a_client_that_reads_nothing_for_too_long_is_closed() {
    let daemon = Daemon::boot_with("", |limits| {
        limits.outbox_bytes_max = 4096;
        limits.stall_timeout = Duration::from_millis(100);
    });
    for transport in Transport::ALL {
        daemon.run(async {
            let mut client = daemon.line_client(*transport).await;
            client.request(1, "session:initialize", &json!({ "clientInfo": { "name": "slow" } })).await;
            let (_, answer) = client.receive_answer(1).await;
            let token = answer["result"]["resumeToken"].clone();
            let epoch = answer["result"]["position"]["epoch"].clone();
            client.request(2, "session:subscribe", &json!({ "patterns": ["**"] })).await;
            client.receive_answer(2).await;
            // More than the system's own buffers hold.
            for number in 0..10_000 {
                daemon.inner().bus().publish(&file::OPENED, &opened(number));
            }
            until("the close", || daemon.inner().bus().statistics().subscriptions == 0).await;
            // Who comes back is told why.
            let mut again = daemon.line_client(*transport).await;
            again.request(1, "session:resume", &json!({ "resumeToken": token, "epoch": epoch })).await;
            let (_, answer) = again.receive_answer(1).await;
            let reason = answer["result"]["closedBecause"].as_str().unwrap();
            assert!(reason.contains("read nothing for 100ms"), "{reason}");
        });
    }
}

#[test]
fn a_client_that_reads_a_little_now_and_then_is_not_closed() {
    let daemon = Daemon::boot_with("", |limits| {
        limits.outbox_bytes_max = 4096;
        limits.stall_timeout = Duration::from_secs(1);
    });
    daemon.run(async {
        let mut client = daemon.line_client(Transport::Memory).await;
        client.request(1, "session:subscribe", &json!({ "patterns": ["**"] })).await;
        client.receive_answer(1).await;
        for number in 0..6000 {
            daemon.inner().bus().publish(&file::OPENED, &opened(number));
        }
        for number in 0..6000 {
            if number % 2000 == 0 {
                tokio::time::sleep(Duration::from_millis(600)).await;
            }
            assert_eq!(client.receive().await["params"]["file"]["openedAtMs"], number);
        }
    });
}

#[test]
fn what_is_lost_to_a_slow_client_is_told_as_a_gap() {
    let daemon = Daemon::boot_with("", |limits| {
        limits.outbox_bytes_max = 4096;
        limits.queue_bytes_max = 4096;
        limits.ring_bytes_max = 50_000;
    });
    for transport in Transport::ALL {
        daemon.run(async {
            const EVENTS: u64 = 20_000;
            let mut client = daemon.line_client(*transport).await;
            client.request(1, "session:subscribe", &json!({ "patterns": ["**"] })).await;
            let (_, answer) = client.receive_answer(1).await;
            let mut seen = answer["result"]["position"]["seq"].as_u64().unwrap();
            let last = seen + EVENTS;
            for number in 0..EVENTS {
                daemon.inner().bus().publish(&file::OPENED, &opened(number));
            }
            let (mut events, mut lost) = (0, 0);
            while seen < last {
                let message = client.receive().await;
                let params = &message["params"];
                if message["method"] == "session:gap" {
                    assert_eq!(params["from"], seen + 1);
                    let to = params["to"].as_u64().unwrap();
                    lost += to - seen;
                    seen = to;
                } else if message["method"] == "session:bookmark" {
                    seen = params["seq"].as_u64().unwrap();
                } else {
                    assert_eq!(params["prev"], seen, "{message}");
                    seen = params["seq"].as_u64().unwrap();
                    events += 1;
                }
            }
            assert!(lost > 0 && events > 0);
            assert_eq!(events + lost, EVENTS);
        });
    }
    assert!(daemon.inner().bus().statistics().gaps >= 2);
}

/// Waits until so many sessions have so much waiting; returns the most that waits for one.
async fn queued(session: &SessionClient<icpy::Client>, sessions_min: usize, bytes_min: u64) -> u64 {
    within("full outboxes", async {
        loop {
            let sessions = session.list(&Empty {}).await.unwrap().sessions;
            let queued: Vec<u64> = sessions.iter().map(|session| session.queued_bytes).collect();
            if queued.iter().filter(|bytes| **bytes >= bytes_min).count() >= sessions_min {
                return queued.into_iter().max().unwrap();
            }
        }
    })
    .await
}

#[test]
fn the_outbox_bounds_what_pipelined_requests_make() {
    let daemon = Daemon::boot_with("", |limits| limits.outbox_bytes_max = 10_000);
    daemon.run(async {
        let mut client = daemon.line_client(Transport::Memory).await;
        for id in 0..100 {
            client.request(id, "rpc:discover", &json!({})).await;
        }
        let most = queued(&SessionClient::new(daemon.client().await), 1, 10_000).await;
        assert!(most < 300_000, "{most}");
        for id in 0..100 {
            assert_eq!(client.receive().await["id"], id);
        }
    });
}
