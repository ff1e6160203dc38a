//! Listing folders: every order, page by page, while they change.

use std::fs::{self, File};
use std::os::unix::fs::symlink;
use std::time::{Duration, UNIX_EPOCH};

use icpy::Client;
use icpy_protocol::error::Kind;
use icpy_protocol::fs::{FsClient, FsEntry, FsKind, FsListDirectoryParams, FsListPlace, FsSortBy};
use icpy_tests::Daemon;

fn check(fixture: &str, test: impl AsyncFnOnce(&Daemon, &FsClient<Client>)) {
    let daemon = Daemon::boot(fixture);
    daemon.run(async { test(&daemon, &FsClient::new(daemon.client().await)).await });
}

/// All entries, by pages of this length.
async fn all(client: &FsClient<Client>, params: &FsListDirectoryParams, limit: u32) -> Vec<FsEntry> {
    let mut params = FsListDirectoryParams { limit: Some(limit), ..params.clone() };
    let mut entries = Vec::new();
    loop {
        let page = client.list_directory(&params).await.unwrap();
        assert!(page.entries.len() <= limit as usize && !(page.entries.is_empty() && page.next_after.is_some()));
        entries.extend(page.entries);
        match page.next_after {
            Some(after) => params.after = Some(after),
            None => return entries,
        }
    }
}

fn names(entries: &[FsEntry]) -> Vec<String> {
    entries.iter().map(|entry| entry.name.to_string()).collect()
}

/// A folder with something of each kind, of some sizes and times.
fn fill(daemon: &Daemon) {
    for (name, size, seconds) in [("b10", 5, 30), ("b9", 5, 20), ("A1", 7, 10), ("a2", 0, 30), (".c", 1, 40)] {
        let file = File::create(daemon.path(name)).unwrap();
        file.set_len(size).unwrap();
        file.set_modified(UNIX_EPOCH + Duration::from_secs(1_000_000 + seconds)).unwrap();
    }
    fs::create_dir(daemon.path("folder")).unwrap();
    fs::create_dir(daemon.path("Z")).unwrap();
    symlink("folder", daemon.path("link")).unwrap();
}

#[test]
fn every_order_is_right_in_pages_of_every_length() {
    check("", async |daemon, client| {
        fill(daemon);
        let expect = [
            (FsSortBy::Name, ".c A1 Z a2 b10 b9 folder link"),
            (FsSortBy::Natural, ".c A1 a2 b9 b10 folder link Z"),
            (FsSortBy::Kind, "Z folder .c A1 a2 b10 b9 link"),
        ];
        for (sort_by, expect) in expect {
            let params = FsListDirectoryParams { sort_by, ..FsListDirectoryParams::of(daemon.path("")) };
            assert_eq!(names(&all(client, &params, 100).await).join(" "), expect);
        }
        for sort_by in [FsSortBy::Name, FsSortBy::Natural, FsSortBy::Size, FsSortBy::Modified, FsSortBy::Kind] {
            for (is_descending, folders_first) in [(false, false), (true, false), (false, true), (true, true)] {
                let path = FsListDirectoryParams::of(daemon.path(""));
                let params = FsListDirectoryParams { sort_by, is_descending, folders_first, ..path };
                let whole = all(client, &params, 100).await;
                assert_eq!(whole.len(), 8);
                for limit in 1..9 {
                    assert_eq!(all(client, &params, limit).await, whole, "{params:?} {limit}");
                }
                if folders_first {
                    let first: Vec<_> = whole.iter().map(|entry| entry.kind == FsKind::Directory).collect();
                    assert_eq!(first, [true, true, false, false, false, false, false, false]);
                }
            }
        }
    });
}

