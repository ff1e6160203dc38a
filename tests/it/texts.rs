//! The texts of open files: shared by all who edit them, and with the disk.

use std::fs;

use icpy::Client;
use icpy_protocol::error::Kind;
use icpy_protocol::file::text::{
    FileEditParams, FileGetTextParams, FileResolveParams, FileSaveParams, FileText, FileUndoParams, TextEdit,
    TextOriginKind, TextPlace, TextSide, TextUnit,
};
use icpy_protocol::file::{CHANGED, FileClient, FileCloseParams, FileOf, FileOpenParams, TEXT_STATE_CHANGED};
use icpy_tests::{Daemon, refused};
use serde_json::json;

/// Somebody who edits one file.
struct Editor {
    api: FileClient<Client>,
    file: FileOf,
}

impl Editor {
    async fn open(daemon: &Daemon, name: &str) -> Self {
        let api = FileClient::new(daemon.client().await);
        let path = daemon.path(name);
        api.open(&FileOpenParams::new(path.clone())).await.unwrap();
        Self { api, file: FileOf { path: Some(path.into()), file_id: None } }
    }

    async fn text(&self) -> FileText {
        self.api.get_text(&FileGetTextParams { file: self.file.clone() }).await.unwrap()
    }

    fn save(&self) -> FileSaveParams {
        FileSaveParams { file: self.file.clone() }
    }

    /// An edit of a revision of the text.
    fn edit(&self, of: &FileText, from: u64, to: u64, text: &str) -> FileEditParams {
        let edit = TextEdit { from: TextPlace::Offset(from), to: Some(TextPlace::Offset(to)), text: text.to_owned() };
        self.edits(of, vec![edit])
    }

    fn edits(&self, of: &FileText, edits: Vec<TextEdit>) -> FileEditParams {
        FileEditParams { edits: Some(edits), ..self.of(of) }
    }

    fn of(&self, text: &FileText) -> FileEditParams {
        FileEditParams {
            file: self.file.clone(),
            epoch: Some(text.revision.epoch.clone()),
            base_rev: Some(text.revision.rev),
            ..Default::default()
        }
    }

    async fn insert(&self, at: u64, text: &str) {
        let now = self.text().await;
        self.api.edit(&self.edit(&now, at, at, text)).await.unwrap();
    }
}

/// Replaces a file in one step: nobody sees it half written.
fn replace(daemon: &Daemon, name: &str, content: &str) {
    fs::write(daemon.path("new"), content).unwrap();
    fs::rename(daemon.path("new"), daemon.path(name)).unwrap();
}

#[test]
fn what_two_edit_at_once_is_one_text() {
    let daemon = Daemon::boot("//- /a.txt\none two three\n");
    daemon.run(async {
        let (ann, bob) = (Editor::open(&daemon, "a.txt").await, Editor::open(&daemon, "a.txt").await);
        let client = daemon.client().await;
        let mut events = daemon.events(&client, "file:changed").await;
        let begin = ann.text().await;
        assert_eq!((&*begin.text, begin.revision.rev, begin.state.is_dirty), ("one two three\n", 0, false));
        let first = ann.api.edit(&ann.edit(&begin, 4, 7, "2")).await.unwrap();
        // Made for the text before.
        let second = bob.api.edit(&bob.edit(&begin, 8, 13, "3")).await.unwrap();
        assert_eq!((first.revision.rev, second.revision.rev), (1, 2));
        let now = ann.text().await;
        assert_eq!((&*now.text, now.state.is_dirty), ("one 2 3\n", true));
        let changed = events.expect(&CHANGED).await;
        assert_eq!((changed.revision.rev, changed.origin.kind), (1, TextOriginKind::Edit));
        let changed = events.expect(&CHANGED).await;
        let edit = |from, to, text: &str| TextEdit {
            from: TextPlace::Offset(from),
            to: Some(TextPlace::Offset(to)),
            text: text.to_owned(),
        };
        assert_eq!(changed.edits, [edit(6, 11, "3")], "as it is in the text after the first");
        // What is not saved is not on disk.
        assert_eq!(fs::read_to_string(daemon.path("a.txt")).unwrap(), "one two three\n");
        ann.api.save(&ann.save()).await.unwrap();
        assert_eq!(fs::read_to_string(daemon.path("a.txt")).unwrap(), "one 2 3\n");
        assert!(!bob.text().await.state.is_dirty);
    });
}

