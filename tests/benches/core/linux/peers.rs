//! Other daemons with clients of their own: each in a folder that holds its socket and its home, and ended by its number.
//! One that is not installed is not measured.

use std::process::{Child, Command, Stdio};
use std::time::Duration;

use tempfile::TempDir;

use super::programs::{kill, time_of};

/// How a daemon is started and asked. `{}` in an argument is its folder, and `FILE` in a name is a file there.
#[derive(Debug)]
pub(crate) struct Kind {
    program: &'static str,
    /// What stands before all other arguments.
    place: &'static [&'static str],
    /// Where it listens, in its folder.
    socket: &'static str,
    start: Start,
    /// A small request, and how it is called.
    ask: Option<(&'static str, &'static [&'static str])>,
    /// Opening a file, and how that is called.
    open: Option<(&'static str, &'static [&'static str])>,
}

#[derive(Debug)]
enum Start {
    /// A client starts it; how that is called, with what arguments, and what arguments print its process number last.
    ByClient(&'static str, &'static [&'static str], &'static [&'static str]),
    /// It stays in the foreground.
    InForeground(&'static [&'static str]),
}

/// Those that are known.
pub(crate) const KINDS: &[Kind] = &[
    Kind {
        program: "emacsclient",
        place: &[],
        socket: "s",
        start: Start::ByClient("emacsclient -a ''", &["-a", "", "-e", "1"], &["-e", "(emacs-pid)"]),
        ask: Some(("emacsclient -e 1", &["-e", "1"])),
        open: Some(("emacsclient -n FILE", &["-n", "{}/file.py"])),
    },
    Kind {
        program: "tmux",
        place: &["-S", "{}/s", "-f", "/dev/null"],
        socket: "s",
        start: Start::ByClient(
            "tmux new-session -d",
            &["new-session", "-d", "sleep", "1000"],
            &["display-message", "-p", "#{pid}"],
        ),
        ask: Some(("tmux display-message", &["display-message", "-p", "x"])),
        open: None,
    },
    Kind {
        program: "watchman",
        place: &["--sockname={}/s", "--statefile={}/state", "--logfile={}/log", "--pidfile={}/pid"],
        socket: "s",
        start: Start::ByClient("watchman version", &["version"], &["get-pid"]),
        ask: Some(("watchman version", &["version"])),
        open: None,
    },
    Kind {
        program: "nvim",
        place: &["--clean"],
        socket: "s",
        start: Start::InForeground(&["--headless", "--listen", "{}/s"]),
        ask: None,
        open: Some(("nvim --remote FILE", &["--server", "{}/s", "--remote", "{}/file.py"])),
    },
    Kind {
        program: "kak",
        place: &[],
        socket: "kakoune/s",
        start: Start::InForeground(&["-n", "-d", "-s", "s"]),
        ask: None,
        open: Some(("kak -c SESSION FILE", &["-c", "s", "-ui", "dummy", "-e", "quit", "{}/file.py"])),
    },
];

/// A daemon that may run.
#[derive(Debug)]
pub(crate) struct Peer {
    kind: &'static Kind,
    folder: TempDir,
    foreground: Option<Child>,
}

impl Kind {
    /// Whether it can be measured here; says so where it cannot.
    pub(crate) fn is_installed(&self) -> bool {
        let mut command = Command::new(self.program);
        let output = command.arg("-V").stdin(Stdio::null()).output();
        if output.is_err() {
            eprintln!("not measured: `{}` is not installed", self.program);
        }
        output.is_ok()
    }

    /// Whether it can be measured here how long that takes.
    pub(crate) fn is_started_by_clients(&self) -> bool {
        matches!(self.start, Start::ByClient(..)) && self.is_installed()
    }

    /// A place for a daemon of this kind, which does not run yet.
    pub(crate) fn peer(&'static self) -> Peer {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("file.py"), "print()\n").unwrap();
        Peer { kind: self, folder, foreground: None }
    }
}

impl Peer {
    /// The daemons that are installed, running.
    pub(crate) fn all_running() -> Vec<Self> {
        let mut peers: Vec<Self> = KINDS.iter().filter(|kind| kind.is_installed()).map(Kind::peer).collect();
        peers.iter_mut().for_each(Self::start);
        peers
    }

    fn start(&mut self) {
        match self.kind.start {
            Start::ByClient(_, args, _) => drop(time_of(&mut self.command(args))),
            Start::InForeground(args) => {
                let mut command = self.command(args);
                command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
                self.foreground = Some(command.spawn().unwrap());
                let socket = self.folder.path().join(self.kind.socket);
                while std::os::unix::net::UnixStream::connect(&socket).is_err() {
                    std::thread::sleep(Duration::from_millis(5));
                }
            }
        }
    }

    /// From no daemon to its first answer, and how that is called; nothing where clients do not start it.
    pub(crate) fn time_of_start(&self) -> Option<(&'static str, Duration)> {
        match self.kind.start {
            Start::ByClient(name, args, _) => Some((name, time_of(&mut self.command(args)))),
            Start::InForeground(_) => None,
        }
    }

    /// A small request.
    pub(crate) fn time_of_ask(&self) -> Option<(&'static str, Duration)> {
        self.kind.ask.map(|(name, args)| (name, time_of(&mut self.command(args))))
    }

    /// Opening a file.
    pub(crate) fn time_of_open(&self) -> Option<(&'static str, Duration)> {
        self.kind.open.map(|(name, args)| (name, time_of(&mut self.command(args))))
    }

    fn command(&self, args: &[&str]) -> Command {
        let folder = self.folder.path().to_str().unwrap();
        let mut command = Command::new(self.kind.program);
        command.args(self.kind.place.iter().chain(args).map(|arg| arg.replace("{}", folder)));
        command.env_clear().env("PATH", "/usr/bin:/bin").env("LC_ALL", "C.UTF-8").env("TERM", "xterm");
        command.env("HOME", folder).env("XDG_RUNTIME_DIR", folder).current_dir(folder);
        command
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        if let Some(mut child) = self.foreground.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
        if let Start::ByClient(_, _, pid) = self.kind.start {
            let output = self.command(pid).stdin(Stdio::null()).output().unwrap();
            let text = String::from_utf8(output.stdout).unwrap();
            let number = text.split(|letter: char| !letter.is_ascii_digit()).rfind(|digits| !digits.is_empty());
            kill(number.unwrap().parse().unwrap());
        }
    }
}

/// Times by what was measured.
#[derive(Debug, Default)]
pub(crate) struct Samples(Vec<(&'static str, Vec<Duration>)>);

impl Samples {
    /// Adds one.
    pub(crate) fn push(&mut self, (name, time): (&'static str, Duration)) {
        match self.0.iter_mut().find(|(known, _)| *known == name) {
            Some((_, times)) => times.push(time),
            None => self.0.push((name, vec![time])),
        }
    }

    /// What is shown of them.
    pub(crate) fn medians(&mut self) -> Vec<(&'static str, Duration)> {
        self.0.iter_mut().map(|(name, times)| (*name, super::table::median(times))).collect()
    }
}
