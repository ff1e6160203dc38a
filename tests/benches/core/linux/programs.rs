//! The programs that are measured, and their floors and peers. What is started here ends here.

use std::fs;
use std::io::{BufRead as _, BufReader, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

/// A program of ours, built as for a package.
pub(crate) fn ours(name: &str) -> PathBuf {
    let folder = std::env::var_os("ICPY_BENCH_PROGRAMS").expect("run `cargo xtask bench`");
    PathBuf::from(folder).join(name)
}

/// A floor program: compiled once, static, optimised.
pub(crate) fn floor(name: &str) -> PathBuf {
    static FOLDER: OnceLock<TempDir> = OnceLock::new();
    let folder = FOLDER.get_or_init(|| tempfile::tempdir().unwrap());
    let program = folder.path().join(name);
    if !program.exists() {
        let source = format!("{}/benches/floor/{name}.rs", env!("CARGO_MANIFEST_DIR"));
        let flags =
            ["-O", "--edition=2024", "-Ctarget-feature=+crt-static", "-Crelocation-model=static", "-Cstrip=symbols"];
        let status = Command::new("rustc").args(flags).arg("-o").arg(&program).arg(source).status().unwrap();
        assert!(status.success(), "the floor program does not compile");
    }
    program
}

/// A process that ends with its handle.
#[derive(Debug)]
pub(crate) struct Server {
    pub(crate) child: Child,
    pub(crate) socket: PathBuf,
    pub(crate) folder: TempDir,
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Server {
    /// A floor server in one of its modes.
    pub(crate) fn floor(mode: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let socket = folder.path().join("s");
        let mut child = Command::new(floor("echo")).arg(mode).arg(&socket).stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        Self { child, socket, folder }
    }

    /// The daemon, in the foreground of this program.
    pub(crate) fn daemon() -> Self {
        Self::daemon_with(&[])
    }

    /// The same with these arguments.
    pub(crate) fn daemon_with(args: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let socket = folder.path().join("home/run/icpyd.sock");
        let home = folder.path().join("home");
        let child = Command::new(ours("icpyd")).args(args).env("ICPY_HOME", home).spawn().unwrap();
        let server = Self { child, socket, folder };
        drop(server.connect());
        server
    }

    /// Ends the daemon as a crash does, and starts it on what it has stored.
    pub(crate) fn again(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        let home = self.folder.path().join("home");
        self.child = Command::new(ours("icpyd")).env("ICPY_HOME", home).spawn().unwrap();
        drop(self.connect());
    }

    /// What the runtime costs alone: an echo on tokio, without a protocol.
    pub(crate) fn tokio_echo() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let socket = folder.path().join("s");
        let child = Command::new(std::env::current_exe().unwrap()).arg("--echo").arg(&socket).spawn().unwrap();
        let server = Self { child, socket, folder };
        drop(server.connect());
        server
    }

    /// Redis, where it is installed.
    pub(crate) fn redis() -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let socket = folder.path().join("s");
        let mut command = Command::new("redis-server");
        command.args(["--port", "0", "--save", "", "--appendonly", "no", "--unixsocket"]).arg(&socket);
        let child = command.stdout(Stdio::null()).current_dir(folder.path()).spawn().ok()?;
        let server = Self { child, socket, folder };
        drop(server.connect());
        Some(server)
    }

    /// Connects as soon as the server listens.
    pub(crate) fn connect(&self) -> UnixStream {
        let deadline = Instant::now() + Duration::from_secs(10);
        loop {
            match UnixStream::connect(&self.socket) {
                Ok(stream) => return stream,
                Err(error) => assert!(Instant::now() < deadline, "{}: {error}", self.socket.display()),
            }
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// Memory that is really held, in bytes.
    pub(crate) fn resident_bytes(&self) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
        line.split_whitespace().next().unwrap().parse::<u64>().unwrap() * 1024
    }

    /// What the process's threads have taken of the processors: those that are still there.
    pub(crate) fn processor_time(&self) -> Duration {
        processor_time(self.child.id())
    }

    /// How often the process's threads were put on a processor.
    pub(crate) fn wakeups(&self) -> u64 {
        let tasks = fs::read_dir(format!("/proc/{}/task", self.child.id())).unwrap().flatten();
        let count = |path: PathBuf| {
            let status = fs::read_to_string(path.join("status")).unwrap_or_default();
            let switches = status.lines().filter(|line| line.contains("ctxt_switches:"));
            switches.filter_map(|line| line.split_whitespace().last()?.parse::<u64>().ok()).sum::<u64>()
        };
        tasks.map(|task| count(task.path())).sum()
    }
}

/// What a process's threads have taken of the processors: those that are still there.
pub(crate) fn processor_time(process: u32) -> Duration {
    let tasks = fs::read_dir(format!("/proc/{process}/task")).unwrap().flatten();
    let time = |path: PathBuf| {
        let schedule = fs::read_to_string(path.join("schedstat")).unwrap_or_default();
        schedule.split_whitespace().next().and_then(|time| time.parse().ok()).unwrap_or(0)
    };
    Duration::from_nanos(tasks.map(|task| time(task.path())).sum())
}

/// A process's share of the memory that is really held, in bytes.
pub(crate) fn share_of_memory_bytes(process: u32) -> u64 {
    let summary = fs::read_to_string(format!("/proc/{process}/smaps_rollup")).unwrap();
    let line = summary.lines().find_map(|line| line.strip_prefix("Pss:")).unwrap();
    line.split_whitespace().next().unwrap().parse::<u64>().unwrap() * 1024
}

/// A connection to whatever server.
pub(crate) trait Stream: Read + Write {}

impl<T: Read + Write> Stream for T {}

/// A request and how much of an answer to wait for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Exchange {
    pub(crate) request: &'static [u8],
}

