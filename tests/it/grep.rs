//! `fs:grep` and `fs:preview_replace` through the socket, and what a person sees of them.

use std::fs;
use std::process::Command;

use icpy::Piece;
use icpy_protocol::Empty;
use icpy_protocol::error::Kind;
use icpy_protocol::fs::{
    FsClient, FsConfineParams, FsFileEdits, FsFileVersion, FsGrepParams, FsGrepResult, FsMatch, FsPreviewReplaceParams,
    FsReadFileParams, FsReplaceParams, method,
};
use icpy_protocol::session::SessionClient;
use icpy_tests::{Daemon, Process, within};

/// Some hundred files, each with some lines that match.
fn many() -> Daemon {
    let daemon = Daemon::boot("");
    for number in 0..400 {
        let name = format!("{}{number:03}.txt", ["", "b/", "a/c/"][number % 3]);
        fs::create_dir_all(daemon.path(&name).parent().unwrap()).unwrap();
        let lines: Vec<String> = (0..number % 7).map(|line| format!("needle {line} of {number}\nother\n")).collect();
        fs::write(daemon.path(&name), lines.concat()).unwrap();
    }
    daemon
}

fn params(daemon: &Daemon, set: impl FnOnce(&mut FsGrepParams)) -> FsGrepParams {
    let mut params = FsGrepParams::new(daemon.folder().files(), "needle");
    set(&mut params);
    params
}

#[test]
fn lines_are_streamed_as_they_would_be_answered() {
    let daemon = many();
    daemon.run(async {
        let client = daemon.client().await;
        let service = FsClient::new(client.clone());
        let answer = service.grep(&params(&daemon, |_| ())).await.unwrap();
        assert_eq!((answer.has_more, answer.stats.files, answer.stats.files_matched), (false, 400, 342));
        assert_eq!(answer.stats.lines, answer.matches.len() as u64);
        assert!(answer.matches.is_sorted_by_key(|found| (found.path.clone(), found.line)));
        for is_unsorted in [false, true] {
            let params = params(&daemon, |params| (params.stream, params.is_unsorted) = (true, is_unsorted));
            let mut stream = client.stream(method::grep, &params).await.unwrap();
            let mut streamed: Vec<FsMatch> = Vec::new();
            while let Some(Piece::Data(data)) = stream.next().await {
                streamed.extend(data.lines().map(|line| serde_json::from_str::<FsMatch>(line).unwrap()));
            }
            let result: FsGrepResult = stream.finish().await.unwrap();
            assert_eq!((result.stats, result.matches, result.has_more), (answer.stats, vec![], false));
            if is_unsorted {
                streamed.sort_by_key(|found| (found.path.clone(), found.line));
            }
            assert!(streamed == answer.matches, "sorted: {}", !is_unsorted);
        }
    });
}

#[test]
fn what_is_found_is_limited_in_the_order_of_paths() {
    let daemon = many();
    daemon.run(async {
        let service = FsClient::new(daemon.client().await);
        let all = service.grep(&params(&daemon, |_| ())).await.unwrap().matches;
        for limit in [1, 10, 300] {
            let result = service.grep(&params(&daemon, |params| params.limit = Some(limit))).await.unwrap();
            assert!(result.has_more && result.matches[..] == all[..limit as usize], "{limit}");
        }
        let exact = u32::try_from(all.len()).unwrap();
        let result = service.grep(&params(&daemon, |params| params.limit = Some(exact))).await.unwrap();
        assert!(!result.has_more && result.matches.len() == all.len());
        let result = service.grep(&params(&daemon, |params| params.count_per_file = Some(1))).await.unwrap();
        assert_eq!(result.matches.len(), 342);
    });
}

#[test]
fn a_search_that_nobody_waits_for_ends() {
    let daemon = Daemon::boot("");
    fs::write(daemon.path("large"), "needle in a haystack\n".repeat(1_000_000)).unwrap();
    daemon.run(async {
        let client = daemon.client().await;
        let params = params(&daemon, |params| params.stream = true);
        let mut stream = client.stream(method::grep, &params).await.unwrap();
        // It waits for the reader now, with a little of what it has found.
        assert!(matches!(stream.next().await, Some(Piece::Data(_))));
        drop(stream);
        let session = SessionClient::new(client);
        within("the request's end", async { while session.list(&Empty {}).await.unwrap().sessions[0].requests > 0 {} })
            .await;
    });
}

