//! Starting the daemon on Windows: without a console of the client's, and with two handles and no others.
//!
//! The standard library lets a child inherit everything that can be inherited. A shell gives its programs the ends of its
//! pipes in that way, and who reads such a pipe would wait for the daemon's end.

#![expect(unsafe_code, reason = "the handles of a child can be named by the system's own functions alone")]

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::{self, PipeWriter};
use std::iter::repeat_n;
use std::os::windows::ffi::OsStrExt as _;
use std::os::windows::io::{AsHandle as _, AsRawHandle as _, FromRawHandle as _, OwnedHandle, RawHandle};
use std::path::Path;
use std::ptr::{null, null_mut};

use icpy_protocol::user::{self, check};
use interprocess::local_socket::Stream;
use windows_sys::Win32::Foundation::{HANDLE_FLAG_INHERIT, SetHandleInformation, TRUE};
use windows_sys::Win32::System::Threading::{
    CREATE_NEW_PROCESS_GROUP, CREATE_NO_WINDOW, CreateProcessW, DeleteProcThreadAttributeList,
    EXTENDED_STARTUPINFO_PRESENT, InitializeProcThreadAttributeList, LPPROC_THREAD_ATTRIBUTE_LIST,
    PROC_THREAD_ATTRIBUTE_HANDLE_LIST, PROCESS_INFORMATION, STARTF_USESTDHANDLES, STARTUPINFOEXW, TerminateProcess,
    UpdateProcThreadAttribute,
};

const QUOTE: u16 = b'"' as u16;
const BACKSLASH: u16 = b'\\' as u16;
const SPACE: u16 = b' ' as u16;

/// A daemon that was just started.
#[derive(Debug)]
pub(super) struct Started {
    process: OwnedHandle,
    /// Windows takes a lock from who has locked, and from nobody else: it cannot be left to the daemon.
    _start_lock: File,
}

/// Starts the daemon. The start lock is held until it has reported.
pub(super) fn spawn(program: &Path, args: &[OsString], start_lock: File, report: PipeWriter) -> io::Result<Started> {
    if !program.is_absolute() {
        // The system would look in the current folder, which may hold anything.
        return Err(io::ErrorKind::NotFound.into());
    }
    let nothing = File::options().read(true).write(true).open("NUL")?;
    let handles = [nothing.as_raw_handle(), report.as_raw_handle()];
    for handle in handles {
        // SAFETY: the handle is open.
        check(unsafe { SetHandleInformation(handle, HANDLE_FLAG_INHERIT, HANDLE_FLAG_INHERIT) })?;
    }
    let process = create(program, args, &handles, |startup| {
        startup.StartupInfo.hStdInput = nothing.as_raw_handle();
        startup.StartupInfo.hStdOutput = report.as_raw_handle();
        startup.StartupInfo.hStdError = nothing.as_raw_handle();
    })?;
    Ok(Started { process, _start_lock: start_lock })
}

impl Started {
    pub(super) fn kill(&mut self) -> io::Result<()> {
        // SAFETY: the handle is open.
        check(unsafe { TerminateProcess(self.process.as_raw_handle(), 1) })
    }

    /// Nothing is left of an ended process but the handle.
    pub(super) fn wait(self) {
        drop(self);
    }
}

/// Whether the pipe's other end was made by us: anybody may take a name that nobody has.
pub(super) fn check_owner(stream: &Stream) -> io::Result<()> {
    let Stream::NamedPipe(pipe) = stream;
    match user::owner_of(pipe.as_handle())? == user::current()? {
        true => Ok(()),
        false => Err(io::ErrorKind::PermissionDenied.into()),
    }
}