#[test]
fn an_edit_comes_in_many_forms() {
    let daemon = Daemon::boot("//- /a.txt\nfn é😀() {}\nlast\n");
    daemon.run(async {
        let ann = Editor::open(&daemon, "a.txt").await;
        let line = |line, character| TextPlace::Line { line, character };
        let edit = |from, to, text: &str| TextEdit { from, to: Some(to), text: text.to_owned() };

        let text = ann.text().await;
        ann.api.edit(&ann.edit(&text, 4, 6, "x")).await.unwrap();
        assert_eq!(ann.text().await.text, "fn éx() {}\nlast\n", "a pair of code units");

        let text = ann.text().await;
        let bytes = FileEditParams { unit: TextUnit::Utf8, ..ann.edit(&text, 3, 6, "name") };
        ann.api.edit(&bytes).await.unwrap();
        assert_eq!(ann.text().await.text, "fn name() {}\nlast\n");

        let text = ann.text().await;
        let edits = vec![
            edit(line(1, 0), line(1, 4), "end"),
            edit(line(0, 11), line(0, 11), "\r\n"),
            edit(line(9, 0), line(9, 0), "more\n"),
        ];
        ann.api.edit(&ann.edits(&text, edits)).await.unwrap();
        assert_eq!(ann.text().await.text, "fn name() {\n}\nend\nmore\n", "places of one text, all at once");

        // The whole text is an edit of what is different: what others edit meanwhile stays.
        let text = ann.text().await;
        ann.insert(0, "// above\n").await;
        let whole = FileEditParams { text: Some("fn other() {\n}\nend\nmore\n".to_owned()), ..ann.of(&text) };
        ann.api.edit(&whole).await.unwrap();
        assert_eq!(ann.text().await.text, "// above\nfn other() {\n}\nend\nmore\n");

        let patch = |lines: &str| {
            let patch = format!("--- a.txt\n+++ a.txt\n{lines}");
            FileEditParams { patch: Some(patch), file: ann.file.clone(), ..Default::default() }
        };
        ann.api.edit(&patch("@@ -3,3 +3,3 @@\n }\n-end\n+END\n more\n")).await.unwrap();
        assert_eq!(ann.text().await.text, "// above\nfn other() {\n}\nEND\nmore\n");
        let other = ann.api.edit(&patch("@@ -1 +1 @@\n-nothing like it\n+x\n")).await;
        refused(other, Kind::Conflict, "the patch does not fit the text: error applying hunk #1");
    });
}

#[test]
fn a_wrong_edit_says_what_is_wrong_and_changes_nothing() {
    let daemon = Daemon::boot("//- /a.txt\na😀b\n");
    daemon.run(async {
        let ann = Editor::open(&daemon, "a.txt").await;
        let text = ann.text().await;
        let refuse = async |params: FileEditParams, message: &str| {
            refused(ann.api.edit(&params).await, Kind::InvalidParams, message);
        };
        refuse(ann.edit(&text, 0, 6, ""), "6 is no place between two characters of the text").await;
        refuse(ann.edit(&text, 2, 3, ""), "2 is no place between two characters of the text").await;
        refuse(ann.edit(&text, 3, 1, ""), "no characters are from byte 5 to 1").await;
        let edit =
            |from, to| TextEdit { from: TextPlace::Offset(from), to: Some(TextPlace::Offset(to)), text: "x".into() };
        refuse(ann.edits(&text, vec![edit(0, 3), edit(1, 4)]), "two edits touch bytes 1 to 5").await;
        refuse(ann.of(&text), "an edit has either `edits`, or `text`, or a `patch`").await;
        let nowhere = FileEditParams { epoch: None, base_rev: None, ..ann.edit(&text, 0, 0, "x") };
        refuse(nowhere, "`epoch` and `baseRev` say which revision the edit was made for").await;
        let nameless = FileEditParams { client: Some(String::new()), ..ann.edit(&text, 0, 0, "x") };
        refuse(nameless, "`client` has 1 to 200 bytes").await;

        let message = format!(
            "the revision that the edit of `{}` was made for is not known any more",
            daemon.path("a.txt").display()
        );
        for (epoch, rev) in [("another", 0), (&*text.revision.epoch, 1)] {
            let stale = FileEditParams { epoch: Some(epoch.into()), base_rev: Some(rev), ..ann.edit(&text, 0, 0, "x") };
            let error = ann.api.edit(&stale).await.unwrap_err();
            assert_eq!((error.kind(), error.message()), (Kind::Conflict, &*message));
            let told = ["text", "rev", "epoch"].map(|name| error.detail(name).cloned().unwrap());
            assert_eq!(json!(told), json!(["a😀b\n", 0, text.revision.epoch]));
        }
        let closed = FileOf { file_id: None, path: Some(daemon.path("b.txt").into()) };
        let closed = FileEditParams { file: closed, ..ann.edit(&text, 0, 0, "x") };
        refused(
            ann.api.edit(&closed).await,
            Kind::NotFound,
            format!("`{}` is not open", daemon.path("b.txt").display()),
        );
        assert_eq!(ann.text().await, text);
    });
}

