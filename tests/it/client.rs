//! The client library: typed calls, streams, and going on after the daemon was lost.

use std::fs;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use futures_util::StreamExt as _;
use icpy::{Client, Finder, Piece, Update};
use icpy_protocol::Empty;
use icpy_protocol::error::Kind;
use icpy_protocol::file::{self, FileClient, FileOpenParams};
use icpy_protocol::fs::{self as protocol_fs, FsClient, FsReadFileParams, FsReadFileResult};
use icpy_protocol::session::{ClientInfo, SessionClient};
use icpy_tests::{Daemon, Events, Process, within};

use crate::events::patterns;

fn whole(daemon: &Daemon, name: &str, stream: bool) -> FsReadFileParams {
    FsReadFileParams { path: daemon.path(name).into(), encoding: None, stream }
}

#[test]
fn a_long_result_is_taken_in_pieces() {
    let daemon = Daemon::boot("");
    let content: Vec<u8> = (0..7_000_000_u32).map(|place| u8::try_from(place % 253).unwrap()).collect();
    fs::write(daemon.path("large.bin"), &content).unwrap();
    daemon.run(async {
        let client = daemon.client().await;
        let params = whole(&daemon, "large.bin", true);
        let mut stream = client.stream(protocol_fs::method::read_file, &params).await.unwrap();
        let (mut received, mut progress) = (String::new(), 0);
        while let Some(piece) = stream.next().await {
            match piece {
                Piece::Data(data) => received.push_str(&data),
                Piece::Progress { done, total, unit } => {
                    assert!(done <= total.unwrap() && unit == "bytes");
                    progress += 1;
                }
            }
        }
        assert!(progress > 0);
        assert_eq!(stream.finish::<FsReadFileResult>().await.unwrap().size, 7_000_000);
        assert!(BASE64_STANDARD.decode(received).unwrap() == content);
        // Whoever asks for pieces and takes none gets the answer all the same.
        let result = FsClient::new(client).read_file(&params).await.unwrap();
        assert_eq!((result.size, result.content), (7_000_000, None));
    });
}

#[test]
fn a_stream_that_is_dropped_is_cancelled() {
    let daemon = Daemon::boot("");
    fs::write(daemon.path("large.bin"), vec![0; 7_000_000]).unwrap();
    daemon.run(async {
        let client = daemon.client().await;
        let params = whole(&daemon, "large.bin", true);
        let mut stream = client.stream(protocol_fs::method::read_file, &params).await.unwrap();
        assert!(matches!(stream.next().await, Some(Piece::Data(_))));
        drop(stream);
        let session = SessionClient::new(client);
        within("the request's end", async { while session.list(&Empty {}).await.unwrap().sessions[0].requests > 0 {} })
            .await;
    });
}

#[test]
fn a_stream_that_fails_says_why() {
    let daemon = Daemon::boot("");
    daemon.run(async {
        let params = whole(&daemon, "none", true);
        let client = daemon.client().await;
        let mut stream = client.stream(protocol_fs::method::read_file, &params).await.unwrap();
        assert_eq!(stream.next().await, None);
        assert_eq!(stream.finish::<FsReadFileResult>().await.unwrap_err().kind(), Kind::NotFound);
    });
}

#[test]
fn a_client_over_a_closed_connection_says_that_it_has_ended() {
    let daemon = Daemon::boot("");
    let client = daemon.run(daemon.client());
    let session = SessionClient::new(client.clone());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    daemon.run(async { session.ping(&Empty {}).await.unwrap() });
    drop(daemon);
    // Its task ended with the daemon's runtime.
    let error = runtime.block_on(session.ping(&Empty {})).unwrap_err();
    assert_eq!(error.kind(), Kind::Unavailable);
    assert!(!runtime.block_on(client.ended()).is_empty());
}

/// Runs a test with clients that find and start the daemon by themselves.
fn with_processes(fixture: &str, test: impl AsyncFnOnce(&Process, Finder)) {
    let user = Process::new(fixture);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    // The daemon's program is looked for beside this one; the client has started it already.
    assert_eq!(user.icpy(&["call", "session:ping"]).status, 0);
    let finder = Finder::default().at(Some(user.endpoint().socket));
    runtime.block_on(within("the test", test(&user, finder)));
}

async fn connect(finder: Finder) -> Client {
    let client_info = ClientInfo { name: "test".to_owned(), version: String::new() };
    Client::connect(finder, client_info).await.unwrap()
}

#[cfg(unix)]
#[test]
fn a_client_goes_on_with_the_next_daemon() {
    with_processes("//- /a.py\n//- /b.py\n", async |user, finder| {
        let client = connect(finder).await;
        let files = FileClient::new(client.clone());
        let mut events = Events::new(client.subscribe(patterns(&["file:*"])).await.unwrap());
        let open = |name: &str| FileOpenParams { path: user.path(name).into(), position: None, workspace_id: None };
        files.open(&open("a.py")).await.unwrap();
        events.expect(&file::OPENED).await;
        tokio::task::block_in_place(|| {
            user.kill_daemon();
            assert_eq!(user.icpy(&["call", "session:ping"]).status, 0);
        });
        // The history is another one, and the subscription goes on in it.
        assert!(matches!(events.next().await, Update::Reset { .. }));
        let opened = files.open(&open("b.py")).await.unwrap();
        assert_eq!(events.expect(&file::OPENED).await.file, opened.file);
        assert_eq!(files.list(&icpy_protocol::file::FileListParams::default()).await.unwrap().files.len(), 2);
    });
}

#[cfg(unix)]
#[test]
fn what_may_have_been_done_is_not_sent_again() {
    with_processes("", async |user, finder| {
        fs::write(user.path("large.bin"), vec![0; 2_000_000]).unwrap();
        let client = connect(finder).await;
        let params = FsReadFileParams { path: user.path("large.bin").into(), encoding: None, stream: true };
        let mut stream = client.stream(protocol_fs::method::read_file, &params).await.unwrap();
        // It is under way, and cannot end before more of it is asked for.
        assert!(stream.next().await.is_some());
        tokio::task::block_in_place(|| {
            user.kill_daemon();
            assert_eq!(user.icpy(&["call", "session:ping"]).status, 0);
        });
        let error = stream.finish::<FsReadFileResult>().await.unwrap_err();
        assert_eq!(error.kind(), Kind::Unavailable);
        assert!(error.message().contains("`fs:read_file`") && error.message().contains("may be done"), "{error}");
        // The next request finds the new daemon.
        SessionClient::new(client).ping(&Empty {}).await.unwrap();
    });
}

#[cfg(unix)]
#[test]
fn a_daemon_that_is_stopped_on_purpose_is_not_started_again() {
    with_processes("", async |user, finder| {
        let client = connect(finder).await;
        let mut events = client.subscribe(patterns(&["**"])).await.unwrap();
        tokio::task::block_in_place(|| assert_eq!(user.icpy(&["stop"]).status, 0));
        assert_eq!(client.ended().await, "the daemon is stopping");
        assert!(events.next().await.is_none());
        assert!(!user.has_daemon());
    });
}
