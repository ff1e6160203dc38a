//! Reports of signals that mean a fault: written by the process itself before it dies, with calls that a signal may make.

use std::ffi::{CStr, CString};
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;
use std::sync::OnceLock;

use libc::c_int;

use super::{BUILD, recent};

const FAULTS: [(c_int, &str); 5] = [
    (libc::SIGSEGV, "SIGSEGV"),
    (libc::SIGBUS, "SIGBUS"),
    (libc::SIGILL, "SIGILL"),
    (libc::SIGFPE, "SIGFPE"),
    (libc::SIGABRT, "SIGABRT"),
];

/// Where a report goes, in the form that the system wants.
#[derive(Debug)]
struct Place {
    folder: CString,
    file: CString,
}

static PLACE: OnceLock<Place> = OnceLock::new();

pub(super) fn install(folder: &Path) {
    let path = |path: &Path| CString::new(path.as_os_str().as_bytes()).ok();
    let file = folder.join(format!("signal-{}.json", std::process::id()));
    let (Some(folder), Some(file)) = (path(folder), path(&file)) else { return };
    if PLACE.set(Place { folder, file }).is_err() {
        return;
    }
    for (signal, _) in FAULTS {
        catch(signal);
    }
}

#[expect(unsafe_code, reason = "no safe call takes these signals")]
fn catch(signal: c_int) {
    // SAFETY: the handler makes calls that a signal may make, and nothing else. It runs on the thread's own stack for
    // signals, and once: the fault that comes again ends the process as always.
    unsafe {
        let mut action: libc::sigaction = std::mem::zeroed();
        action.sa_sigaction = report as extern "C" fn(c_int) as usize;
        action.sa_flags = libc::SA_ONSTACK | libc::SA_RESETHAND;
        libc::sigaction(signal, &raw const action, std::ptr::null_mut());
    }
}

extern "C" fn report(signal: c_int) {
    if let Some(place) = PLACE.get()
        && let Some(descriptor) = create(&place.folder, &place.file)
    {
        let out = Out(descriptor);
        let name = FAULTS.iter().find(|(number, _)| *number == signal).map_or("", |(_, name)| name);
        out.write(&["{\"kind\":\"signal\",\"signal\":\"", name, "\",\"version\":\"", env!("CARGO_PKG_VERSION")]);
        out.write(&["\",\"build\":\"", BUILD, "\",\"recentMethods\":["]);
        let mut separator = "\"";
        for method in recent() {
            out.write(&[separator, method, "\""]);
            separator = ",\"";
        }
        out.write(&["]}\n"]);
    }
    // The same again, and nothing catches it: a fault by itself, an abort because it is asked for.
    #[expect(unsafe_code, reason = "no safe call does it")]
    // SAFETY: it takes a number.
    unsafe {
        libc::raise(signal);
    }
}

#[expect(unsafe_code, reason = "a signal may make no other calls")]
fn create(folder: &CStr, file: &CStr) -> Option<c_int> {
    // SAFETY: both end with a NUL, and live.
    let descriptor = unsafe {
        libc::mkdir(folder.as_ptr(), 0o700);
        libc::open(file.as_ptr(), libc::O_WRONLY | libc::O_CREAT | libc::O_TRUNC | libc::O_CLOEXEC, 0o600)
    };
    (descriptor >= 0).then_some(descriptor)
}

struct Out(c_int);

impl Out {
    fn write(&self, pieces: &[&str]) {
        for piece in pieces {
            #[expect(unsafe_code, reason = "a signal may make no other calls")]
            // SAFETY: the piece lives, and has that length.
            unsafe {
                libc::write(self.0, piece.as_ptr().cast(), piece.len());
            }
        }
    }
}