/// What is sent in the round trips: as many bytes to each.
pub(crate) const PING: Exchange = Exchange {
    request:
        b"{\"jsonrpc\":\"2.0\",\"id\":12345,\"method\":\"session:ping\",\"params\":{}}                            \n",
};

/// What Redis is sent.
pub(crate) const REDIS_PING: Exchange = Exchange { request: b"*1\r\n$4\r\nPING\r\n" };

impl Exchange {
    /// Sends the request so many times at once and waits for as many lines.
    pub(crate) fn run(self, stream: &mut (impl Stream + ?Sized), count: usize, buffer: &mut Vec<u8>) {
        stream.write_all(&self.request.repeat(count)).unwrap();
        buffer.resize(64 << 10, 0);
        let mut lines = 0;
        while lines < count {
            let read = stream.read(buffer).unwrap();
            assert!(read > 0, "the server closed the connection");
            lines += lines_in(&buffer[..read]);
        }
    }
}

/// Serves [`Server::tokio_echo`] until it is killed.
pub(crate) fn echo_on_tokio(socket: &Path) {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let listener = tokio::net::UnixListener::bind(socket).unwrap();
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            tokio::spawn(async move {
                let (mut reader, mut writer) = stream.into_split();
                let _ = tokio::io::copy(&mut reader, &mut writer).await;
            });
        }
    });
}

fn lines_in(bytes: &[u8]) -> usize {
    bytes.split(|byte| *byte == b'\n').count() - 1
}

/// Runs a program to its end; it must succeed.
pub(crate) fn time_of(command: &mut Command) -> Duration {
    let begin = Instant::now();
    let status = command.stdout(Stdio::null()).stderr(Stdio::null()).stdin(Stdio::null()).status().unwrap();
    let time = begin.elapsed();
    assert!(status.success(), "{command:?} failed");
    time
}

/// Ends a process that is not a child.
pub(crate) fn kill(pid: i32) {
    kill_process(Pid::from_raw(pid).unwrap(), Signal::KILL).unwrap();
}

/// A command of ours with a home of its own.
pub(crate) fn icpy(home: &Path) -> Command {
    let mut command = Command::new(ours("icpy"));
    command.env_clear().env("ICPY_HOME", home);
    command
}
