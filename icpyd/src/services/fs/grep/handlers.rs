//! The methods that search: where they look.

use icpy_protocol::error::{Error, Result};
use icpy_protocol::fs::{
    FsGrepParams, FsGrepResult, FsPreviewReplaceParams, FsPreviewReplaceResult, FsReplaceParams, FsReplaceResult,
};

use super::super::files::Files;
use super::super::manage;
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
        check_can_replace(&params.search)?;
        let scope = self.scope(caller, &params.search).await?;
        preview::preview_replace(caller, scope, params).await
    }

    pub(in super::super) async fn replace_in_files(
        &self,
        caller: &Caller,
        params: FsReplaceParams,
    ) -> Result<FsReplaceResult> {
        check_can_replace(&params.preview.search)?;
        let asking = caller.clone();
        let replacement = blocking(move || {
            let scope = Scope::new(&asking, &params.preview.search.path)?;
            Replacement::make(&asking, &scope, &params)
        })
        .await?;
        let (replaced, files) = (replacement.replaced(), replacement.files.clone());
        if files.is_empty() {
            return Ok(Replacement::done(files, replaced, Vec::new(), None));
        }
        let (versions, operation_id) = manage::replace(self, caller, replacement).await?;
        Ok(Replacement::done(files, replaced, versions, operation_id))
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

fn check_can_replace(search: &FsGrepParams) -> Result<()> {
    match search.is_inverted {
        true => Err(Error::invalid_params("`isInverted` finds lines without a match: nothing can be replaced in them")),
        false => Ok(()),
    }
}
