//! Schemathesis reads the description of the REST interface and looks for requests that it does not fit: answers that are
//! not described, and those by which the daemon says that it failed.
//!
//! What could reach beyond the test's folder is left out, or confined to it; see `tests/schemathesis/hooks.py`.

use std::path::Path;
use std::process::Command;

use icpy_protocol::auth::{AuthCreateTokenParams, AuthScope};
use icpy_protocol::rest::PREFIX;
use icpy_protocol::terminal::{TerminalClient, TerminalCreateParams};
use icpy_protocol::workspace::{WorkspaceClient, WorkspaceCreateParams};
use icpy_tests::{Daemon, Output, Web, cannot_run, process};
use serde_json::json;

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/schemathesis");

/// Whether what the schema allows is refused anyway is for the methods to say; wrong credentials soon make the daemon answer
/// nobody who has none.
const NOT_CHECKED: &str = "positive_data_acceptance,ignored_auth";

/// What would end the daemon, or the token.
const LEFT_OUT: &[&str] = &["daemon_stop", "daemon_restart", "workspace_delete"];

/// Tries the operations of some namespaces, by a token with these scopes.
fn check(namespaces: &[&str], scopes: &[AuthScope], is_confined: bool) {
    let program = Path::new(FOLDER).join(".venv/bin/schemathesis");
    if !program.exists() {
        return cannot_run("Schemathesis is not installed: run `cargo xtask test`");
    }
    let daemon = Daemon::boot("//- /w/a.txt\none\ntwo\n//- /w/sub/b.txt\nthree\n//- /out.txt\n");
    let (web, token, ids) = daemon.run(async {
        let root = daemon.path("w");
        let params = WorkspaceCreateParams { root: root.into(), name: None };
        let workspace = WorkspaceClient::new(daemon.client().await).create(&params).await.unwrap().workspace_id;
        let params = TerminalCreateParams { command: vec!["cat".to_owned()], ..Default::default() };
        let terminal = TerminalClient::new(daemon.client().await).create(&params).await.unwrap().terminal_id;
        let params = AuthCreateTokenParams {
            name: "schemathesis".to_owned(),
            scopes: scopes.to_vec(),
            workspace_id: is_confined.then(|| workspace.clone()),
            ..Default::default()
        };
        let web = Web::start(&daemon).await;
        let token = Web::token_of(daemon.client().await, params).await;
        (web, token, json!({ "workspaceId": workspace, "terminalId": terminal }))
    });
    let mut command = Command::new(program);
    command.current_dir(daemon.path("")).env("SCHEMATHESIS_HOOKS", "hooks").env("PYTHONPATH", FOLDER);
    command.env("PYTHONDONTWRITEBYTECODE", "1");
    command.env("ICPY_TEST_FOLDER", daemon.path("w")).env("ICPY_TEST_IDS", ids.to_string());
    command.args(["--no-color", "run", &format!("{}{PREFIX}/openapi.json", web.url)]);
    command.args(["--header", &format!("Authorization: Bearer {token}"), "--exclude-checks", NOT_CHECKED]);
    command.args(["--phases", "coverage,fuzzing,stateful", "--max-examples", "8", "--seed", "1"]);
    command.args(["--request-timeout", "20", "--generation-database", "none"]);
    command.args(namespaces.iter().flat_map(|it| ["--include-tag", it]));
    command.args(LEFT_OUT.iter().flat_map(|it| ["--exclude-operation-id", it]));
    let Output { status, stdout, stderr } = process::output(&mut command);
    assert_eq!(status, 0, "{stdout}\n{stderr}");
    let tested = number(&stdout, "Tested: ");
    assert!(tested > 20 && tested == number(&stdout, "Selected: "), "{stdout}");
    assert_eq!(std::fs::read_to_string(daemon.path("out.txt")).unwrap(), "");
}

/// The number behind a text.
fn number(report: &str, before: &str) -> u32 {
    let (_, rest) = report.split_once(before).unwrap_or_else(|| panic!("no `{before}` in {report}"));
    rest.chars().take_while(char::is_ascii_digit).collect::<String>().parse().unwrap()
}

#[test]
fn schemathesis_finds_nothing_about_files_and_workspaces() {
    check(&["fs", "file", "workspace", "project", "preferences"], &[AuthScope::Read, AuthScope::Write], true);
}

#[test]
fn schemathesis_finds_nothing_about_terminals_and_the_daemon() {
    let all = AuthScope::ALL;
    check(&["terminal", "daemon", "event", "rpc", "auth", "web"], all, false);
}
