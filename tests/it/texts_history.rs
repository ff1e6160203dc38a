//! What is kept of a text: who changed it, what differs, and how it was before.

use std::fs;

use icpy::Client;
use icpy_protocol::error::Kind;
use icpy_protocol::file::history::{FileDiffParams, FileHistoryParams, FileRestoreParams, TextHistoryEntry};
use icpy_protocol::file::text::{
    FileEditParams, FileGetTextParams, FileSaveParams, FileUndoParams, TextEdit, TextOriginKind, TextPlace,
    TextRevision,
};
use icpy_protocol::file::{FileClient, FileCloseParams, FileOf, FileOpenParams};
use icpy_tests::{Daemon, Process, refused};
use serde_json::json;

struct Author {
    api: FileClient<Client>,
    file: FileOf,
}

impl Author {
    async fn open(daemon: &Daemon, name: &str) -> Self {
        let api = FileClient::new(daemon.client().await);
        let path = daemon.path(name);
        api.open(&FileOpenParams::new(path.clone())).await.unwrap();
        Self { api, file: FileOf { path: Some(path.into()), file_id: None } }
    }

    async fn append(&self, text: &str, group: Option<&str>) -> u64 {
        let now = self.api.get_text(&FileGetTextParams { file: self.file.clone() }).await.unwrap().revision;
        self.append_to(now, text, group).await.rev
    }

    async fn append_to(&self, now: TextRevision, text: &str, group: Option<&str>) -> TextRevision {
        let from = TextPlace::Line { line: 1_000_000, character: 0 };
        let params = FileEditParams {
            file: self.file.clone(),
            epoch: Some(now.epoch),
            base_rev: Some(now.rev),
            edits: Some(vec![TextEdit { from, to: None, text: text.to_owned() }]),
            group: group.map(str::to_owned),
            ..FileEditParams::default()
        };
        self.api.edit(&params).await.unwrap().revision
    }

    async fn history(&self) -> Vec<TextHistoryEntry> {
        let params = FileHistoryParams { file: self.file.clone(), ..FileHistoryParams::default() };
        self.api.history(&params).await.unwrap().entries
    }

    async fn diff(&self, from_rev: Option<u64>, to_rev: Option<u64>) -> String {
        self.api.diff(&FileDiffParams { file: self.file.clone(), from_rev, to_rev }).await.unwrap().patch
    }

    async fn save(&self) {
        self.api.save(&FileSaveParams { file: self.file.clone() }).await.unwrap();
    }

    async fn text(&self) -> String {
        self.api.get_text(&FileGetTextParams { file: self.file.clone() }).await.unwrap().text
    }
}

/// The lines of a unified diff that say what differs.
fn changed_lines(patch: &str) -> Vec<&str> {
    patch.lines().skip(3).filter(|line| line.starts_with(['+', '-'])).collect()
}

#[test]
fn who_changed_what_is_told_and_can_be_had_back() {
    let daemon = Daemon::boot("//- /a.txt\nbegin\n");
    daemon.run(async {
        let (ann, bob) = (Author::open(&daemon, "a.txt").await, Author::open(&daemon, "a.txt").await);
        ann.append("one\n", Some("task")).await;
        ann.append("two\n", Some("task")).await;
        bob.append("three\n", None).await;
        let undone = bob.api.undo(&FileUndoParams { file: bob.file.clone(), client: None }).await.unwrap();
        assert!(undone.is_changed);
        let entries = ann.history().await;
        let told = |entry: &TextHistoryEntry| (entry.origin.kind, entry.from_rev, entry.to_rev, entry.group.clone());
        let task = Some("task".to_owned());
        assert_eq!(
            entries.iter().map(told).collect::<Vec<_>>(),
            [
                (TextOriginKind::Undo, 3, 4, None),
                (TextOriginKind::Edit, 2, 3, None),
                (TextOriginKind::Edit, 0, 2, task)
            ]
        );
        let first = &entries[2];
        assert_eq!((first.inserted_bytes, first.removed_bytes), (8, 0));
        assert_eq!((first.origin.user.as_deref(), first.origin.program.is_some()), (Some("owner"), true));
        assert!(first.began_at_ms > 0 && first.began_at_ms <= first.ended_at_ms);
        assert_ne!(entries[1].origin.client, first.origin.client);

        assert_eq!(changed_lines(&ann.diff(None, None).await), ["+one", "+two"], "what is not saved");
        assert_eq!(changed_lines(&ann.diff(Some(1), Some(3)).await), ["+two", "+three"]);
        assert_eq!(changed_lines(&ann.diff(Some(3), Some(1)).await), ["-two", "-three"]);
        assert_eq!(ann.diff(Some(2), Some(4)).await, "");

        let restore = FileRestoreParams { file: ann.file.clone(), rev: 1, client: None };
        ann.api.restore(&restore).await.unwrap();
        assert_eq!(ann.text().await, "begin\none\n");
        ann.api.undo(&FileUndoParams { file: ann.file.clone(), client: None }).await.unwrap();
        assert_eq!(ann.text().await, "begin\none\ntwo\n");
    });
}

