//! Files that get another path: renamed, alone or with a folder, or saved as another file. Their texts and what is kept of them
//! go along.

use std::collections::{BTreeSet, HashSet};
use std::path::{Path, PathBuf};
use std::sync::{self, Arc, PoisonError};
use std::time::Duration;

use icpy_protocol::auth::AuthRole;
use icpy_protocol::error::{Error, Kind, Result};
use icpy_protocol::file::naming::{FileRenamed, FileSaveAsParams, FileSavedAs};
use icpy_protocol::file::text::FileSaved;
use icpy_protocol::file::{OpenFile, RENAMED, SAVED};
use icpy_protocol::fs::FsStatParams;
use icpy_protocol::path::FilePath;
use rusqlite::Connection;
use tokio::sync::{MutexGuard, OnceCell};
use tokio::time::{Instant, sleep_until};

use super::disk::fs;
use super::shared::Shared;
use super::storing::save_of;
use super::{Followed, OpenText, Sharing, Texts, check_file};
use crate::caller::Caller;
use crate::journal::Changes;
use crate::services::workspace::placing::plain;
use crate::services::workspace::{announce, tell_file};
use crate::store::texts;
use crate::store::workspaces;

/// How long after a file was renamed it is looked whether another one has taken its place: so programs save.
const SETTLING: Duration = Duration::from_millis(100);

/// Renames that are remembered until then.
const RENAMES_MAX: usize = 100_000;

/// A text that nobody changes, reads from the disk or stores, because it gets another path.
struct Held<'a> {
    text: &'a OpenText,
    _disk: MutexGuard<'a, ()>,
    _storing: MutexGuard<'a, ()>,
    has_moved: bool,
}

impl Drop for Held<'_> {
    fn drop(&mut self) {
        if !self.has_moved {
            self.text.lock().is_moved = false;
        }
    }
}

impl OpenText {
    /// Holds the text, once all of it is stored.
    async fn hold(self: &Arc<Self>) -> Result<Held<'_>> {
        let disk = self.disk.lock().await;
        loop {
            self.store().await?;
            let storing = self.storing.lock().await;
            let mut shared = self.lock();
            if shared.unstored.is_empty() {
                shared.is_moved = true;
                drop(shared);
                return Ok(Held { text: self, _disk: disk, _storing: storing, has_moved: false });
            }
        }
    }
}

impl Held<'_> {
    /// The text under its new path. What is asked of the old one waits until it is known by that.
    fn move_to(&mut self, path: &FilePath, update: impl FnOnce(&mut Shared)) -> Arc<OpenText> {
        self.has_moved = true;
        let mut shared = self.text.lock().take_moved(path);
        update(&mut shared);
        Arc::new(OpenText::new(self.text.services.clone(), path.clone(), shared))
    }
}

impl Texts {
    /// Has open files go along with what others have renamed, once it is certain that this is what happened.
    pub(super) fn follow_rename(&self, from: FilePath, to: FilePath) {
        let mut renames = self.renames();
        if renames.len() >= RENAMES_MAX {
            return;
        }
        renames.push((from, to));
        if renames.len() > 1 {
            // Somebody waits already.
            return;
        }
        let texts = self.clone();
        self.0.services.tasks.spawn(async move {
            sleep_until(Instant::now() + SETTLING).await;
            let renames = std::mem::take(&mut *texts.renames());
            texts.go_along_or_warn(&renames).await;
        });
    }

    fn renames(&self) -> sync::MutexGuard<'_, Vec<(FilePath, FilePath)>> {
        self.0.renames.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Has open files go along with what the daemon has moved.
    pub(super) fn follow_moves(&self, moves: Vec<(FilePath, FilePath)>) {
        let texts = self.clone();
        self.0.services.tasks.spawn(async move { texts.go_along_or_warn(&moves).await });
    }

    async fn go_along_or_warn(&self, renames: &[(FilePath, FilePath)]) {
        if let Err(error) = self.go_along(renames).await {
            tracing::warn!(%error, "open files cannot follow what was renamed");
        }
    }

    async fn go_along(&self, renames: &[(FilePath, FilePath)]) -> Result<()> {
        let _turn = self.0.moving.write().await;
        let fs = fs(&self.0.services, &Caller::daemon());
        let is_there = async |path: &FilePath| match fs.stat(&FsStatParams::of(path.clone())).await {
            Ok(_) => Ok(true),
            Err(error) if error.kind() == Kind::NotFound => Ok(false),
            Err(error) => Err(error),
        };
        for (old, new) in destinations(self.paths().await?, renames) {
            if !is_there(&old).await? && is_there(&new).await? {
                self.rename(&old, &new).await?;
            }
        }
        Ok(())
    }

