//! What the trash keeps of a thing beside its content: where it was, and when it was deleted.

use std::fmt::Write as _;
use std::fs;
use std::io::{self, Read as _, Write as _};
use std::path::{Component, Path, PathBuf};

use super::super::job::Job;
use super::super::platform;
use crate::services::fs::platform as files;

/// Longer ones are none: a path has at most 4096 bytes, and three characters for each.
const INFO_BYTES_MAX: u64 = 64 << 10;

/// The entry of the thing with this name.
pub(super) fn name(name: &Path) -> PathBuf {
    let mut name = name.as_os_str().to_owned();
    name.push(".trashinfo");
    name.into()
}

/// Writes a new entry.
pub(super) fn write(entry: &Path, original: &Path, job: &Job) -> io::Result<()> {
    let text = format!("[Trash Info]\nPath={}\nDeletionDate={}\n", encode(original), job.local_time());
    let mut file = platform::make_private_file(entry)?;
    file.write_all(text.as_bytes()).inspect_err(|_| {
        let _ = fs::remove_file(entry);
    })
}

/// Where the thing was; `top` is where its path begins unless it is from the root.
pub(super) fn read(entry: &Path, top: Option<&Path>) -> Option<PathBuf> {
    let mut bytes = Vec::new();
    files::open_for_reading(entry).ok()?.take(INFO_BYTES_MAX).read_to_end(&mut bytes).ok()?;
    let text = String::from_utf8(bytes).ok()?;
    let path = decode(text.lines().find_map(|line| line.strip_prefix("Path="))?)?;
    let path = match (path.is_absolute(), top) {
        (true, None) => path,
        (false, Some(top)) => top.join(path),
        _ => return None,
    };
    let is_plain = path.components().all(|part| matches!(part, Component::RootDir | Component::Normal(_)));
    is_plain.then_some(path)
}

/// As in a URI: what is not plain is `%` and two hexadecimal digits.
fn encode(path: &Path) -> String {
    let mut text = String::new();
    for &byte in path.as_os_str().as_encoded_bytes() {
        if byte.is_ascii_alphanumeric() || b"/-_.~".contains(&byte) {
            text.push(char::from(byte));
        } else {
            let _ = write!(text, "%{byte:02X}");
        }
    }
    text
}

fn decode(text: &str) -> Option<PathBuf> {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        let (byte, after) = match byte {
            b'%' => {
                let digits = after.get(..2).filter(|digits| digits.iter().all(u8::is_ascii_hexdigit))?;
                (u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?, &after[2..])
            }
            byte => (byte, after),
        };
        bytes.push(byte);
        rest = after;
    }
    if bytes.contains(&0) { None } else { platform::path(bytes) }
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::ffi::OsStrExt as _;

    use super::*;

    #[test]
    fn every_path_is_kept_as_it_is() {
        let check = |bytes: &[u8], expect: &str| {
            let path = Path::new(std::ffi::OsStr::from_bytes(bytes));
            assert_eq!(encode(path), expect);
            assert_eq!(decode(expect).as_deref(), Some(path));
        };
        check(b"/home/a/b c.txt", "/home/a/b%20c.txt");
        check(b"100%\n", "100%25%0A");
        check(b"caf\xe9", "caf%E9");
        check("grüße".as_bytes(), "gr%C3%BC%C3%9Fe");
        for wrong in ["%", "%1", "%zz", "%00", "%+1"] {
            assert_eq!(decode(wrong), None, "{wrong}");
        }
    }
}
