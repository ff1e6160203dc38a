//! What was edited and not saved, when the daemon is killed, replaced, or has nowhere to store it.

use std::fs;
use std::process::Command;

use icpy_protocol::error::Kind;
use icpy_tests::{Peer, Process, cannot_run, refused, until_now};
use rusqlite::Connection;
use serde_json::{Value, json};

fn ask(user: &Process, method: &str, mut params: Value) -> Value {
    params["path"] = json!(user.path("a.txt"));
    let answer = user.connect().request(method, &params.to_string(), |_, _| ());
    serde_json::from_str(&answer.unwrap_or_else(|error| panic!("{method}: {error}"))).unwrap()
}

fn text(user: &Process) -> Value {
    ask(user, "file:get_text", json!({}))
}

/// Appends a line for a revision.
fn append(of: &Value, line: &str, seq: u64) -> Value {
    let end = json!({ "line": 1_000_000, "character": 0 });
    json!({
        "epoch": of["revision"]["epoch"],
        "baseRev": of["revision"]["rev"],
        "edits": [{ "from": end, "text": format!("{line}\n") }],
        "client": "ann",
        "clientSeq": seq,
        "group": format!("edit {seq}"),
    })
}

/// Kills the daemon, and starts another.
fn kill(user: &Process) {
    user.kill_daemon();
    assert_eq!(user.icpy(&["start"]).status, 0);
}

fn wait_until_durable(user: &Process, rev: &Value) {
    until_now("the edit to be durable", || text(user)["durableRev"] == *rev);
}

/// Whoever knows what was durable goes on after the daemon was killed, and an edit that is sent again is made once.
#[test]
fn what_is_durable_survives_kill_9_and_comes_once() {
    let user = Process::new("//- /a.txt\n");
    user.json(&["a.txt"]);
    let mut known = text(&user);
    let mut expect = String::new();
    for seq in 1..=8 {
        let edit = append(&known, &format!("line {seq}"), seq);
        let made = ask(&user, "file:edit", edit.clone());
        wait_until_durable(&user, &made["revision"]["rev"]);
        expect.extend(["line ", &seq.to_string(), "\n"]);
        match seq % 2 {
            0 => kill(&user),
            _ => assert_eq!(user.icpy(&["restart"]).status, 0),
        }
        // The answer was lost on the way.
        ask(&user, "file:edit", edit);
        let now = text(&user);
        assert_eq!(now["text"], expect);
        assert_eq!(now["isDirty"], true);
        // The next edit is made for a revision that was told by the daemon before.
        known = json!({ "revision": { "epoch": known["revision"]["epoch"], "rev": known["revision"]["rev"] } });
        if seq % 3 == 0 {
            known = now;
        }
    }
    let undone = ask(&user, "file:undo", json!({ "client": "ann" }));
    assert_eq!(undone["isChanged"], true);
    assert_eq!(text(&user)["text"], expect.strip_suffix("line 8\n").unwrap());
    assert_eq!(fs::read_to_string(user.path("a.txt")).unwrap(), "");
    // The disk has moved on meanwhile: both are there.
    kill(&user);
    fs::write(user.path("a.txt"), "from elsewhere\n").unwrap();
    let merged = text(&user);
    let conflicts = merged["conflicts"].as_array().map_or(0, Vec::len);
    let has_both = merged["text"].as_str().unwrap().contains("from elsewhere");
    assert!(has_both || conflicts == 1, "{merged}");
    assert!(merged["text"].as_str().unwrap().contains("line 1\n"), "{merged}");
}