#[test]
fn an_edit_that_comes_twice_is_made_once() {
    let daemon = Daemon::boot("//- /a.txt\n\n");
    daemon.run(async {
        let ann = Editor::open(&daemon, "a.txt").await;
        let text = ann.text().await;
        let edit = FileEditParams { client: Some("ann".into()), client_seq: Some(1), ..ann.edit(&text, 0, 0, "once") };
        let first = ann.api.edit(&edit).await.unwrap();
        assert_eq!(ann.api.edit(&edit).await.unwrap(), first);
        let next = FileEditParams { client_seq: Some(2), ..edit };
        assert_eq!(ann.api.edit(&next).await.unwrap().revision.rev, 2);
        assert_eq!(ann.text().await.text, "onceonce\n");
    });
}

#[test]
fn who_undoes_takes_back_what_is_their_own() {
    let daemon = Daemon::boot("//- /a.txt\nbody\n");
    daemon.run(async {
        let (ann, bob) = (Editor::open(&daemon, "a.txt").await, Editor::open(&daemon, "a.txt").await);
        ann.insert(0, "ann ").await;
        bob.insert(4, "bob ").await;
        let undo = FileUndoParams { file: ann.file.clone(), client: None };
        assert!(ann.api.undo(&undo).await.unwrap().is_changed);
        assert_eq!(ann.text().await.text, "bob body\n");
        assert!(!ann.api.undo(&undo).await.unwrap().is_changed);
        assert!(ann.api.redo(&undo).await.unwrap().is_changed);
        assert_eq!(ann.text().await.text, "ann bob body\n");
        ann.api.revert(&ann.save()).await.unwrap();
        let text = ann.text().await;
        assert_eq!((&*text.text, text.state.is_dirty), ("body\n", false));
        assert!(ann.api.undo(&undo).await.unwrap().is_changed, "that can be undone too");
        assert_eq!(ann.text().await.text, "ann bob body\n");
    });
}

#[test]
fn what_others_write_to_the_file_is_merged_into_what_is_not_saved() {
    let daemon = Daemon::boot("//- /a.txt\nfirst\nsecond\nthird\n");
    daemon.run(async {
        let ann = Editor::open(&daemon, "a.txt").await;
        ann.insert(0, "// mine\n").await;
        let client = daemon.client().await;
        let mut events = daemon.events(&client, "file:changed").await;
        replace(&daemon, "a.txt", "first\nsecond\nthird\nfourth\n");
        assert_eq!(events.expect(&CHANGED).await.origin.kind, TextOriginKind::Disk);
        assert_eq!(ann.text().await.text, "// mine\nfirst\nsecond\nthird\nfourth\n");
        replace(&daemon, "a.txt", "first\n2\nthird\nfourth\n");
        events.expect(&CHANGED).await;
        let text = ann.text().await;
        assert_eq!(text.text, "// mine\nfirst\n2\nthird\nfourth\n");
        assert!(text.state.is_dirty && text.state.conflicts.is_empty(), "{text:?}");
        ann.api.save(&ann.save()).await.unwrap();
        assert_eq!(fs::read_to_string(daemon.path("a.txt")).unwrap(), text.text);
    });
}