#[test]
fn a_history_goes_on_when_the_file_is_saved_closed_and_changed_elsewhere() {
    let daemon = Daemon::boot("//- /a.txt\nbegin\n");
    daemon.run(async {
        let ann = Author::open(&daemon, "a.txt").await;
        ann.append("one\n", None).await;
        ann.save().await;
        let path = ann.file.path.clone();
        ann.api.close(&FileCloseParams { path: path.clone(), ..FileCloseParams::default() }).await.unwrap();
        let closed = FileHistoryParams { file: ann.file.clone(), ..FileHistoryParams::default() };
        let closed = ann.api.history(&closed).await.unwrap();
        assert_eq!((closed.rev, closed.entries.len()), (1, 1), "of a closed file too");
        assert_eq!(closed.saves.iter().map(|save| save.rev).collect::<Vec<_>>(), [1]);
        assert_eq!(changed_lines(&ann.diff(Some(0), None).await), ["+one"]);

        fs::write(daemon.path("a.txt"), "begin\none\nelsewhere\n").unwrap();
        ann.api.open(&FileOpenParams::new(daemon.path("a.txt"))).await.unwrap();
        assert_eq!(ann.text().await, "begin\none\nelsewhere\n");
        let entries = ann.history().await;
        assert_eq!(
            entries.iter().map(|it| it.origin.kind).collect::<Vec<_>>(),
            [TextOriginKind::Disk, TextOriginKind::Edit]
        );
        assert_eq!(entries[0].origin.client, None);

        ann.api.close(&FileCloseParams { path, discard: true, ..FileCloseParams::default() }).await.unwrap();
        let gone = FileHistoryParams { file: ann.file.clone(), ..FileHistoryParams::default() };
        refused(ann.api.history(&gone).await, Kind::NotFound, "is not open");
    });
}

#[test]
fn a_long_history_is_told_in_parts() {
    let daemon = Daemon::boot("//- /a.txt\n");
    daemon.run(async {
        let ann = Author::open(&daemon, "a.txt").await;
        let mut now = ann.api.get_text(&FileGetTextParams { file: ann.file.clone() }).await.unwrap().revision;
        for number in 0..1_500 {
            let line = format!("line {number} {}\n", "x".repeat(300));
            now = ann.append_to(now, &line, Some(&format!("edit {number}"))).await;
        }
        let mut told = Vec::new();
        let mut before = None;
        loop {
            let params = FileHistoryParams { file: ann.file.clone(), before, limit: Some(700) };
            let part = ann.api.history(&params).await.unwrap();
            told.extend(part.entries.iter().map(|entry| entry.to_rev));
            before = part.next_before;
            if before.is_none() {
                break;
            }
        }
        assert_eq!(told, (1..=1_500).rev().collect::<Vec<u64>>());
        // What is not in memory any more.
        ann.api.restore(&FileRestoreParams { file: ann.file.clone(), rev: 2, client: None }).await.unwrap();
        assert_eq!(ann.text().await.lines().count(), 2);
    });
}

#[test]
fn what_is_asked_wrongly_is_told_so() {
    let daemon = Daemon::boot("//- /a.txt\nbegin\n//- /b.txt\n");
    daemon.run(async {
        let ann = Author::open(&daemon, "a.txt").await;
        ann.append("one\n", None).await;
        let file = ann.file.clone();
        let limit = FileHistoryParams { file: file.clone(), limit: Some(0), before: None };
        refused(ann.api.history(&limit).await, Kind::InvalidParams, "`limit` is from 1 to 1000");
        let restore = FileRestoreParams { file: file.clone(), rev: 9, client: None };
        refused(ann.api.restore(&restore).await, Kind::InvalidParams, "has no revision 9 yet: the present one is 1");
        let diff = FileDiffParams { file, from_rev: Some(7), to_rev: None };
        refused(ann.api.diff(&diff).await, Kind::InvalidParams, "has no revision 7 yet");
        let other = FileOf { path: Some(daemon.path("b.txt").into()), file_id: None };
        let restore = FileRestoreParams { file: other, rev: 0, client: None };
        refused(ann.api.restore(&restore).await, Kind::NotFound, "is not open");
    });
}

/// The history is there after the daemon was killed, and its authors with it.
#[test]
fn a_history_survives_kill_9() {
    let user = Process::new("//- /a.txt\nbegin\n");
    let ask = |method: &str, mut params: serde_json::Value| -> serde_json::Value {
        params["path"] = json!(user.path("a.txt"));
        let answer = user.connect().request(method, &params.to_string(), |_, _| ());
        serde_json::from_str(&answer.unwrap()).unwrap()
    };
    user.json(&["a.txt"]);
    let patch = "--- a\n+++ b\n@@ -1 +1,2 @@\n begin\n+agent was here\n";
    ask("file:edit", json!({ "patch": patch, "group": "the task", "client": "agent" }));
    ask("file:save", json!({}));
    user.kill_daemon();
    assert_eq!(user.icpy(&["start"]).status, 0);
    let history = ask("file:history", json!({}));
    assert_eq!(history["entries"][0]["group"], "the task", "{history}");
    assert_eq!(history["entries"][0]["origin"]["client"], "agent");
    assert_eq!(history["saves"][0]["rev"], 1);
    ask("file:restore", json!({ "rev": 0 }));
    assert_eq!(ask("file:get_text", json!({}))["text"], "begin\n");
}
