//! The client library when the daemon is lost: it goes on with the next one, and does nothing twice.

use std::fs;

use futures_util::StreamExt as _;
use icpy::{Client, Finder, Update};
use icpy_protocol::Empty;
use icpy_protocol::error::Kind;
use icpy_protocol::file::{self, FileClient, FileListParams, FileOpenParams};
use icpy_protocol::fs::{self as protocol_fs, FsReadFileParams, FsReadFileResult};
use icpy_protocol::session::{ClientInfo, SessionClient};
use icpy_tests::{Events, Process, within};

use crate::events::patterns;

/// Runs a test with clients that find and start the daemon by themselves.
pub(crate) fn with_processes(fixture: &str, test: impl AsyncFnOnce(&Process, Finder)) {
    let user = Process::new(fixture);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    // The daemon's program is looked for beside this one; the client has started it already.
    assert_eq!(user.icpy(&["call", "session:ping"]).status, 0);
    let finder = Finder::default().at(Some(user.endpoint().socket));
    runtime.block_on(within("the test", test(&user, finder)));
}

pub(crate) async fn connect(finder: Finder) -> Client {
    let client_info = ClientInfo { name: "test".to_owned(), version: String::new() };
    Client::connect(finder, client_info).await.unwrap()
}

#[test]
fn a_client_goes_on_with_the_next_daemon() {
    with_processes("//- /a.py\n//- /b.py\n", async |user, finder| {
        let client = connect(finder).await;
        let files = FileClient::new(client.clone());
        let mut events = Events::new(client.subscribe(patterns(&["file:*"])).await.unwrap());
        let open = |name: &str| FileOpenParams::new(user.path(name));
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
        assert_eq!(files.list(&FileListParams::default()).await.unwrap().files.len(), 2);
    });
}

#[test]
fn what_may_have_been_done_is_not_sent_again() {
    with_processes("", async |user, finder| {
        fs::write(user.path("large.bin"), vec![0; 2_000_000]).unwrap();
        let client = connect(finder).await;
        let params = FsReadFileParams { stream: true, ..FsReadFileParams::of(user.path("large.bin")) };
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
