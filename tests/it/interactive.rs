//! `icpy interactive`: at a terminal, and from a pipe.

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::process::Stdio;

use icpy_tests::{Output, Process, process};
use serde_json::{Value, json};

const PROMPT: &str = "icpy> ";

fn piped(user: &Process, args: &[&str], lines: &str) -> Output {
    let mut command = user.command(&[args, &["interactive"]].concat());
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(lines.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    Output { status: process::status(output.status), stdout: text(output.stdout), stderr: text(output.stderr) }
}

#[test]
fn a_pipe_holds_one_command_a_line() {
    let user = Process::new("//- /a.txt\none\n//- /two words.txt\ntwo\n");
    let output = piped(&user, &[], "# not a command\n\ncat a.txt\ncat 'two words.txt'\n");
    assert_eq!((output.status, output.stdout.as_str(), output.stderr.as_str()), (0, "one\ntwo\n", ""));
    // What fails says so, and the rest is done.
    let output = piped(&user, &[], "cat none.txt\nno-such-command-or-file\ncat 'open\nstatus --no-such\ncat a.txt\n");
    assert_eq!(output.stdout, "one\n", "{output:?}");
    assert_ne!(output.status, 0);
    for why in ["none.txt`", "no-such-command-or-file`", "quotation mark", "--no-such"] {
        assert!(output.stderr.contains(why), "{why}: {output:?}");
    }
}

#[test]
fn its_options_are_those_of_every_line() {
    let user = Process::new("//- /a.py\n");
    // One that a line has too is that of the line.
    let output = piped(&user, &["--json", "--timeout", "7"], "a.py\n--json --timeout 9 workspace list\n");
    let lines: Vec<Value> = output.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines[0]["file"]["path"], json!(user.path("a.py")));
    assert_eq!(lines[1]["workspaces"][0]["openFiles"], 1);
}

#[test]
fn a_command_takes_nothing_of_the_pipe() {
    let user = Process::new("//- /a.txt\none\n");
    let output = piped(&user, &[], "call session:ping -\ncat a.txt\nexit\ncat a.txt\n");
    assert_eq!((output.stdout.as_str(), output.status), ("one\n", 2), "{output:?}");
}

#[test]
fn a_person_edits_lines_and_is_not_thrown_out() {
    let user = Process::new("//- /alpha.txt\nthe first\n");
    let mut terminal = user.terminal(&["interactive"]);
    terminal.expect(PROMPT);
    terminal.type_keys("cat none.txt\r");
    terminal.expect("does not exist");
    terminal.expect(PROMPT);
    // A line that is dropped does nothing.
    terminal.type_keys("cat alpha.txt\x03");
    terminal.expect(PROMPT);
    terminal.type_keys("\r");
    assert!(!terminal.expect(PROMPT).contains("the first"));
    // Commands and paths are completed.
    terminal.type_keys("workspa\tli\t--js\x15cat al\t\r");
    terminal.expect("the first");
    terminal.expect(PROMPT);
    terminal.type_keys("call session:pi\t\r");
    terminal.expect("\"seq\": 0");
    terminal.expect(PROMPT);
    terminal.type_keys("cat al\t\r");
    terminal.expect("the first");
    terminal.expect(PROMPT);
    // The last line is there again.
    terminal.type_keys("\x1b[A\r");
    terminal.expect("the first");
    terminal.expect(PROMPT);
    terminal.type_keys("\x04");
    assert_eq!(terminal.wait(), 0);

    // The next time too.
    let history = user.folder().home().join("state/history");
    assert_eq!(fs::metadata(&history).unwrap().permissions().mode() & 0o777, 0o600);
    let mut terminal = user.terminal(&["interactive"]);
    terminal.expect(PROMPT);
    terminal.type_keys("\x1b[A\r");
    terminal.expect("the first");
    terminal.type_keys("\x04");
    assert_eq!(terminal.wait(), 0);
}

#[test]
fn an_interrupt_ends_the_command_and_not_the_session() {
    let user = Process::new("");
    let mut terminal = user.terminal(&["interactive"]);
    terminal.expect(PROMPT);
    terminal.type_keys("watch 'file:*'\r");
    while user.icpy(&["status"]).status != 0 || user.json(&["status"])["bus"]["subscriptions"] == 0 {}
    terminal.type_keys("\x03");
    terminal.expect(PROMPT);
    terminal.type_keys("call session:ping\r");
    terminal.expect("\"seq\": 0");
    terminal.expect(PROMPT);
    terminal.type_keys("exit\r");
    assert_eq!(terminal.wait(), 0);
}
