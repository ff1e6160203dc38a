//! Commands that are run in the shell of a terminal: exactly their output and status, with every shell.

use icpy_tests::{Process, until_now};
use serde_json::{Value, json};

const SHELLS: [&str; 3] = ["/bin/bash", "/bin/zsh", "/usr/bin/fish"];

const HOME: &str = "\
//- /.bashrc
PS1='mine> '
//- /.zshrc
PS1='mine> '
//- /.config/fish/config.fish
function fish_prompt; echo -n 'mine> '; end
";

/// A user's shell in a terminal.
struct Shell {
    user: Process,
    id: String,
    name: &'static str,
}

impl Shell {
    fn new(name: &'static str) -> Self {
        let user = Process::new(HOME);
        let env = json!({ "HOME": user.path(""), "PATH": "/usr/bin:/bin", "LANG": "C.UTF-8" });
        let params = json!({ "shell": name, "cwd": user.path(""), "env": env, "name": "shell" });
        let created = user.json(&["call", "terminal:create", &params.to_string()]);
        Self { user, id: created["terminalId"].as_str().unwrap().to_owned(), name }
    }

    fn call(&self, line: &str, more: &Value) -> Value {
        let mut params = json!({ "terminalId": self.id, "commandLine": line });
        params.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let called = self.user.icpy(&["--json", "call", "terminal:run", &params.to_string()]);
        serde_json::from_str(&called.stdout).unwrap_or_else(|_| panic!("{called:?}"))
    }

    fn run(&self, line: &str) -> Value {
        self.call(line, &json!({}))
    }

    fn check(&self, line: &str, output: &str, status: i32) {
        let told = self.run(line);
        let is_as_expected = told["output"] == output && told["exitCode"] == status && told["isRunning"] == false;
        assert!(is_as_expected, "{}: {line:?}: {told}", self.name);
    }
}

#[test]
fn a_command_gives_exactly_its_output_and_status() {
    for name in SHELLS {
        let shell = Shell::new(name);
        shell.check("echo hello", "hello\n", 0);
        shell.check("sh -c 'exit 3'", "", 3);
        shell.check("true", "", 0);
        // Tabs, blanks at the end, colours, no line feed at the end, and long lines.
        shell.check(r"printf 'a\tb  \n\033[1;31mred\033[0m'", "a\tb  \nred", 0);
        shell.check(
            "seq -s ' ' 200",
            &format!("{}\n", (1..=200).map(|it| it.to_string()).collect::<Vec<_>>().join(" ")),
            0,
        );
        shell.check("echo to standard error >&2", "to standard error\n", 0);
        let numbers = (1..=5000).map(|number| format!("{number}\n")).collect::<Vec<_>>().concat();
        shell.check("seq 5000", &numbers, 0);
        // Several lines, quotes and what shells take for something else.
        shell.check("echo 'a b'\necho \"c\\\\d\"\n", "a b\nc\\d\n", 0);
        shell.check("echo it\\'s done!", "it's done!\n", 0);
        shell.check("echo ünï\u{1f600}", "ünï\u{1f600}\n", 0);
        // What looks like the end of the command is output.
        shell.check(r"printf '\033]133;D;9\007after\n'", "after\n", 0);
        // What a full-screen program shows is not.
        shell.check(r"printf 'before \033[?1049h\033[Hfull\033[?1049l after\n'", "before  after\n", 0);
        shell.check(r"printf 'gone\n\033[H\033[2J\033[3Jkept\n'", "gone\nkept\n", 0);
        shell.check("sleep 0.1; echo slow", "slow\n", 0);
    }
}

#[test]
fn a_prompt_that_changes_is_marked_too() {
    for (name, change) in
        SHELLS.iter().zip(["PS1='new> '", "PS1='new> '", "function fish_prompt; echo -n 'new> '; end"])
    {
        let shell = Shell::new(name);
        shell.check(change, "", 0);
        shell.check("echo one", "one\n", 0);
        shell.check("clear", "", 0);
        shell.check("cd /; pwd", "/\n", 0);
        let shown = shell.user.icpy(&["terminal", "show", "shell"]).stdout;
        assert!(shown.contains("new> echo one") || shown.contains("new> cd /; pwd"), "{shown}");
    }
}

#[test]
fn a_shell_that_ends_with_the_command_is_told() {
    for name in SHELLS {
        let shell = Shell::new(name);
        let told = shell.run("exit 7");
        assert_eq!((&told["exit"], &told["isRunning"]), (&json!({ "code": 7 }), &json!(false)), "{name}: {told}");
        let refused = shell.run("echo");
        assert_eq!(refused["error"]["data"]["kind"], "unavailable", "{refused}");
    }
}