#[test]
fn what_cannot_be_merged_is_settled_by_who_can() {
    let daemon = Daemon::boot("//- /a.txt\nvalue\nend\n");
    daemon.run(async {
        let ann = Editor::open(&daemon, "a.txt").await;
        for (keep, expect) in [(TextSide::Ours, "mine\nend\nlast\n"), (TextSide::Theirs, "theirs\nend\nlast\n")] {
            replace(&daemon, "a.txt", "value\nend\n");
            ann.api.revert(&ann.save()).await.unwrap();
            let text = ann.text().await;
            ann.api.edit(&ann.edit(&text, 0, 5, "mine")).await.unwrap();
            let client = daemon.client().await;
            let mut states = daemon.events(&client, "file:text_state_changed").await;
            replace(&daemon, "a.txt", "theirs\nend\nlast\n");
            let state = states.expect(&TEXT_STATE_CHANGED).await.state;
            let [conflict] = &*state.conflicts else { panic!("one conflict: {state:?}") };
            assert_eq!((&*conflict.base, &*conflict.ours, &*conflict.theirs), ("value\n", "mine\n", "theirs\n"));
            // Nothing of either is lost, and nothing is written over.
            assert_eq!(ann.text().await.text, "mine\nend\nlast\n");
            let error = ann.api.save(&ann.save()).await.unwrap_err();
            assert_eq!(error.kind(), Kind::Conflict);
            assert_eq!(fs::read_to_string(daemon.path("a.txt")).unwrap(), "theirs\nend\nlast\n");
            let resolved = ann.api.resolve(&FileResolveParams { file: ann.file.clone(), keep }).await.unwrap();
            assert_eq!((&*resolved.text, resolved.state.conflicts.len()), (expect, 0));
            states.expect(&TEXT_STATE_CHANGED).await;
            ann.api.save(&ann.save()).await.unwrap();
            states.expect(&TEXT_STATE_CHANGED).await;
            assert_eq!(fs::read_to_string(daemon.path("a.txt")).unwrap(), expect);
        }
    });
}

/// The disk changes again where it had changed before: only the last change is there to be taken.
#[test]
fn a_conflict_stands_for_those_before_it() {
    let daemon = Daemon::boot("//- /a.txt\nvalue\nend\n");
    daemon.run(async {
        let ann = Editor::open(&daemon, "a.txt").await;
        let text = ann.text().await;
        ann.api.edit(&ann.edit(&text, 0, 5, "mine")).await.unwrap();
        let client = daemon.client().await;
        let mut states = daemon.events(&client, "file:text_state_changed").await;
        for theirs in ["theirs", "later"] {
            replace(&daemon, "a.txt", &format!("{theirs}\nend\n"));
            let conflicts = states.expect(&TEXT_STATE_CHANGED).await.state.conflicts;
            let told: Vec<&str> = conflicts.iter().map(|it| &*it.theirs).collect();
            assert_eq!(told, [format!("{theirs}\n")]);
            ann.insert(0, "above\n").await;
        }
        let resolve = FileResolveParams { file: ann.file.clone(), keep: TextSide::Theirs };
        assert_eq!(
            ann.api.resolve(&resolve).await.unwrap().text,
            "above\nlater\nend\n",
            "the first line above was part of what both had changed"
        );
        states.expect(&TEXT_STATE_CHANGED).await;
    });
}

#[test]
fn a_file_is_saved_as_it_was_written() {
    let daemon = Daemon::boot("");
    daemon.run(async {
        let check = async |name: &str, bytes: &[u8], text: &str, expect: &[u8]| {
            fs::write(daemon.path(name), bytes).unwrap();
            let ann = Editor::open(&daemon, name).await;
            assert_eq!(ann.text().await.text, text);
            ann.insert(0, "+\n").await;
            ann.api.save(&ann.save()).await.unwrap();
            assert_eq!(fs::read(daemon.path(name)).unwrap(), expect, "{name}");
        };
        check("crlf", b"a\r\nb\r\n", "a\nb\n", b"+\r\na\r\nb\r\n").await;
        check("mixed", b"a\r\nb\nc\r\n", "a\nb\nc\n", b"+\r\na\r\nb\nc\r\n").await;
        check("mark", b"\xef\xbb\xbfa\n", "a\n", b"\xef\xbb\xbf+\na\n").await;
        check("utf-16", b"\xff\xfea\0\n\0", "a\n", b"\xff\xfe+\0\n\0a\0\n\0").await;
        check("latin", b"caf\xe9 na\xefve d\xe9j\xe0\n", "café naïve déjà\n", b"+\ncaf\xe9 na\xefve d\xe9j\xe0\n")
            .await;
        check("empty", b"", "", b"+\n").await;
    });
}

