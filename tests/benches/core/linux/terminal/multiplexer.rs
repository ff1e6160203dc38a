//! The peers: tmux, dtach and shpool, each with one client in a terminal of this process, and ended by its number.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use tempfile::TempDir;

use super::super::programs::kill;
use super::Shown;
use super::pty::Pty;

/// What is set in tmux: nothing that draws by itself, and as many lines as the daemon keeps.
const TMUX: &str = "set -g status off\nset -g history-limit 10000\n";

/// What it is called, and how one is begun with a script where it is installed.
type Kind = (&'static str, fn(&str) -> Option<Multiplexer>);

/// A multiplexer with one client.
pub(super) struct Multiplexer {
    pub(super) name: &'static str,
    folder: TempDir,
    /// The client.
    pty: Pty,
}

impl Multiplexer {
    /// All that there are, and how each is begun with a script in a new session.
    pub(super) const KINDS: [Kind; 3] =
        [("tmux new-session", Self::tmux), ("dtach -A", Self::dtach), ("shpool attach", Self::shpool)];

    /// Those that are installed, each with a script in a new session.
    pub(super) fn all(script: &str) -> Vec<Self> {
        Self::KINDS.into_iter().filter_map(|(_, begin)| begin(script)).map(Self::running).collect()
    }

    /// tmux, where it is installed.
    pub(super) fn tmux(script: &str) -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("conf"), TMUX).unwrap();
        let mut command = tmux(folder.path());
        command.args(["new-session", "sh", "-c", script]);
        Self::start("tmux", "-V", command, folder)
    }

    /// dtach, where it is installed.
    fn dtach(script: &str) -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let mut command = program("dtach");
        command.arg("-A").arg(folder.path().join("s")).args(["-E", "-z", "-r", "none", "sh", "-c", script]);
        Self::start("dtach", "--help", command, folder)
    }

    /// shpool, where it is installed.
    fn shpool(script: &str) -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let mut command = program("shpool");
        command.arg("--socket").arg(folder.path().join("s")).args(["attach", "--cmd"]);
        command.arg(format!("sh -c '{}'", script.replace('\'', r"'\''"))).arg("main");
        command.env("HOME", folder.path()).env("XDG_RUNTIME_DIR", folder.path());
        Self::start("shpool", "version", command, folder)
    }

    fn start(name: &'static str, probe: &str, command: Command, folder: TempDir) -> Option<Self> {
        if Command::new(name).arg(probe).stdin(Stdio::null()).output().is_err() {
            eprintln!("not measured: `{name}` is not installed");
            return None;
        }
        Some(Self { name, folder, pty: Pty::spawn(command) })
    }

    /// Waits until the process that keeps the session is there to stay: those that start it end.
    pub(super) fn running(self) -> Self {
        let socket = self.folder.path().join("s");
        while !socket.exists() || self.find_server().is_none() {
            std::thread::sleep(Duration::from_millis(5));
        }
        self
    }

    /// Runs a command of tmux.
    pub(super) fn ask(&self, args: &[&str]) -> String {
        let output = tmux(self.folder.path()).args(args).stdin(Stdio::null()).output().unwrap();
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).unwrap()
    }

    /// Opens so many more windows with a command in tmux.
    pub(super) fn open_windows(&self, count: usize, command: &[&str]) {
        let window = [&["new-window", "-d"], command].concat();
        for pieces in vec![window; count].chunks(50) {
            self.ask(&pieces.join(&";"));
        }
    }

    /// One more client of tmux.
    pub(super) fn another_client(&self) -> Pty {
        let mut command = tmux(self.folder.path());
        command.arg("attach");
        Pty::spawn(command)
    }

    /// Its first client.
    pub(super) fn client(&self) -> u32 {
        self.pty.process()
    }

    /// The process that keeps the session.
    pub(super) fn server(&self) -> u32 {
        self.find_server().unwrap_or_else(|| panic!("`{}` has no server", self.name))
    }

    fn find_server(&self) -> Option<u32> {
        let own = self.folder.path().to_str().unwrap();
        let numbers = fs::read_dir("/proc").unwrap().flatten().filter_map(|it| it.file_name().to_str()?.parse().ok());
        let is_server = |process: &u32| {
            let line = fs::read(format!("/proc/{process}/cmdline")).unwrap_or_default();
            *process != self.client() && String::from_utf8_lossy(&line).contains(own)
        };
        numbers.into_iter().find(is_server)
    }
}

impl Shown for Multiplexer {
    fn type_in(&mut self, keys: &[u8]) {
        self.pty.type_in(keys);
    }

    fn read(&mut self) -> &[u8] {
        self.pty.read()
    }
}

impl Drop for Multiplexer {
    fn drop(&mut self) {
        if let Some(server) = self.find_server() {
            kill(i32::try_from(server).unwrap());
        }
    }
}

/// A command of tmux, for the server of a folder.
pub(super) fn tmux(folder: &Path) -> Command {
    let mut command = program("tmux");
    command.arg("-S").arg(folder.join("s")).arg("-f").arg(folder.join("conf"));
    command
}

fn program(name: &str) -> Command {
    let mut command = Command::new(name);
    let path = std::env::var_os("PATH").unwrap_or_default();
    command.env_clear().env("PATH", path).env("LC_ALL", "C.UTF-8").env("TERM", "xterm-256color");
    command
}
