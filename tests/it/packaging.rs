//! Packages, from what makes them to what is left of them, and the files that come with them.

use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use icpy_tests::package::{Debian, Workshop, content};
use icpy_tests::{Output, Process, cannot_run, process};
use serde_json::Value;

fn packaging(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().join("packaging").join(name)
}

/// A workshop whose programs do nothing, for tests of what is around them.
fn small_workshop() -> Workshop {
    Workshop::with_programs("/bin/true".as_ref(), "/bin/false".as_ref())
}

/// The file that a daemon runs. When it was replaced, its name says so.
fn program_of(pid: u32) -> PathBuf {
    fs::read_link(format!("/proc/{pid}/exe")).unwrap()
}

#[test]
fn a_debian_package_installs_upgrades_and_goes() {
    let Some(debian) = Debian::new() else { return };
    let workshop = Workshop::of_this_build();
    debian.install(&workshop.dist(&["deb"]));
    let mut user = Process::ordinary("//- /a.py\n");
    let own_programs = user.use_programs(debian.path("/usr/bin"));
    let pong = user.icpy(&["call", "session:ping"]);
    assert_eq!(pong.status, 0, "{pong:?}");
    user.json(&["a.py"]);
    let daemon = user.daemon_pid();
    let program = debian.path("/usr/bin/icpyd");
    assert_eq!(program_of(daemon), program);
    assert_ne!(fs::metadata(format!("/proc/{daemon}")).unwrap().uid(), 0);

    // A running daemon goes on, and serves the client of the new version.
    let newer = workshop.dist(&["deb", "--version", "99.0.0"]);
    debian.install(&newer);
    let version = debian.dpkg(&["--status".as_ref(), "icpy".as_ref()]).stdout;
    assert!(version.contains("\nVersion: 99.0.0-1\n"), "{version}");
    assert_eq!(user.daemon_pid(), daemon);
    assert_ne!(program_of(daemon), program, "it is still the old program");
    assert!(user.icpy(&["ls"]).stdout.contains("a.py"));
    // It takes the new one when it is told to.
    assert_eq!(user.icpy(&["restart"]).status, 0);
    assert_eq!((user.daemon_pid(), program_of(daemon)), (daemon, program));

    assert_eq!(debian.dpkg(&["--verify".as_ref(), "icpy".as_ref()]).stdout, "");
    let removed = debian.dpkg(&["--remove".as_ref(), "icpy".as_ref()]);
    assert_eq!(removed.status, 0, "{removed:?}");
    assert_eq!(debian.content(), Vec::<PathBuf>::new());
    user.use_programs(own_programs);
    assert_eq!(user.daemon_pid(), daemon, "whose program was removed goes on too");
    assert!(user.icpy(&["ls"]).stdout.contains("a.py"));
}

/// Unpacks an archive into the user's files; returns the folder that it holds.
fn unpack(user: &Process, archive: &Path) -> PathBuf {
    let args = ["--extract".as_ref(), "--file".as_ref(), archive.as_os_str()];
    let unpacked = process::output(&mut user.foreign_command("tar", &args));
    assert_eq!(unpacked.status, 0, "{unpacked:?}");
    user.path(archive.file_name().unwrap().to_str().unwrap().trim_end_matches(".tar.gz"))
}

fn install_sh(user: &Process, folder: &Path, args: &[&str]) -> Output {
    let mut command = user.foreign_command(folder.join("install.sh"), args);
    process::output(command.env("HOME", user.path("home")))
}

#[test]
fn an_archive_installs_upgrades_and_goes() {
    let workshop = Workshop::of_this_build();
    let mut user = Process::ordinary("//- /a.py\n//- /home/.local/share/man/man1/other.1\n");
    let before = content(&user.path("home"));
    let unpacked = unpack(&user, &workshop.dist(&["archive"]));
    let installed = install_sh(&user, &unpacked, &[]);
    assert_eq!((installed.status, installed.stdout.as_str()), (0, ""), "{installed:?}");
    let prefix = user.path("home/.local");
    assert!(installed.stderr.contains(&format!("hint: put {}/bin into PATH", prefix.display())), "{installed:?}");
    let unit = fs::read_to_string(prefix.join("share/systemd/user/icpyd.service")).unwrap();
    assert!(unit.contains(&format!("\nExecStart={}/bin/icpyd\n", prefix.display())), "{unit}");

    let own_programs = user.use_programs(prefix.join("bin"));
    user.json(&["a.py"]);
    let daemon = user.daemon_pid();
    assert_eq!(program_of(daemon), prefix.join("bin/icpyd"));
    // An upgrade under a running daemon; it also removes what the version before has left.
    let list = prefix.join("share/icpy/files");
    fs::write(prefix.join("share/man/man1/icpy-old.1"), "").unwrap();
    fs::write(&list, fs::read_to_string(&list).unwrap() + "share/man/man1/icpy-old.1\n").unwrap();
    let upgraded = install_sh(&user, &unpacked, &[]);
    assert_eq!(upgraded.status, 0, "{upgraded:?}");
    assert!(!prefix.join("share/man/man1/icpy-old.1").exists());
    assert_eq!(user.daemon_pid(), daemon);
    assert_eq!(user.icpy(&["restart"]).status, 0);
    assert_eq!((user.daemon_pid(), program_of(daemon)), (daemon, prefix.join("bin/icpyd")));

    // The archive may be gone by now.
    fs::remove_dir_all(&unpacked).unwrap();
    let removed = install_sh(&user, &prefix.join("share/icpy"), &["--uninstall"]);
    assert_eq!(removed.status, 0, "{removed:?}");
    assert_eq!(content(&user.path("home")), before);
    user.use_programs(own_programs);
    assert_eq!(user.daemon_pid(), daemon);
}

