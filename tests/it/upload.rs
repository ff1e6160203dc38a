//! Saving content that comes in parts, and ranges: as safe as saving a whole file.

use std::fs::{self, Permissions};
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::Shutdown;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use icpy::Client;
use icpy_protocol::error::Kind;
use icpy_protocol::fs::{
    FsBeginWriteParams, FsClient, FsEncoding, FsEndWriteParams, FsReadFileParams, FsSaveMethod, FsWriteFileParams,
    FsWritePartParams,
};
use icpy_tests::{Daemon, Process, until, until_now};
use rustix::fs::{XattrFlags, getxattr, lsetxattr};
use serde_json::{Value, json};

use crate::save::{check, writing};
use crate::save_in_place::copies;

fn part(write_id: &str, at: u64, content: impl AsRef<[u8]>) -> FsWritePartParams {
    let content = BASE64_STANDARD.encode(content);
    FsWritePartParams { write_id: write_id.to_owned(), at, content, encoding: FsEncoding::Base64 }
}

fn text_part(write_id: &str, at: u64, content: &str) -> FsWritePartParams {
    FsWritePartParams { content: content.to_owned(), encoding: FsEncoding::Utf8, ..part(write_id, at, "") }
}

fn end(write_id: &str) -> FsEndWriteParams {
    FsEndWriteParams { write_id: write_id.to_owned() }
}

async fn begin(client: &FsClient<Client>, path: &Path) -> String {
    client.begin_write(&FsBeginWriteParams::of(path)).await.unwrap().write_id
}

/// What a save has left in a folder.
fn litter(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.filter(|path| path.to_string_lossy().contains(".icpy-")).collect()
}

#[test]
fn a_file_that_no_line_holds_is_saved_with_its_attributes() {
    check("//- /a.bin\nold\n", async |daemon, client| {
        let path = daemon.path("a.bin");
        fs::set_permissions(&path, Permissions::from_mode(0o4751)).unwrap();
        lsetxattr(&path, "user.origin", b"here", XattrFlags::empty()).unwrap();
        let whole: Vec<u8> =
            (0..20_000_000u32).map(|number| number.wrapping_mul(2_654_435_761).to_le_bytes()[3]).collect();
        let write = begin(client, &path).await;
        // Sent without waiting, they are taken in order.
        let (mut at, mut parts) = (0, Vec::new());
        for piece in whole.chunks(3_000_000) {
            parts.push(part(&write, at, piece));
            at += piece.len() as u64;
        }
        for outcome in futures_util::future::join_all(parts.iter().map(|part| client.write_part(part))).await {
            outcome.unwrap();
        }
        assert_eq!(fs::read_to_string(&path).unwrap(), "old\n");
        let written = client.commit_write(&end(&write)).await.unwrap();
        assert_eq!((written.size, written.is_new, written.method), (20_000_000, false, Some(FsSaveMethod::Replaced)));
        assert!(fs::read(&path).unwrap() == whole);
        assert_eq!(path.metadata().unwrap().mode() & 0o7777, 0o4751);
        let mut value = [0; 16];
        assert_eq!(getxattr(&path, "user.origin", &mut value[..]).unwrap(), 4);
        // It is the version of exactly this content.
        let based = FsWriteFileParams { base_version: Some(written.version), ..writing(&path, "small\n") };
        client.write_file(&based).await.unwrap();
        assert_eq!(litter(&daemon.path("")), Vec::<PathBuf>::new());
    });
}

