//! `icpy terminal` as people use it: the real programs, in a real terminal.

use icpy_tests::{Process, Terminal, until_now};
use rustix::process::{Pid, Signal, kill_process};

/// The keys that detach.
const DETACH: &str = "\x1d\x1d";

/// Runs `icpy terminal ARGS` from a shell that compares the terminal before and after.
fn icpy(user: &Process, args: &[&str]) -> Terminal {
    let script = r#"stty -g > before; sh -c 'echo $$ > pid; exec icpy terminal "$@"' sh "$@"
        echo "status $?"; stty -g > after; cmp before after && echo same; echo over; read x"#;
    user.foreign_terminal("sh", &[&["-c", script, "sh"], args].concat())
}

fn start(user: &Process, name: &str, script: &str) {
    user.json(&["terminal", "new", "--name", name, "--", "sh", "-c", script]);
}

/// The program that `icpy` runs has ended: what it left behind.
fn ends(terminal: &mut Terminal, status: i32) -> String {
    let left = terminal.expect(&format!("status {status}\r\n"));
    assert_eq!(terminal.expect("over"), "same\r\n");
    left
}

#[test]
fn a_new_terminal_is_shown_and_its_status_is_passed_on() {
    let user = Process::new("");
    let mut terminal =
        icpy(&user, &["new", "--name", "one", "--", "sh", "-c", "stty size; read x; echo got $x; exit 3"]);
    terminal.expect("24 80\r\n");
    terminal.type_keys("hello\r");
    terminal.expect("got hello\r\n[one: ended with 3]\r\n");
    ends(&mut terminal, 3);
    let mut terminal = icpy(&user, &["new", "--name", "two", "--", "sh", "-c", "kill -TERM $$"]);
    terminal.expect("[two: ended by signal 15]");
    ends(&mut terminal, 128 + 15);
    // Without a terminal there is only the id.
    let id = user.icpy(&["terminal", "new", "--", "true"]).stdout;
    assert!(id.ends_with('\n') && !id.trim().is_empty() && !id.trim().contains(char::is_whitespace), "{id:?}");
    let refused = user.icpy(&["terminal", "attach", "one"]);
    assert!(refused.status == 2 && refused.stderr.contains("must be a terminal"), "{refused:?}");
}

#[test]
fn the_program_sees_each_size() {
    let user = Process::new("");
    start(&user, "sizes", "trap 'stty size' WINCH; echo ready; while :; do sleep 0.02; done");
    let mut terminal = icpy(&user, &["attach", "sizes"]);
    terminal.expect("ready");
    terminal.resize(100, 50);
    terminal.expect("50 100");
    terminal.resize(90, 40);
    terminal.expect("40 90");
    // Who only looks on changes nothing.
    let mut onlooker = icpy(&user, &["attach", "--read-only", "sizes"]);
    onlooker.expect("40 90");
    onlooker.resize(20, 10);
    terminal.resize(91, 41);
    onlooker.expect("41 91");
    onlooker.type_keys(&format!("\u{3}{DETACH}"));
    assert!(!ends(&mut onlooker, 0).contains("10 20"));
    terminal.type_keys("\u{3}");
    terminal.expect("[sizes: ended by signal 2]");
    ends(&mut terminal, 130);
}

#[test]
fn whoever_detaches_comes_back_later() {
    let user = Process::new("");
    start(&user, "cat", "echo begun; while read x; do echo got $x; done");
    let mut terminal = icpy(&user, &["attach", "cat"]);
    terminal.expect("begun");
    // A key of the two by itself is passed on.
    terminal.type_keys("a\u{1d}b\r");
    terminal.expect("got a\u{1d}b\r\n");
    terminal.type_keys("c\u{1d}");
    terminal.expect("c^]");
    terminal.type_keys("\r");
    terminal.expect("got c\u{1d}\r\n");
    terminal.type_keys(DETACH);
    terminal.expect("[detached]\r\n");
    ends(&mut terminal, 0);
    let mut terminal = icpy(&user, &["attach", "--detach-key", "ctrl-b d", "cat"]);
    // What no terminal shows is on no screen.
    terminal.expect("got c\r\n");
    terminal.type_keys("again\r");
    terminal.expect("got again");
    terminal.type_keys("\u{2}d");
    terminal.expect("[detached]");
    ends(&mut terminal, 0);
}