#[test]
fn what_is_no_regular_file_is_left_alone() {
    let daemon = Daemon::boot("//- /file\nneedle\n");
    assert!(Command::new("mkfifo").arg(daemon.path("fifo")).status().unwrap().success());
    std::os::unix::fs::symlink("file", daemon.path("link")).unwrap();
    daemon.run(async {
        let service = FsClient::new(daemon.client().await);
        assert_eq!(service.grep(&params(&daemon, |_| ())).await.unwrap().matches.len(), 1);
        // What a link leads to is searched when it is asked for.
        let found = service.grep(&FsGrepParams::new(daemon.path("link"), "needle")).await.unwrap();
        assert_eq!(found.matches.len(), 1);
        let error = service.grep(&FsGrepParams::new(daemon.path("fifo"), "needle")).await.unwrap_err();
        assert!(error.kind() == Kind::Unsupported && error.to_string().contains("a FIFO"), "{error}");
    });
}

#[test]
fn what_is_denied_is_not_searched() {
    let daemon = Daemon::boot("//- /secret/key\nneedle\n//- /a.env\nneedle\n//- /b\nneedle\n");
    daemon.run(async {
        let service = FsClient::new(daemon.client().await);
        assert_eq!(service.grep(&params(&daemon, |_| ())).await.unwrap().matches.len(), 3);
        let roots = serde_json::json!([{ "path": daemon.folder().files() }]);
        let confine = serde_json::json!({ "roots": roots, "denied": ["secret", "*.env"] });
        let confine: FsConfineParams = serde_json::from_value(confine).unwrap();
        service.confine(&confine).await.unwrap();
        let found = service.grep(&params(&daemon, |_| ())).await.unwrap().matches;
        assert_eq!(found.iter().map(|found| found.path.to_string()).collect::<Vec<_>>(), ["b"]);
        let replace = FsPreviewReplaceParams { search: params(&daemon, |_| ()), replacement: "pin".to_owned() };
        assert_eq!(service.preview_replace(&replace).await.unwrap().files.len(), 1);
    });
}

#[test]
fn a_replacement_is_shown_before_it_is_done() {
    let daemon = Daemon::boot("//- /a.txt\none needle, two needles\n//- /b.txt\nnone\n//- /c.txt\nneedle\n");
    fs::write(daemon.path("bad"), b"\xff\xfeneedle").unwrap();
    fs::write(daemon.path("latin"), b"caf\xe9 needle").unwrap();
    daemon.run(async {
        let service = FsClient::new(daemon.client().await);
        let replace = |set: fn(&mut FsGrepParams)| FsPreviewReplaceParams {
            search: params(&daemon, |params| {
                params.pattern = "needle(s?)".to_owned();
                set(params);
            }),
            replacement: "épingle$1".to_owned(),
        };
        let preview = service.preview_replace(&replace(|_| ())).await.unwrap();
        let names = |files: &[FsFileEdits]| {
            files.iter().map(|file| file.path.to_string()).collect::<Vec<_>>()
        };
        assert_eq!((names(&preview.files), preview.has_more), (vec!["a.txt".to_owned(), "c.txt".to_owned()], false));
        let edits = serde_json::to_value(&preview.files[0].edits).unwrap();
        let text = "one needle, two needles";
        assert_eq!(
            edits,
            serde_json::json!([
                { "line": 1, "column": 5, "start": 4, "end": 10, "before": "needle", "after": "épingle", "text": text },
                { "line": 1, "column": 17, "start": 16, "end": 23, "before": "needles", "after": "épingles", "text": text },
            ])
        );
        let read = FsReadFileParams::of(daemon.path("a.txt"));
        assert_eq!(service.read_file(&read).await.unwrap().version.as_ref(), Some(&preview.files[0].base_version));
        let skipped = preview.skipped.iter().map(|file| format!("{}: {}", file.path, file.reason));
        let expect = "latin: it is not in Unicode, and the replacement is not in ASCII";
        assert_eq!(skipped.collect::<Vec<_>>(), [expect]);
        let preview = service.preview_replace(&replace(|params| params.limit = Some(2))).await.unwrap();
        assert_eq!((names(&preview.files), preview.has_more), (vec!["a.txt".to_owned()], true));
        assert_eq!(fs::read_to_string(daemon.path("c.txt")).unwrap(), "needle\n", "nothing is changed");
    });
}

