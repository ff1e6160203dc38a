//! Which open files have text that is not saved.

use std::collections::HashSet;

use icpy_protocol::error::Result;
use icpy_protocol::file::OpenFile;
use icpy_protocol::path::FilePath;

use super::Texts;
use crate::store::texts;

impl Texts {
    /// Those of some open files whose text is not saved.
    pub(in crate::services::workspace) async fn unsaved(&self, files: Vec<OpenFile>) -> Result<Vec<OpenFile>> {
        let kept = self.0.services.journal.commit(|connection, _| texts::paths_in_use(connection)).await?.value;
        let mut unsaved = Vec::new();
        for file in files {
            if self.is_unsaved(&file, &kept).await {
                unsaved.push(file);
            }
        }
        Ok(unsaved)
    }

    /// Whether a file's text is not saved.
    pub(in crate::services::workspace) async fn has_unsaved(&self, file: &OpenFile) -> Result<bool> {
        match self.shared(file) {
            Some(text) => Ok(text.lock().is_dirty()),
            None => Ok(!self.unsaved(vec![file.clone()]).await?.is_empty()),
        }
    }

    /// Also a text that nobody has asked for since the daemon started can be in the store.
    async fn is_unsaved(&self, file: &OpenFile, kept: &HashSet<FilePath>) -> bool {
        if let Some(text) = self.shared(file) {
            return text.lock().is_dirty();
        }
        if kept.is_empty() {
            return false;
        }
        let path = match self.follow(&file.path).await {
            Ok(followed) => {
                if let Some(watch_id) = followed.watch_id {
                    self.unfollow(watch_id);
                }
                followed.path
            }
            Err(_) => file.path.clone(),
        };
        // What cannot be compared with the file is not saved, for all that is known.
        kept.contains(&path) && self.share(file.clone()).await.map_or(true, |text| text.lock().is_dirty())
    }
}
