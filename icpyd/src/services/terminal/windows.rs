//! Pseudo-consoles and their processes on Windows.
//!
//! They are read, written and waited for by threads, since the pipes of a pseudo-console cannot be asked whether they would
//! block. All that a program starts is in a job with it, so that it ends with the terminal, and with the daemon however that
//! ends; whoever leaves the job by its own wish (`CREATE_BREAKAWAY_FROM_JOB`) goes on.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fmt;
use std::io::{self, Read, Write};
use std::os::windows::io::OwnedHandle;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::thread;

use futures_util::future::select_all;
use icpy_protocol::terminal::{TerminalExit, TerminalSize};
use portable_pty::{CommandBuilder, MasterPty, PtySize};
use tokio::sync::watch;

use self::job::Job;
use super::Program;
use super::bridge::Bridge;
use crate::host::ProgramLimits;

#[path = "windows/job.rs"]
mod job;

/// What of the daemon's own environment describes the user and the system, and so is for programs too.
pub(super) const USER_VARIABLES: &[&str] = &[
    "ALLUSERSPROFILE",
    "APPDATA",
    "CommonProgramFiles",
    "CommonProgramFiles(x86)",
    "COMPUTERNAME",
    "ComSpec",
    "HOMEDRIVE",
    "HOMEPATH",
    "LOCALAPPDATA",
    "LOGONSERVER",
    "NUMBER_OF_PROCESSORS",
    "OS",
    "Path",
    "PATHEXT",
    "PROCESSOR_ARCHITECTURE",
    "ProgramData",
    "ProgramFiles",
    "ProgramFiles(x86)",
    "ProgramW6432",
    "PUBLIC",
    "SystemDrive",
    "SystemRoot",
    "TEMP",
    "TMP",
    "USERDOMAIN",
    "USERNAME",
    "USERPROFILE",
    "windir",
];

/// The variables that name the user's shell and home, and what these are where there is none.
pub(super) const SHELL_VARIABLE: &str = "ComSpec";
pub(super) const HOME_VARIABLE: &str = "USERPROFILE";
pub(super) const DEFAULT_SHELL: &str = "cmd.exe";
pub(super) const DEFAULT_HOME: &str = "C:\\";

/// What a pseudo-console asks of its terminal first, and waits for: where the cursor is.
const CURSOR_QUESTION: &[u8] = b"\x1b[6n";
const CURSOR_ANSWER: &[u8] = b"\x1b[1;1R";

/// The key that interrupts a program.
const INTERRUPT: &[u8] = b"\x03";

/// The exit code of what is ended from outside.
const KILLED: u32 = 1;

/// The daemon's end of a terminal.
#[derive(Debug)]
pub(super) struct Master(Arc<Console>);

/// A program that was started in a terminal.
#[derive(Clone, Debug)]
pub(super) struct Child(Arc<Console>);

/// Tells that some child may have ended.
#[derive(Debug)]
pub(super) struct Children(Vec<watch::Receiver<Option<TerminalExit>>>);

/// A pseudo-console and what runs in it.
struct Console {
    pid: u32,
    job: Job,
    /// Gone with its program.
    pseudo_console: Mutex<Option<Box<dyn MasterPty + Send>>>,
    output: Bridge,
    input: Bridge,
    /// Told when all output is in the bridge.
    exit: watch::Sender<Option<TerminalExit>>,
}

/// Says what the terminal is to programs that come from Unix.
pub(super) fn describe_terminal(variables: &mut BTreeMap<String, OsString>) {
    variables.insert("TERM".to_owned(), "xterm-256color".into());
    variables.insert("COLORTERM".to_owned(), "truecolor".into());
}

/// Starts a program in a new terminal.
pub(super) fn spawn(program: &Program<'_>, size: TerminalSize, _: ProgramLimits) -> io::Result<(Master, Child)> {
    let path = find(program)?;
    let pair = portable_pty::native_pty_system().openpty(in_characters(size)).map_err(other)?;
    let mut command = CommandBuilder::new(&path);
    command.args(&program.arguments);
    command.cwd(program.cwd);
    command.env_clear();
    for (name, value) in program.environment {
        command.env(name, value);
    }
    let reader = pair.master.try_clone_reader().map_err(other)?;
    let writer = pair.master.take_writer().map_err(other)?;
    let job = Job::new()?;
    let mut child = pair.slave.spawn_command(command).map_err(other)?;
    // What it starts before this is in no job, and ends with the console alone.
    let assigned = child.as_raw_handle().map_or(Ok(()), |process| job.assign(process));
    if let Err(error) = assigned {
        child.kill()?;
        return Err(error);
    }
    let console = Arc::new(Console {
        pid: child.process_id().unwrap_or_default(),
        job,
        pseudo_console: Mutex::new(Some(pair.master)),
        output: Bridge::default(),
        input: Bridge::default(),
        exit: watch::Sender::new(None),
    });
    console.start_threads(reader, writer, child)?;
    Ok((Master(Arc::clone(&console)), Child(console)))
}

