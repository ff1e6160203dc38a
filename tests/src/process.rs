//! The real programs, as a user runs them: `icpy`, and the daemon that it starts.

use std::ffi::OsStr;
#[cfg(unix)]
use std::ffi::OsString;
#[cfg(unix)]
use std::path::Path;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

#[cfg(unix)]
use icpy_protocol::endpoint::open_lock;
use icpy_protocol::endpoint::{Endpoint, Environment, candidates};
use serde_json::Value;

use crate::Folder;
#[cfg(unix)]
use crate::Terminal;

/// The user who owns nothing.
#[cfg(unix)]
const NOBODY: u32 = 65_534;

/// Where a program that counts its lines writes their number.
#[cfg(unix)]
const COUNTS: &str = "LLVM_PROFILE_FILE";

/// A user with a home of their own. Dropping it stops the daemon, and fails the test when something is left over.
#[derive(Debug)]
pub struct Process {
    folder: Folder,
    programs: PathBuf,
    /// Whom the programs run as, when not as ourselves.
    #[cfg(unix)]
    uid: Option<u32>,
}

/// What a program printed and how it ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Output {
    /// The exit status; a signal counts as 128 and its number.
    pub status: i32,
    /// Standard output.
    pub stdout: String,
    /// Standard error.
    pub stderr: String,
}

impl Process {
    /// A user beside the files of a fixture. No daemon runs yet.
    pub fn new(fixture: &str) -> Self {
        Self {
            folder: Folder::new(fixture),
            programs: programs(),
            #[cfg(unix)]
            uid: None,
        }
    }

    /// The same, for whom permissions mean something: root may read everything.
    #[cfg(unix)]
    pub fn ordinary(fixture: &str) -> Self {
        let mut process = Self::new(fixture);
        if rustix::process::geteuid().is_root() {
            process.uid = Some(NOBODY);
            process.folder.give_to(NOBODY);
            // The build may be where only root can look.
            if process.command(&["--version"]).output().is_err() {
                process.programs = process.folder.copy_programs(&process.programs);
            }
        }
        process
    }

    /// A user whom nothing else on this machine belongs to. `None`, with the reason told, when we are not root.
    #[cfg(unix)]
    pub fn stranger(fixture: &str, uid: u32) -> Option<Self> {
        if !rustix::process::geteuid().is_root() {
            crate::cannot_run("only root can run programs as another user");
            return None;
        }
        let mut process = Self::with_own_programs(fixture);
        process.uid = Some(uid);
        process.folder.give_to(uid);
        Some(process)
    }

    /// The same with programs of its own, which the test may replace.
    #[cfg(unix)]
    pub fn with_own_programs(fixture: &str) -> Self {
        let mut process = Self::new(fixture);
        process.programs = process.folder.copy_programs(&process.programs);
        process
    }

    /// The folders of the test.
    pub fn folder(&self) -> &Folder {
        &self.folder
    }