#[test]
fn the_users_terminal_is_as_it_was_whatever_happens() {
    let user = Process::new("");
    let modes = r"printf '\033[?1049h\033[?25l\033[?2004h\033[?1002h'; stty -echo; echo set; exec sleep 1000";
    let expected = "\x1b[?25h\x1b[?1002l\x1b[?2004l\x1b[?1049l\r\n";
    let shown = || {
        let mut terminal = icpy(&user, &["attach", "modes"]);
        terminal.expect("set\r\n");
        terminal
    };
    start(&user, "modes", modes);
    let mut terminal = shown();
    terminal.type_keys(DETACH);
    terminal.expect(&format!("{expected}[detached]"));
    ends(&mut terminal, 0);
    for signal in [Signal::TERM, Signal::HUP, Signal::INT] {
        let mut terminal = shown();
        let pid: i32 = std::fs::read_to_string(user.path("pid")).unwrap().trim().parse().unwrap();
        kill_process(Pid::from_raw(pid).unwrap(), signal).unwrap();
        terminal.expect(expected);
        ends(&mut terminal, 128 + signal.as_raw());
    }
    let mut terminal = shown();
    assert_eq!(user.icpy(&["terminal", "signal", "modes", "SIGTERM"]).status, 0);
    terminal.expect(&format!("{expected}[modes: ended by signal 15]"));
    ends(&mut terminal, 128 + 15);
    start(&user, "modes", modes);
    let mut terminal = shown();
    assert_eq!(user.icpy(&["terminal", "kill", "modes"]).status, 0);
    terminal.expect(expected);
    terminal.expect("[modes: ended by signal 1]");
    ends(&mut terminal, 128 + 1);
    start(&user, "modes", modes);
    let mut terminal = shown();
    user.kill_daemon();
    terminal.expect(expected);
    terminal.expect("the terminal `modes` is gone with its daemon");
    ends(&mut terminal, 11);
}

#[test]
fn two_see_and_type_the_same() {
    let user = Process::new("");
    start(&user, "cat", "echo begun; while read x; do echo got $x; done");
    let (mut one, mut other) = (icpy(&user, &["attach", "cat"]), icpy(&user, &["attach", "cat"]));
    one.expect("begun");
    other.expect("begun");
    one.type_keys("one\r");
    one.expect("got one");
    other.expect("got one");
    other.type_keys("two\r");
    one.expect("got two");
    other.expect("got two");
    assert_eq!(user.icpy(&["terminal", "send", "cat", "--enter", "three"]).status, 0);
    one.expect("got three");
}

#[test]
fn an_interrupt_gets_through_a_flood_to_a_screen_that_takes_nothing() {
    let user = Process::new("");
    start(&user, "flood", "trap 'echo > caught; echo caught; exit 5' INT; echo begun; read x; yes & wait");
    let mut terminal = icpy(&user, &["attach", "flood"]);
    terminal.expect("begun");
    terminal.type_keys("\r");
    terminal.expect("y\r\ny\r\n");
    let gate = terminal.gate();
    let closed = gate.lock().unwrap();
    // `yes` goes on meanwhile: nobody waits for this screen.
    terminal.type_keys("\u{3}");
    until_now("the interrupt", || user.path("caught").exists());
    drop(closed);
    // What comes before may be more than is kept.
    terminal.expect("[flood: ended with 5]");
    ends(&mut terminal, 5);
}

fn md5sum(path: &std::path::Path) -> String {
    let sum = std::process::Command::new("md5sum").arg(path).output().unwrap();
    String::from_utf8(sum.stdout).unwrap().split(' ').next().unwrap().to_owned()
}

#[test]
fn a_long_paste_arrives_whole_also_while_the_daemon_is_replaced() {
    let user = Process::new("");
    let text = "line with ünïcode 0123456789\n".repeat(100_000);
    let text = &text[..3_000_000];
    std::fs::write(user.path("text"), text).unwrap();
    let sum = md5sum(&user.path("text"));
    for is_replaced in [false, true] {
        start(
            &user,
            "paste",
            "stty raw -echo; echo ready; head -c 1000000 > part; head -c 2000000 | cat part - | md5sum",
        );
        let mut terminal = icpy(&user, &["attach", "paste"]);
        terminal.expect("ready");
        if is_replaced {
            let restarting = user.clients(1, &["restart"]);
            terminal.type_keys(text);
            for mut restart in restarting {
                assert!(restart.wait().unwrap().success());
            }
        } else {
            terminal.type_keys(text);
        }
        terminal.expect(&sum);
        ends(&mut terminal, 0);
    }
}

