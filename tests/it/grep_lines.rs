//! Which lines and parts of lines `icpy grep` prints, and that what is cut is marked.

use std::fs;

use icpy_protocol::error::Kind;
use icpy_protocol::fs::{FsClient, FsFindParams, FsGrepParams, FsPreviewReplaceParams};
use icpy_protocol::path::FilePath;
use icpy_tests::{Daemon, Process};

#[test]
fn lines_without_a_match_and_matches_alone_are_printed() {
    let user = Process::new("//- /f\none two\ntwo\nthree\n\n//- /g\nthree\n");
    fs::write(user.path("long"), format!("{}wide wide\n", " ".repeat(2000))).unwrap();
    let check = |args: &[&str], expect: &str| {
        let output = user.icpy(&[&["grep"], args].concat());
        assert_eq!((output.stdout.as_str(), output.stderr.as_str()), (expect, ""), "{args:?}");
        assert_eq!(output.status, i32::from(expect.is_empty()), "{args:?}");
    };
    check(&["-v", "two", "f"], "f:3:1:three\nf:4:1:\n");
    check(&["-vc", "two", "."], "f:2\ng:1\nlong:1\n");
    check(&["-vl", "e", "."], "f\n");
    check(&["-v", ".*", "."], "");
    check(&["-o", "o|t\\w", "f"], "f:1:1:o\nf:1:5:tw\nf:1:7:o\nf:2:1:tw\nf:2:3:o\nf:3:1:th\n");
    check(&["-o", "three|x*", "f"], "f:3:1:three\n");
    check(&["-oU", "two\nthr|one", "f"], "f:1:1:one\nf:2:1:two\nf:3:1:thr\n");
    check(&["-o", "wide", "long"], "long:1:2001:wide\nlong:1:2006:wide\n");
    check(&["-o", "--json", "nothing", "."], "");
}

#[test]
fn long_lines_around_a_match_are_marked_as_cut() {
    let user = Process::new("");
    let long = "x".repeat(600);
    fs::write(user.path("f"), format!("{long}\nneedle\nshort\n")).unwrap();
    let output = user.icpy(&["grep", "-C1", "needle", "f"]);
    assert_eq!(output.stdout, format!("f-1-{}[...]\nf:2:1:needle\nf-3-short\n", &long[..512]));
}

#[test]
fn what_cannot_be_searched_so_is_refused() {
    let daemon = Daemon::boot("//- /f\na\nb\n");
    daemon.run(async {
        let service = FsClient::new(daemon.client().await);
        let search = FsGrepParams { is_inverted: true, ..FsGrepParams::new(daemon.path("f"), "a") };
        let found = service.grep(&search).await.unwrap().matches;
        assert_eq!((found.len(), found[0].line, found[0].ranges.len()), (1, 2, 0));
        let preview = FsPreviewReplaceParams { search, replacement: "x".to_owned() };
        assert_eq!(service.preview_replace(&preview).await.unwrap_err().kind(), Kind::InvalidParams);
        let path = FilePath::from(daemon.path("f"));
        let params = FsFindParams { path: path.clone(), query: String::new(), include_hidden: false, limit: None };
        let refused = service.find(&params).await.unwrap_err();
        assert_eq!(refused.kind(), Kind::Unsupported);
        assert_eq!(refused.message(), format!("`{path}` is a file, not a folder"));
    });
}