    /// The paths of all open files and texts.
    async fn paths(&self) -> Result<BTreeSet<FilePath>> {
        let read = |connection: &Connection, _: &mut Changes| {
            let open = workspaces::open_files(connection, None)?.into_iter().map(|file| file.path);
            Ok(texts::paths(connection)?.into_iter().chain(open).collect::<BTreeSet<_>>())
        };
        let mut paths = self.0.services.journal.commit(read).await?.value;
        paths.extend(self.known().by_path.keys().cloned());
        paths.retain(|path| path.untitled().is_none());
        Ok(paths)
    }

    /// Gives a text and the open files with its path another one. Where something else has that, all stays as it is.
    async fn rename(&self, old: &FilePath, new: &FilePath) -> Result<()> {
        let text = {
            let known = self.known();
            if known.by_path.contains_key(new) {
                return Ok(());
            }
            known.by_path.get(old).and_then(|cell| cell.get().cloned())
        };
        let held = match &text {
            Some(text) => Some(text.hold().await?),
            None => None,
        };
        let (from, to) = (old.clone(), new.clone());
        let change = move |connection: &Connection, changes: &mut Changes| rename(connection, changes, &from, &to);
        let Some(files) = self.0.services.journal.commit(change).await?.value else { return Ok(()) };
        let (Some(text), Some(mut held)) = (&text, held) else { return Ok(()) };
        let moved = held.move_to(new, |_| ());
        self.put_moved(text, &moved, &files).await;
        drop(held);
        moved.refresh().await
    }

    /// Has a text known by its new path.
    async fn put_moved(&self, old: &Arc<OpenText>, moved: &Arc<OpenText>, files: &[OpenFile]) {
        let mut watches = Vec::new();
        let sharing = self.known().by_file.values().filter(|it| Arc::ptr_eq(&it.text, old)).count();
        for _ in 0..sharing {
            let followed = self.follow(&moved.path).await.ok().and_then(|it| it.watch_id);
            watches.push(followed);
        }
        let mut known = self.known();
        known.by_path.remove(&old.path);
        known.by_path.insert(moved.path.clone(), Arc::new(OnceCell::from(Arc::clone(moved))));
        for Sharing { open, text, watch_id } in known.by_file.values_mut().filter(|it| Arc::ptr_eq(&it.text, old)) {
            if let Some(file) = files.iter().find(|file| file.file_id == open.file_id) {
                *open = file.clone();
            }
            *text = Arc::clone(moved);
            if let Some(before) = std::mem::replace(watch_id, watches.pop().flatten()) {
                self.unfollow(before);
            }
        }
        for watch_id in watches.into_iter().flatten() {
            self.unfollow(watch_id);
        }
    }

    /// Saves a text as another file, also where who asked for that goes away meanwhile.
    pub(in crate::services::workspace) async fn save_as(
        &self,
        caller: &Caller,
        params: FileSaveAsParams,
    ) -> Result<FileSavedAs> {
        let (texts, caller) = (self.clone(), caller.clone());
        self.0.services.finish(async move { texts.save_as_now(&caller, &params).await }).await
    }

    async fn save_as_now(&self, caller: &Caller, params: &FileSaveAsParams) -> Result<FileSavedAs> {
        let to = plain(&params.to)?;
        if to.untitled().is_some() {
            return Err(Error::invalid_params(format!("`{to}` is no path of a file")));
        }
        check_file(caller, &to, AuthRole::Editor)?;
        let text = self.here(caller, &params.file).await?;
        let _moving = self.0.moving.write().await;
        let open = self.known().find(caller, &params.file, AuthRole::Editor).map(|it| it.open.clone());
        let open = open.filter(|_| !text.lock().is_moved);
        let open = open.ok_or_else(|| Error::busy(format!("`{}` gets another path: try again", text.path)))?;
        let Followed { path: real, watch_id } = self.follow(&to).await?;
        if let Some(watch_id) = watch_id {
            self.unfollow(watch_id);
        }
        check_file(caller, &real, AuthRole::Editor)?;
        self.check_not_open(&to).await?;
        self.check_not_open(&real).await?;
        let mut held = text.hold().await?;
        let written = text.write_as(caller, &to, params.overwrite).await?;
        let file = OpenFile { path: to, ..open.clone() };
        let saved_as = FileSavedAs { file: file.clone(), version: written.version.clone() };
        let is_alone = self.known().by_file.values().filter(|it| Arc::ptr_eq(&it.text, &text)).count() == 1;
        let saved =
            FileSaved { path: real.clone(), revision: written.revision.clone(), version: written.version.clone() };
        self.store_moved(caller, &open, &file, is_alone.then(|| text.path.clone()), saved).await?;
        if is_alone {
            let moved = held.move_to(&real, |shared| shared.note_saved(&written));
            self.put_moved(&text, &moved, std::slice::from_ref(&file)).await;
            moved.tell_state(&moved.lock());
        } else if let Some(Sharing { watch_id: Some(watch_id), .. }) = self.known().by_file.remove(&file.file_id) {
            // The others go on with the text and its file.
            self.unfollow(watch_id);
        }
        Ok(saved_as)
    }

