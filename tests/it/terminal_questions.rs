//! What programs ask of their terminal: the daemon answers once, however many look on.

use icpy_tests::{Process, Terminal, until_now};

/// Reads one byte after the other up to the answer to the last question, and prints what came in hexadecimal.
const ASK: &str = r#"stty raw -echo; printf asking; read -r x < go; printf '\033[3;5H\033[6n\033]11;?\033\\\033[c'
    printf answers:; while :; do b=$(dd bs=1 count=1 2>/dev/null | od -An -tx1 | tr -d ' \n'); printf %s "$b"
    [ "$b" = 63 ] && break; done; printf :end; stty sane; read x"#;

fn hex(text: &str) -> String {
    text.bytes().fold(String::new(), |hex, byte| hex + &format!("{byte:02x}"))
}

/// One who attaches by a terminal that answers questions itself, as a real one does.
fn viewer(user: &Process) -> Terminal {
    let mut viewer = user.foreign_terminal("icpy", &["terminal", "attach", "asker"]);
    viewer.expect("asking");
    viewer
}

#[test]
fn each_question_is_answered_once() {
    for count in [0, 1, 3] {
        let user = Process::new("");
        assert!(std::process::Command::new("mkfifo").arg(user.path("go")).status().unwrap().success());
        user.json(&["terminal", "new", "--name", "asker", "--", "sh", "-c", ASK]);
        until_now("the program", || user.icpy(&["terminal", "show", "asker"]).stdout.contains("asking"));
        let mut viewers: Vec<Terminal> = (0..count).map(|_| viewer(&user)).collect();
        std::fs::write(user.path("go"), "go\n").unwrap();
        let raw = || user.icpy(&["terminal", "show", "--raw", "asker"]).stdout;
        until_now("the answers", || raw().contains(":end"));
        let printed = raw();
        let (_, answers) = printed.split_once("answers:").unwrap();
        let expected = format!("{}{}", hex("\x1b[3;5R"), hex("\x1b]11;rgb:"));
        assert!(answers.starts_with(&expected), "{count} viewers: {answers}");
        assert!(answers.ends_with(&format!("{}:end", hex("\x1b[?62;22;52c"))), "{count} viewers: {answers}");
        assert_eq!(answers.matches(&hex("\x1b[")).count(), 2, "{count} viewers: {answers}");
        // Who looks on sees no question.
        for question in ["\x1b[6n", "\x1b]11;?", "\x1b[c"] {
            assert!(!printed.contains(question), "{printed:?}");
        }
        for viewer in &mut viewers {
            let shown = viewer.expect(":end");
            assert!(shown.contains("\x1b[3;5Hanswers:"), "{shown:?}");
        }
        assert_eq!(user.icpy(&["terminal", "kill", "asker"]).status, 0);
        for viewer in &mut viewers {
            viewer.expect("[asker: ended");
        }
    }
}

#[test]
fn a_shell_that_asks_first_does_not_wait_for_an_answer() {
    let user = Process::new("");
    // As vim and fish do: a question, and nothing goes on without its answer.
    let script = r"stty raw -echo; printf '\033[?u\033[>0q\033P+q544e\033\\\033[c'; dd bs=1 count=4 2>/dev/null | od -An -tx1; read x";
    user.json(&["terminal", "new", "--name", "asker", "--", "sh", "-c", script]);
    until_now("an answer", || user.icpy(&["terminal", "show", "asker"]).stdout.contains("1b 5b 3f 30"));
}
