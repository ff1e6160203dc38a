//! Many texts that are open at once: more than a session may watch.

use std::fs;
use std::path::{Path, PathBuf};

use icpy::Client;
use icpy_protocol::file::text::{FileEditParams, FileGetTextParams, TextEdit, TextPlace};
use icpy_protocol::file::{CHANGED, FileClient, FileOf, FileOpenParams};
use icpy_tests::Daemon;

const TEXTS: usize = 1100;

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

#[test]
fn more_texts_are_edited_than_a_session_may_watch() {
    let daemon = Daemon::boot("");
    daemon.run(async {
        let client = daemon.client().await;
        let api = FileClient::new(client.clone());
        let paths: Vec<PathBuf> = (0..TEXTS).map(|number| daemon.path(&format!("{number}.txt"))).collect();
        for path in &paths {
            fs::write(path, "text\n").unwrap();
            edit(&api, path).await;
        }
        let mut events = daemon.events(&client, CHANGED.info.topic).await;
        for path in [&paths[0], &paths[TEXTS - 1]] {
            fs::write(path, "text\nof others\n").unwrap();
            let file = FileOf { path: Some(path.as_path().into()), file_id: None };
            while api.get_text(&FileGetTextParams { file: file.clone() }).await.unwrap().text != "new text\nof others\n"
            {
                events.expect(&CHANGED).await;
            }
        }
    });
}
