//! What is left of a crash: a report with the build, the place and the names of the last methods. Never what was asked of them,
//! and never the panic's own words, which may hold it.
//!
//! This is the one place with state of the whole process: a signal finds nothing else.

#[cfg_attr(unix, path = "crash/unix.rs")]
#[cfg_attr(windows, path = "crash/windows.rs")]
mod platform;

use std::fs;
use std::panic::PanicHookInfo;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicPtr, AtomicUsize, Ordering};

use icpy_protocol::api::MethodInfo;
use icpy_protocol::endpoint::{Folders, make_private_folder};
use serde::Serialize;

use crate::host::Host;

/// Methods that are remembered.
const RECENT_MAX: usize = 64;

/// Reports that are kept; the oldest goes first.
const REPORTS_MAX: usize = 10;

/// The build, as the build tool names it.
pub const BUILD: &str = match option_env!("ICPY_BUILD") {
    Some(build) => build,
    None => "unreleased",
};

static RECENT: [AtomicPtr<MethodInfo>; RECENT_MAX] = [const { AtomicPtr::new(std::ptr::null_mut()) }; RECENT_MAX];
static NEXT: AtomicUsize = AtomicUsize::new(0);

/// A report of a panic.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Report<'a> {
    kind: &'static str,
    version: &'static str,
    build: &'static str,
    pid: u32,
    at_ms: u64,
    thread: String,
    place: &'a str,
    recent_methods: Vec<&'static str>,
    backtrace: &'a str,
}

/// Remembers that a method was called.
pub fn remember(method: &'static MethodInfo) {
    let place = NEXT.fetch_add(1, Ordering::Relaxed) % RECENT_MAX;
    RECENT[place].store(std::ptr::from_ref(method).cast_mut(), Ordering::Relaxed);
}

/// The methods that were called last, the newest at the end.
fn recent() -> impl Iterator<Item = &'static str> {
    let next = NEXT.load(Ordering::Relaxed);
    (next..next + RECENT_MAX).filter_map(|place| {
        let method = RECENT[place % RECENT_MAX].load(Ordering::Relaxed);
        #[expect(unsafe_code, reason = "a static reference went through a pointer")]
        // SAFETY: only `remember` stores here, what lives for ever and is not changed.
        let method = unsafe { method.as_ref() };
        method.map(|method| method.name)
    })
}

/// Has crashes and panics leave a report. Once in a process.
pub fn install(folders: &Folders, host: &Host) {
    let folder = folders.crash();
    platform::install(&folder);
    let host = host.clone();
    std::panic::set_hook(Box::new(move |panic| {
        let backtrace = std::backtrace::Backtrace::force_capture().to_string();
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        let report = write_panic(&folder, &place, &backtrace, host.now_ms());
        let report = report.map_or_else(|error| error, |path| path.display().to_string());
        tracing::error!(place, report, message = is_ours(panic), "panic");
    }));
}

/// The panic's own words, where this code wrote them as they are.
fn is_ours(panic: &PanicHookInfo<'_>) -> Option<&'static str> {
    panic.payload().downcast_ref::<&'static str>().copied()
}

fn write_panic(folder: &Path, place: &str, backtrace: &str, at_ms: u64) -> Result<PathBuf, String> {
    make_private_folder(folder)?;
    let pid = std::process::id();
    let report = Report {
        kind: "panic",
        version: env!("CARGO_PKG_VERSION"),
        build: BUILD,
        pid,
        at_ms,
        thread: std::thread::current().name().unwrap_or_default().to_owned(),
        place,
        recent_methods: recent().collect(),
        backtrace,
    };
    let path = folder.join(format!("panic-{at_ms}-{pid}.json"));
    let text = serde_json::to_vec_pretty(&report).unwrap_or_default();
    fs::write(&path, text).map_err(|error| format!("{}: {error}", path.display()))?;
    forget_old(folder);
    Ok(path)
}

/// Removes the oldest reports above the number that is kept.
fn forget_old(folder: &Path) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    let dated = |entry: fs::DirEntry| Some((entry.metadata().ok()?.modified().ok()?, entry.path()));
    let mut reports: Vec<_> = entries.flatten().filter_map(dated).collect();
    reports.sort();
    let excess = reports.len().saturating_sub(REPORTS_MAX);
    for (_, path) in &reports[..excess] {
        let _ = fs::remove_file(path);
    }
}

#[cfg(test)]
mod tests {
    use std::hint::black_box;
    use std::thread;

    use icpy_protocol::session::method;

    use super::*;

    #[test]
    fn a_report_names_the_last_methods_and_old_ones_go() {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path().join("crash");
        for _ in 0..100 {
            remember(method::list);
        }
        remember(method::ping);
        for number in 0..15 {
            write_panic(&folder, "src/a.rs:1:2", "no frames", number).unwrap();
        }
        assert_eq!(fs::read_dir(&folder).unwrap().count(), REPORTS_MAX);
        let newest = folder.join(format!("panic-14-{}.json", std::process::id()));
        let report: serde_json::Value = serde_json::from_slice(&fs::read(newest).unwrap()).unwrap();
        let recent = report["recentMethods"].as_array().unwrap();
        assert_eq!(
            (recent.len(), &recent[0], &recent[RECENT_MAX - 1]),
            (RECENT_MAX, &"session:list".into(), &"session:ping".into())
        );
        assert_eq!((&report["place"], &report["kind"]), (&"src/a.rs:1:2".into(), &"panic".into()));
    }

    #[test]
    fn a_panic_leaves_a_report_and_not_its_words() {
        let home = tempfile::tempdir().unwrap();
        let path = |name: &str| home.path().join(name);
        let folders = Folders { state: path("state"), config: path("config"), log: path("log") };
        install(&folders, &Host::fake(7));
        let worker = thread::Builder::new().name("worker".to_owned());
        let panicked = worker.spawn(|| panic!("the password is {}", black_box(1234))).unwrap().join();
        drop(std::panic::take_hook());
        assert!(panicked.is_err());
        let report = fs::read_to_string(folders.crash().join(format!("panic-7-{}.json", std::process::id()))).unwrap();
        assert!(!report.contains("1234"), "{report}");
        let report: serde_json::Value = serde_json::from_str(&report).unwrap();
        assert_eq!((&report["thread"], &report["atMs"]), (&"worker".into(), &7.into()));
        assert!(report["place"].as_str().unwrap().contains(file!()), "{report}");
        assert!(report["backtrace"].as_str().unwrap().contains("a_panic_leaves_a_report"), "{report}");
    }
}