#[test]
fn a_file_that_is_removed_is_kept_here_and_made_again() {
    let daemon = Daemon::boot("//- /a.txt\nkept\n");
    daemon.run(async {
        let ann = Editor::open(&daemon, "a.txt").await;
        ann.text().await;
        let client = daemon.client().await;
        let mut states = daemon.events(&client, "file:text_state_changed").await;
        fs::remove_file(daemon.path("a.txt")).unwrap();
        let state = states.expect(&TEXT_STATE_CHANGED).await.state;
        assert_eq!((state.is_dirty, state.version), (true, None));
        ann.api.save(&ann.save()).await.unwrap();
        states.expect(&TEXT_STATE_CHANGED).await;
        assert_eq!(fs::read_to_string(daemon.path("a.txt")).unwrap(), "kept\n");
    });
}

#[test]
fn what_is_closed_without_being_saved_is_there_again() {
    let daemon = Daemon::boot("//- /a.txt\nbody\n");
    daemon.run(async {
        let ann = Editor::open(&daemon, "a.txt").await;
        ann.insert(0, "draft ").await;
        let before = ann.text().await;
        let close = |discard| FileCloseParams { path: ann.file.path.clone(), discard, ..Default::default() };
        ann.api.close(&close(false)).await.unwrap();
        let again = Editor::open(&daemon, "a.txt").await;
        let text = again.text().await;
        assert_eq!((&*text.text, text.state.is_dirty), ("draft body\n", true));
        // Who has not noticed goes on.
        again.api.edit(&again.edit(&before, 0, 5, "final")).await.unwrap();
        let undo = FileUndoParams { file: ann.file.clone(), client: None };
        assert!(again.api.undo(&undo).await.unwrap().is_changed);
        assert_eq!(again.text().await.text, "draft body\n");
        ann.api.close(&close(true)).await.unwrap();
        let thrown = Editor::open(&daemon, "a.txt").await;
        let text = thrown.text().await;
        assert_eq!((&*text.text, text.state.is_dirty), ("body\n", false));
    });
}

#[test]
fn what_is_no_text_or_too_long_is_not_shared() {
    let daemon = Daemon::boot("");
    daemon.run(async {
        std::fs::write(daemon.path("binary"), b"\x7fELF\0\x01\x02").unwrap();
        std::fs::File::create(daemon.path("long")).unwrap().set_len((64 << 20) + 1).unwrap();
        for (name, kind, message) in
            [("binary", Kind::Unsupported, "is not text"), ("long", Kind::TooLarge, "`fs:read_file`")]
        {
            let ann = Editor::open(&daemon, name).await;
            refused(ann.api.get_text(&FileGetTextParams { file: ann.file.clone() }).await, kind, message);
        }
    });
}

/// Who writes a file anew empties it first. That is no change to be merged.
#[test]
fn a_file_that_is_written_anew_is_taken_in_when_it_is_there() {
    let daemon = Daemon::boot("//- /a.txt\nfirst\nsecond\n");
    daemon.run(async {
        let ann = Editor::open(&daemon, "a.txt").await;
        let text = ann.text().await;
        ann.api.edit(&ann.edit(&text, 0, 5, "mine")).await.unwrap();
        let client = daemon.client().await;
        let mut events = daemon.events(&client, "file:changed").await;
        let mut file = fs::File::create(daemon.path("a.txt")).unwrap();
        for line in ["first\n", "second\n", "third\n"] {
            std::io::Write::write_all(&mut file, line.as_bytes()).unwrap();
        }
        drop(file);
        events.expect(&CHANGED).await;
        let text = ann.text().await;
        assert_eq!((&*text.text, text.state.conflicts.len()), ("mine\nsecond\nthird\n", 0));
    });
}
