//! Open files that get another path: renamed, alone or with a folder, saved as another one; and those that have none yet.

use std::fs;
use std::time::Duration;

use icpy::Client;
use icpy_protocol::error::Kind;
use icpy_protocol::file::history::FileHistoryParams;
use icpy_protocol::file::naming::FileSaveAsParams;
use icpy_protocol::file::text::{FileEditParams, FileGetTextParams, FileSaveParams, FileText, TextEdit, TextPlace};
use icpy_protocol::file::{FileClient, FileCloseParams, FileListParams, FileOf, FileOpenParams, OpenFile, RENAMED};
use icpy_protocol::fs::{FsClient, FsTransfer, FsTransferParams, FsUndoParams};
use icpy_tests::{Daemon, Events, Process, refused, until_now, within};
use serde_json::json;

type Api = FileClient<Client>;

fn of(file: &OpenFile) -> FileOf {
    FileOf { file_id: Some(file.file_id.clone()), path: None }
}

async fn open(daemon: &Daemon, api: &Api, name: &str) -> OpenFile {
    api.open(&FileOpenParams::new(daemon.path(name))).await.unwrap().file
}

async fn text(api: &Api, file: &OpenFile) -> FileText {
    api.get_text(&FileGetTextParams { file: of(file) }).await.unwrap()
}

fn insertion(file: &OpenFile, known: &FileText, inserted: &str) -> FileEditParams {
    let edit = TextEdit { from: TextPlace::Offset(0), to: None, text: inserted.to_owned() };
    FileEditParams {
        file: of(file),
        epoch: Some(known.revision.epoch.clone()),
        base_rev: Some(known.revision.rev),
        edits: Some(vec![edit]),
        ..FileEditParams::default()
    }
}

fn save_as(daemon: &Daemon, file: &OpenFile, to: &str, overwrite: bool) -> FileSaveAsParams {
    FileSaveAsParams { file: of(file), to: daemon.path(to).into(), overwrite }
}

