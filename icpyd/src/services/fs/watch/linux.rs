//! Being told of changes on Linux: inotify, a watch for each folder.

use std::collections::BTreeSet;
use std::ffi::{CStr, OsStr, OsString};
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rustix::event::{EventfdFlags, PollFd, PollFlags, Timespec, eventfd, poll};
use rustix::fs::inotify::{self, CreateFlags, ReadFlags, Reader, WatchFlags};
use rustix::io::Errno;

use super::sharers::Sharers;
use super::{Mounts, Notice, Seen, Where};

/// Bytes of notices that are read at once.
const BUFFER_BYTES: usize = 64 << 10;

/// Filesystems on which somebody else can change files: those changes are not told here.
const REMOTE: &[&str] =
    &["nfs", "nfs4", "cifs", "smb3", "9p", "ceph", "afs", "ocfs2", "vboxsf", "virtiofs", "fuse", "fuseblk"];

/// Filesystems in which the kernel tells of itself: endless, and nobody's files.
const OF_THE_KERNEL: &[&str] = &[
    "proc",
    "sysfs",
    "cgroup",
    "cgroup2",
    "debugfs",
    "tracefs",
    "securityfs",
    "configfs",
    "bpf",
    "pstore",
    "efivarfs",
    "devpts",
    "devtmpfs",
    "mqueue",
    "hugetlbfs",
    "binfmt_misc",
    "fusectl",
];

/// Whether several trees can share a source.
pub(super) const CAN_SHARE: bool = true;

/// What the system tells one thread.
#[derive(Debug)]
pub(super) struct Source {
    /// None where the system has no more.
    inotify: Option<OwnedFd>,
    wake: Arc<OwnedFd>,
    /// Where several trees share it.
    sharers: Option<Mutex<Sharers>>,
}

/// Watches the folders of one tree.
#[derive(Debug)]
pub(super) struct Watcher {
    source: Arc<Source>,
    number: u32,
}

/// Ends the wait of a watcher.
#[derive(Clone, Debug)]
pub(super) struct Waker(Arc<OwnedFd>);

impl Waker {
    pub(super) fn wake(&self) {
        // When its counter is full it is awake.
        let _ = rustix::io::write(&self.0, &1_u64.to_ne_bytes());
    }
}

