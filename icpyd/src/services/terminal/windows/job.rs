//! A job: a program and all that it starts, which end together.

use std::io;
use std::os::windows::io::{AsRawHandle as _, FromRawHandle as _, OwnedHandle, RawHandle};

use windows_sys::Win32::System::JobObjects::{
    AssignProcessToJobObject, CreateJobObjectW, JOB_OBJECT_LIMIT_BREAKAWAY_OK, JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE,
    JOBOBJECT_EXTENDED_LIMIT_INFORMATION, JobObjectExtendedLimitInformation, SetInformationJobObject,
    TerminateJobObject,
};

/// A job whose processes end when it is dropped, also by the end of this process.
#[derive(Debug)]
pub(super) struct Job(OwnedHandle);

impl Job {
    pub(super) fn new() -> io::Result<Self> {
        #[expect(unsafe_code, reason = "there is no safe call")]
        // SAFETY: it takes no name and no attributes, and gives a handle that is ours.
        let job = unsafe {
            let handle = CreateJobObjectW(std::ptr::null(), std::ptr::null());
            if handle.is_null() {
                return Err(io::Error::last_os_error());
            }
            Self(OwnedHandle::from_raw_handle(handle.cast()))
        };
        let mut limits = JOBOBJECT_EXTENDED_LIMIT_INFORMATION::default();
        limits.BasicLimitInformation.LimitFlags = JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE | JOB_OBJECT_LIMIT_BREAKAWAY_OK;
        let length = u32::try_from(size_of_val(&limits)).expect("it is a few bytes");
        #[expect(unsafe_code, reason = "there is no safe call")]
        // SAFETY: the limits are of the kind that is named, and as long.
        let set = unsafe {
            let limits = (&raw const limits).cast();
            SetInformationJobObject(job.0.as_raw_handle().cast(), JobObjectExtendedLimitInformation, limits, length)
        };
        succeeded(set).map(|()| job)
    }

    /// Takes a process in, and all that it starts from now on.
    pub(super) fn assign(&self, process: RawHandle) -> io::Result<()> {
        #[expect(unsafe_code, reason = "there is no safe call")]
        // SAFETY: both handles are open; a wrong one is an error.
        let assigned = unsafe { AssignProcessToJobObject(self.0.as_raw_handle().cast(), process.cast()) };
        succeeded(assigned)
    }

    /// Ends all of its processes.
    pub(super) fn terminate(&self, exit_code: u32) -> io::Result<()> {
        #[expect(unsafe_code, reason = "there is no safe call")]
        // SAFETY: the handle is open.
        let terminated = unsafe { TerminateJobObject(self.0.as_raw_handle().cast(), exit_code) };
        succeeded(terminated)
    }
}

fn succeeded(outcome: i32) -> io::Result<()> {
    match outcome {
        0 => Err(io::Error::last_os_error()),
        _ => Ok(()),
    }
}
