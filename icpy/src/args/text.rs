//! The commands about the texts of open files.

#![allow(clippy::doc_markdown, reason = "clap prints these texts as they are")]

use std::path::PathBuf;

use clap::{Args as ClapArgs, Subcommand, ValueHint};

/// The text of an open file.
#[derive(Clone, Debug, ClapArgs)]
pub struct Text {
    /// What to do
    #[command(subcommand)]
    pub action: TextAction,
}

/// What can be done with a text.
#[derive(Clone, Debug, Subcommand)]
pub enum TextAction {
    /// Print the text as it is now, with what is not saved
    Show(TextFile),
    /// Edit the text by a unified diff, or the whole new text, from standard input; what others edit meanwhile stays
    Edit(TextEdit),
    /// Write the text to its file
    Save(TextFile),
    /// Write the text to another file, which is the open one from then on
    SaveAs {
        /// The open file
        #[arg(value_hint = ValueHint::FilePath)]
        file: PathBuf,
        /// The other file
        #[arg(value_hint = ValueHint::FilePath)]
        to: PathBuf,
        /// Replace a file that is there
        #[arg(short, long)]
        force: bool,
    },
    /// Make the text what is on disk
    Revert(TextFile),
    /// Take back the last edits that were made under a name
    Undo(TextUndo),
    /// Make again what was taken back last
    Redo(TextUndo),
    /// Show who changed the text, when, and when it was saved
    History {
        /// The file
        #[arg(value_hint = ValueHint::FilePath)]
        file: PathBuf,
        /// At most so many changes, the last ones
        #[arg(short = 'n', long, value_name = "COUNT", default_value_t = 20)]
        limit: u32,
    },
    /// Show what is not saved, or what differs between two revisions
    Diff {
        /// The file
        #[arg(value_hint = ValueHint::FilePath)]
        file: PathBuf,
        /// The older revision; by default what is on disk
        #[arg(long, value_name = "REVISION")]
        from: Option<u64>,
        /// The newer revision; by default the text as it is now
        #[arg(long, value_name = "REVISION")]
        to: Option<u64>,
    },
    /// Make the text what it was in an older revision
    Restore {
        /// The file
        #[arg(value_hint = ValueHint::FilePath)]
        file: PathBuf,
        /// The revision, as `icpy text history` shows it
        revision: u64,
    },
}

/// A text.
#[derive(Clone, Debug, ClapArgs)]
pub struct TextFile {
    /// The file, which is open
    #[arg(value_hint = ValueHint::FilePath)]
    pub file: PathBuf,
}

/// Editing a text.
#[derive(Clone, Debug, ClapArgs)]
pub struct TextEdit {
    /// The file, which is open
    #[arg(value_hint = ValueHint::FilePath)]
    pub file: PathBuf,
    /// Standard input is the whole new text, and no diff
    #[arg(long)]
    pub whole: bool,
    /// Edits with the same name are undone together
    #[arg(long, value_name = "NAME")]
    pub group: Option<String>,
    /// Who edits; `undo` takes back the edits of the same name
    #[arg(long = "as", value_name = "NAME", default_value = CLIENT)]
    pub client: String,
    /// Save the text too
    #[arg(long)]
    pub save: bool,
}

/// Undoing edits.
#[derive(Clone, Debug, ClapArgs)]
pub struct TextUndo {
    /// The file, which is open
    #[arg(value_hint = ValueHint::FilePath)]
    pub file: PathBuf,
    /// Whose edits
    #[arg(long = "as", value_name = "NAME", default_value = CLIENT)]
    pub client: String,
}

/// Who edits where nobody else is named.
pub const CLIENT: &str = "icpy";
