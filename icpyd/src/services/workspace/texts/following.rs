//! Hearing of what happens to the files behind texts.

use futures_util::StreamExt as _;
use icpy_protocol::error::{Kind, Result};
use icpy_protocol::fs::{
    CHANGED_ON_DISK, FileChange, FileChangedOnDisk, FsOperationDone, FsOperationKind, FsUnwatchParams, FsWatchParams,
    OPERATION_DONE, OPERATION_UNDONE,
};
use icpy_protocol::path::FilePath;
use icpy_protocol::topic::Pattern;

use super::disk::fs;
use super::{Followed, Texts};
use crate::bus::{Interest, Item};
use crate::caller::{Caller, Scopes};

impl Texts {
    /// Has changes of a file told. Of one that is not there, as a text can be that was not saved, those of its folder are.
    pub(super) async fn follow(&self, path: &FilePath) -> Result<Followed> {
        if path.untitled().is_some() {
            return Ok(Followed { path: path.clone(), watch_id: None });
        }
        let fs = fs(&self.0.services, &Caller::daemon());
        let params = |path| FsWatchParams { path, is_shallow: true };
        match fs.watch(&params(path.clone())).await {
            Ok(watch) => Ok(Followed { path: watch.path, watch_id: Some(watch.watch_id) }),
            Err(error) if error.kind() == Kind::NotFound => {
                let (folder, name) = path.as_path().parent().zip(path.as_path().file_name()).ok_or(error)?;
                let watch = fs.watch(&params(folder.into())).await?;
                Ok(Followed { path: watch.path.as_path().join(name).into(), watch_id: Some(watch.watch_id) })
            }
            Err(error) => Err(error),
        }
    }

    /// Has that told no more.
    pub(super) fn unfollow(&self, watch_id: String) {
        let services = self.0.services.clone();
        self.0.services.tasks.spawn(async move {
            let ended = fs(&services, &Caller::daemon()).unwatch(&FsUnwatchParams { watch_id }).await;
            if let Err(error) = ended {
                tracing::warn!(%error, "a file is watched for nobody");
            }
        });
    }

    /// Listens for what happens to files, for all texts and open files.
    pub(in crate::services::workspace) fn listen(&self) {
        if std::mem::replace(&mut self.known().is_listening, true) {
            return;
        }
        let texts = self.clone();
        let topics = [CHANGED_ON_DISK.info.topic, OPERATION_DONE.info.topic, OPERATION_UNDONE.info.topic];
        let patterns = topics.into_iter().filter_map(|topic| Pattern::parse(topic).ok()).collect();
        let interest = Interest { patterns, filter: serde_json::Map::new(), scopes: Scopes::ALL, receiver: None };
        let mut changes = self.0.services.bus.subscribe(interest);
        self.0.services.tasks.clone().spawn(async move {
            let stop = texts.0.services.stop.clone();
            while let Some(Some(item)) = stop.run_until_cancelled(changes.next()).await {
                match item {
                    Item::Event(event) if event.info.topic == CHANGED_ON_DISK.info.topic => {
                        if let Ok(change) = event.payload::<FileChangedOnDisk>() {
                            texts.take_change(change);
                        }
                    }
                    Item::Event(event) => {
                        if let Ok(done) = event.payload::<FsOperationDone>() {
                            texts.take_operation(done, event.info.topic == OPERATION_UNDONE.info.topic);
                        }
                    }
                    Item::Gap { .. } => texts.look_again(|_| true),
                    Item::Bookmark(_) => {}
                }
            }
        });
    }

    fn take_change(&self, change: FileChangedOnDisk) {
        self.look_again(|path| *path == change.path || Some(path) == change.from.as_ref());
        // What was moved by the daemon itself is told by its operation.
        if let (FileChange::Renamed, Some(from), None) = (change.kind, change.from, change.origin) {
            self.follow_rename(from, change.path);
        }
    }

    fn take_operation(&self, done: FsOperationDone, is_undone: bool) {
        if done.operation.kind != FsOperationKind::Move {
            return;
        }
        let moves = done.operation.items.into_iter().filter_map(|item| match (item.from, is_undone) {
            (Some(from), false) => Some((from, item.path)),
            (Some(from), true) => Some((item.path, from)),
            (None, _) => None,
        });
        self.follow_moves(moves.collect());
    }

    fn look_again(&self, is_meant: impl Fn(&FilePath) -> bool) {
        let known = self.known();
        let texts = known.by_path.iter().filter(|(path, _)| is_meant(path)).filter_map(|(_, cell)| cell.get().cloned());
        for text in texts {
            self.0.services.tasks.spawn(async move {
                if let Err(error) = text.refresh().await {
                    tracing::warn!(path = %text.path, %error, "a file that changed cannot be taken in");
                }
            });
        }
    }
}