    /// A path in the fixture.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path(name)
    }

    /// Where the daemon listens when it runs.
    pub fn endpoint(&self) -> Endpoint {
        candidates(&self.environment(), None).swap_remove(0)
    }

    /// What the programs see of the lookup's variables.
    pub fn environment(&self) -> Environment {
        Environment { home: Some(self.folder.home()), ..Environment::default() }
    }

    /// A command of the client, run in the fixture's folder.
    pub fn command(&self, args: &[impl AsRef<OsStr>]) -> Command {
        self.command_of("icpy", args)
    }

    /// A command of either program, run in the fixture's folder.
    pub fn command_of(&self, program: &str, args: &[impl AsRef<OsStr>]) -> Command {
        self.foreign_command(self.program(program), args)
    }

    /// A command of a program that is not ours, as the same user.
    pub fn foreign_command(&self, program: impl AsRef<OsStr>, args: &[impl AsRef<OsStr>]) -> Command {
        let mut command = Command::new(program);
        command.args(args).current_dir(self.folder.files()).stdin(Stdio::null());
        clear(&mut command);
        command.env("ICPY_HOME", self.folder.home());
        #[cfg(unix)]
        if let Some(uid) = self.uid {
            std::os::unix::process::CommandExt::uid(&mut command, uid);
            std::os::unix::process::CommandExt::gid(&mut command, uid);
        }
        command
    }

    /// systemd's stand-in, which listens at these sockets and becomes the daemon at the first client. `None`, with the reason told,
    /// where it is missing.
    #[cfg(unix)]
    pub fn activation(&self, sockets: &[&Path], variables: &[(&str, &OsStr)]) -> Option<Command> {
        const PROGRAM: &str = "systemd-socket-activate";
        if Command::new(PROGRAM).arg("--version").output().is_err() {
            crate::cannot_run("systemd-socket-activate is missing: install the package systemd");
            return None;
        }
        let Endpoint { folder, .. } = self.endpoint();
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::set_permissions(&folder, std::os::unix::fs::PermissionsExt::from_mode(0o700)).unwrap();
        let mut command = self.foreign_command(PROGRAM, &[] as &[&str]);
        for socket in sockets {
            command.arg("--listen").arg(socket);
        }
        // The daemon gets these and nothing else.
        let counts = std::env::var_os(COUNTS);
        let own = [("ICPY_HOME", self.folder.home().into_os_string())].into_iter();
        let given = variables.iter().map(|(name, value)| (*name, (*value).to_owned()));
        for (name, value) in own.chain(counts.map(|file| (COUNTS, file))).chain(given) {
            let mut variable = OsString::from(format!("--setenv={name}="));
            variable.push(value);
            command.arg(variable);
        }
        command.arg(self.program("icpyd")).stderr(Stdio::piped());
        Some(command)
    }

    /// Runs a command of the client in a terminal.
    #[cfg(unix)]
    pub fn terminal(&self, args: &[&str]) -> Terminal {
        let program = self.program("icpy");
        self.foreign_terminal(program.to_str().unwrap(), args)
    }

    /// Runs a program that is not ours in a terminal. Ours are on its search path.
    #[cfg(unix)]
    pub fn foreign_terminal(&self, program: &str, args: &[&str]) -> Terminal {
        // A program becomes a terminal's own by its own doing.
        let mut command = self.foreign_command("setsid", &[&["--ctty", "--wait", program], args].concat());
        command.env("PATH", self.search_path()).env("TERM", "xterm").env("HOME", self.folder.files());
        Terminal::start(command)
    }

    /// A search path on which our programs are.
    pub fn search_path(&self) -> String {
        format!("{}:/usr/bin:/bin", self.programs.display())
    }

    /// Goes on with the programs of another folder; returns where they were.
    pub fn use_programs(&mut self, folder: PathBuf) -> PathBuf {
        std::mem::replace(&mut self.programs, folder)
    }

    /// Where a program is.
    pub fn program(&self, name: &str) -> PathBuf {
        self.programs.join(format!("{name}{}", std::env::consts::EXE_SUFFIX))
    }

    /// Starts so many clients at once.
    pub fn clients(&self, count: usize, args: &[&str]) -> Vec<Child> {
        let start = |_| self.command(args).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        (0..count).map(start).collect()
    }

    /// Runs a command of the client to its end.
    pub fn icpy(&self, args: &[impl AsRef<OsStr>]) -> Output {
        output(&mut self.command(args))
    }

    /// The same with this on its standard input.
    pub fn icpy_with(&self, args: &[impl AsRef<OsStr>], input: &str) -> Output {
        let file = self.folder.home().join("input");
        std::fs::write(&file, input).unwrap();
        output(self.command(args).stdin(std::fs::File::open(file).unwrap()))
    }

    /// Runs a command of the client that must succeed; returns what it printed as JSON.
    pub fn json(&self, args: &[&str]) -> Value {
        let output = self.icpy(&[&["--json"], args].concat());
        assert_eq!(output.status, 0, "{output:?}");
        serde_json::from_str(&output.stdout).unwrap_or_else(|error| panic!("{error}: {output:?}"))
    }

    /// The daemon's process.
    pub fn daemon_pid(&self) -> u32 {
        let pid = self.json(&["status"])["pid"].as_u64().unwrap();
        u32::try_from(pid).unwrap()
    }

    /// Whether a daemon lives: it holds its lock for life.
    pub fn has_daemon(&self) -> bool {
        self.endpoint().is_alive()
    }

    /// Ends the daemon with `kill -9`, and waits until it is gone.
    #[cfg(unix)]
    pub fn kill_daemon(&self) {
        let lock = open_lock(&self.endpoint().life_lock()).unwrap();
        let pid = rustix::process::Pid::from_raw(self.daemon_pid().cast_signed()).unwrap();
        rustix::process::kill_process(pid, rustix::process::Signal::KILL).unwrap();
        lock.lock().unwrap();
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if self.has_daemon() {
            let stopped = self.icpy(&["stop", "--force"]);
            if !std::thread::panicking() {
                assert_eq!(stopped.status, 0, "{stopped:?}");
            }
        }
        if std::thread::panicking() {
            return;
        }
        assert!(!self.has_daemon(), "a daemon is left over");
        assert_eq!(self.folder.litter(), Vec::<PathBuf>::new(), "temporary files are left over");
        #[cfg(target_os = "linux")]
        assert_eq!(lasting_processes(&self.folder), Vec::<String>::new(), "processes are left over");
    }
}