#[test]
fn parts_are_in_order_and_may_be_sent_again() {
    check("", async |daemon, client| {
        let path = daemon.path("new.txt");
        let write = begin(client, &path).await;
        assert_eq!(client.write_part(&text_part(&write, 0, "one ")).await.unwrap().length, 4);
        assert_eq!(client.write_part(&text_part(&write, 4, "two")).await.unwrap().length, 7);
        assert_eq!(client.write_part(&text_part(&write, 0, "one ")).await.unwrap().length, 7);
        for (at, content) in [(0, "ONE "), (8, "x"), (5, "wo and more"), (u64::MAX, "x")] {
            let refused = client.write_part(&text_part(&write, at, content)).await.unwrap_err();
            assert_eq!(refused.kind(), Kind::Conflict, "{at}: {refused}");
            assert_eq!(refused.detail("length"), Some(&json!(7)), "{refused}");
        }
        let written = client.commit_write(&end(&write)).await.unwrap();
        assert!(
            written.is_new && written.version == client.write_file(&writing(&path, "one two")).await.unwrap().version
        );
        assert_eq!(fs::read_to_string(&path).unwrap(), "one two");
        let over = client.write_part(&text_part(&write, 7, "x")).await.unwrap_err();
        assert_eq!(over.kind(), Kind::NotFound, "{over}");
    });
}

#[test]
fn a_charset_and_a_byte_order_mark_are_for_all_parts() {
    check("", async |daemon, client| {
        let path = daemon.path("a.txt");
        let params = FsBeginWriteParams {
            charset: Some("utf-16le".to_owned()),
            has_bom: true,
            ..FsBeginWriteParams::of(path.as_path())
        };
        let begun = client.begin_write(&params).await.unwrap();
        assert_eq!(begun.length, 2);
        let length = client.write_part(&text_part(&begun.write_id, 2, "Größe ")).await.unwrap().length;
        client.write_part(&text_part(&begun.write_id, length, "😀")).await.unwrap();
        client.commit_write(&end(&begun.write_id)).await.unwrap();
        let read = client.read_file(&FsReadFileParams::of(path.as_path())).await.unwrap();
        assert_eq!((read.content.unwrap().text().as_ref(), read.has_bom), ("Größe 😀", true));
    });
}

#[test]
fn a_file_that_changed_is_not_overwritten() {
    check("//- /a.txt\nold\n", async |daemon, client| {
        let path = daemon.path("a.txt");
        let base = client.read_file(&FsReadFileParams::of(path.as_path())).await.unwrap().version;
        let based = FsBeginWriteParams { base_version: base, ..FsBeginWriteParams::of(path.as_path()) };
        let write = client.begin_write(&based).await.unwrap().write_id;
        client.write_part(&text_part(&write, 0, "mine\n")).await.unwrap();
        fs::write(&path, "theirs\n").unwrap();
        let refused = client.commit_write(&end(&write)).await.unwrap_err();
        assert_eq!(refused.kind(), Kind::Conflict, "{refused}");
        assert!(refused.detail("currentVersion").is_some_and(Value::is_string), "{refused}");
        assert_eq!(fs::read_to_string(&path).unwrap(), "theirs\n");

        let fresh = FsBeginWriteParams { must_be_new: true, ..FsBeginWriteParams::of(daemon.path("b.txt")) };
        let write = client.begin_write(&fresh).await.unwrap().write_id;
        fs::write(daemon.path("b.txt"), "theirs\n").unwrap();
        let refused = client.commit_write(&end(&write)).await.unwrap_err();
        assert_eq!(refused.kind(), Kind::AlreadyExists, "{refused}");
        let refused = client.begin_write(&fresh).await.unwrap_err();
        assert_eq!(refused.kind(), Kind::AlreadyExists, "{refused}");
        assert_eq!(litter(&daemon.path("")), Vec::<PathBuf>::new());
    });
}

#[test]
fn a_file_that_goes_away_meanwhile_is_made_as_a_new_one() {
    check("//- /a.txt\nold\n", async |daemon, client| {
        let path = daemon.path("a.txt");
        fs::set_permissions(&path, Permissions::from_mode(0o755)).unwrap();
        let write = begin(client, &path).await;
        fs::remove_file(&path).unwrap();
        assert!(client.commit_write(&end(&write)).await.unwrap().is_new);
        fs::write(daemon.path("like"), "").unwrap();
        assert_eq!(path.metadata().unwrap().mode(), daemon.path("like").metadata().unwrap().mode());
        assert_eq!(litter(&daemon.path("")), Vec::<PathBuf>::new());
    });
}

