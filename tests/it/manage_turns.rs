//! Files that are saved while others move them, change their permissions or put others in their place: both happen, one after
//! the other.

use std::fs;
use std::path::PathBuf;

use icpy_protocol::error::Kind;
use icpy_protocol::fs::{FsClient, FsWriteFileParams};

use crate::manage::{check, done, mode, over, transfer};
use crate::save::writing;

/// How often each is done.
const ROUNDS: usize = 200;

#[test]
fn a_file_that_is_moved_while_it_is_saved_is_never_in_two_places() {
    check("//- /a\nbegin\n", async |daemon, mover| {
        let saver = FsClient::new(daemon.client().await);
        let (a, b) = (daemon.path("a"), daemon.path("b"));
        let save = async {
            let mut saved = 0;
            for round in 0..ROUNDS {
                // Only where it is: a save must not make a second one.
                let version =
                    saver.read_file(&icpy_protocol::fs::FsReadFileParams::of(a.clone())).await.map(|it| it.version);
                let Ok(version) = version else { continue };
                let params = FsWriteFileParams { base_version: version, ..writing(&a, &format!("save {round}\n")) };
                match saver.write_file(&params).await {
                    Ok(_) => saved += 1,
                    Err(error) => assert!([Kind::Conflict, Kind::NotFound].contains(&error.kind()), "{error}"),
                }
            }
            saved
        };
        let move_it = async {
            for _ in 0..ROUNDS {
                for (from, to) in [(&a, &b), (&b, &a)] {
                    done(mover.move_items(&transfer(from, to)).await);
                    let there: Vec<&PathBuf> = [&a, &b].into_iter().filter(|path| path.exists()).collect();
                    assert_eq!(there, [to]);
                }
            }
        };
        let (saved, ()) = tokio::join!(save, move_it);
        assert!(saved > 0);
    });
}

#[test]
fn permissions_that_are_set_while_a_file_is_saved_are_kept() {
    check("//- /a\nbegin\n", async |daemon, client| {
        let saver = FsClient::new(daemon.client().await);
        let a = daemon.path("a");
        let is_over = std::cell::Cell::new(false);
        let save = async {
            let mut round = 0;
            while !is_over.get() {
                round += 1;
                saver.write_file(&writing(&a, &format!("save {round}\n"))).await.unwrap();
            }
        };
        let set = async {
            for round in 0..ROUNDS {
                let wanted = if round % 2 == 0 { 0o600 } else { 0o640 };
                done(client.set_mode(&mode(&a, wanted)).await);
                let now = std::os::unix::fs::MetadataExt::mode(&fs::metadata(&a).unwrap()) & 0o777;
                assert_eq!(now, wanted, "round {round}");
            }
            is_over.set(true);
        };
        tokio::join!(save, set);
    });
}

#[test]
fn a_file_that_is_replaced_while_it_is_saved_is_whole_in_the_trash_or_in_place() {
    check("//- /a\nbegin\n//- /other\nother\n", async |daemon, client| {
        let saver = FsClient::new(daemon.client().await);
        let (a, other) = (daemon.path("a"), daemon.path("other"));
        let save = async {
            for round in 0..ROUNDS {
                saver.write_file(&writing(&a, &format!("save {round}\n"))).await.unwrap();
            }
        };
        let replace = async {
            for _ in 0..ROUNDS {
                done(client.copy(&over(transfer(&other, &a))).await);
            }
        };
        tokio::join!(save, replace);
        let last = fs::read_to_string(&a).unwrap();
        assert!(last == "other\n" || last == format!("save {}\n", ROUNDS - 1), "{last}");
        assert_eq!(daemon.folder().litter(), Vec::<PathBuf>::new());
    });
}
