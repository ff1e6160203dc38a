//! Shells in terminals: they say where their prompts and commands are, and are the user's own for all the rest.

use icpy_tests::{Process, until_now};
use serde_json::{Value, json};

/// A shell of a user who has set it up, which is asked for nothing but its prompt.
fn shell(user: &Process, shell: &str, is_plain: bool) -> String {
    let env = json!({ "HOME": user.path(""), "PATH": "/usr/bin:/bin", "LANG": "C.UTF-8" });
    let params = json!({ "shell": shell, "cwd": user.path("folder with % é"), "env": env, "isPlain": is_plain });
    let created = user.json(&["call", "terminal:create", &params.to_string()]);
    let id = created["terminalId"].as_str().unwrap().to_owned();
    until_now("the prompt", || shown(user, &id).contains("mine> "));
    id
}

/// What was printed, without what the marks are proven with.
fn shown(user: &Process, id: &str) -> String {
    let printed = user.icpy(&["terminal", "show", "--raw", id]).stdout;
    let marks = ["133;B", "133;C", "133;D;0", "133;D;3", "633;E;echo $own\\x3b sh -c 'exit 3'", "633;E;cd /tmp"];
    let mut text = printed.clone();
    if let Some((_, secret)) = printed.split_once("133;B;icpy=") {
        let secret = secret.split_once('\u{7}').unwrap().0;
        for mark in marks {
            text = text.replace(&format!("{mark};icpy={secret}\u{7}"), &format!("{mark}\u{7}"));
            text = text.replace(&format!("{mark};{secret}\u{7}"), &format!("{mark}\u{7}"));
        }
    }
    text
}

fn run(user: &Process, id: &str, line: &str, end: &str) {
    let before = shown(user, id).matches(end).count();
    assert_eq!(user.icpy(&["terminal", "send", id, &format!("{line}\r")]).status, 0);
    until_now(line, || shown(user, id).matches(end).count() > before);
}

const HOME: &str = "\
//- /.bashrc
PS1='mine> '
own=yes
//- /.zshrc
PS1='mine> '
own=yes
precmd() { : }
//- /.config/fish/config.fish
function fish_prompt; echo -n 'mine> '; end
set own yes
//- /folder with % é/file
";

fn check(path: &str) {
    let user = Process::new(HOME);
    let id = shell(&user, path, false);
    let folder = user.path("folder with % é").canonicalize().unwrap();
    run(&user, &id, "echo $own; sh -c 'exit 3'", "\u{1b}]133;D;3\u{7}");
    run(&user, &id, "cd /tmp", "\u{1b}]133;D;0\u{7}");
    let text = shown(&user, &id);
    let folder = folder.display().to_string().replace('%', "%25");
    let is_told = |folder: &str| text.contains(&format!("{folder}\u{7}")) && text.contains("\u{1b}]7;file://");
    assert!(is_told(&folder) || is_told(&folder.replace(' ', "%20").replace('é', "%C3%A9")), "{text:?}");
    assert!(text.contains("/tmp\u{7}"), "{text:?}");
    // In this order: the prompt, the line, the output, and the end.
    let marks = [
        "133;A\u{7}",
        "mine> ",
        "133;B\u{7}",
        "633;E;echo $own\\x3b sh -c 'exit 3'\u{7}",
        "133;C\u{7}",
        "yes\r\n",
        "133;D;3",
    ];
    let mut rest = &*text;
    for mark in marks {
        let (_, after) = rest.split_once(mark).unwrap_or_else(|| panic!("{path}: no {mark:?} in {rest:?}"));
        rest = after;
    }
    // None of the user's files is touched.
    assert!(HOME.contains(&std::fs::read_to_string(user.path(".bashrc")).unwrap()));
    let plain = shell(&user, path, true);
    run(&user, &plain, "echo $own", "yes");
    assert!(!shown(&user, &plain).contains("]133;"));
}

#[test]
fn bash_says_where_its_commands_are() {
    check("/bin/bash");
}

#[test]
fn zsh_says_where_its_commands_are() {
    check("/bin/zsh");
}

#[test]
fn fish_says_where_its_commands_are() {
    check("/usr/bin/fish");
}

#[test]
fn another_shell_runs_as_it_is() {
    let user = Process::new("");
    let created = user.json(&["call", "terminal:create", &json!({ "shell": "/bin/sh" }).to_string()]);
    let id = created["terminalId"].as_str().unwrap();
    run(&user, id, "echo $((6 * 7))", "42");
    assert_eq!(created["command"], json!(["/bin/sh"]));
    let none: Value = json!({ "shell": "/no/such/shell" });
    let refused = user.icpy(&["call", "terminal:create", &none.to_string()]);
    assert!(refused.stderr.contains("cannot run `/no/such/shell`"), "{refused:?}");
}