async fn until(what: &str, holds: impl AsyncFn() -> bool) {
    within(what, async {
        while !holds().await {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    })
    .await;
}

async fn expect_renamed(events: &mut Events, daemon: &Daemon, from: &str, to: &str) {
    let renamed = events.expect(&RENAMED).await;
    assert_eq!((renamed.from, renamed.file.path), (daemon.path(from).into(), daemon.path(to).into()));
}

/// An open file in which something was typed that is not saved, as it was before that, and the client that did it.
async fn typed_into(daemon: &Daemon, name: &str) -> (Client, Api, OpenFile, FileText) {
    let client = daemon.client().await;
    let api = FileClient::new(client.clone());
    let file = open(daemon, &api, name).await;
    let known = text(&api, &file).await;
    api.edit(&insertion(&file, &known, "one ")).await.unwrap();
    (client, api, file, known)
}

#[test]
fn what_is_not_saved_goes_along_with_a_renamed_file() {
    let daemon = Daemon::boot("//- /a.txt\nbegin\n");
    daemon.run(async {
        let (client, api, file, known) = typed_into(&daemon, "a.txt").await;
        let mut events = daemon.events(&client, "file:renamed").await;
        fs::rename(daemon.path("a.txt"), daemon.path("b.txt")).unwrap();
        expect_renamed(&mut events, &daemon, "a.txt", "b.txt").await;
        // For the text that was known before.
        api.edit(&insertion(&file, &known, "two ")).await.unwrap();
        let now = text(&api, &file).await;
        assert_eq!((&*now.text, now.path, now.state.is_dirty), ("one two begin\n", daemon.path("b.txt").into(), true));
        api.save(&FileSaveParams { file: of(&file) }).await.unwrap();
        assert_eq!(fs::read_to_string(daemon.path("b.txt")).unwrap(), "one two begin\n");
        assert!(!daemon.path("a.txt").exists());
        // The disk is followed there.
        fs::write(daemon.path("new"), "one two begin\nmore\n").unwrap();
        fs::rename(daemon.path("new"), daemon.path("b.txt")).unwrap();
        until("the change to be taken in", async || text(&api, &file).await.text.ends_with("more\n")).await;
        let history =
            api.history(&FileHistoryParams { file: of(&file), ..FileHistoryParams::default() }).await.unwrap();
        assert_eq!(history.entries.last().unwrap().from_rev, 0, "the history goes along");
    });
}

#[test]
fn open_files_go_along_with_a_folder_that_the_daemon_moves_and_back() {
    let daemon = Daemon::boot("//- /src/a.txt\na\n//- /src/deep/b.txt\nb\n//- /other/c.txt\nc\n");
    daemon.run(async {
        let client = daemon.client().await;
        let (api, disk) = (FileClient::new(client.clone()), FsClient::new(client.clone()));
        // The text of one is shared, the other is only open.
        let (shared, open_only) = (open(&daemon, &api, "src/a.txt").await, open(&daemon, &api, "src/deep/b.txt").await);
        let known = text(&api, &shared).await;
        api.edit(&insertion(&shared, &known, "x")).await.unwrap();
        let mut events = daemon.events(&client, "file:renamed").await;
        let moved = FsTransferParams {
            items: vec![FsTransfer { from: daemon.path("src").into(), to: daemon.path("lib").into() }],
            overwrite: false,
            progress: false,
        };
        disk.move_items(&moved).await.unwrap();
        expect_renamed(&mut events, &daemon, "src/a.txt", "lib/a.txt").await;
        expect_renamed(&mut events, &daemon, "src/deep/b.txt", "lib/deep/b.txt").await;
        assert_eq!(text(&api, &shared).await.text, "xa\n");
        assert_eq!(text(&api, &open_only).await.text, "b\n");
        disk.undo(&FsUndoParams::default()).await.unwrap();
        expect_renamed(&mut events, &daemon, "lib/a.txt", "src/a.txt").await;
        expect_renamed(&mut events, &daemon, "lib/deep/b.txt", "src/deep/b.txt").await;
        assert_eq!(text(&api, &shared).await.text, "xa\n");
    });
}

/// So do vim and others save: the file gets another name first, and then there is a new one.
#[test]
fn a_file_that_is_saved_by_renaming_stays_where_it_is() {
    let daemon = Daemon::boot("//- /a.txt\nbegin\n");
    daemon.run(async {
        let api = FileClient::new(daemon.client().await);
        let file = open(&daemon, &api, "a.txt").await;
        text(&api, &file).await;
        fs::rename(daemon.path("a.txt"), daemon.path("a.txt~")).unwrap();
        fs::write(daemon.path("a.txt"), "saved\n").unwrap();
        until("the new file to be taken in", async || text(&api, &file).await.text == "saved\n").await;
        let open = api.list(&FileListParams::default()).await.unwrap().files;
        assert_eq!(open, [file]);
    });
}

#[test]
fn a_text_is_saved_as_another_file_and_goes_on_there() {
    let daemon = Daemon::boot("//- /a.txt\nbegin\n//- /there.txt\nthere\n");
    daemon.run(async {
        let (client, api, file, known) = typed_into(&daemon, "a.txt").await;
        let there = api.save_as(&save_as(&daemon, &file, "there.txt", false)).await;
        refused(there, Kind::AlreadyExists, "there.txt");
        let itself = api.save_as(&save_as(&daemon, &file, "a.txt", true)).await;
        refused(itself, Kind::AlreadyExists, "is open itself");
        let nowhere = api.save_as(&save_as(&daemon, &file, "none/b.txt", false)).await;
        refused(nowhere, Kind::NotFound, "none");
        let mut events = daemon.events(&client, "file:renamed").await;
        let saved = api.save_as(&save_as(&daemon, &file, "there.txt", true)).await.unwrap();
        assert_eq!((&saved.file.file_id, saved.file.path), (&file.file_id, daemon.path("there.txt").into()));
        expect_renamed(&mut events, &daemon, "a.txt", "there.txt").await;
        assert_eq!(fs::read_to_string(daemon.path("there.txt")).unwrap(), "one begin\n");
        assert_eq!(fs::read_to_string(daemon.path("a.txt")).unwrap(), "begin\n", "it is as it was saved last");
        let now = text(&api, &file).await;
        assert_eq!(
            (&*now.text, now.state.is_dirty, &now.revision.epoch),
            ("one begin\n", false, &known.revision.epoch)
        );
        // The other file begins anew.
        let again = open(&daemon, &api, "a.txt").await;
        assert_eq!(text(&api, &again).await.text, "begin\n");
    });
}

#[test]
fn a_text_that_others_share_stays_with_them_when_one_saves_it_as_another_file() {
    let daemon = Daemon::boot("//- /one/a.txt\nbegin\n//- /two/x\n");
    daemon.run(async {
        let client = daemon.client().await;
        let api = FileClient::new(client.clone());
        let first = open(&daemon, &api, "one/a.txt").await;
        open(&daemon, &api, "two/x").await;
        let second = json!({ "path": daemon.path("two") });
        client.request("project:load", second.to_string(), false).await.unwrap();
        let placed = FileOpenParams {
            placing: icpy_protocol::file::FilePlacing::Active,
            ..FileOpenParams::new(daemon.path("one/a.txt"))
        };
        let second = api.open(&placed).await.unwrap().file;
        assert_ne!(first.workspace_id, second.workspace_id);
        let known = text(&api, &first).await;
        text(&api, &second).await;
        api.edit(&insertion(&first, &known, "one ")).await.unwrap();
        api.save_as(&save_as(&daemon, &first, "b.txt", false)).await.unwrap();
        assert_eq!((&*text(&api, &first).await.text, &*text(&api, &second).await.text), ("one begin\n", "one begin\n"));
        assert_eq!(text(&api, &second).await.path, daemon.path("one/a.txt").into());
        assert!(text(&api, &second).await.state.is_dirty);
    });
}

#[test]
fn a_text_without_a_file_is_kept_until_it_is_saved_or_thrown_away() {
    let user = Process::new("//- /a.txt\n");
    let ask = |method: &str, params: serde_json::Value| -> Result<serde_json::Value, icpy_protocol::error::Error> {
        let answer = user.connect().request(method, &params.to_string(), |_, _| ())?;
        Ok(serde_json::from_str(&answer).unwrap())
    };
    user.json(&["a.txt"]);
    let first = ask("file:create_untitled", json!({})).unwrap();
    let second = ask("file:create_untitled", json!({})).unwrap();
    assert!(first["path"].as_str().unwrap().ends_with("/Untitled-1"), "{first}");
    assert!(second["path"].as_str().unwrap().ends_with("/Untitled-2"), "{second}");
    let of = json!({ "fileId": first["fileId"] });
    let text = ask("file:get_text", of.clone()).unwrap();
    assert_eq!((&text["text"], &text["isDirty"]), (&json!(""), &json!(false)));
    let edit = |of: &serde_json::Value, text: &str| {
        let now = ask("file:get_text", of.clone()).unwrap();
        let mut edit = of.clone();
        (edit["epoch"], edit["baseRev"]) = (now["revision"]["epoch"].clone(), now["revision"]["rev"].clone());
        edit["text"] = json!(text);
        let made = ask("file:edit", edit).unwrap();
        until_now("the edit to be durable", || {
            ask("file:get_text", of.clone()).unwrap()["durableRev"] == made["revision"]["rev"]
        });
    };
    edit(&of, "typed\n");
    refused(ask("file:save", of.clone()), Kind::Unsupported, "`Untitled-1` has no file yet");
    user.kill_daemon();
    assert_eq!(user.icpy(&["start"]).status, 0);
    refused(ask("file:close", of.clone()), Kind::Conflict, "`Untitled-1` was never saved");
    assert_eq!(ask("file:get_text", of.clone()).unwrap()["text"], "typed\n");
    let saved = ask("file:save_as", json!({ "fileId": first["fileId"], "to": user.path("made.txt") })).unwrap();
    assert_eq!(saved["file"]["path"], json!(user.path("made.txt")));
    assert_eq!(fs::read_to_string(user.path("made.txt")).unwrap(), "typed\n");
    ask("file:close", of).unwrap();
    // The number is free again; what was thrown away is gone.
    let of = json!({ "fileId": second["fileId"] });
    edit(&of, "to be thrown away");
    ask("file:close", json!({ "fileId": second["fileId"], "discard": true })).unwrap();
    let again = ask("file:create_untitled", json!({})).unwrap();
    assert!(again["path"].as_str().unwrap().ends_with("/Untitled-1"), "{again}");
    let next = ask("file:create_untitled", json!({})).unwrap();
    assert_eq!(ask("file:get_text", json!({ "fileId": next["fileId"] })).unwrap()["text"], "");
}

#[test]
fn a_file_that_is_not_there_is_made_when_its_text_is_saved() {
    let daemon = Daemon::boot("//- /a.txt\n");
    daemon.run(async {
        let api = FileClient::new(daemon.client().await);
        let missing = FileOpenParams::new(daemon.path("new.txt"));
        refused(api.open(&missing).await, Kind::NotFound, "new.txt");
        let may_be_new = FileOpenParams { may_be_new: true, ..missing };
        let nowhere = FileOpenParams { path: daemon.path("none/new.txt").into(), ..may_be_new.clone() };
        refused(api.open(&nowhere).await, Kind::NotFound, "none");
        let file = api.open(&may_be_new).await.unwrap().file;
        let known = text(&api, &file).await;
        assert_eq!((&*known.text, known.state.version.is_none()), ("", true));
        api.edit(&insertion(&file, &known, "made\n")).await.unwrap();
        api.save(&FileSaveParams { file: of(&file) }).await.unwrap();
        assert_eq!(fs::read_to_string(daemon.path("new.txt")).unwrap(), "made\n");
        api.close(&FileCloseParams { file_id: Some(file.file_id), ..FileCloseParams::default() }).await.unwrap();
    });
}