#[test]
fn what_cannot_be_run_is_refused() {
    let shell = Shell::new("/bin/bash");
    let kind = |answer: Value| answer["error"]["data"]["kind"].clone();
    assert_eq!(kind(shell.run("  ")), "invalid_params");
    assert_eq!(kind(shell.run("echo \u{1b}")), "invalid_params");
    // It goes on, and nothing else is run meanwhile.
    let told = shell.call("read x; echo got $x", &json!({ "timeoutMs": 300 }));
    assert_eq!((&told["isRunning"], &told["output"], &told["exitCode"]), (&json!(true), &json!(""), &Value::Null));
    assert_eq!(kind(shell.run("echo")), "busy");
    assert_eq!(shell.user.icpy(&["terminal", "send", "shell", "--enter", "it"]).status, 0);
    until_now("the end", || shell.user.icpy(&["terminal", "last", "shell", "--output"]).stdout.contains("got it"));
    // What somebody has begun to type is left alone.
    let plain = json!({ "command": ["cat"], "name": "plain" });
    let created = shell.user.json(&["call", "terminal:create", &plain.to_string()]);
    let params = json!({ "terminalId": created["terminalId"], "commandLine": "echo" });
    let refused = shell.user.icpy(&["--json", "call", "terminal:run", &params.to_string()]);
    assert_eq!(kind(serde_json::from_str(&refused.stdout).unwrap()), "unsupported", "{refused:?}");
    assert!(refused.stdout.contains("the terminal `plain`"), "{refused:?}");
}

#[test]
fn output_beyond_what_is_kept_is_cut_and_told_so() {
    let shell = Shell::new("/bin/bash");
    let told = shell.run("seq 100000");
    let output = told["output"].as_str().unwrap();
    assert_eq!((&told["isCut"], &told["exitCode"]), (&json!(true), &json!(0)));
    assert!(output.ends_with("\n99999\n100000\n") && output.len() > 200_000, "{} bytes", output.len());
    let first: u32 = output.lines().next().unwrap().parse().unwrap();
    assert_eq!(output, (first..=100_000).map(|number| format!("{number}\n")).collect::<Vec<_>>().concat());
}

#[test]
fn the_last_command_is_told_also_after_a_restart() {
    for name in SHELLS {
        let shell = Shell::new(name);
        let icpy = |args: &[&str]| shell.user.icpy(&[&["terminal"], args].concat());
        let none = icpy(&["last", "shell"]);
        assert!(none.status == 3 && none.stderr.contains("no command has ended"), "{none:?}");
        let ran = icpy(&["run", "shell", "--", "sh", "-c", "echo a b; exit 4"]);
        assert_eq!((ran.status, &*ran.stdout), (4, "a b\n"), "{name}: {ran:?}");
        assert_eq!(shell.user.icpy(&["restart"]).status, 0);
        assert_eq!(icpy(&["last", "shell", "--output"]).stdout, "a b\n");
        assert_eq!(icpy(&["last", "--command"]).stdout, "sh -c 'echo a b; exit 4'\n", "{name}");
        assert_eq!(icpy(&["last", "--exit-code"]).stdout, "4\n");
        assert_eq!(icpy(&["last"]).stdout, "$ sh -c 'echo a b; exit 4'\na b\n[4]\n");
        assert_eq!(icpy(&["run", "--", "echo again | tr a-z A-Z"]).stdout, "AGAIN\n");
        let slow = icpy(&["--timeout", "1", "run", "--", "echo begun; sleep 1000"]);
        assert!(slow.status != 0 && slow.stdout == "begun\n" && slow.stderr.contains("goes on"), "{name}: {slow:?}");
    }
}

#[test]
fn what_became_of_a_command_is_an_event() {
    let shell = Shell::new("/bin/bash");
    let mut watching = shell.user.command(&["--json", "watch", "terminal:*"]);
    let mut watching = watching.stdout(std::fs::File::create(shell.user.path("events")).unwrap()).spawn().unwrap();
    let events = || std::fs::read_to_string(shell.user.path("events")).unwrap();
    until_now("the end of a command", || {
        shell.check("sleep 0.01; sh -c 'exit 5'", "", 5);
        events().contains("command_finished")
    });
    watching.kill().unwrap();
    watching.wait().unwrap();
    let events = events();
    let finished = events.lines().find(|line| line.contains("command_finished")).unwrap();
    let finished: Value = serde_json::from_str(finished).unwrap();
    let payload = &finished["params"];
    assert_eq!(
        (&payload["commandLine"], &payload["exitCode"]),
        (&json!("sleep 0.01; sh -c 'exit 5'"), &json!(5)),
        "{events}"
    );
    assert!(payload["durationMs"].is_u64(), "{events}");
}
