//! What a starting daemon tells the client that starts it: one line of JSON on its standard output.

use serde::{Deserialize, Serialize};

use crate::path::FilePath;

/// How a start went.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StartReport {
    /// The daemon listens.
    Ready,
    /// Another daemon lives here already.
    Running {
        /// Who that is, as a sentence fragment.
        who: String,
    },
    /// It cannot start.
    Failed {
        /// Why, as a sentence.
        message: String,
        /// Where to read more, if there is a log.
        log: Option<FilePath>,
    },
}
