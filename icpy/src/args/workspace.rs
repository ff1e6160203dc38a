//! The options of the commands that are about workspaces, and about what users prefer in them.

#![allow(clippy::doc_markdown, reason = "clap prints these texts as they are")]

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Args as ClapArgs, Subcommand, ValueHint};

/// Workspaces.
#[derive(Clone, Debug, ClapArgs)]
pub struct Workspace {
    /// What to do
    #[command(subcommand)]
    pub action: WorkspaceAction,
}

/// What can be done with workspaces.
#[derive(Clone, Debug, Subcommand)]
pub enum WorkspaceAction {
    /// List the workspaces, the one used last first
    List {
        /// Those too that were closed
        #[arg(short, long)]
        recent: bool,
    },
    /// Show a workspace and its open files
    #[command(visible_alias = "show")]
    Info {
        /// Its name, id or folder; by default the active one
        workspace: Option<OsString>,
    },
    /// Make a workspace over a folder
    Create {
        /// The folder
        #[arg(value_hint = ValueHint::DirPath)]
        folder: PathBuf,
        /// What to call it; by default as the folder
        #[arg(long)]
        name: Option<String>,
    },
    /// Make a workspace the active one; one that was closed is open again
    #[command(visible_alias = "switch")]
    Activate {
        /// Its name, id or folder
        workspace: OsString,
    },
    /// Give a workspace another name
    Rename {
        /// Its name, id or folder
        workspace: OsString,
        /// What to call it
        name: String,
    },
    /// Add a folder to a workspace
    Add {
        /// The folder
        #[arg(value_hint = ValueHint::DirPath)]
        folder: PathBuf,
        /// The workspace, by its name, id or folder; by default the active one
        #[arg(long)]
        workspace: Option<OsString>,
    },
    /// Take a folder that was added out of a workspace again
    Remove {
        /// The folder
        #[arg(value_hint = ValueHint::DirPath)]
        folder: PathBuf,
        /// The workspace, by its name, id or folder; by default the active one
        #[arg(long)]
        workspace: Option<OsString>,
    },
    /// Close a workspace with its open files, and remember it; its terminals go on
    Close {
        /// Its name, id or folder; by default the active one
        workspace: Option<OsString>,
        /// Throw away text that is not saved
        #[arg(long)]
        discard: bool,
    },
    /// Forget a workspace and all that is kept of it; on disk nothing is touched, and its terminals go on
    Delete {
        /// Its name, id or folder
        workspace: OsString,
        /// Throw away text that is not saved
        #[arg(long)]
        discard: bool,
    },
    /// Print a workspace as a document, from which it can be made again
    Export {
        /// Its name, id or folder; by default the active one
        workspace: Option<OsString>,
    },
    /// Make a workspace of such a document
    Import(WorkspaceImport),
}

/// Making a workspace of a document.
#[derive(Clone, Debug, ClapArgs)]
pub struct WorkspaceImport {
    /// The document; `-` reads it from standard input
    #[arg(value_hint = ValueHint::FilePath)]
    pub file: PathBuf,
    /// The folder to use instead of the document's
    #[arg(long, value_name = "FOLDER", value_hint = ValueHint::DirPath)]
    pub root: Option<PathBuf>,
    /// Make a workspace over the same folder what the document says; it loses what it was
    #[arg(long)]
    pub replace: bool,
    /// With --replace, throw away text of files that are closed by that
    #[arg(long, requires = "replace")]
    pub discard: bool,
}

/// Preferences.
#[derive(Clone, Debug, ClapArgs)]
pub struct Preferences {
    /// In this workspace, by its name, id or folder; by default everywhere
    #[arg(long, global = true)]
    pub workspace: Option<OsString>,
    /// What to do
    #[command(subcommand)]
    pub action: PreferencesAction,
}

/// What can be done with preferences.
#[derive(Clone, Debug, Subcommand)]
pub enum PreferencesAction {
    /// List what holds, and where each one is set that is not a default
    List,
    /// Print what holds for one
    Get {
        /// The preference
        key: String,
    },
    /// Set one
    Set {
        /// The preference
        key: String,
        /// As JSON; what is no JSON is a text
        value: String,
    },
    /// Let the default hold again, or in a workspace what holds everywhere
    Unset {
        /// The preference
        key: String,
    },
}
