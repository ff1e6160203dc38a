//! What goes over when the daemon's program is replaced: who watches what. The trees themselves are read again.

use std::sync::Arc;

use icpy_protocol::daemon::DaemonLoss;

use super::Fs;
use super::trees::Watch;
use crate::keeper::{Ending, Keeper, Parcel};

impl Keeper for Fs {
    fn name(&self) -> &'static str {
        "fs"
    }

    fn losses(&self) -> Vec<DaemonLoss> {
        Vec::new()
    }

    fn end(&self) -> Ending<'_> {
        Box::pin(async {})
    }

    fn give(&self) -> Parcel {
        let state = serde_json::to_value(self.trees.watches()).unwrap_or_default();
        Parcel { state, ..Parcel::default() }
    }

    fn take(&self, parcel: Parcel) -> std::result::Result<(), String> {
        let watches: Vec<Watch> = serde_json::from_value(parcel.state).map_err(|error| error.to_string())?;
        for watch in watches {
            let trees = Arc::clone(&self.trees);
            trees.add(watch.clone());
            self.services.tasks.spawn(async move {
                match trees.follow(&watch).await {
                    // Nobody has looked since the other program ended.
                    Ok(_) => trees.tell_unknown(&watch.path),
                    Err(error) => tracing::warn!(path = %watch.path.display(), %error, "is no longer watched"),
                }
            });
        }
        self.wait_for_sessions();
        Ok(())
    }
}
