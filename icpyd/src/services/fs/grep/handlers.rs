//! The methods that search: where they look.

use icpy_protocol::error::Result;
use icpy_protocol::fs::{FsGrepParams, FsGrepResult, FsPreviewReplaceParams, FsPreviewReplaceResult};

use super::super::files::Files;
use super::super::watch::Progress;
use super::super::{Fs, blocking};
use super::indexed::Indexed;
use super::scope::Scope;
use super::{answer, preview};
use crate::caller::Caller;

impl Fs {
    pub(in super::super) async fn grep_files(&self, caller: &Caller, params: FsGrepParams) -> Result<FsGrepResult> {
        let scope = self.scope(caller, &params).await?;
        answer::grep(caller, scope, params).await
    }

    pub(in super::super) async fn preview_replacing(
        &self,
        caller: &Caller,
        params: FsPreviewReplaceParams,
    ) -> Result<FsPreviewReplaceResult> {
        let scope = self.scope(caller, &params.search).await?;
        preview::preview_replace(caller, scope, params).await
    }

    /// What is to be searched, with the tree that knows it, where there is one that is complete.
    async fn scope(&self, caller: &Caller, params: &FsGrepParams) -> Result<Scope> {
        let (asking, path) = (caller.clone(), params.path.clone());
        let mut scope = blocking(move || Scope::new(&asking, &path)).await?;
        let Some(folder) = scope.folder().filter(|_| Indexed::<Files>::can_search(params)) else { return Ok(scope) };
        if let Some(live) = self.tree_of(caller, folder).await?
            && *live.progress().borrow() == Progress::Complete
        {
            live.sync().await;
            live.index().fill_in_background(&self.services.tasks, live.stop());
            scope.set_live(live);
        }
        Ok(scope)
    }
}