#[test]
fn a_file_with_two_names_is_replaced_once() {
    let daemon = Daemon::boot("//- /a.txt\nneedle\n//- /b.txt\nneedle\n");
    fs::hard_link(daemon.path("a.txt"), daemon.path("c.txt")).unwrap();
    daemon.run(async {
        let service = FsClient::new(daemon.client().await);
        let preview = FsPreviewReplaceParams { search: params(&daemon, |_| ()), replacement: "pin".to_owned() };
        let shown = service.preview_replace(&preview).await.unwrap();
        let skipped: Vec<String> = shown.skipped.iter().map(|file| format!("{}: {}", file.path, file.reason)).collect();
        assert_eq!(skipped, ["c.txt: it is the same file as `a.txt`"]);
        let version = |file: FsFileEdits| FsFileVersion { path: file.path, base_version: file.base_version };
        let files = shown.files.into_iter().map(version).collect();
        let done = service.replace(&FsReplaceParams { preview, files }).await.unwrap();
        assert_eq!((done.replaced, done.files.len()), (2, 2));
        assert_eq!(fs::read_to_string(daemon.path("c.txt")).unwrap(), "pin\n");
    });
}

#[test]
fn a_person_sees_headings_and_matches_in_colour() {
    let user = Process::new("//- /a.txt\nbefore\na needle\n//- /b/c.txt\nneedles\n");
    let mut terminal = user.terminal(&["grep", "-B1", "needle"]);
    terminal.expect("\x1b[35ma.txt\x1b[0m\r\n\x1b[1;32m1\x1b[0m-before\r\n");
    terminal.expect("\x1b[1;32m2\x1b[0m:3:a \x1b[1;31mneedle\x1b[0m\r\n\r\n");
    terminal.expect("\x1b[35mb/c.txt\x1b[0m\r\n\x1b[1;32m1\x1b[0m:1:\x1b[1;31mneedle\x1b[0ms\r\n");
    assert_eq!(terminal.wait(), 0);
}

#[test]
fn several_paths_are_searched_and_what_fails_is_said() {
    let user = Process::new("//- /a/x\nneedle\n//- /b/y\nneedle\n//- /c/z\nhay\n");
    let check = |args: &[&str], status: i32, stdout: &str| {
        let output = user.icpy(&[&["grep"], args].concat());
        assert_eq!((output.status, output.stdout.as_str()), (status, stdout), "{args:?}: {output:?}");
        output.stderr
    };
    check(&["needle", "b", "a/x", "c"], 0, "b/y:1:1:needle\na/x:1:1:needle\n");
    check(&["needle", "c"], 1, "");
    check(&["-c", "needle"], 0, "a/x:1\nb/y:1\n");
    check(&["--json", "-c", "needle", "a"], 0, "{\"path\":\"x\",\"count\":1}\n");
    check(&["--json", "-l", "needle", "a"], 0, "{\"path\":\"x\"}\n");
    assert!(check(&["needle", "none", "a"], 2, "a/x:1:1:needle\n").contains("none` does not exist"));
    assert!(check(&["(", "a"], 2, "").contains("the pattern cannot be read"));
    assert!(check(&["-g", "{", "x"], 2, "").contains("the glob cannot be read"));
    check(&["-i", "-s", "NEEDLE"], 1, "");
    check(&["-s", "-i", "NEEDLE", "a"], 0, "a/x:1:1:needle\n");
}

#[test]
fn options_are_those_that_people_type() {
    let user = Process::new("//- /a.rs\nneedle\n-x.y\n//- /b.py\nneedle\nxzy\n");
    fs::write(user.path("bin"), b"\0needle\n").unwrap();
    let check = |args: &[&str], status: i32, stdout: &str| {
        let output = user.icpy(&[&["grep"], args].concat());
        assert_eq!((output.status, output.stdout.as_str()), (status, stdout), "{args:?}: {output:?}");
        output.stderr
    };
    check(&["-rn", "-e", "needle", "a.rs"], 0, "a.rs:1:1:needle\n");
    check(&["-e", "-x", "-e", "ne+dle", "a.rs"], 0, "a.rs:1:1:needle\na.rs:2:1:-x.y\n");
    check(&["-F", "-e", "x.y", "-e", "needle", "b.py", "a.rs"], 0, "b.py:1:1:needle\na.rs:1:1:needle\na.rs:2:2:-x.y\n");
    check(&["-q", "needle"], 0, "");
    check(&["-q", "-c", "nowhere"], 1, "");
    check(&["-q", "needle", "none", "a.rs"], 0, "");
    check(&["-t", "py", "needle"], 0, "b.py:1:1:needle\n");
    check(&["-a", "-l", "needle"], 0, "a.rs\nb.py\nbin\n");
    assert!(check(&["-t", "none", "needle"], 2, "").contains("type is not known"));
    assert_eq!(check(&["-l", "needle"], 0, "a.rs\nb.py\n"), "");
    assert!(check(&["needle", "bin"], 1, "").contains("`bin` is binary"));
    check(&["-a", "needle", "bin"], 0, "bin:1:2:\0needle\n");
    assert_eq!(user.icpy(&["grep"]).status, 2);
}

