//! Many texts that are open at once: more than a session may watch.

use std::fs;
use std::path::{Path, PathBuf};

use futures_util::future::join_all;
use icpy::Client;
use icpy_protocol::file::text::{FileEditParams, FileGetTextParams, FileText, TextEdit, TextPlace};
use icpy_protocol::file::{CHANGED, FileClient, FileOf, FileOpenParams};
use icpy_tests::Daemon;

const TEXTS: usize = 1100;

/// Requests at once.
const AT_ONCE: usize = 20;

/// Opens a file, whose text is shared then.
async fn share(api: &FileClient<Client>, path: &Path) -> FileText {
    fs::write(path, "text\n").unwrap();
    api.open(&FileOpenParams::new(path)).await.unwrap();
    text(api, path).await
}

async fn text(api: &FileClient<Client>, path: &Path) -> FileText {
    api.get_text(&FileGetTextParams { file: of(path) }).await.unwrap()
}

fn of(path: &Path) -> FileOf {
    FileOf { path: Some(path.into()), file_id: None }
}

fn insertion(path: &Path, text: FileText) -> FileEditParams {
    FileEditParams {
        file: of(path),
        epoch: Some(text.revision.epoch),
        base_rev: Some(text.revision.rev),
        edits: Some(vec![TextEdit { from: TextPlace::Offset(0), to: None, text: "new ".to_owned() }]),
        ..Default::default()
    }
}

#[test]
fn more_texts_are_edited_than_a_session_may_watch() {
    let daemon = Daemon::boot("");
    daemon.run(async {
        let client = daemon.client().await;
        let api = FileClient::new(client.clone());
        let paths: Vec<PathBuf> = (0..TEXTS).map(|number| daemon.path(&format!("{number}.txt"))).collect();
        for some in paths.chunks(AT_ONCE) {
            join_all(some.iter().map(|path| share(&api, path))).await;
        }
        let mut events = daemon.events(&client, CHANGED.info.topic).await;
        for path in [&paths[0], &paths[TEXTS - 1]] {
            api.edit(&insertion(path, text(&api, path).await)).await.unwrap();
            fs::write(path, "text\nof others\n").unwrap();
            while text(&api, path).await.text != "new text\nof others\n" {
                events.expect(&CHANGED).await;
            }
        }
    });
}
