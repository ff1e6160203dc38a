//! Files that are edited with the Yjs of npm, together with clients that know nothing of it.

use std::fs;
use std::process::Command;

use icpy_protocol::error::{Error, Kind};
use icpy_tests::{Process, Random, YjsPeer, cannot_run, refused, until_now};
use serde_json::{Value, json};

fn start(user: &Process, file: &str) -> YjsPeer {
    YjsPeer::start(&user.endpoint().socket, &user.path(file))
}

fn try_ask(user: &Process, method: &str, mut params: Value) -> Result<Value, Error> {
    params["path"] = json!(user.path("a.txt"));
    let answer = user.connect().request(method, &params.to_string(), |_, _| ())?;
    Ok(serde_json::from_str(&answer).unwrap())
}

fn ask(user: &Process, method: &str, params: Value) -> Value {
    try_ask(user, method, params).unwrap_or_else(|error| panic!("{method}: {error}"))
}

fn text(user: &Process) -> String {
    ask(user, "file:get_text", json!({}))["text"].as_str().unwrap().to_owned()
}

/// An edit of a client that knows nothing of Yjs.
fn native(user: &Process, at: usize, inserted: &str) {
    let now = ask(user, "file:get_text", json!({}));
    let edit = json!({
        "epoch": now["revision"]["epoch"], "baseRev": now["revision"]["rev"], "edits": [{ "from": at, "text": inserted }],
    });
    ask(user, "file:edit", edit);
}

/// The same before a line.
fn native_line(user: &Process, line: usize, inserted: &str) {
    let now = ask(user, "file:get_text", json!({}));
    let edits = [json!({ "from": { "line": line, "character": 0 }, "text": inserted })];
    let revision = &now["revision"];
    ask(user, "file:edit", json!({ "epoch": revision["epoch"], "baseRev": revision["rev"], "edits": edits }));
}

fn until_durable(user: &Process) {
    until_now("the edit to be durable", || {
        let now = ask(user, "file:get_text", json!({}));
        now["durableRev"] == now["revision"]["rev"]
    });
}

fn until_all_have(user: &Process, peers: &mut [&mut YjsPeer]) -> String {
    until_now("all to have one text", || {
        let text = text(user);
        peers.iter_mut().all(|peer| peer.text() == text)
    });
    text(user)
}

#[test]
fn who_edits_with_yjs_and_who_does_not_have_one_text() {
    if !YjsPeer::is_installed() {
        return;
    }
    let user = Process::new("//- /a.txt\nbegin 😀\n");
    user.json(&["a.txt"]);
    let (mut ann, mut bob) = (start(&user, "a.txt"), start(&user, "a.txt"));
    ann.insert(0, "ann ");
    bob.insert(9, "bob");
    native(&user, 0, "native é ");
    let all = until_all_have(&user, &mut [&mut ann, &mut bob]);
    for part in ["ann ", "bob", "native é ", "begin", "😀"] {
        assert!(all.contains(part), "{part} is in {all:?}");
    }
    // What comes from the disk, and what is undone, comes to them too.
    ask(&user, "file:save", json!({}));
    fs::write(user.path("a.txt"), format!("{all}from the disk\n")).unwrap();
    until_now("the disk", || ann.text().ends_with("from the disk\n"));
    ask(&user, "file:edit", json!({ "patch": patch_of(&text(&user)), "client": "agent" }));
    until_now("the patch", || bob.text().contains("patched\n"));
    ask(&user, "file:undo", json!({ "client": "agent" }));
    let now = until_all_have(&user, &mut [&mut ann, &mut bob]);
    assert_eq!(now, format!("{all}from the disk\n"));
    // And what they do is in the history.
    let history = ask(&user, "file:history", json!({}));
    assert!(history["entries"].to_string().contains("yjs peer"), "{history}");
    // Who was away has it all when it comes back, and what it did meanwhile is there.
    bob.tell("disconnect", json!({}));
    bob.insert(0, "away ");
    native(&user, 0, "meanwhile ");
    bob.tell("connect", json!({}));
    let now = until_all_have(&user, &mut [&mut ann, &mut bob]);
    assert!(now.contains("away ") && now.contains("meanwhile "), "{now}");
    assert_eq!(bob.tell("resets", json!({})), 0);
}

