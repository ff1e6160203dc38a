//! `fs:find`: which tree is asked, and what is worth more to those who look.

use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use icpy_protocol::error::Result;
use icpy_protocol::file::{FileClient, FileListParams};
use icpy_protocol::fs::{FsFindParams, FsFindResult};
use tokio_util::sync::CancellationToken;

use super::find::{Favourites, LastQuery, find};
use super::list::not_a_folder;
use super::place::{Place, Use};
use super::tree::scan::read_once;
use super::watch::{Live, Progress, excluded_below};
use super::{Fs, blocking, failed};
use crate::caller::{Caller, LONG_RESULT_BYTES};

/// How long the first look at a folder is waited for, before what is known is the answer.
const PATIENCE: Duration = Duration::from_millis(100);

/// Files that are remembered as used.
const RECENT_MAX: usize = 256;

/// What a file is worth that was used last, and what one that is open; a character that matches is worth about 16.
const WORTH_OF_RECENT: i64 = 16;
const WORTH_OF_OPEN: i64 = 24;

/// The files that were read or written last, by their real paths; the last at the end.
#[derive(Debug, Default)]
pub(super) struct Recents(Mutex<VecDeque<PathBuf>>);

impl Recents {
    /// Takes note that a file is used.
    pub(super) fn note(&self, path: &Path) {
        let mut recent = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        recent.retain(|other| other != path);
        recent.push_back(path.to_owned());
        if recent.len() > RECENT_MAX {
            recent.pop_front();
        }
    }

    fn favourites(&self) -> Favourites {
        let recent = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let all = i64::try_from(recent.len()).unwrap_or(1).max(1);
        let worth = |place: i64| WORTH_OF_RECENT * (place + 1) / all;
        recent.iter().zip(0..).map(|(path, place)| (path.clone(), worth(place))).collect()
    }
}

impl Fs {
    pub(super) async fn find_files(&self, caller: &Caller, params: FsFindParams) -> Result<FsFindResult> {
        let _room = caller.reserve(LONG_RESULT_BYTES).await;
        let stop = CancellationToken::new();
        let _until_nobody_waits = stop.clone().drop_guard();
        let (asking, path) = (caller.clone(), params.path.clone());
        let place = blocking(move || {
            let place = Place::led_to(&asking, &path, Use::Look)?;
            let metadata = place.path().symlink_metadata().map_err(|error| failed("search", place.asked(), &error))?;
            if !metadata.is_dir() {
                return Err(not_a_folder(&place, &metadata));
            }
            place.path().read_dir().map_err(|error| failed("search", place.asked(), &error))?;
            Ok(place)
        })
        .await?;
        let live = self.tree_of(caller, place.real()).await?;
        let favourites = self.favourites(caller).await;
        let confinement = caller.confinement().cloned();
        let excluded = excluded_below(place.real(), &self.state_folder);
        blocking(move || {
            let mut result = match live {
                Some(live) => find_in(&live, &place, &params, &favourites, &stop)?,
                None => {
                    let tree = read_once(place.real(), &excluded, &stop);
                    find(&tree, Path::new(""), &params, &favourites, &LastQuery::default(), &stop)?
                }
            };
            if let Some(confinement) = confinement {
                result.files.retain(|file| confinement.find(&place.real().join(file)).is_some());
            }
            Ok(result)
        })
        .await
    }

    /// The tree that a folder is in: of a workspace, or because it is watched. What is elsewhere is read once.
    pub(super) async fn tree_of(&self, caller: &Caller, folder: &Path) -> Result<Option<Arc<Live>>> {
        let mut live = self.trees.find(folder);
        if live.is_none() {
            // Without the store there is no workspace.
            let roots = self.workspace_roots(caller).await.unwrap_or_default();
            let root = roots.into_iter().filter_map(|root| root.canonicalize().ok());
            let root = root.into_iter().find(|root| folder.starts_with(root));
            live = root.map(|root| self.trees.find_or_start(folder, &root)).transpose()?;
        }
        let Some(live) = live else { return Ok(None) };
        self.trees.forget_later();
        let mut progress = live.progress();
        let begun = progress.wait_for(|progress| *progress != Progress::Reading);
        let _ = tokio::time::timeout(PATIENCE, begun).await;
        // What is ignored is in no tree.
        let below = folder.strip_prefix(live.root()).unwrap_or(folder);
        let is_complete = *live.progress().borrow() != Progress::Reading;
        let is_known = live.tree().find(below).is_some();
        Ok((is_known || !is_complete).then_some(live))
    }

    async fn favourites(&self, caller: &Caller) -> Favourites {
        let mut favourites = self.recents.favourites();
        let files = FileClient::new(self.services.requester(caller));
        // Without them files are found all the same.
        if let Ok(open) = files.list(&FileListParams::default()).await {
            for file in open.files {
                *favourites.entry(file.path.into_path_buf()).or_default() += WORTH_OF_OPEN;
            }
        }
        favourites
    }
}

fn find_in(
    live: &Live,
    place: &Place,
    params: &FsFindParams,
    favourites: &Favourites,
    stop: &CancellationToken,
) -> Result<FsFindResult> {
    let below = place.real().strip_prefix(live.root()).unwrap_or(Path::new(""));
    let is_partial = *live.progress().borrow() == Progress::Reading;
    let mut result = find(&live.tree(), below, params, favourites, live.last_query(), stop)?;
    result.is_partial = is_partial;
    Ok(result)
}