/// Creates a process that inherits these handles.
fn create(
    program: &Path,
    args: &[OsString],
    handles: &[RawHandle],
    with_streams: impl FnOnce(&mut STARTUPINFOEXW),
) -> io::Result<OwnedHandle> {
    let mut attributes = Attributes::new(handles)?;
    let mut startup = STARTUPINFOEXW { lpAttributeList: attributes.list(), ..STARTUPINFOEXW::default() };
    startup.StartupInfo.cb = u32::try_from(size_of::<STARTUPINFOEXW>()).map_err(io::Error::other)?;
    startup.StartupInfo.dwFlags = STARTF_USESTDHANDLES;
    with_streams(&mut startup);
    let mut line = command_line(program, args)?;
    let program: Vec<u16> = program.as_os_str().encode_wide().chain([0]).collect();
    // A console of its own, without a window: closing the client's does not end the daemon, nor does Ctrl-C in it.
    let flags = CREATE_NO_WINDOW | CREATE_NEW_PROCESS_GROUP | EXTENDED_STARTUPINFO_PRESENT;
    let mut created = PROCESS_INFORMATION::default();
    let startup = (&raw const startup).cast();
    // SAFETY: the texts end with a zero, and what `startup` points to lives until the end of this function.
    check(unsafe {
        CreateProcessW(
            program.as_ptr(),
            line.as_mut_ptr(),
            null(),
            null(),
            TRUE,
            flags,
            null(),
            null(),
            startup,
            &raw mut created,
        )
    })?;
    // SAFETY: the call has opened both handles, and nothing else knows of them.
    let [process, _thread] =
        [created.hProcess, created.hThread].map(|handle| unsafe { OwnedHandle::from_raw_handle(handle) });
    Ok(process)
}

/// What a new process gets beside the usual: the list of handles that it may inherit.
struct Attributes(Vec<usize>);

impl Attributes {
    /// The handles must be open, and the slice must stay where it is, while this is used.
    fn new(handles: &[RawHandle]) -> io::Result<Self> {
        let mut bytes = 0;
        // SAFETY: without a list the call says how large one is, and writes nothing else.
        unsafe { InitializeProcThreadAttributeList(null_mut(), 1, 0, &raw mut bytes) };
        let mut room = vec![0; bytes.div_ceil(size_of::<usize>())];
        let list = room.as_mut_ptr().cast();
        // SAFETY: there is as much room as was asked for.
        check(unsafe { InitializeProcThreadAttributeList(list, 1, 0, &raw mut bytes) })?;
        let attributes = Self(room);
        let kind = PROC_THREAD_ATTRIBUTE_HANDLE_LIST as usize;
        let (values, size) = (handles.as_ptr().cast(), size_of_val(handles));
        // SAFETY: the list is initialized, and the values are as long as the call is told.
        check(unsafe { UpdateProcThreadAttribute(list, 0, kind, values, size, null_mut(), null()) })?;
        Ok(attributes)
    }

    fn list(&mut self) -> LPPROC_THREAD_ATTRIBUTE_LIST {
        self.0.as_mut_ptr().cast()
    }
}

impl Drop for Attributes {
    fn drop(&mut self) {
        // SAFETY: the list is initialized, and nothing uses it any more.
        unsafe { DeleteProcThreadAttributeList(self.list()) };
    }
}

/// A program and its arguments as one line, which ends with a zero.
fn command_line(program: &Path, args: &[OsString]) -> io::Result<Vec<u16>> {
    let mut line = Vec::new();
    quote(&mut line, program.as_os_str());
    for arg in args {
        line.push(SPACE);
        quote(&mut line, arg);
    }
    if line.contains(&0) {
        return Err(io::ErrorKind::InvalidInput.into());
    }
    line.push(0);
    Ok(line)
}

/// Writes an argument as programs read it: a quote needs a backslash, and backslashes before a quote need one each.
fn quote(line: &mut Vec<u16>, arg: &OsStr) {
    line.push(QUOTE);
    let mut backslashes = 0;
    for unit in arg.encode_wide() {
        if unit == QUOTE {
            line.extend(repeat_n(BACKSLASH, backslashes + 1));
        }
        backslashes = if unit == BACKSLASH { backslashes + 1 } else { 0 };
        line.push(unit);
    }
    line.extend(repeat_n(BACKSLASH, backslashes));
    line.push(QUOTE);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check_line(args: &[&str], expect: &str) {
        let args: Vec<OsString> = args.iter().map(OsString::from).collect();
        let line = command_line(Path::new("p"), &args).unwrap();
        assert_eq!(String::from_utf16(&line).unwrap(), format!("\"p\"{expect}\0"));
    }

    #[test]
    fn arguments_are_quoted() {
        check_line(&[], "");
        check_line(&["--socket", r"\\.\pipe\a b"], r#" "--socket" "\\.\pipe\a b""#);
        check_line(&[r"C:\a b\", ""], r#" "C:\a b\\" """#);
        check_line(&[r#"say "x\""#], r#" "say \"x\\\"""#);
    }

    #[test]
    fn a_zero_in_an_argument_is_refused() {
        let problem = command_line(Path::new("p"), &["a\0b".into()]).unwrap_err();
        assert_eq!(problem.kind(), io::ErrorKind::InvalidInput);
    }
}