/// A unified diff that adds a line at the end of a text.
fn patch_of(text: &str) -> String {
    let (count, last) = (text.lines().count(), text.lines().last().unwrap());
    format!("--- a\n+++ b\n@@ -{count} +{count},2 @@\n {last}\n+patched\n")
}

#[test]
fn a_document_of_a_daemon_that_was_killed_is_never_mixed_with_the_text() {
    if !YjsPeer::is_installed() {
        return;
    }
    let user = Process::new("//- /a.txt\nbegin\n");
    user.json(&["a.txt"]);
    let mut ann = start(&user, "a.txt");
    for round in 1..=5 {
        ann.insert(0, &format!("{round} "));
        ann.tell("flush", json!({}));
        until_durable(&user);
        user.kill_daemon();
        ann.tell("disconnect", json!({}));
        ann.insert(0, &format!("away {round} "));
        assert_eq!(user.icpy(&["start"]).status, 0);
        native(&user, 0, &format!("native {round} "));
        ann.tell("connect", json!({}));
        assert_eq!(ann.tell("resets", json!({})), round);
    }
    let all = until_all_have(&user, &mut [&mut ann]);
    for round in 1..=5 {
        for part in [format!("native {round} "), format!("away {round} "), format!(" {round} ")] {
            let count = format!(" {all}").matches(&part).count();
            assert!(count >= 1, "{part:?} is in {all:?}");
        }
    }
    assert_eq!(all.matches("begin").count(), 1, "{all}");
    assert_eq!(all.split_whitespace().count(), 5 * 5 + 1, "nothing is there twice: {all}");
}

/// What has arrived and was not answered is not made twice. `ICPY_TEST_ROUNDS=1000` makes it a campaign.
#[test]
fn what_was_under_way_when_the_daemon_was_killed_is_there_once() {
    if !YjsPeer::is_installed() {
        return;
    }
    let rounds = std::env::var("ICPY_TEST_ROUNDS").map_or(10, |rounds| rounds.parse().unwrap());
    let user = Process::new("//- /a.txt\nbegin\n");
    user.json(&["a.txt"]);
    let (mut ann, mut random) = (start(&user, "a.txt"), Random::new(1));
    let mut all = Vec::new();
    for round in 0..rounds {
        for step in 0..random.below(6) {
            let word = format!("<{round}.{step}>");
            let length = ann.text().encode_utf16().count();
            ann.insert(random.below(length), &word);
            all.push(word);
            if random.below(3) == 0 {
                let word = format!("<native {round}.{step}>");
                native(&user, 0, &word);
                until_durable(&user);
                all.push(word);
            }
        }
        if random.below(2) == 0 {
            ann.tell("flush", json!({}));
            ann.tell("deafen", json!({}));
            let word = format!("<deaf {round}>");
            ann.insert(random.below(6), &word);
            until_now("the edit", || text(&user).contains(&word));
            native(&user, 0, "<meanwhile>");
            until_durable(&user);
            all.extend([word, "<meanwhile>".to_owned()]);
        }
        user.kill_daemon();
        ann.tell("disconnect", json!({}));
        assert_eq!(user.icpy(&["start"]).status, 0);
        ann.tell("connect", json!({}));
        let text = until_all_have(&user, &mut [&mut ann]);
        let letters: String = all.iter().map(String::as_str).collect();
        let count = |text: &str, letter: char| text.matches(letter).count();
        for letter in "<>.0123456789nativebgdfmwhl".chars() {
            assert_eq!(count(&text, letter), count(&format!("{letters}begin"), letter), "{letter}, {round}: {text}");
        }
    }
}

#[test]
fn who_edits_with_yjs_sees_who_else_does_until_they_leave() {
    if !YjsPeer::is_installed() {
        return;
    }
    let user = Process::new("//- /a.txt\nbegin\n");
    user.json(&["a.txt"]);
    let mut ann = start(&user, "a.txt");
    ann.tell("say", json!({ "state": { "user": { "name": "Ann" } } }));
    ann.tell("flush", json!({}));
    let mut bob = start(&user, "a.txt");
    assert_eq!(bob.tell("others", json!({})), json!([{ "user": { "name": "Ann" } }]));
    bob.tell("say", json!({ "state": { "user": { "name": "Bob" } } }));
    until_now("Ann to see Bob", || ann.tell("others", json!({})).to_string().contains("Bob"));
    drop(bob);
    until_now("Bob to be gone", || ann.tell("others", json!({})) == json!([]));
}

