//! What is in the way where a daemon is to listen, or to keep its state.

use std::fs;
use std::os::unix::fs::{FileTypeExt as _, PermissionsExt as _};
use std::os::unix::net::UnixListener;
use std::path::PathBuf;

use icpy_tests::Process;
use icpy_tests::process::output;

/// A folder in which a socket may be, and a name in it.
fn private(user: &Process, name: &str) -> PathBuf {
    let folder = user.path("private");
    fs::create_dir_all(&folder).unwrap();
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o700)).unwrap();
    folder.join(name)
}

#[test]
fn a_file_in_the_sockets_place_stays_as_it_is() {
    let user = Process::new("");
    let file = private(&user, "notes.txt");
    fs::write(&file, "precious").unwrap();
    let socket = file.to_str().unwrap();
    let folder = private(&user, "folder");
    fs::create_dir(&folder).unwrap();
    for (place, name) in [(socket, "notes.txt"), (folder.to_str().unwrap(), "folder")] {
        let refused = user.icpy(&["--socket", place, "start"]);
        assert!(refused.stderr.contains(&format!("{name}` is there and is no socket")), "{refused:?}");
        let refused = output(&mut user.command_of("icpyd", &["--socket", place]));
        assert!(refused.status == 1 && refused.stderr.contains("is there and is no socket"), "{refused:?}");
    }
    assert_eq!(fs::read_to_string(file).unwrap(), "precious");
    assert!(fs::read_dir(folder).unwrap().next().is_none());
}

#[test]
fn a_socket_that_another_program_listens_at_stays_its_own() {
    let user = Process::new("");
    let place = private(&user, "agent.sock");
    let listener = UnixListener::bind(&place).unwrap();
    let refused = output(&mut user.command_of("icpyd", &["--socket", place.to_str().unwrap()]));
    assert!(refused.status == 1 && refused.stderr.contains("another program listens there"), "{refused:?}");
    // One that nobody listens at is left over.
    drop(listener);
    assert!(fs::symlink_metadata(&place).unwrap().file_type().is_socket());
    let socket = place.to_str().unwrap();
    assert_eq!(user.icpy(&["--socket", socket, "start"]).status, 0);
    assert_eq!(user.icpy(&["--socket", socket, "stop"]).status, 0);
}

#[test]
fn one_state_is_one_daemons() {
    let user = Process::new("//- /a.txt\n");
    user.json(&["a.txt"]);
    let place = private(&user, "other.sock");
    let socket = place.to_str().unwrap();
    let refused = user.icpy(&["--socket", socket, "start"]);
    let who = format!("icpyd.sock` (process {})", user.daemon_pid());
    assert!(refused.status == 11 && refused.stderr.contains(&who), "{refused:?}");
    assert!(refused.stderr.contains("stop it by `icpy --socket"), "{refused:?}");
    // In the other order, and with a client that finds the one that is there.
    assert_eq!(user.icpy(&["stop"]).status, 0);
    assert_eq!(user.icpy(&["--socket", socket, "start"]).status, 0);
    let refused = output(&mut user.command_of("icpyd", &["--started-by-client"]));
    assert!(refused.stdout.contains("other.sock"), "{refused:?}");
    assert_eq!(user.json(&["--socket", socket, "status"])["openFiles"], 1);
    assert_eq!(user.icpy(&["--socket", socket, "stop"]).status, 0);
}

#[test]
fn a_home_that_depends_on_the_folder_is_refused() {
    let user = Process::new("");
    for (program, args) in [("icpy", &["stop"][..]), ("icpyd", &[]), ("icpyd", &["--check-config"])] {
        let refused = output(user.command_of(program, args).env("ICPY_HOME", "home"));
        assert!(refused.status != 0 && refused.stderr.contains("ICPY_HOME is `home`"), "{program}: {refused:?}");
    }
    assert!(!user.path("home").exists());
}
