//! Terminals of a workspace, and profiles: what the settings have for terminals that name them.

use std::fs;

use icpy_tests::{Process, until_now};
use serde_json::{Value, json};

/// What `call` prints of an error.
fn refused(user: &Process, method: &str, params: &Value) -> String {
    let output = user.icpy(&["call", method, &params.to_string()]);
    assert_ne!(output.status, 0, "{output:?}");
    output.stderr
}

fn configure(user: &Process, text: &str) {
    let file = user.folder().home().join("config/config.toml");
    fs::create_dir_all(file.parent().unwrap()).unwrap();
    fs::write(file, text).unwrap();
}

/// All that a terminal's program prints.
fn printed(user: &Process, name: &str) -> Vec<String> {
    let output = user.icpy(&["terminal", "show", "--follow", name]);
    output.stdout.lines().map(str::to_owned).collect()
}

fn names(listed: &Value) -> Vec<&str> {
    listed["terminals"].as_array().unwrap().iter().map(|it| it["name"].as_str().unwrap()).collect()
}

#[test]
fn a_terminal_belongs_to_a_workspace() {
    let user = Process::new("//- /one/src/a\n//- /two/b\n");
    let (one, two) = (user.path("one"), user.path("two"));
    let first = user.json(&["workspace", "create", one.to_str().unwrap()]);
    user.json(&["workspace", "create", two.to_str().unwrap()]);
    let create = |params: Value| user.json(&["call", "terminal:create", &params.to_string()]);
    let by_id = create(json!({ "name": "by id", "workspace": first["workspaceId"], "command": ["pwd"] }));
    assert_eq!((&by_id["workspaceId"], &by_id["cwd"]), (&first["workspaceId"], &first["root"]));
    assert_eq!(printed(&user, "by id"), [one.to_str().unwrap()]);
    let by_root = create(json!({ "name": "by root", "workspace": two, "cwd": "/", "command": ["pwd"] }));
    assert_eq!(by_root["cwd"], "/");
    user.json(&["terminal", "new", "--name", "none", "--", "pwd"]);
    let cli = user.json(&["terminal", "new", "--name", "cli", "--workspace", "one", "--", "pwd"]);
    assert_eq!((&cli["workspaceId"], &cli["cwd"]), (&first["workspaceId"], &first["root"]));

    let got = user.json(&["call", "terminal:get", &json!({ "terminalId": cli["terminalId"] }).to_string()]);
    assert_eq!(got["workspaceId"], first["workspaceId"]);
    assert_eq!(names(&user.json(&["terminal", "ls"])), ["by id", "by root", "none", "cli"]);
    assert_eq!(names(&user.json(&["terminal", "ls", "--workspace", "one"])), ["by id", "cli"]);
    let of_two = json!({ "workspace": two }).to_string();
    assert_eq!(names(&user.json(&["call", "terminal:list", &of_two])), ["by root"]);

    for method in ["terminal:create", "terminal:list"] {
        let error = refused(&user, method, &json!({ "workspace": "/nowhere" }));
        assert!(error.contains("no workspace has the id or the folder `/nowhere`"), "{error}");
    }
    // It goes on belonging to it.
    assert_eq!(user.icpy(&["restart"]).status, 0);
    assert_eq!(names(&user.json(&["terminal", "ls", "--workspace", "one"])), ["by id", "cli"]);
}

const PROFILES: &str = "
[terminal.profiles.show]
command = ['sh', '-c', 'pwd; echo $COLOR $KEPT']
cwd = 'src'
env = { COLOR = 'blue' }

[terminal.profiles.shell]
shell = '/bin/sh'
";

#[test]
fn a_profile_says_what_a_terminal_is_given() {
    let user = Process::new("//- /one/src/a\n");
    configure(&user, PROFILES);
    let one = user.path("one");
    user.json(&["workspace", "create", one.to_str().unwrap()]);
    let create = |params: Value| user.json(&["call", "terminal:create", &params.to_string()]);
    let env = json!({ "COLOR": "red", "KEPT": "kept", "PATH": "/usr/bin:/bin" });
    let made = create(json!({ "name": "all", "profile": "show", "workspace": one, "env": env }));
    assert_eq!((&made["profile"], &made["command"][0]), (&json!("show"), &json!("sh")));
    let src = one.join("src");
    assert_eq!(printed(&user, "all"), [src.to_str().unwrap(), "blue kept"]);
    // What is said goes before.
    let said = json!({ "name": "said", "profile": "show", "cwd": one, "command": ["sh", "-c", "pwd; echo $COLOR"] });
    create(said);
    assert_eq!(printed(&user, "said"), [one.to_str().unwrap(), "blue"]);
    assert_eq!(create(json!({ "profile": "shell" }))["command"], json!(["/bin/sh"]));
    assert_eq!(create(json!({ "profile": "shell", "shell": "/bin/dash" }))["command"], json!(["/bin/dash"]));
}

#[test]
fn a_profile_is_named_on_the_command_line() {
    let user = Process::new("//- /one/src/a\n");
    configure(&user, PROFILES);
    let one = user.path("one");
    user.json(&["workspace", "create", one.to_str().unwrap()]);
    let new = |args: &[&str]| user.json(&[&["terminal", "new", "--profile"], args].concat());
    let made = new(&["show", "--workspace", "one"]);
    assert_eq!(made["cwd"], one.join("src").to_str().unwrap());
    // It does not say where: that is where the user is.
    let made = new(&["shell", "--name", "here"]);
    let here = user.json(&["terminal", "new", "--", "true"]);
    assert_eq!((&made["cwd"], &made["profile"]), (&here["cwd"], &json!("shell")));
    let refused = user.icpy(&["terminal", "new", "--profile", "shel"]);
    assert!(
        refused.stderr.contains("no profile of terminals is named `shel`: there are `shell`, `show`"),
        "{refused:?}"
    );

    // The settings are read again without a restart.
    configure(&user, "terminal.profiles.other.command = ['true']");
    user.json(&["config", "reload"]);
    assert_eq!(new(&["other", "--name", "other"])["command"], json!(["true"]));
    until_now("its end", || user.icpy(&["terminal", "wait", "other"]).status == 0);
    let refused = user.icpy(&["terminal", "new", "--profile", "shell"]);
    assert!(refused.stderr.contains("there are `other`"), "{refused:?}");
    configure(&user, "");
    user.json(&["config", "reload"]);
    let refused = user.icpy(&["terminal", "new", "--profile", "other"]);
    assert!(refused.stderr.contains("the settings have none"), "{refused:?}");
}