#[test]
fn sizes_and_times_are_sorted_and_what_is_equal_by_name() {
    check("", async |daemon, client| {
        fill(daemon);
        for name in ["folder", "Z", "link"] {
            let _ = fs::remove_file(daemon.path(name)).or_else(|_| fs::remove_dir(daemon.path(name)));
        }
        let listed = async |sort_by, is_descending| {
            let path = FsListDirectoryParams::of(daemon.path(""));
            names(&all(client, &FsListDirectoryParams { sort_by, is_descending, ..path }, 2).await).join(" ")
        };
        assert_eq!(listed(FsSortBy::Size, false).await, "a2 .c b10 b9 A1");
        assert_eq!(listed(FsSortBy::Size, true).await, "A1 b9 b10 .c a2");
        assert_eq!(listed(FsSortBy::Modified, false).await, "A1 b9 a2 b10 .c");
        assert_eq!(listed(FsSortBy::Modified, true).await, ".c b10 a2 b9 A1");
    });
}

#[test]
fn a_page_begins_at_its_place_though_the_entry_there_has_changed_or_gone() {
    check("", async |daemon, client| {
        fill(daemon);
        let path = FsListDirectoryParams::of(daemon.path(""));
        let mut params = FsListDirectoryParams { sort_by: FsSortBy::Modified, limit: Some(2), ..path };
        let first = client.list_directory(&params).await.unwrap();
        assert_eq!(names(&first.entries), ["A1", "b9"]);
        let now = File::open(daemon.path("b9")).unwrap();
        now.set_modified(UNIX_EPOCH + Duration::from_secs(1)).unwrap();
        fs::remove_file(daemon.path("A1")).unwrap();
        params.after = first.next_after;
        assert_eq!(names(&client.list_directory(&params).await.unwrap().entries), ["a2", "b10"]);
    });
}

#[test]
fn a_place_without_what_the_order_needs_is_refused() {
    check("", async |daemon, client| {
        fill(daemon);
        let place = FsListPlace { name: "b9".into(), kind: None, size: None, modified_at_ms: None };
        let path = FsListDirectoryParams::of(daemon.path(""));
        let after_name = FsListDirectoryParams { after: Some(place), ..path };
        assert_eq!(names(&client.list_directory(&after_name).await.unwrap().entries), ["folder", "link"]);
        for (sort_by, folders_first, expect) in [
            (FsSortBy::Size, false, "`after` needs `size`"),
            (FsSortBy::Modified, false, "`after` needs `modifiedAtMs`"),
            (FsSortBy::Kind, false, "`after` needs `kind`"),
            (FsSortBy::Name, true, "`after` needs `kind`"),
        ] {
            let params = FsListDirectoryParams { sort_by, folders_first, ..after_name.clone() };
            let error = client.list_directory(&params).await.unwrap_err();
            assert_eq!(error.kind(), Kind::InvalidParams, "{error}");
            assert!(error.message().contains(expect), "{error}");
        }
        let whatever = serde_json::json!({ "path": daemon.path(""), "sortBy": "colour" });
        let connection = daemon.client().await;
        let error = connection.request("fs:list_directory", whatever.to_string(), true).await.unwrap_err();
        assert_eq!(error.kind(), Kind::InvalidParams, "{error}");
    });
}

#[test]
fn a_folder_of_twenty_thousand_entries_is_paged_to_its_end() {
    check("", async |daemon, client| {
        for number in 0..20_000 {
            fs::write(daemon.path(&format!("{number}")), "").unwrap();
        }
        for sort_by in [FsSortBy::Name, FsSortBy::Natural, FsSortBy::Modified] {
            let path = FsListDirectoryParams::of(daemon.path(""));
            let params = FsListDirectoryParams { sort_by, ..path };
            let mut listed = names(&all(client, &params, 7_000).await);
            assert_eq!(listed.len(), 20_000);
            if sort_by == FsSortBy::Natural {
                assert!(listed.iter().enumerate().all(|(number, name)| *name == number.to_string()));
            }
            listed.sort_unstable();
            listed.dedup();
            assert_eq!(listed.len(), 20_000, "an entry came twice");
        }
    });
}

#[test]
fn s35_a_name_that_misleads_is_said_to() {
    check("//- /plain.txt\n", async |daemon, client| {
        fs::write(daemon.path("evil\u{202e}txt.exe"), "").unwrap();
        let params = FsListDirectoryParams::of(daemon.path(""));
        let entries = all(client, &params, 10).await;
        let misleading: Vec<bool> = entries.iter().map(|entry| entry.is_misleading).collect();
        assert_eq!(misleading, [true, false], "{entries:?}");
    });
}
