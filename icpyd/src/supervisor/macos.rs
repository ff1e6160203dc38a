//! launchd's socket: `launch_activate_socket`(3). Not here: being told how the daemon does, which launchd does not want.

use std::ffi::{CStr, c_char, c_int};
use std::io;
use std::os::fd::{FromRawFd as _, OwnedFd};
use std::{ptr, slice};

use rustix::io::{FdFlags, fcntl_setfd};

/// The socket's name in `packaging/launchd/org.icpy.icpyd.plist`.
const NAME: &CStr = c"icpyd";

#[expect(unsafe_code, reason = "libc does not declare it")]
// SAFETY: it is declared so in <launch.h>, and is in libSystem, which every program loads.
unsafe extern "C" {
    fn launch_activate_socket(name: *const c_char, descriptors: *mut *mut c_int, count: *mut usize) -> c_int;
}

/// The sockets that launchd has for this process: none when it has not started it. Each is handed over once.
pub(super) fn sockets() -> io::Result<Vec<OwnedFd>> {
    let (mut numbers, mut count) = (ptr::null_mut(), 0);
    #[expect(unsafe_code, reason = "it has no safe form")]
    // SAFETY: the name ends with a NUL, and both places are there to be written to.
    let error = unsafe { launch_activate_socket(NAME.as_ptr(), &raw mut numbers, &raw mut count) };
    match error {
        0 => {}
        // Not launchd's child, or one with no such socket.
        libc::ESRCH | libc::ENOENT => return Ok(Vec::new()),
        error => return Err(io::Error::from_raw_os_error(error)),
    }
    if numbers.is_null() {
        return Ok(Vec::new());
    }
    #[expect(unsafe_code, reason = "the function returns numbers in memory that the caller frees")]
    // SAFETY: on success there are `count` numbers of descriptors that are this process's from now on and that nothing
    // else knows of, in memory from `malloc`, which is not used after it is freed.
    let descriptors = unsafe {
        let descriptors = slice::from_raw_parts(numbers, count).iter().map(|number| OwnedFd::from_raw_fd(*number));
        let descriptors: Vec<OwnedFd> = descriptors.collect();
        libc::free(numbers.cast());
        descriptors
    };
    for descriptor in &descriptors {
        // The programs that the daemon runs do not get it.
        fcntl_setfd(descriptor, FdFlags::CLOEXEC)?;
    }
    Ok(descriptors)
}
