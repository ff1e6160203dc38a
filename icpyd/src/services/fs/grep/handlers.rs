//! The methods that search: where they look.

use icpy_protocol::error::Result;
use icpy_protocol::fs::{
    FsGrepParams, FsGrepResult, FsPreviewReplaceParams, FsPreviewReplaceResult, FsReplaceParams, FsReplaceResult,
};

use super::super::files::Files;
use super::super::watch::Progress;
use super::super::{Fs, blocking};
use super::apply::Replacement;
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

    pub(in super::super) async fn replace_in_files(
        &self,
        caller: &Caller,
        params: FsReplaceParams,
    ) -> Result<FsReplaceResult> {
        let asking = caller.clone();
        let replacement = blocking(move || {
            let scope = Scope::new(&asking, &params.preview.search.path)?;
            Replacement::make(&scope, &params)
        })
        .await?;
        let (replaced, files) = (replacement.replaced(), replacement.files);
        if files.is_empty() {
            return Ok(FsReplaceResult { replaced, files: Vec::new() });
        }
        let written = self.save_files(caller, replacement.writes).await?;
        Ok(Replacement::done(files, replaced, written.files.into_iter().map(|file| file.version)))
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
