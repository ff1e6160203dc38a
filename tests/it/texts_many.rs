//! Many texts that are open at once: more than a session may watch, and in more folders than the system has watchers for.

use std::fs;
use std::path::Path;

use icpy::Client;
use icpy_protocol::file::text::{FileEditParams, FileGetTextParams, TextEdit, TextPlace};
use icpy_protocol::file::{CHANGED, FileClient, FileOf, FileOpenParams};
use icpy_tests::Daemon;

/// Opens a file and edits it.
async fn edit(api: &FileClient<Client>, path: &Path) {
    api.open(&FileOpenParams::new(path)).await.unwrap();
    let file = FileOf { path: Some(path.into()), file_id: None };
    let text = api.get_text(&FileGetTextParams { file: file.clone() }).await.unwrap();
    let insertion = TextEdit { from: TextPlace::Offset(0), to: None, text: "new ".to_owned() };
    let edit = FileEditParams {
        file,
        epoch: Some(text.revision.epoch),
        base_rev: Some(text.revision.rev),
        edits: Some(vec![insertion]),
        ..Default::default()
    };
    assert_eq!(api.edit(&edit).await.unwrap().revision.rev, 1);
}

/// Edits files of these names, and sees in each of some what others write to it.
fn check(names: impl Iterator<Item = String>) {
    let daemon = Daemon::boot("");
    daemon.run(async {
        let client = daemon.client().await;
        let api = FileClient::new(client.clone());
        let mut paths = Vec::new();
        for name in names {
            let path = daemon.path(&name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(&path, "text\n").unwrap();
            edit(&api, &path).await;
            paths.push(path);
        }
        let mut events = daemon.events(&client, CHANGED.info.topic).await;
        for path in [&paths[0], &paths[paths.len() - 1]] {
            fs::write(path, "text\nof others\n").unwrap();
            let file = FileOf { path: Some(path.as_path().into()), file_id: None };
            loop {
                let text = api.get_text(&FileGetTextParams { file: file.clone() }).await.unwrap().text;
                if text == "new text\nof others\n" {
                    break;
                }
                events.expect(&CHANGED).await;
            }
        }
    });
}

#[test]
fn more_texts_are_edited_than_a_session_may_watch() {
    check((0..1100).map(|number| format!("{number}.txt")));
}

#[test]
fn texts_are_edited_in_more_folders_than_there_are_watchers() {
    check((0..200).map(|number| format!("{number}/a.txt")));
}