/// A text that was edited without end is kept anew again and again, so that few of its edits have to be made again; all that came
/// before stays its history.
#[test]
fn thousands_of_edits_are_kept_and_few_are_made_again() {
    const EDITS: u32 = 5_000;
    let user = Process::new("//- /a.txt\nbegin\n");
    user.json(&["a.txt"]);
    let mut peer = Peer::open(&user.endpoint().socket).unwrap();
    let (path, epoch) = (user.path("a.txt"), text(&user)["revision"]["epoch"].clone());
    let mut last = 0;
    for rev in 0..EDITS {
        let edits = [json!({ "from": 0, "text": "x" })];
        let edit = json!({ "path": path, "epoch": epoch, "baseRev": rev, "edits": edits });
        last = peer.send("file:edit", &edit).unwrap();
    }
    until_now("the last edit", || peer.receive().unwrap().is_some_and(|it| it["id"] == last));
    wait_until_durable(&user, &json!(EDITS));
    user.kill_daemon();
    let store = Connection::open(user.folder().home().join("state/icpy.db")).unwrap();
    let (rev, revisions): (u32, u32) = store
        .query_row("SELECT rev, (SELECT count(*) FROM text_revision) FROM text", [], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })
        .unwrap();
    drop(store);
    assert!(EDITS - rev <= 4096, "{} revisions have to be made again", EDITS - rev);
    assert_eq!(revisions, EDITS);
    assert_eq!(user.icpy(&["start"]).status, 0);
    assert_eq!(text(&user)["text"], format!("{}begin\n", "x".repeat(EDITS as usize)));
}

/// What others write is theirs, also where it is what a save before would have written.
#[test]
fn a_save_that_failed_is_not_taken_for_one_that_did_not() {
    let user = Process::new("//- /a.txt\na\nb\n");
    user.json(&["a.txt"]);
    let file = user.path("a.txt");
    let chattr = |flag: &str| Command::new("chattr").arg(flag).arg(&file).output().is_ok_and(|it| it.status.success());
    for round in 1..=2 {
        let typed = format!("typed {round}");
        ask(&user, "file:edit", append(&text(&user), &typed, round));
        let before = fs::read_to_string(&file).unwrap();
        if !chattr("+i") {
            return cannot_run("`chattr +i` needs root and a filesystem that knows it");
        }
        let params = json!({ "path": file }).to_string();
        let saved = user.connect().request("file:save", &params, |_, _| ());
        assert!(chattr("-i"));
        refused(saved, Kind::PermissionDenied, "a.txt");
        ask(&user, "file:revert", json!({}));
        assert_eq!(text(&user)["text"], before);
        if round == 2 {
            kill(&user);
        }
        let theirs = format!("{before}{typed}\n");
        fs::write(&file, &theirs).unwrap();
        until_now("what others have written", || text(&user)["text"] == theirs);
        assert_eq!(text(&user)["isDirty"], false);
    }
}

#[test]
fn where_nothing_can_be_stored_edits_are_refused_and_none_is_dropped() {
    let user = Process::new("//- /a.txt\n");
    let state = user.folder().home().join("state");
    fs::create_dir_all(&state).unwrap();
    let mount = Command::new("mount").args(["-t", "tmpfs", "-o", "size=1m,mode=700", "tmpfs"]).arg(&state).output();
    if !mount.is_ok_and(|output| output.status.success()) {
        return cannot_run("a file system cannot be mounted: it needs root on Linux");
    }
    user.json(&["a.txt"]);
    let begin = text(&user);
    // Until the disk is full.
    let filler = state.join("filler");
    let _full = fs::write(&filler, vec![0; 2 << 20]);
    let mut made = 0;
    let mut refusal = None;
    until_now("a refusal", || {
        let mut edit = append(&begin, &"x".repeat(100), made + 1);
        edit["path"] = json!(user.path("a.txt"));
        match user.connect().request("file:edit", &edit.to_string(), |_, _| ()) {
            Ok(_) => made += 1,
            Err(error) => refusal = Some(error),
        }
        refusal.is_some()
    });
    refused::<()>(Err(refusal.unwrap()), Kind::Unavailable, "takes no edits, which could not be stored");
    let now = text(&user);
    assert_eq!(now["text"].as_str().unwrap().lines().count() as u64, made, "what was taken is there: {now}");
    // Just then users save: the file is on another disk.
    let saved = ask(&user, "file:save", json!({}));
    assert_eq!(saved["revision"], now["revision"]);
    assert_eq!(json!(fs::read_to_string(user.path("a.txt")).unwrap()), now["text"]);
    assert_eq!(text(&user)["isDirty"], false);
    fs::remove_file(filler).unwrap();
    ask(&user, "file:edit", append(&begin, "last", made + 1));
    wait_until_durable(&user, &json!(made + 1));
    kill(&user);
    assert_eq!(text(&user)["text"].as_str().unwrap().lines().count() as u64, made + 1);
    user.kill_daemon();
    let unmounted = Command::new("umount").arg("--lazy").arg(&state).status();
    assert!(unmounted.is_ok_and(|status| status.success()));
}