    /// Refuses a path that somebody edits already.
    async fn check_not_open(&self, path: &FilePath) -> Result<()> {
        let wanted = path.clone();
        let find = move |connection: &Connection, _: &mut Changes| {
            let is_open = !workspaces::find_open_files(connection, &wanted)?.is_empty();
            Ok(is_open || texts::is_in_use(connection, &wanted)?)
        };
        let is_open = self.0.services.journal.commit(find).await?.value;
        match is_open || self.known().by_path.contains_key(path) {
            false => Ok(()),
            true => Err(Error::already_exists(format!(
                "`{path}` is open itself, or has text that is not saved: close it first"
            ))),
        }
    }

    /// Stores that an open file was saved as another one, and what is kept of its text under that where it goes along.
    async fn store_moved(
        &self,
        caller: &Caller,
        open: &OpenFile,
        file: &OpenFile,
        old: Option<FilePath>,
        saved: FileSaved,
    ) -> Result<()> {
        let (from, file, asking) = (open.path.clone(), file.clone(), caller.clone());
        let change = move |connection: &Connection, changes: &mut Changes| {
            if let Some(old) = &old
                && texts::rename(connection, old, &saved.path)?
            {
                texts::note_save(connection, &saved.path, &save_of(&saved, changes))?;
            }
            changes.publish(&SAVED, &saved);
            put_renamed(connection, changes, &asking, file, from)
        };
        self.0.services.journal.commit_by(caller, change).await.map(drop)
    }
}

/// Which paths have become others by renames, one after the other, of files or of folders above.
fn destinations(paths: BTreeSet<FilePath>, renames: &[(FilePath, FilePath)]) -> Vec<(FilePath, FilePath)> {
    let mut places: Vec<(FilePath, PathBuf)> =
        paths.into_iter().map(|path| (path.clone(), path.into_path_buf())).collect();
    let all_above = |places: &[(FilePath, PathBuf)]| -> HashSet<PathBuf> {
        places.iter().flat_map(|(_, now)| now.ancestors().map(Path::to_path_buf)).collect()
    };
    // Thousands of files are renamed at once, and nearly none of them is open.
    let mut above = all_above(&places);
    for (from, to) in renames.iter().map(|(from, to)| (from.as_path(), to.as_path())) {
        if above.contains(from) {
            for (_, now) in &mut places {
                if let Ok(rest) = now.strip_prefix(from) {
                    *now = if rest == Path::new("") { to.to_path_buf() } else { to.join(rest) };
                }
            }
            above = all_above(&places);
        }
    }
    places.into_iter().map(|(old, now)| (old, FilePath::from(now))).filter(|(old, now)| old != now).collect()
}

/// Gives all open files with a path another one, and what is kept of the text. Returns them as they are then; nothing where
/// something else has that path.
fn rename(
    connection: &Connection,
    changes: &mut Changes,
    from: &FilePath,
    to: &FilePath,
) -> Result<Option<Vec<OpenFile>>> {
    let all = workspaces::open_files(connection, None)?;
    if all.iter().any(|file| file.path == *to) || texts::is_in_use(connection, to)? {
        return Ok(None);
    }
    texts::rename(connection, from, to)?;
    let mut files = Vec::new();
    for file in all.into_iter().filter(|file| file.path == *from) {
        let file = OpenFile { path: to.clone(), ..file };
        put_renamed(connection, changes, &Caller::daemon(), file.clone(), from.clone())?;
        files.push(file);
    }
    Ok(Some(files))
}

fn put_renamed(
    connection: &Connection,
    changes: &mut Changes,
    caller: &Caller,
    file: OpenFile,
    from: FilePath,
) -> Result<()> {
    workspaces::put_open_file(connection, &file)?;
    tell_file(connection, changes, caller, &file)?;
    announce(connection, changes, &file.workspace_id)?;
    changes.publish(&RENAMED, &FileRenamed { file, from });
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_follows_renames_of_its_own_and_of_folders_above() {
        let check = |path: &str, renames: &[(&str, &str)], expect: Option<&str>| {
            let renames: Vec<_> = renames.iter().map(|(from, to)| ((*from).into(), (*to).into())).collect();
            let found = destinations(BTreeSet::from([FilePath::from(path)]), &renames);
            assert_eq!(
                found,
                expect.map(|now| (path.into(), now.into())).into_iter().collect::<Vec<_>>(),
                "{renames:?}"
            );
        };
        check("/a/b", &[("/a/b", "/a/c")], Some("/a/c"));
        check("/a/b", &[("/a", "/x"), ("/x/b", "/y")], Some("/y"));
        check("/a/b", &[("/a/b", "/a/c"), ("/a/c", "/a/b")], None);
        // Names, not letters.
        check("/a/bc", &[("/a/b", "/x")], None);
        check("/a/b", &[("/other", "/a/b")], None);
    }
}