#[test]
fn a_file_with_other_names_keeps_them() {
    check("//- /a.txt\nold\n//- /b.txt\nold\n", async |daemon, client| {
        let (path, late) = (daemon.path("a.txt"), daemon.path("b.txt"));
        fs::hard_link(&path, daemon.path("other_name")).unwrap();
        for path in [&path, &late] {
            let write = begin(client, path).await;
            client.write_part(&text_part(&write, 0, "new\n")).await.unwrap();
            if path == &late {
                fs::hard_link(&late, daemon.path("late_name")).unwrap();
            }
            let written = client.commit_write(&end(&write)).await.unwrap();
            assert_eq!((written.method, written.size), (Some(FsSaveMethod::InPlace), 4));
            assert_eq!((fs::read_to_string(path).unwrap().as_str(), path.metadata().unwrap().nlink()), ("new\n", 2));
        }
        assert_eq!(copies(&daemon.folder().home()), Vec::<PathBuf>::new());
        assert_eq!(litter(&daemon.path("")), Vec::<PathBuf>::new());
    });
}

#[test]
fn an_unfinished_write_is_its_sessions_and_goes_when_it_is_aborted() {
    check("//- /a.txt\nold\n", async |daemon, client| {
        let write = begin(client, &daemon.path("a.txt")).await;
        let other = FsClient::new(daemon.client().await);
        for refused in [
            other.write_part(&text_part(&write, 0, "x")).await.unwrap_err(),
            other.commit_write(&end(&write)).await.unwrap_err(),
            other.abort_write(&end(&write)).await.unwrap_err(),
        ] {
            assert_eq!(refused.kind(), Kind::NotFound, "{refused}");
        }
        assert_eq!(litter(&daemon.path("")).len(), 1);
        client.abort_write(&end(&write)).await.unwrap();
        assert_eq!(litter(&daemon.path("")), Vec::<PathBuf>::new());
        client.commit_write(&end(&write)).await.unwrap_err();
        assert_eq!(fs::read_to_string(daemon.path("a.txt")).unwrap(), "old\n");
    });
}

#[test]
fn an_unfinished_write_that_nobody_goes_on_with_is_given_up() {
    let timeout = std::time::Duration::from_millis(50);
    let daemon = Daemon::boot_with("//- /a.txt\nold\n", |limits| limits.upload_timeout = timeout);
    daemon.run(async {
        let client = FsClient::new(daemon.client().await);
        let write = begin(&client, &daemon.path("a.txt")).await;
        until("it is given up", || litter(&daemon.path("")).is_empty()).await;
        let late = client.commit_write(&end(&write)).await.unwrap_err();
        assert_eq!(late.kind(), Kind::NotFound, "{late}");
    });
}

/// Has unfinished writes when something ends. Returns what is in the file then, when nothing is left of them.
fn after_the_end(end: impl FnOnce(&Process, UnixStream)) -> String {
    let user = Process::new("//- /a.txt\nold\n//- /b.txt\nold\n");
    user.json(&["start"]);
    fs::hard_link(user.path("b.txt"), user.path("other_name")).unwrap();
    let stream = UnixStream::connect(user.endpoint().socket).unwrap();
    let mut answers = BufReader::new(stream.try_clone().unwrap());
    let mut call = |method: &str, params: Value| {
        let request = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params });
        (&stream).write_all(format!("{request}\n").as_bytes()).unwrap();
        let mut answer = String::new();
        answers.read_line(&mut answer).unwrap();
        serde_json::from_str::<Value>(&answer).unwrap()["result"].clone()
    };
    for name in ["a.txt", "b.txt"] {
        let write = call("fs:begin_write", json!({ "path": user.path(name) }))["writeId"].clone();
        let put = call("fs:write_part", json!({ "writeId": write, "at": 0, "content": "new" }));
        assert_eq!(put["length"], 3);
    }
    assert_eq!((litter(&user.path("")).len(), copies(&user.folder().home()).len()), (1, 1));
    end(&user, stream);
    // Asks the next daemon where this one is gone.
    let a = user.json(&["call", "fs:read_file", &json!({ "path": user.path("a.txt") }).to_string()]);
    until_now("nothing is left", || litter(&user.path("")).is_empty() && copies(&user.folder().home()).is_empty());
    a["content"].as_str().unwrap().to_owned()
}

