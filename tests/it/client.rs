//! The client library: typed calls and streams, and their end.

use std::fs;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use icpy::Piece;
use icpy_protocol::Empty;
use icpy_protocol::error::Kind;
use icpy_protocol::fs::{self as protocol_fs, FsClient, FsReadFileParams, FsReadFileResult};
use icpy_protocol::session::SessionClient;
use icpy_tests::{Daemon, within};

fn whole(daemon: &Daemon, name: &str, stream: bool) -> FsReadFileParams {
    FsReadFileParams { stream, ..FsReadFileParams::of(daemon.path(name)) }
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
