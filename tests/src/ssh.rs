//! A real ssh, and a server for it that serves one connection and needs no port.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::{Process, cannot_run};

const SSHD: &str = "/usr/sbin/sshd";

/// Makes an `ssh` that reaches the machine `elsewhere.example`, which is this one with other variables, and
/// `nowhere.example`, which it does not reach. `None`, with the reason told, where there is no OpenSSH.
///
/// Its files, `client`, `server` and `sshd_config`, are in the fixture, and `connected` says who was asked for.
pub fn ssh(user: &Process, variables: &str) -> Option<PathBuf> {
    if !Path::new(SSHD).exists() || Command::new("ssh").arg("-V").output().is_err() {
        cannot_run("OpenSSH is missing: it needs openssh-client and openssh-server");
        return None;
    }
    if rustix::process::geteuid().is_root() {
        // The init script of Debian makes it.
        fs::create_dir_all("/run/sshd").unwrap();
    }
    let place = |name: &str| user.path(name).display().to_string();
    for key in ["client", "server"] {
        let mut keygen = Command::new("ssh-keygen");
        keygen.args(["-q", "-t", "ed25519", "-N", "", "-f"]).arg(user.path(key));
        assert!(keygen.status().unwrap().success());
    }
    let write = |name: &str, text: String| fs::write(user.path(name), text).unwrap();
    write(
        "sshd_config",
        format!(
            "HostKey {}\nAuthorizedKeysFile {}\nPidFile none\nStrictModes no\nUsePAM no\nPermitRootLogin yes\n\
             PasswordAuthentication no\nLogLevel QUIET\nSetEnv {variables}\n",
            place("server"),
            place("client.pub"),
        ),
    );
    write(
        "ssh_config",
        format!(
            "Host elsewhere.example\n  ProxyCommand sh -c 'echo %h %p >> {}; exec {SSHD} -i -f {}'\n\
             Host nowhere.example\n  ProxyCommand sh -c 'echo the cable is cut >&2'\n\
             Host *\n  IdentityFile {}\n  IdentityAgent none\n  UserKnownHostsFile {}\n  GlobalKnownHostsFile none\n  \
             StrictHostKeyChecking accept-new\n  BatchMode yes\n  LogLevel ERROR\n",
            place("connected"),
            place("sshd_config"),
            place("client"),
            place("known_hosts")
        ),
    );
    write("ssh", format!("#!/bin/sh\nexec /usr/bin/ssh -F {} \"$@\"\n", place("ssh_config")));
    let ssh = user.path("ssh");
    fs::set_permissions(&ssh, fs::Permissions::from_mode(0o755)).unwrap();
    Some(ssh)
}
