//! What a tree is like: whether anything in it was changed is told without reading it.

use std::time::UNIX_EPOCH;

use icpy_protocol::error::Result;
use xxhash_rust::xxh3::Xxh3;

use super::job::Job;
use super::platform;
use super::walk::{Entry, Visitor, walk};
use crate::services::fs::place::Place;

/// Names exactly this tree: everything in it with its kind, permissions, size, and the time of its last change.
pub(super) fn of_tree(place: &Place, job: &Job) -> Result<String> {
    let mut versioner = Versioner { job, hash: Xxh3::new() };
    walk(place.path(), place.asked(), &mut versioner)?;
    Ok(super::super::version(versioner.hash.digest128()))
}

struct Versioner<'a> {
    job: &'a Job,
    hash: Xxh3,
}

impl Versioner<'_> {
    fn add(&mut self, entry: &Entry<'_>) {
        let path = entry.below.as_os_str().as_encoded_bytes();
        let metadata = entry.metadata;
        let changed = metadata.modified().ok().and_then(|time| time.duration_since(UNIX_EPOCH).ok());
        // A folder changes with each name in it, and those are here themselves.
        let (size, changed) = match metadata.is_dir() {
            true => (0, 0),
            false => (metadata.len(), changed.unwrap_or_default().as_nanos()),
        };
        let (_, number) = platform::identity(metadata);
        self.hash.update(&(path.len() as u64).to_le_bytes());
        self.hash.update(path);
        for value in [u64::from(platform::mode(metadata)), u64::from(metadata.is_symlink()), size, number] {
            self.hash.update(&value.to_le_bytes());
        }
        self.hash.update(&changed.to_le_bytes());
    }
}

impl Visitor for Versioner<'_> {
    fn act(&self) -> &'static str {
        "look at"
    }

    fn check(&self) -> Result<()> {
        self.job.check()
    }

    fn enter(&mut self, folder: &Entry<'_>) -> Result<()> {
        self.add(folder);
        Ok(())
    }

    fn visit(&mut self, entry: &Entry<'_>) -> Result<()> {
        self.add(entry);
        Ok(())
    }
}