#[test]
fn a_match_far_in_a_line_is_shown() {
    let user = Process::new("");
    fs::write(user.path("long"), format!("{}needle{}\n", "x".repeat(2000), "y".repeat(1000))).unwrap();
    let output = user.icpy(&["grep", "needle"]);
    let expect = format!("long:1:2001:[...]{}needle{}[...]\n", "x".repeat(64), "y".repeat(442));
    assert_eq!(output.stdout, expect);
    let found = user.json(&["grep", "needle"]);
    assert_eq!((&found["textStart"], &found["isCut"]), (&1936.into(), &true.into()), "{found}");
    assert_eq!(found["ranges"], serde_json::json!([{ "start": 64, "end": 70 }]));
}

#[test]
fn a_reader_that_has_enough_ends_the_search() {
    let user = Process::new("");
    fs::write(user.path("large"), "needle\n".repeat(3_000_000)).unwrap();
    let icpy = user.program("icpy");
    let line = format!("{} grep needle | head -n 2; echo ${{PIPESTATUS[0]}}", icpy.display());
    let output = icpy_tests::process::output(&mut user.foreign_command("bash", &["-c", &line]));
    assert_eq!(output.stdout, "large:1:1:needle\nlarge:2:1:needle\n141\n");
    icpy_tests::until_now("the search's end", || {
        let sessions = user.json(&["call", "session:list"]);
        sessions["sessions"].as_array().unwrap().len() == 1
    });
}

#[test]
fn what_was_shown_is_replaced_in_all_files_or_in_none() {
    let daemon = Daemon::boot("//- /a.txt\none needle,\r\ntwo needles\n//- /b/c.txt\nneedle\n//- /d.txt\nneedle\n");
    daemon.run(async {
        let service = FsClient::new(daemon.client().await);
        let preview = FsPreviewReplaceParams { search: params(&daemon, |_| ()), replacement: "pin".to_owned() };
        let shown = service.preview_replace(&preview).await.unwrap().files;
        let version = |name: &str| {
            let file = shown.iter().find(|file| file.path.as_path() == std::path::Path::new(name)).unwrap();
            FsFileVersion { path: file.path.clone(), base_version: file.base_version.clone() }
        };
        let replace = |files: Vec<FsFileVersion>| FsReplaceParams { preview: preview.clone(), files };
        // One of them has changed since.
        fs::write(daemon.path("d.txt"), "another needle\n").unwrap();
        let refused = service.replace(&replace(vec![version("a.txt"), version("d.txt")])).await.unwrap_err();
        assert_eq!(refused.kind(), Kind::Conflict, "{refused}");
        assert!(refused.message().contains("d.txt"), "{refused}");
        assert!(fs::read_to_string(daemon.path("a.txt")).unwrap().contains("needle"));
        let done = service.replace(&replace(vec![version("a.txt"), version("b/c.txt")])).await.unwrap();
        assert_eq!((done.replaced, done.files.len()), (3, 2));
        assert_eq!(fs::read_to_string(daemon.path("a.txt")).unwrap(), "one pin,\r\ntwo pins\n");
        assert_eq!(fs::read_to_string(daemon.path("b/c.txt")).unwrap(), "pin\n");
        assert_eq!(fs::read_to_string(daemon.path("d.txt")).unwrap(), "another needle\n");
        // Nothing is left to be replaced there.
        let again = service.replace(&replace(done.files)).await.unwrap();
        assert_eq!((again.replaced, again.files.len()), (0, 0));
        let missing = FsFileVersion { path: "none".into(), ..version("a.txt") };
        assert_eq!(service.replace(&replace(vec![missing])).await.unwrap_err().kind(), Kind::NotFound);
    });
}
