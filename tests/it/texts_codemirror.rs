//! Editors of `CodeMirror` that share a text of the daemon's: they end with what it has.
//!
//! `tests/codemirror/shared_text.mjs` is what such an editor needs, and `docs/texts.md` says why.

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use icpy_protocol::file::text::FileGetTextParams;
use icpy_protocol::file::{FileClient, FileOf, FileOpenParams};
use icpy_tests::{Daemon, cannot_run};
use serde_json::{Value, json};

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/codemirror");

/// Has editors type at once, and returns what they have in the end.
fn converge(job: &Value) -> Value {
    let mut command = Command::new("node");
    command.current_dir(FOLDER).arg("converge.mjs").stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = command.spawn().unwrap();
    writeln!(child.stdin.take().unwrap(), "{job}").unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{job}");
    serde_json::from_slice(&output.stdout).unwrap()
}

#[test]
fn editors_of_codemirror_end_with_the_text_of_the_daemon() {
    if !Path::new(FOLDER).join("node_modules/@codemirror/collab").exists() {
        return cannot_run("CodeMirror is not installed: run `cargo xtask test`");
    }
    let daemon = Daemon::boot("//- /a.txt\none two\n😀 three\n");
    let path = daemon.path("a.txt");
    let api = daemon.run(async { FileClient::new(daemon.client().await) });
    daemon.run(async { api.open(&FileOpenParams::new(path.clone())).await.unwrap() });
    for (seed, editors) in [(1, 2), (2, 3), (3, 5), (4, 4)] {
        let job =
            json!({ "socket": daemon.endpoint().socket, "path": path, "seed": seed, "editors": editors, "steps": 500 });
        let told = converge(&job);
        let file = FileOf { path: Some(path.clone().into()), file_id: None };
        let now = daemon.run(async { api.get_text(&FileGetTextParams { file }).await.unwrap() });
        assert_eq!(told["rev"], now.revision.rev, "{job}");
        assert_eq!(told["texts"], json!(vec![now.text; editors]), "{job}");
        assert!(told["edits"].as_u64().unwrap() > 50, "{told}");
    }
}