#[test]
fn the_keys_that_detach_are_none_in_a_paste() {
    let user = Process::new("");
    let script = r"stty raw -echo; printf '\033[?2004h'; echo ready; head -c 16 | od -An -tx1; printf '\033[?2004l'; echo off; exec cat";
    start(&user, "paste", script);
    let mut terminal = icpy(&user, &["attach", "paste"]);
    terminal.expect("ready");
    terminal.type_keys("\u{1b}[200~a\u{1d}\u{1d}b\u{1b}[201~");
    terminal.expect("1b 5b 32 30 30 7e 61 1d 1d 62 1b 5b 32 30 31 7e");
    terminal.expect("off");
    // What looks like the beginning of one is none where the program does not have them marked.
    terminal.type_keys(&format!("\u{1b}[200~{DETACH}"));
    terminal.expect("[detached]");
    ends(&mut terminal, 0);
    start(&user, "marked", r"printf '\033[?2004h'; echo ready; exec cat");
    let mut terminal = icpy(&user, &["attach", "marked"]);
    terminal.expect("ready");
    terminal.type_keys(&format!("\u{1b}[200~a\u{1b}[201~{DETACH}"));
    terminal.expect("[detached]");
    ends(&mut terminal, 0);
}

#[test]
fn no_byte_is_lost_or_doubled_while_the_daemon_is_replaced() {
    let user = Process::new("");
    let script = "echo begin; read x; i=0; while [ $i -lt 400 ]; do seq $((i * 20 + 1)) $((i * 20 + 20)); \
        sleep 0.005; i=$((i + 1)); done; echo end; read x; exit 7";
    start(&user, "count", script);
    let mut terminal = icpy(&user, &["attach", "count"]);
    terminal.expect("begin\r\n");
    terminal.type_keys("\r");
    terminal.expect("\r\n");
    for _ in 0..3 {
        let restarted = user.icpy(&["restart"]);
        assert_eq!(restarted.status, 0, "{restarted:?}");
    }
    let shown = terminal.expect("end\r\n");
    let numbers: String = (1..=8000).flat_map(|number: u32| [number.to_string(), "\r\n".to_owned()]).collect();
    // The screen is before it.
    assert!(shown.ends_with(&format!("\r\n{numbers}")) && shown.matches("\r\n8000\r\n").count() == 1, "{shown}");
    terminal.type_keys("\r");
    terminal.expect("[count: ended with 7]");
    ends(&mut terminal, 7);
}

#[test]
fn a_terminal_is_not_shown_in_itself() {
    let user = Process::new("");
    start(&user, "other", "echo other begun; read x");
    let mut terminal = icpy(&user, &["new", "--name", "outer", "--", "sh"]);
    terminal.type_keys("icpy terminal attach other\r");
    terminal.expect("in a terminal of icpyd already");
    terminal.type_keys("icpy terminal\r");
    terminal.expect("in a terminal of icpyd already");
    terminal.type_keys("icpy terminal attach --nested outer\r");
    terminal.expect("would show itself");
    terminal.type_keys("icpy terminal attach --nested other\r");
    terminal.expect("other begun");
    terminal.type_keys("\r");
    terminal.expect("[other: ended with 0]");
    terminal.type_keys("exit 4\r");
    terminal.expect("[outer: ended with 4]");
    ends(&mut terminal, 4);
    assert_eq!(user.json(&["terminal", "ls"])["terminals"].as_array().unwrap().len(), 2);
}

#[test]
fn a_name_means_one_terminal() {
    let user = Process::new("");
    let made = |command: &str| {
        user.json(&["terminal", "new", "--detach", "--name", "one", "--", command])["terminalId"].clone()
    };
    made("true");
    until_now("the first to end", || user.json(&["terminal", "ls"])["terminals"][0]["exit"].is_object());
    let second = made("cat");
    assert_eq!(user.json(&["terminal", "rename", "one", "one"])["terminalId"], second, "the one that runs");
    made("cat");
    let refused = user.icpy(&["terminal", "kill", "one"]);
    assert!(refused.status == 2 && refused.stderr.contains("means 2 terminals"), "{refused:?}");
    let nameless = user.icpy(&["terminal", "rename", second.as_str().unwrap(), ""]);
    assert!(nameless.status != 0 && nameless.stderr.contains("`name` is empty"), "{nameless:?}");
}
