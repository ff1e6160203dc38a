//! `icpy close FILE...`: closes open files in every attached editor.

use icpy::args::{Close, General};
use icpy_protocol::file::{self, FileCloseParams, OpenFile};

use super::{Daemon, absolute};
use crate::output::{Failure, first_failure, print_json};

pub(super) fn run(close: &Close, general: &General) -> Result<(), Failure> {
    let mut daemon = Daemon::open(general)?;
    first_failure(general.json, &close.files, |path| {
        let params = FileCloseParams { path: Some(absolute(path, general)?), file_id: None, discard: close.discard };
        let closed: OpenFile = daemon.call(file::method::close, &params)?;
        if general.json {
            print_json(&closed)?;
        }
        Ok(())
    })
}
