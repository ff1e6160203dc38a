//! `icpy web`, `token`, `login` and `user`, as programs.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use icpy_tests::process::output;
use icpy_tests::{Process, until_now};

#[test]
fn a_token_is_made_listed_rotated_and_revoked() {
    let user = Process::new("");
    let made = user.icpy(&["token", "create", "ci", "--scope", "read,write", "--lasts", "30days"]);
    let secret = made.stdout.trim().to_owned();
    assert!(made.status == 0 && secret.starts_with("icpy_"), "{made:?}");
    let listed = user.icpy(&["token", "list"]).stdout;
    assert!(listed.contains("read,write") && !listed.contains(&secret[5..]), "{listed}");
    let rotated = user.icpy(&["token", "rotate", "ci"]).stdout;
    assert!(rotated.starts_with("icpy_") && rotated.trim() != secret, "{rotated}");
    assert_eq!(user.icpy(&["token", "revoke", "ci"]).status, 0);
    let again = user.icpy(&["token", "revoke", "ci"]);
    assert_eq!((again.status, again.stderr.contains("`ci`")), (3, true), "{again:?}");
    let wrong = user.icpy(&["token", "create", "x", "--scope", "everything"]);
    assert_eq!((wrong.status, wrong.stderr.contains("`admin`")), (2, true), "{wrong:?}");
}

#[test]
fn a_browser_is_opened_by_a_page_that_only_its_user_can_read() {
    let user = Process::new("");
    // A browser that copies what it is to show.
    let (bin, seen) = (user.path("bin"), user.path("seen"));
    fs::create_dir(&bin).unwrap();
    fs::write(
        bin.join("xdg-open"),
        format!("#!/bin/sh\nls -ld \"$(dirname \"$1\")\" | cut -c1-10 > {0}; cat \"$1\" >> {0}\n", seen.display()),
    )
    .unwrap();
    fs::set_permissions(bin.join("xdg-open"), fs::Permissions::from_mode(0o755)).unwrap();
    let path = format!("{}:{}", bin.display(), std::env::var("PATH").unwrap());
    let opened = output(user.command(&["web", "--address", "127.0.0.1:0"]).env("DISPLAY", ":0").env("PATH", &path));
    assert_eq!(opened.status, 0, "{opened:?}");
    let (link, shown) = (opened.stdout.trim().to_owned(), fs::read_to_string(&seen).unwrap());
    assert!(link.contains("/login?token="), "{link}");
    assert!(shown.starts_with("drwx------") && shown.contains(&link), "{shown}");
    assert!(user.icpy(&["web", "--status"]).stdout.starts_with("http://127.0.0.1:"));
    assert_eq!(user.icpy(&["web", "--stop"]).status, 0);
    assert_eq!(user.icpy(&["web", "--status"]).stdout, "off\n");
    let login = user.icpy(&["login", "link"]);
    assert!(login.status != 0 && login.stderr.contains("`icpy web`"), "{login:?}");
}

#[test]
fn the_listener_and_its_tokens_survive_a_restart() {
    let user = Process::new("");
    let before = user.json(&["web", "--no-open", "--address", "127.0.0.1:0"]);
    let status = user.json(&["web", "--status"]);
    assert_eq!(user.icpy(&["restart"]).status, 0);
    let after = user.json(&["web", "--status"]);
    assert_eq!(after["address"], status["address"]);
    assert!(before["url"].as_str().unwrap().starts_with(after["url"].as_str().unwrap()));
}

#[test]
fn the_daemon_listens_from_its_start_on_where_that_is_set() {
    let user = Process::new("");
    let set = user.icpy(&["web", "--status"]);
    assert_ne!(set.status, 0, "{set:?}");
    let status = output(user.command(&["start"]).env("ICPY_HTTP_LISTEN", "127.0.0.1:0"));
    assert_eq!(status.status, 0, "{status:?}");
    icpy_tests::until_now("it listens", || user.icpy(&["web", "--status"]).stdout.starts_with("http://127.0.0.1:"));
    let wrong = output(&mut user.command_of("icpyd", &["--http", "0.0.0.0:80", "--check-config"]));
    assert!(wrong.status != 0 && format!("{wrong:?}").contains("can be reached by others"), "{wrong:?}");
}

#[test]
fn users_are_added_given_roles_and_removed() {
    let user = Process::new("//- /project/a.txt\n");
    let folder = user.path("project");
    let folder = folder.to_str().unwrap();
    assert_eq!(user.icpy(&["workspace", "create", folder]).status, 0);
    assert_eq!(user.icpy(&["user", "add", "ann"]).status, 0);
    assert_eq!(user.icpy(&["user", "role", "ann", folder, "viewer"]).status, 0);
    let listed = user.json(&["user", "list"]);
    assert_eq!(listed["users"][0]["roles"][0]["role"], "viewer");
    // By the workspace's name, as a person knows it.
    let shown = user.icpy(&["user", "list"]).stdout;
    assert!(shown.contains("project:viewer"), "{shown}");
    assert_eq!(user.icpy(&["user", "role", "ann", folder, "none"]).status, 0);
    assert_eq!(user.icpy(&["user", "remove", "ann"]).status, 0);
    assert_eq!(user.json(&["user", "list"])["users"].as_array().unwrap().len(), 0);
    for wrong in [&["user", "add", "a b"][..], &["user", "remove", "owner"], &["user", "role", "bob", folder, "editor"]]
    {
        assert_ne!(user.icpy(wrong).status, 0, "{wrong:?}");
    }
}

#[test]
fn where_it_cannot_listen_is_said() {
    let user = Process::new("");
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    assert_eq!(output(user.command(&["start"]).env("ICPY_HTTP_LISTEN", &address)).status, 0);
    let problem = || user.json(&["status"])["problems"][0].as_str().map(str::to_owned);
    until_now("the problem", || problem().is_some_and(|it| it.contains(&address)));
    let refused = user.icpy(&["web", "--no-open", "--address", &address]);
    assert!(refused.stderr.contains("a port that is free") && refused.stderr.contains(&address), "{refused:?}");
    // Where it listens it stays, and what is wished elsewhere is refused.
    user.json(&["web", "--no-open", "--address", "127.0.0.1:0"]);
    assert_eq!(problem(), None);
    user.json(&["web", "--no-open", "--address", "127.0.0.1:0"]);
    let refused = user.icpy(&["web", "--no-open", "--address", &address]);
    assert!(refused.status == 1 && refused.stderr.contains("`icpy web --stop`"), "{refused:?}");
}
