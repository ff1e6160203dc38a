//! `icpy close FILE...`: closes open files in every attached editor.

use icpy::args::{Close, General};
use icpy_protocol::file::{self, FileCloseParams, FileCloseResult};

use super::{Daemon, absolute};
use crate::output::{Failure, first_failure, print_json, say};

pub(super) fn run(close: &Close, general: &General) -> Result<(), Failure> {
    let mut daemon = Daemon::open(general)?;
    first_failure(general.json, &close.files, |path| {
        let params = FileCloseParams { path: Some(absolute(path, general)?), file_id: None, discard: close.discard };
        let closed: FileCloseResult = daemon.call(file::method::close, &params)?;
        if general.json {
            print_json(&closed)?;
        } else if closed.is_unsaved {
            say(&format!(
                "the text of `{}` is not saved: it is kept, and there again when the file is opened",
                closed.file.path
            ));
        }
        Ok(())
    })
}
