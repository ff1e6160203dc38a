//! The cache of files' contents: what is in it is what is on disk.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use icpy_protocol::Empty;
use icpy_protocol::daemon::{CacheStatistics, DaemonClient};
use icpy_protocol::error::Kind;
use icpy_protocol::fs::{FsClient, FsReadFileParams, FsReadFileResult};
use icpy_tests::{Daemon, Process, until_now};

fn reading(path: impl AsRef<Path>) -> FsReadFileParams {
    FsReadFileParams::of(path.as_ref())
}

fn text(read: &FsReadFileResult) -> String {
    read.content.as_ref().unwrap().text().into_owned()
}

#[test]
fn a_file_that_is_read_again_comes_from_the_cache_until_it_changes() {
    let daemon = Daemon::boot("//- /a.txt\none\n");
    daemon.run(async {
        let connection = daemon.client().await;
        let client = FsClient::new(&connection);
        let metrics = async || {
            icpy_protocol::daemon::DaemonClient::new(&connection)
                .metrics(&icpy_protocol::Empty {})
                .await
                .unwrap()
                .file_cache
        };
        let path = daemon.path("a.txt");
        assert_eq!(metrics().await, CacheStatistics::default());
        // Not before the clock of the filesystem has ticked.
        while metrics().await.entries == 0 {
            assert_eq!(text(&client.read_file(&reading(&path)).await.unwrap()), "one\n");
        }
        let before = metrics().await;
        let first = client.read_file(&reading(&path)).await.unwrap();
        let after = metrics().await;
        assert_eq!((after.hits, after.misses, after.entries), (before.hits + 1, before.misses, 1));
        assert!(after.bytes > 4 && after.bytes < 2000, "{after:?}");
        // Of the same length, by another program.
        fs::write(&path, "two\n").unwrap();
        let second = client.read_file(&reading(&path)).await.unwrap();
        assert_eq!(text(&second), "two\n");
        assert_ne!(first.version, second.version);
        fs::remove_file(&path).unwrap();
        assert_eq!(client.read_file(&reading(&path)).await.unwrap_err().kind(), Kind::NotFound);
        assert!(metrics().await.misses > after.misses);
    });
    daemon.run(async {
        let metrics = DaemonClient::new(daemon.client().await).metrics(&Empty {}).await.unwrap();
        let shown = icpy_protocol::documents::prometheus(&metrics);
        assert!(shown.contains(&format!("\nicpyd_file_cache_hits_total {}\n", metrics.file_cache.hits)), "{shown}");
    });
}

#[test]
fn the_cache_keeps_to_its_room_and_nothing_when_it_has_none() {
    for (room, kept) in [(64 << 10, 1..=16), (0, 0..=0)] {
        let daemon = Daemon::boot_with("", |limits| limits.cache_bytes_max = room);
        daemon.run(async {
            let connection = daemon.client().await;
            let client = FsClient::new(&connection);
            for number in 0..40 {
                fs::write(daemon.path(&number.to_string()), "x".repeat(4000)).unwrap();
            }
            // Files that have just changed are not kept.
            let newest = fs::metadata(daemon.path("39")).unwrap().modified().unwrap();
            until_now("the files have settled", || newest.elapsed().unwrap().as_millis() > 100);
            for number in (0..40).chain(0..40) {
                assert_eq!(
                    text(&client.read_file(&reading(daemon.path(&number.to_string()))).await.unwrap()).len(),
                    4000
                );
            }
            let counted = DaemonClient::new(&connection).metrics(&Empty {}).await.unwrap().file_cache;
            assert!(kept.contains(&counted.entries) && counted.bytes <= room as u64, "{counted:?}");
            assert_eq!((counted.evictions > 0, counted.hits + counted.misses), (room > 0, 80), "{counted:?}");
        });
    }
}

#[test]
fn permissions_hold_for_what_is_in_the_cache() {
    let user = Process::ordinary("//- /a.txt\nsecret\n");
    let cat = || user.icpy(&["--json", "cat", "a.txt"]);
    until_now("the file is in the cache", || {
        assert_eq!(cat().status, 0);
        user.json(&["status", "--metrics"])["fileCache"]["hits"].as_u64().unwrap() > 0
    });
    fs::set_permissions(user.path("a.txt"), fs::Permissions::from_mode(0o000)).unwrap();
    let output = cat();
    assert_eq!(output.status, 3, "{output:?}");
    assert!(!output.stdout.contains("secret"), "{output:?}");
}