/// What still runs when all had time to end: a process is seen for a moment after it has let go of everything.
#[cfg(target_os = "linux")]
fn lasting_processes(folder: &Folder) -> Vec<String> {
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(5);
    loop {
        let left = processes_in(folder);
        if left.is_empty() || std::time::Instant::now() > deadline {
            return left;
        }
        std::thread::sleep(std::time::Duration::from_millis(2));
    }
}

/// The processes that were started with the test's home in their environment.
#[cfg(target_os = "linux")]
fn processes_in(folder: &Folder) -> Vec<String> {
    let needle = folder.home().into_os_string().into_encoded_bytes();
    let entries = std::fs::read_dir("/proc").unwrap().flatten();
    let has_home = |entry: &std::fs::DirEntry| {
        let environment = std::fs::read(entry.path().join("environ")).unwrap_or_default();
        environment.windows(needle.len()).any(|window| window == needle)
    };
    let is_process = |entry: &std::fs::DirEntry| entry.file_name().to_string_lossy().parse::<u32>().is_ok();
    let left = entries.filter(|entry| is_process(entry) && has_home(entry));
    left.map(|entry| std::fs::read_to_string(entry.path().join("cmdline")).unwrap_or_default()).collect()
}

/// Leaves nothing of the test's environment.
#[cfg(unix)]
pub fn clear(command: &mut Command) -> &mut Command {
    command.env_clear().env("PATH", "/usr/bin:/bin");
    command.envs(std::env::var_os(COUNTS).map(|file| (COUNTS, file)))
}

/// Leaves nothing that is meant for our programs. Without the rest the system finds none of its own parts.
#[cfg(windows)]
fn clear(command: &mut Command) {
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("ICPY_") {
            command.env_remove(name);
        }
    }
}

/// Waits for clients, all of which must succeed; returns what each printed as JSON.
pub fn succeeded(clients: Vec<Child>) -> Vec<Value> {
    let outputs = clients.into_iter().map(|client| client.wait_with_output().unwrap());
    let printed = |output: std::process::Output| {
        assert!(output.status.success(), "{output:?}");
        serde_json::from_slice(&output.stdout).unwrap()
    };
    outputs.map(printed).collect()
}

/// Runs a command to its end.
pub fn output(command: &mut Command) -> Output {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    Output { status: status(output.status), stdout: text(output.stdout), stderr: text(output.stderr) }
}

/// An exit status as a shell shows it.
pub fn status(status: std::process::ExitStatus) -> i32 {
    #[cfg(unix)]
    if let Some(signal) = std::os::unix::process::ExitStatusExt::signal(&status) {
        return 128 + signal;
    }
    status.code().unwrap_or(-1)
}

/// The programs of this build: beside the test's own, where `cargo xtask test` has built them.
pub(crate) fn programs() -> PathBuf {
    let folder = std::env::current_exe().unwrap().ancestors().nth(2).unwrap().to_owned();
    assert!(folder.join("icpyd").with_extension(std::env::consts::EXE_EXTENSION).is_file(), "run `cargo xtask test`");
    folder
}
