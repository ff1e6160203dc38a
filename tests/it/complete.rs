//! Completion in the shells themselves.

use icpy_tests::{Output, Process, Stopped, cannot_run, process};

/// Runs a shell with our programs on its path. `None`, with the reason told, where the shell is missing.
fn shell(user: &Process, name: &str, args: &[&str]) -> Option<Output> {
    let mut command = user.foreign_command(name, args);
    command.env("PATH", user.search_path()).env("HOME", user.folder().files());
    if command.output().is_err() {
        cannot_run(&format!("{name} is missing"));
        return None;
    }
    Some(process::output(&mut command))
}

/// What bash offers for a line, of which the last word is being typed.
fn bash(user: &Process, line: &str) -> Option<Vec<String>> {
    // The words as bash splits them.
    let script = format!(
        r#"source <(COMPLETE=bash icpy)
        COMP_LINE='{line}' COMP_POINT=${{#COMP_LINE}} COMP_TYPE=9 COMP_WORDS=($(sed -E 's/([:=])/ \1 /g' <<<"$COMP_LINE"))
        [[ $COMP_LINE == *' ' ]] && COMP_WORDS+=('')
        COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1))
        _icpy icpy "${{COMP_WORDS[COMP_CWORD]}}" "${{COMP_WORDS[COMP_CWORD-1]}}"
        printf '%s\n' "${{COMPREPLY[@]}}""#
    );
    let output = shell(user, "bash", &["--norc", "-c", &script])?;
    assert_eq!((output.status, output.stderr.as_str()), (0, ""), "{line}: {output:?}");
    Some(output.stdout.lines().map(str::to_owned).collect())
}

#[test]
fn bash_completes_commands_paths_options_and_what_the_daemon_knows() {
    let user = Process::new("//- /alpha.py\n//- /project/b.py\n");
    let check = |line: &str, expect: &str| {
        let Some(offered) = bash(&user, line) else { return };
        assert!(offered.iter().any(|it| it == expect), "{line}: {offered:?}");
    };
    check("icpy worksp", "workspace");
    check("icpy alp", "alpha.py");
    check("icpy cat alp", "alpha.py");
    check("icpy --wa", "--wait");
    check("icpy stop --fo", "--force");
    check("icpy --color al", "always");
    check("icpy --color=al", "always");
    check("icpy call session:pi", "ping");
    check("icpy call session", "session:ping");
    assert!(!user.has_daemon(), "completing starts none");
    assert_eq!(bash(&user, "icpy workspace info pro"), Some(vec![String::new()]));
    assert!(!user.has_daemon(), "completing starts none");
    user.json(&["workspace", "create", "project"]);
    check("icpy workspace info pro", "project");
    let elsewhere = user.path("none.sock");
    let line = format!("icpy --socket {} workspace info pro", elsewhere.display());
    assert_eq!(bash(&user, &line), Some(vec![String::new()]), "that is another daemon");
}

/// Types a method and a path at the prompt of a shell, as far as nobody would type more.
fn types(name: &str, args: &[&str], setup: &str, call: &str) {
    let user = Process::new("//- /alpha.py\nthe first\n");
    if shell(&user, name, &["-c", ":"]).is_none() {
        return;
    }
    let mut terminal = user.foreign_terminal(name, args);
    terminal.type_keys(&format!("PS1='ready''> '; {setup}\r"));
    terminal.expect("ready> ");
    terminal.type_keys(call);
    terminal.expect("\"seq\": 0");
    terminal.expect("ready> ");
    terminal.type_keys("icpy cat alp\t\r");
    terminal.expect("the first");
    terminal.type_keys("exit\r");
    assert_eq!(terminal.wait(), 0);
}

#[test]
fn bash_completes_at_a_prompt() {
    // With the space behind a whole word.
    types("bash", &["--norc", "--noprofile", "-i"], "source <(COMPLETE=bash icpy)", "icpy call session:pi\t'{}'\r");
}

#[test]
fn a_variable_that_names_no_shell_is_not_taken_for_one() {
    let user = Process::new("//- /alpha.py\n");
    let with = |value: &str| process::output(user.command(&["ls"]).env("COMPLETE", value));
    for value in ["", "0"] {
        assert_eq!(with(value).stdout, "alpha.py\n", "{value:?}");
    }
    let unknown = with("tcsh");
    assert!(unknown.status == 1 && unknown.stderr.contains("`tcsh`"), "{unknown:?}");
}

#[test]
fn fish_completes() {
    let user = Process::new("//- /alpha.py\n");
    let script = "COMPLETE=fish icpy | source; complete -C 'icpy worksp'; complete -C 'icpy cat alp'";
    let Some(output) = shell(&user, "fish", &["--no-config", "-c", script]) else { return };
    let offered: Vec<&str> = output.stdout.lines().filter_map(|line| line.split('\t').next()).collect();
    assert_eq!(offered, ["workspace", "alpha.py"], "{output:?}");
}

#[test]
fn zsh_completes() {
    let setup = "autoload -Uz compinit; compinit -u -D; source <(COMPLETE=zsh icpy)";
    types("zsh", &["-f", "-i"], setup, "icpy call session:pi\t\r");
}

#[test]
fn a_daemon_that_does_not_answer_is_not_waited_for() {
    let user = Process::new("");
    user.json(&["start"]);
    let stopped = Stopped::new(user.daemon_pid());
    let began = std::time::Instant::now();
    let offered = bash(&user, "icpy workspace info ");
    let took = began.elapsed();
    drop(stopped);
    assert!(offered.is_none_or(|offered| offered.contains(&"--json".to_owned())), "the rest is offered");
    assert!(took < std::time::Duration::from_secs(5), "{took:?}");
}
