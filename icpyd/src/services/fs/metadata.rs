//! What is known of files beside their content.

#[cfg_attr(unix, path = "metadata/unix.rs")]
#[cfg_attr(not(unix), path = "metadata/other.rs")]
pub(super) mod platform;

use std::ffi::OsStr;
use std::fs::Metadata;
use std::io::Read as _;
use std::path::Path;
use std::sync::Arc;
use std::time::SystemTime;

use icpy_protocol::error::Result;
use icpy_protocol::fs::{FsDetails, FsKind, FsStatParams, FsStatResult};
use icpy_protocol::path::FilePath;

use self::platform::Names;
use super::place::{Place, Use};
use super::tree::rules::Rules;
use super::{failed, kind, modified_at_ms, text, time_ms};
use crate::caller::Caller;

/// How much of a file is looked at to tell its type.
const HEAD_BYTES: u64 = 8 << 10;

/// What programmers mean by these names, where the table of registered types has videos, or nothing in particular.
const TYPES: &[(&str, &str)] = &[
    ("c", "text/x-c"),
    ("cpp", "text/x-c++"),
    ("cts", "text/typescript"),
    ("go", "text/x-go"),
    ("h", "text/x-c"),
    ("java", "text/x-java"),
    ("mts", "text/typescript"),
    ("py", "text/x-python"),
    ("rb", "text/x-ruby"),
    ("ts", "text/typescript"),
    ("tsx", "text/typescript"),
];

pub(super) fn stat(caller: &Caller, params: &FsStatParams) -> Result<FsStatResult> {
    let find = if params.no_follow { Place::of } else { Place::led_to };
    let place = find(caller, &params.path, Use::Look)?;
    let metadata = place.path().symlink_metadata().map_err(|error| failed("look at", place.asked(), &error))?;
    let folder = place.real().parent().unwrap_or(place.real());
    let mut describer = Describer::new(caller, folder);
    let mut details = describer.describe(place.path(), place.real(), place.asked(), &metadata);
    if metadata.is_file() && details.mime.is_none() {
        details.mime = mime_by_content(place.path());
    }
    let name = params.path.as_path().file_name().unwrap_or_default();
    Ok(FsStatResult {
        kind: kind(&metadata),
        size: metadata.len(),
        modified_at_ms: modified_at_ms(&metadata),
        version: None,
        is_read_only: metadata.permissions().readonly(),
        is_hidden: platform::is_hidden(name, &metadata),
        details,
    })
}

/// Describes the things of one folder in one request: names of users, and what is ignored, are read once.
pub(super) struct Describer<'a> {
    caller: &'a Caller,
    names: Names,
    /// What is ignored; all where there are none.
    rules: Option<Arc<Rules>>,
}

impl<'a> Describer<'a> {
    /// For the entries of a folder, by its path without symbolic links.
    pub(super) fn new(caller: &'a Caller, folder: &Path) -> Self {
        Self { caller, names: Names::default(), rules: Rules::of_entries(folder) }
    }

    /// All that is known of the thing at `path`, which really is at `real`, and which a client knows as `shown`.
    pub(super) fn describe(&mut self, path: &Path, real: &Path, shown: &Path, metadata: &Metadata) -> FsDetails {
        let ms = |time: std::io::Result<SystemTime>| time.ok().map(time_ms);
        let kind = kind(metadata);
        let mut details = FsDetails {
            created_at_ms: ms(metadata.created()),
            accessed_at_ms: ms(metadata.accessed()),
            is_ignored: self.rules.as_ref().is_none_or(|rules| rules.is_ignored(real, metadata.is_dir())),
            mime: if kind == FsKind::File { mime_by_name(shown) } else { None },
            ..FsDetails::default()
        };
        platform::describe(metadata, &mut self.names, &mut details);
        if kind == FsKind::Symlink {
            details.link_target = path.read_link().ok().map(FilePath::from);
            details.is_broken = Some(Place::led_to(self.caller, &shown.into(), Use::Look).is_err());
        }
        details
    }
}

/// The media type that a file's name stands for.
fn mime_by_name(path: &Path) -> Option<String> {
    let extension = path.extension()?.to_str()?;
    let own = TYPES.iter().find(|(own, _)| extension.eq_ignore_ascii_case(own)).map(|(_, mime)| *mime);
    own.or_else(|| mime_guess::from_ext(extension).first_raw()).map(str::to_owned)
}

/// The media type of what is in a file; `None` where it is empty or cannot be read.
fn mime_by_content(path: &Path) -> Option<String> {
    let mut head = Vec::new();
    super::platform::open_for_reading(path).ok()?.take(HEAD_BYTES).read_to_end(&mut head).ok()?;
    if head.is_empty() {
        return None;
    }
    let known = infer::get(&head).map(|found| found.mime_type());
    let mime =
        known.unwrap_or_else(|| if text::begins_text(&head) { "text/plain" } else { "application/octet-stream" });
    Some(mime.to_owned())
}

/// Whether listings leave out what has this name.
pub(super) fn is_dotted(name: &OsStr) -> bool {
    name.as_encoded_bytes().starts_with(b".")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_tell_types() {
        let check = |name: &str, expect: Option<&str>| {
            assert_eq!(mime_by_name(Path::new(name)).as_deref(), expect, "{name}");
        };
        check("a.py", Some("text/x-python"));
        check("a.ts", Some("text/typescript"));
        check("A.PNG", Some("image/png"));
        check("a.tar.gz", Some("application/gzip"));
        check("a.json", Some("application/json"));
        check("Makefile", None);
        check(".png", None);
        check("a.nobody-has-this", None);
    }
}