#[test]
fn nothing_is_left_of_an_unfinished_write() {
    type End = fn(&Process, UnixStream);
    let ways: [(&str, End); 4] = [
        ("the session ends", |_, stream| stream.shutdown(Shutdown::Both).unwrap()),
        ("the daemon is killed", |user, _stream| user.kill_daemon()),
        ("the daemon stops", |user, _stream| drop(user.json(&["stop"]))),
        ("its program is replaced", |user, _stream| drop(user.json(&["restart"]))),
    ];
    for (way, end) in ways {
        assert_eq!(after_the_end(end), "old\n", "{way}");
    }
}

#[test]
fn a_session_has_a_bounded_number_of_unfinished_writes() {
    check("", async |daemon, client| {
        for number in 0..16 {
            begin(client, &daemon.path(&number.to_string())).await;
        }
        let refused = client.begin_write(&FsBeginWriteParams::of(daemon.path("one_more"))).await.unwrap_err();
        assert_eq!(refused.kind(), Kind::Busy, "{refused}");
        assert_eq!(litter(&daemon.path("")).len(), 16);
    });
}

fn range(path: &Path, offset: u64, length: Option<u64>, content: &str) -> FsWriteFileParams {
    FsWriteFileParams { offset: Some(offset), length, ..writing(path, content) }
}

#[test]
fn a_range_of_a_file_is_replaced() {
    check("//- /a.txt\n", async |daemon, client| {
        let path = daemon.path("a.txt");
        let long = "0123456789".repeat(60_000);
        for (old, offset, length, content, expect) in [
            ("0123456789", 2, None, "AB", "01AB456789"),
            ("0123456789", 2, Some(0), "AB", "01AB23456789"),
            ("0123456789", 8, None, "ABCD", "01234567ABCD"),
            ("0123456789", 10, None, "ABCD", "0123456789ABCD"),
            ("0123456789", 1, Some(u64::MAX), "", "0"),
            ("", 0, None, "AB", "AB"),
            (&long, 300_000, Some(10), "", &long[10..]),
        ] {
            fs::write(&path, old).unwrap();
            let written = client.write_file(&range(&path, offset, length, content)).await.unwrap();
            assert!(fs::read_to_string(&path).unwrap() == expect, "{offset} {length:?} {content}");
            assert_eq!(written.size, expect.len() as u64);
            let read = client.read_file(&FsReadFileParams::of(path.as_path())).await.unwrap();
            assert_eq!(read.version, Some(written.version));
        }
        fs::write(&path, "0123").unwrap();
        let based = FsWriteFileParams { base_version: Some("xxh3:0".to_owned()), ..range(&path, 0, None, "A") };
        let length_alone = FsWriteFileParams { length: Some(1), ..writing(&path, "A") };
        for (params, kind) in [
            (range(&path, 5, None, "A"), Kind::InvalidParams),
            (length_alone, Kind::InvalidParams),
            (based, Kind::Conflict),
            (range(&daemon.path("none"), 0, None, "A"), Kind::NotFound),
        ] {
            let refused = client.write_file(&params).await.unwrap_err();
            assert_eq!(refused.kind(), kind, "{refused}");
        }
        assert_eq!(fs::read_to_string(&path).unwrap(), "0123");
        assert_eq!(litter(&daemon.path("")), Vec::<PathBuf>::new());
    });
}
