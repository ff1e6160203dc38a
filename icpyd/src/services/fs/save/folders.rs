//! The folders that a new file is to be in.

use std::io::ErrorKind;

use icpy_protocol::error::Result;
use icpy_protocol::path::FilePath;

use super::super::place::{Place, Use};
use super::super::{failed, platform::sync_folder};
use crate::caller::Caller;

/// Makes the folders above a path, where they do not exist. Each is durable before the next is made.
pub(super) fn make(caller: &Caller, path: &FilePath) -> Result<()> {
    let missing = |folder: &&std::path::Path| folder.symlink_metadata().is_err();
    let above: Vec<_> = path.as_path().ancestors().skip(1).take_while(missing).collect();
    let mut last: Option<Place> = None;
    for folder in above.into_iter().rev() {
        let folder = folder.into();
        let place = match last.take().and_then(|last| last.inside(caller, &folder)) {
            Some(place) => place,
            None => Place::of(caller, &folder, Use::Change)?,
        };
        match std::fs::create_dir(place.path()) {
            Ok(()) => {
                sync_folder(place.folder()).map_err(|error| failed("make", place.asked(), &error))?;
                // A path that was just made needs no search.
                last = Some(place);
            }
            // Somebody else was faster.
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
            Err(error) => return Err(failed("make", place.asked(), &error)),
        }
    }
    Ok(())
}