/// The file of a program. What is found by nobody is an error here: the system says it in a sentence alone.
fn find(program: &Program<'_>) -> io::Result<PathBuf> {
    let variable = |wanted: &str| {
        let found = program.environment.iter().find(|(name, _)| name.eq_ignore_ascii_case(wanted));
        found.map(|(_, value)| value.clone()).unwrap_or_default()
    };
    let extensions = variable("PATHEXT").to_string_lossy().into_owned();
    let extensions = if extensions.is_empty() { ".COM;.EXE;.BAT;.CMD".to_owned() } else { extensions };
    let is_path = program.path.contains(['/', '\\', ':']);
    let search_path = variable("PATH");
    let folders: Vec<PathBuf> =
        if is_path { vec![PathBuf::new()] } else { std::env::split_paths(&search_path).collect() };
    let mut folder_found = false;
    for folder in folders {
        let path = program.cwd.join(folder).join(program.path);
        for extension in std::iter::once("").chain(extensions.split(';')) {
            let mut name = path.clone().into_os_string();
            name.push(extension);
            match Path::new(&name).metadata() {
                Ok(kind) if kind.is_file() => return Ok(name.into()),
                Ok(_) => folder_found = is_path,
                Err(error) if error.kind() == io::ErrorKind::InvalidInput => return Err(error),
                Err(_) => {}
            }
        }
    }
    Err(if folder_found { io::ErrorKind::PermissionDenied } else { io::ErrorKind::NotFound }.into())
}

fn in_characters(size: TerminalSize) -> PtySize {
    PtySize { rows: size.rows.max(1), cols: size.columns.max(1), pixel_width: 0, pixel_height: 0 }
}

fn other(error: impl fmt::Display) -> io::Error {
    io::Error::other(error.to_string())
}

impl Console {
    fn start_threads(
        self: &Arc<Self>,
        reader: Box<dyn Read + Send>,
        writer: Box<dyn Write + Send>,
        mut child: Box<dyn portable_pty::Child + Send + Sync>,
    ) -> io::Result<()> {
        let named = |what: &str| thread::Builder::new().name(format!("console {what}"));
        let console = Arc::clone(self);
        let reading = named("output").spawn(move || console.read(reader))?;
        let console = Arc::clone(self);
        named("input").spawn(move || console.write(writer))?;
        let console = Arc::clone(self);
        named("program").spawn(move || {
            let status = child.wait();
            // Nothing holds up the last of the output. The console flushes it when it is closed.
            console.output.lift_bound();
            console.input.end();
            console.close();
            let _ = reading.join();
            let code = status.map_or(-1, |status| status.exit_code().cast_signed());
            console.exit.send_replace(Some(TerminalExit { code: Some(code), signal: None }));
        })?;
        Ok(())
    }

    fn read(&self, mut reader: Box<dyn Read + Send>) {
        let mut buffer = vec![0; 16 << 10];
        let mut is_first = true;
        while let Ok(count @ 1..) = reader.read(&mut buffer) {
            let mut bytes = &buffer[..count];
            if std::mem::take(&mut is_first)
                && let Some(rest) = bytes.strip_prefix(CURSOR_QUESTION)
            {
                self.type_now(CURSOR_ANSWER);
                bytes = rest;
            }
            self.output.put(bytes);
        }
        self.output.end();
    }

    /// Keeps the writer until the program has ended: without one the console ends.
    fn write(&self, mut writer: Box<dyn Write + Send>) {
        loop {
            let bytes = self.input.take();
            if bytes.is_empty() || writer.write_all(&bytes).is_err() {
                self.input.end();
                return;
            }
        }
    }