impl Source {
    pub(super) fn new(_: &Path, is_shared: bool) -> io::Result<Self> {
        let inotify = inotify::init(CreateFlags::CLOEXEC | CreateFlags::NONBLOCK).ok();
        let wake = Arc::new(eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)?);
        Ok(Self { inotify, wake, sharers: is_shared.then(Mutex::default) })
    }

    pub(super) fn waker(&self) -> Waker {
        Waker(Arc::clone(&self.wake))
    }

    /// Whether it is told of nothing at all.
    pub(super) fn is_blind(&self) -> bool {
        self.inotify.is_none()
    }

    /// The trees that a notice is for, or none where it is for all.
    pub(super) fn watchers_of(&self, notice: &Notice<'_>) -> Option<BTreeSet<u32>> {
        let Where::Watch(watch, _) = notice.place else { return None };
        let mut sharers = self.sharers()?;
        match notice.seen {
            Seen::Overflow => None,
            Seen::WatchEnded => Some(sharers.end(watch)),
            _ => Some(sharers.of(watch)),
        }
    }

    fn sharers(&self) -> Option<MutexGuard<'_, Sharers>> {
        Some(self.sharers.as_ref()?.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn end(&self, watch: i32) {
        // One that has ended by itself is not there any more.
        let _ = self.inotify.as_ref().map(|inotify| inotify::remove_watch(inotify, watch));
    }

    /// Waits until there is something to read, or somebody wakes it.
    pub(super) fn wait(&self, timeout: Option<Duration>) {
        let timeout = timeout.map(|timeout| Timespec {
            tv_sec: i64::try_from(timeout.as_secs()).unwrap_or(i64::MAX),
            tv_nsec: timeout.subsec_nanos().into(),
        });
        let wake = PollFd::new(self.wake.as_ref(), PollFlags::IN);
        let inotify = self.inotify.as_ref().map(|inotify| PollFd::new(inotify, PollFlags::IN));
        let mut descriptors: Vec<PollFd<'_>> = [wake].into_iter().chain(inotify).collect();
        if poll(&mut descriptors, timeout.as_ref()).is_ok_and(|ready| ready > 0) && !descriptors[0].revents().is_empty()
        {
            let _ = rustix::io::read(self.wake.as_ref(), &mut [0; 8]);
        }
    }

    /// Reads what there is to tell now. What comes meanwhile is left for the next time: it may never end.
    pub(super) fn read(&self, tell: &mut dyn FnMut(Notice<'_>)) {
        let Some(inotify) = &self.inotify else { return };
        let mut left = rustix::io::ioctl_fionread(inotify).unwrap_or(0);
        let mut buffer = Vec::<u8>::with_capacity(BUFFER_BYTES);
        let mut reader = Reader::new(inotify, buffer.spare_capacity_mut());
        while left > 0 || !reader.is_buffer_empty() {
            match reader.next() {
                Ok(event) => {
                    left = left.saturating_sub(bytes_of(event.file_name()));
                    let name = event.file_name().map(|name| OsStr::from_bytes(name.to_bytes()));
                    if let Some(seen) = seen(event.events()) {
                        tell(Notice { place: Where::Watch(event.wd(), name), seen, cookie: event.cookie() });
                    }
                }
                Err(Errno::INTR) => {}
                Err(_) => return,
            }
        }
    }
}

impl Watcher {
    pub(super) fn new(source: Arc<Source>, number: u32) -> Self {
        Self { source, number }
    }

    /// Watches a folder: what comes, goes, and is written in it. Opening and reading are not told.
    pub(super) fn watch(&self, path: &Path) -> io::Result<Option<i32>> {
        let what = WatchFlags::CREATE
            | WatchFlags::DELETE
            | WatchFlags::MOVE
            | WatchFlags::MODIFY
            | WatchFlags::CLOSE_WRITE
            | WatchFlags::ATTRIB
            | WatchFlags::DELETE_SELF
            | WatchFlags::MOVE_SELF;
        let how = WatchFlags::ONLYDIR | WatchFlags::DONT_FOLLOW | WatchFlags::EXCL_UNLINK;
        Ok(Some(self.add(path, what | how)?))
    }

    /// Watches a folder above a root: whether it goes away, and what comes and goes in it where that is wanted.
    pub(super) fn watch_above(&self, path: &Path, wants_entries: bool) -> Option<i32> {
        let own = WatchFlags::DELETE_SELF | WatchFlags::MOVE_SELF | WatchFlags::ONLYDIR;
        let entries = WatchFlags::CREATE | WatchFlags::DELETE | WatchFlags::MOVE;
        self.add(path, if wants_entries { own | entries } else { own }).ok()
    }

    fn add(&self, path: &Path, flags: WatchFlags) -> io::Result<i32> {
        let inotify = self.source.inotify.as_ref().ok_or(Errno::NOSPC)?;
        let Some(mut sharers) = self.source.sharers() else { return Ok(inotify::add_watch(inotify, path, flags)?) };
        // Another tree wants to know as much as it did before.
        let watch = inotify::add_watch(inotify, path, flags | WatchFlags::MASK_ADD)?;
        sharers.add(watch, self.number);
        Ok(watch)
    }

    pub(super) fn unwatch(&self, watch: i32) {
        let is_needed = self.source.sharers().is_some_and(|mut sharers| !sharers.remove(watch, self.number));
        if !is_needed {
            self.source.end(watch);
        }
    }

    /// Whether it is told of nothing at all.
    pub(super) fn is_blind(&self) -> bool {
        self.source.is_blind()
    }

    /// Which limit of the system has been reached, as a sentence.
    pub(super) fn limit(&self) -> String {
        let (what, name, wanted) = match self.is_blind() {
            true => ("watchers of folders", "max_user_instances", 8192),
            false => ("watched folders", "max_user_watches", 1_048_576),
        };
        let limit = limit_of_user(name).map(|limit| format!(" ({limit})")).unwrap_or_default();
        format!("the limit of {what}{limit} is reached; raise it with `sudo sysctl fs.inotify.{name}={wanted}`")
    }

    /// Whether roots that have gone are waited for.
    #[expect(clippy::unused_self, reason = "other systems watch otherwise")]
    pub(super) fn can_watch_above(&self) -> bool {
        true
    }
}

impl Drop for Watcher {
    fn drop(&mut self) {
        let left = self.source.sharers().map(|mut sharers| sharers.leave(self.number));
        left.into_iter().flatten().for_each(|watch| self.source.end(watch));
    }
}

/// How long a notice is, as `inotify(7)` says: its name is filled up to a multiple of its head.
fn bytes_of(name: Option<&CStr>) -> u64 {
    const HEAD: usize = 16;
    let name = name.map_or(0, |name| name.to_bytes_with_nul().len().next_multiple_of(HEAD));
    (HEAD + name) as u64
}

fn seen(flags: ReadFlags) -> Option<Seen> {
    let seen = [
        (ReadFlags::QUEUE_OVERFLOW, Seen::Overflow),
        (ReadFlags::IGNORED, Seen::WatchEnded),
        (ReadFlags::DELETE_SELF | ReadFlags::MOVE_SELF | ReadFlags::UNMOUNT, Seen::FolderGone),
        (ReadFlags::MOVED_FROM, Seen::MovedFrom),
        (ReadFlags::MOVED_TO, Seen::MovedTo),
        (ReadFlags::CREATE, Seen::Came),
        (ReadFlags::DELETE, Seen::Went),
        (ReadFlags::MODIFY | ReadFlags::CLOSE_WRITE | ReadFlags::ATTRIB, Seen::Touched),
    ];
    seen.into_iter().find(|(mask, _)| flags.intersects(*mask)).map(|(_, seen)| seen)
}

/// Whether there are no more watches to be had.
pub(super) fn is_limit(error: &io::Error) -> bool {
    error.raw_os_error() == Some(Errno::NOSPC.raw_os_error())
}

/// How much of something one user may have.
fn limit_of_user(name: &str) -> Option<u64> {
    std::fs::read_to_string(format!("/proc/sys/fs/inotify/{name}")).ok()?.trim().parse().ok()
}

/// The filesystems that are not like others.
pub(super) fn mounts() -> Mounts {
    let table = std::fs::read("/proc/self/mountinfo").unwrap_or_default();
    let mut mounts = Mounts::default();
    for line in table.split(|byte| *byte == b'\n') {
        let Some((path, kind)) = mount(line) else { continue };
        if OF_THE_KERNEL.contains(&kind) {
            mounts.of_kernel.push(path);
        } else if REMOTE.contains(&kind) || kind.starts_with("fuse.") {
            mounts.remote.push(path);
        } else {
            mounts.others.push(path);
        }
    }
    mounts
}

/// Where a filesystem is and of what kind, from a line of `proc_pid_mountinfo(5)`.
fn mount(line: &[u8]) -> Option<(PathBuf, &str)> {
    let mut fields = line.split(|byte| *byte == b' ');
    let path = unescape(fields.nth(4)?);
    let kind = fields.skip_while(|field| *field != b"-").nth(1)?;
    Some((OsString::from_vec(path).into(), str::from_utf8(kind).ok()?))
}

/// Undoes `\\040` for a space and its like.
fn unescape(field: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(field.len());
    let mut rest = field;
    while let [first, others @ ..] = rest {
        rest = others;
        let code = others.first_chunk::<3>().and_then(|digits| str::from_utf8(digits).ok());
        match code.and_then(|digits| u8::from_str_radix(digits, 8).ok()) {
            Some(byte) if *first == b'\\' => {
                bytes.push(byte);
                rest = &others[3..];
            }
            _ => bytes.push(*first),
        }
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_of_the_mount_table_is_read() {
        let check = |line: &str, expect: Option<(&str, &'static str)>| {
            let found = mount(line.as_bytes());
            assert_eq!(found, expect.map(|(path, kind)| (path.into(), kind)), "{line}");
        };
        check("36 35 98:0 /r /mnt\\040a rw,noatime master:1 - ext4 /dev/root rw", Some(("/mnt a", "ext4")));
        check("36 35 98:0 / /proc rw - proc proc rw", Some(("/proc", "proc")));
        check("36 35 98:0 / /mnt", None);
        check("", None);
    }

    #[test]
    fn the_kernels_own_filesystems_are_known() {
        assert!(mounts().of_kernel.contains(&"/proc".into()));
    }
}