#[test]
fn the_installer_says_what_is_wrong() {
    let user = Process::ordinary("");
    let unpacked = unpack(&user, &small_workshop().dist(&["archive"]));
    let check = |args: &[&str], expect: &str| {
        let output = install_sh(&user, &unpacked, args);
        assert_eq!((output.status, output.stdout.as_str()), (1, ""), "{output:?}");
        assert!(output.stderr.starts_with("install.sh: ") && output.stderr.contains(expect), "{output:?}");
        assert!(!user.path("home").exists());
    };
    check(&["--prefix"], "--prefix wants a folder");
    check(&["--prefix", "/a folder"], "a path may have letters, digits and");
    check(&["--uninstall"], "icpy is not installed below");
    check(&["--fast"], "it knows no --fast");
    let installed = install_sh(&user, &unpacked, &["--prefix=here"]);
    assert_eq!(installed.status, 0, "{installed:?}");
    assert_eq!(fs::metadata(user.path("here/bin/icpy")).unwrap().permissions().mode() & 0o777, 0o755);
    assert_eq!(install_sh(&user, &unpacked, &["--prefix", "here", "--uninstall"]).status, 0);
    assert!(!user.path("here").exists());
}

#[test]
fn the_same_sources_give_the_same_packages() {
    let workshop = small_workshop();
    let make = |kind: &str| fs::read(workshop.dist(&[kind])).unwrap();
    for kind in ["archive", "deb"] {
        let first = make(kind);
        // Nothing of the build's time and place is in them.
        let mut again = workshop.dist_command(&[kind]);
        let again = process::output(again.env("TZ", "Asia/Tokyo").env("LC_ALL", "C").current_dir("/"));
        assert_eq!(again.status, 0, "{again:?}");
        assert!(fs::read(again.stdout.trim()).unwrap() == first, "the {kind} differs");
        let mut later = workshop.dist_command(&[kind]);
        let later = process::output(later.env("SOURCE_DATE_EPOCH", "86400"));
        assert!(fs::read(later.stdout.trim()).unwrap() != first, "the {kind} has another time");
    }
}

#[test]
fn debian_knows_this_version() {
    let changelog = fs::read_to_string(packaging("debian/changelog")).unwrap();
    let newest = format!("icpy ({}-", env!("CARGO_PKG_VERSION"));
    assert!(changelog.starts_with(&newest), "packaging/debian/changelog wants an entry for this version");
}

#[test]
fn launchd_gets_an_agent_with_the_users_paths() {
    let user = Process::ordinary("");
    let unpacked = unpack(&user, &small_workshop().dist(&["archive", "--target", "aarch64-apple-darwin"]));
    let installed = install_sh(&user, &unpacked, &[]);
    assert_eq!(installed.status, 0, "{installed:?}");
    let agent = user.path("home/.local/share/icpy/org.icpy.icpyd.plist");
    let script = "import json, plistlib, sys; print(json.dumps(plistlib.load(open(sys.argv[1], 'rb'))))";
    let Ok(output) = Command::new("python3").args(["-c", script]).arg(agent).output() else {
        return cannot_run("python3 is missing");
    };
    let agent: Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {output:?}"));
    let home = user.path("home").display().to_string();
    assert_eq!(agent["ProgramArguments"], serde_json::json!([format!("{home}/.local/bin/icpyd")]));
    let socket = format!("{home}/Library/Application Support/icpy/run/icpyd.sock");
    assert_eq!(agent["Sockets"]["icpyd"], serde_json::json!({ "SockPathName": socket, "SockPathMode": 0o600 }));
    assert_eq!(agent["Label"], "org.icpy.icpyd", "as the file is named");
}

/// Runs a program on a file that it is to find nothing wrong with.
fn check_by(program: &str, args: &[&str], file: &str) {
    let Ok(output) = Command::new(program).args(args).arg(packaging(file)).stdin(Stdio::null()).output() else {
        return cannot_run(&format!("{program} is missing"));
    };
    assert!(output.status.success() && output.stderr.is_empty(), "{file}: {output:?}");
}

#[test]
fn shells_and_desktops_can_read_their_files() {
    check_by("sh", &["-n"], "install.sh");
    check_by("bash", &["--posix", "-n"], "install.sh");
    check_by("desktop-file-validate", &[], "icpy.desktop");
}

/// Runs a shell that reads the package's file; it is to print what it finds behind `icpy stat`.
fn completions_by(shell: &str, args: &[&str], file: &str) {
    let user = Process::new("");
    let mut command = user.foreign_command(shell, args);
    command.arg(packaging(file)).env("PATH", user.search_path()).env("HOME", user.folder().files());
    if command.output().is_err() {
        return cannot_run(&format!("{shell} is missing"));
    }
    let found = process::output(&mut command);
    assert!(found.stdout.lines().any(|line| line.starts_with("status")) && found.stderr.is_empty(), "{found:?}");
}

#[test]
fn every_shell_completes_the_command_line() {
    // As each shell's own functions call what the file defines.
    let bash = "source \"$0\"; COMP_LINE='icpy stat' COMP_WORDS=(icpy stat) COMP_CWORD=1; \
                _icpy icpy stat icpy 2>&1; printf '%s\\n' \"${COMPREPLY[@]}\"";
    completions_by("bash", &["--norc", "-c", bash], "completions/icpy.bash");
    let zsh = "typeset -A _comps=(icpy _icpy); compdef() { _comps[$2]=$1 }; _describe() { print -l -- ${(P)@[-1]} }; \
               words=(icpy stat) CURRENT=2; source $0";
    completions_by("zsh", &["-f", "-c", zsh], "completions/_icpy");
    completions_by("fish", &["--no-config", "-c", "source $argv[1]; complete -C 'icpy stat'"], "completions/icpy.fish");
}