    /// Types something behind what is typed already, as far as there is room.
    fn type_now(&self, keys: &[u8]) {
        let mut cx = Context::from_waker(std::task::Waker::noop());
        let _ = self.input.poll_put(&mut cx, keys);
    }

    /// Closes the pseudo-console, which ends what is attached to it, and may wait for that.
    fn close(&self) {
        let pseudo_console = self.pseudo_console().take();
        drop(pseudo_console);
    }

    fn pseudo_console(&self) -> MutexGuard<'_, Option<Box<dyn MasterPty + Send>>> {
        self.pseudo_console.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Console {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Console").field("pid", &self.pid).finish_non_exhaustive()
    }
}

impl Master {
    /// A pseudo-console cannot be handed over: whoever holds it must live.
    pub(super) fn adopt(_: OwnedHandle) -> io::Result<Self> {
        Err(io::ErrorKind::Unsupported.into())
    }

    pub(super) fn share(&self) -> io::Result<OwnedHandle> {
        Err(io::ErrorKind::Unsupported.into())
    }

    pub(super) fn resize(&self, size: TerminalSize) -> io::Result<()> {
        match &*self.0.pseudo_console() {
            Some(console) => console.resize(in_characters(size)).map_err(other),
            None => Ok(()),
        }
    }

    /// Interrupts the program in the foreground, or ends what runs in the terminal: there are no other signals.
    pub(super) fn signal(&self, name: &str) -> io::Result<()> {
        match name.strip_prefix("SIG").unwrap_or(name) {
            "INT" => {
                self.0.type_now(INTERRUPT);
                Ok(())
            }
            "KILL" | "TERM" => self.0.job.terminate(KILLED),
            _ => Err(io::ErrorKind::InvalidInput.into()),
        }
    }

    pub(super) fn poll_read(&self, cx: &mut Context<'_>, buffer: &mut [u8]) -> Poll<io::Result<usize>> {
        self.0.output.poll_take(cx, buffer).map(Ok)
    }

    pub(super) fn read_now(&self, buffer: &mut [u8]) -> usize {
        self.0.output.take_now(buffer)
    }

    pub(super) fn poll_write(&self, cx: &mut Context<'_>, data: &[u8]) -> Poll<io::Result<usize>> {
        self.0.input.poll_put(cx, data).map(|count| match count {
            0 => Err(io::ErrorKind::BrokenPipe.into()),
            count => Ok(count),
        })
    }
}

impl Drop for Master {
    /// The threads end: nobody takes what they bring.
    fn drop(&mut self) {
        self.0.output.end();
        let _ = self.0.job.terminate(KILLED);
    }
}

impl Child {
    pub(super) fn pid(&self) -> u32 {
        self.0.pid
    }

    /// Another program cannot go on with it.
    pub(super) fn adopt(_: u32) -> Option<Self> {
        None
    }

    #[expect(clippy::unnecessary_wraps, reason = "elsewhere it can fail")]
    pub(super) fn try_wait(&self) -> io::Result<Option<TerminalExit>> {
        Ok(*self.0.exit.borrow())
    }

    /// Closes the console, so that what is attached to it is told and ends.
    pub(super) fn hang_up(&self, _: &Master, has_ended: bool) {
        let console = Arc::clone(&self.0);
        let closing = move || console.close();
        // It may wait for programs. Without a thread they are ended a moment later.
        let _ = (!has_ended).then(|| thread::Builder::new().spawn(closing));
    }

    /// Ends everything that runs in the terminal.
    pub(super) fn kill(&self, _: &Master, _: bool) {
        // Of one that has ended there is nothing left to end.
        let _ = self.0.job.terminate(KILLED);
    }

    /// The same, for a program that nobody waits for.
    pub(super) fn abandon(&self, master: &Master) {
        self.kill(master, false);
    }
}

impl Children {
    #[expect(clippy::unnecessary_wraps, reason = "elsewhere it can fail")]
    pub(super) fn of<'a>(children: impl IntoIterator<Item = &'a Child>) -> io::Result<Self> {
        Ok(Self(children.into_iter().map(|child| child.0.exit.subscribe()).collect()))
    }

    pub(super) async fn changed(&mut self) {
        let ends: Vec<_> = self.0.iter_mut().map(|exit| Box::pin(exit.changed())).collect();
        match ends.is_empty() {
            true => std::future::pending().await,
            false => drop(select_all(ends).await),
        }
    }
}