#[test]
fn what_cannot_be_taken_is_refused_and_changes_nothing() {
    let user = Process::new("//- /a.txt\nbegin\n");
    user.json(&["a.txt"]);
    let send = |epoch: &Value, message: &str| try_ask(&user, "yjs:send", json!({ "epoch": epoch, "message": message }));
    refused(send(&json!("none"), ""), Kind::Conflict, "is not known any more");
    let opened = ask(&user, "yjs:open", json!({}));
    let epoch = &opened["epoch"];
    refused(send(epoch, "%"), Kind::InvalidParams, "`message` is no base64");
    refused(send(epoch, "CQkJCQ=="), Kind::InvalidParams, "`message` cannot be read");
    refused(send(epoch, "AAL/////"), Kind::InvalidParams, "`message` cannot be read");
    let other = try_ask(&user, "yjs:open", json!({ "epoch": "other" }));
    refused(other, Kind::Conflict, "is not known any more");
    let known = try_ask(&user, "yjs:open", json!({ "stateVector": "/////w==" }));
    refused(known, Kind::InvalidParams, "`stateVector` cannot be read");
    assert_eq!(text(&user), "begin\n");
}

/// Two native clients, one with Yjs and an agent at a shell edit one file, which git changes under them.
#[test]
fn all_edit_one_file_while_git_switches_branches() {
    if !YjsPeer::is_installed() {
        return;
    }
    let user = Process::new("//- /a.txt\n");
    let git = |args: &[&str]| {
        let mut command = Command::new("git");
        command.arg("-C").arg(user.folder().files()).args(["-c", "user.name=a", "-c", "user.email=a@b"]).args(args);
        command.output().is_ok_and(|output| output.status.success())
    };
    if !git(&["init", "--quiet", "--initial-branch=main"]) {
        return cannot_run("git is not installed");
    }
    let lines = |change: &str| -> String {
        let line = |line| format!("line {line}{}", if line > 39 { change } else { "" });
        (0..60).map(line).collect::<Vec<_>>().join("\n") + "\n"
    };
    fs::write(user.path("a.txt"), lines("")).unwrap();
    assert!(git(&["add", "a.txt"]) && git(&["commit", "--quiet", "-m", "one"]) && git(&["switch", "-qc", "other"]));
    fs::write(user.path("a.txt"), lines(" of the other branch") + "more\n").unwrap();
    assert!(git(&["commit", "--quiet", "-am", "other"]));
    user.json(&["a.txt"]);
    let mut yjs = start(&user, "a.txt");
    let mut tokens = Vec::new();
    for round in 0..8 {
        let mut token = |who: &str| {
            tokens.push(format!("<{who} {round}>\n"));
            tokens.last().unwrap().clone()
        };
        assert!(git(&["switch", "--quiet", if round % 2 == 0 { "main" } else { "other" }]));
        native_line(&user, round, &token("ann"));
        yjs.tell("insertLine", json!({ "line": 5 + round, "text": token("yjs") }));
        native_line(&user, 10 + round, &token("bob"));
        let first = text(&user).lines().next().unwrap().to_owned();
        let patch = format!("--- a\n+++ b\n@@ -1,1 +1,2 @@\n+{} {first}\n", token("agent"));
        let edited = user.icpy_with(&["text", "edit", "a.txt", "--as", "agent"], &patch);
        assert_eq!(edited.status, 0, "{edited:?}");
    }
    assert!(git(&["switch", "--quiet", "main"]) && git(&["switch", "--quiet", "other"]));
    until_now("the last branch", || text(&user).ends_with("line 59 of the other branch\nmore\n"));
    let all = until_all_have(&user, &mut [&mut yjs]);
    for token in &tokens {
        assert_eq!(all.matches(token.as_str()).count(), 1, "{token} is there once: {all}");
    }
    let without = tokens.iter().fold(all, |text, token| text.replace(token.as_str(), ""));
    let on_disk = fs::read_to_string(user.path("a.txt")).unwrap();
    assert_eq!(without, on_disk, "and nothing else");
    assert_eq!(ask(&user, "file:get_text", json!({}))["conflicts"], Value::Null);
}
