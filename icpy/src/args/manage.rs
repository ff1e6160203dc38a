//! The options of the commands that manage files, as the tools have them that people know.

#![allow(clippy::doc_markdown, reason = "clap prints these texts as they are")]

use std::path::PathBuf;

use clap::{Args as ClapArgs, ValueHint};

/// Copying.
#[derive(Clone, Debug, ClapArgs)]
pub struct Cp {
    /// Replace what is there; that goes to the trash
    #[arg(short, long)]
    pub force: bool,
    /// Copy folders with all in them, as is done anyway
    #[arg(short, long, visible_short_alias = 'R')]
    pub recursive: bool,
    /// Say what is done
    #[arg(short, long)]
    pub verbose: bool,
    /// What to copy, and at the end where to: a new path, or a folder to put it into
    #[arg(value_name = "PATH", required = true, num_args = 2.., value_hint = ValueHint::AnyPath)]
    pub paths: Vec<PathBuf>,
}

/// Moving.
#[derive(Clone, Debug, ClapArgs)]
pub struct Mv {
    /// Replace what is there; that goes to the trash
    #[arg(short, long)]
    pub force: bool,
    /// Say what is done
    #[arg(short, long)]
    pub verbose: bool,
    /// What to move, and at the end where to: a new path, or a folder to put it into
    #[arg(value_name = "PATH", required = true, num_args = 2.., value_hint = ValueHint::AnyPath)]
    pub paths: Vec<PathBuf>,
}

/// Deleting.
#[derive(Clone, Debug, ClapArgs)]
#[expect(clippy::struct_excessive_bools, reason = "flags are what they are")]
pub struct Rm {
    /// Delete for good; by default things go to the trash
    #[arg(long)]
    pub permanent: bool,
    /// Say nothing of what is not there
    #[arg(short, long)]
    pub force: bool,
    /// Delete folders with all in them, as is done anyway
    #[arg(short, long, visible_short_alias = 'R')]
    pub recursive: bool,
    /// Say what is done
    #[arg(short, long)]
    pub verbose: bool,
    /// Files and folders
    #[arg(value_name = "PATH", required = true, value_hint = ValueHint::AnyPath)]
    pub paths: Vec<PathBuf>,
}

/// Making folders.
#[derive(Clone, Debug, ClapArgs)]
pub struct Mkdir {
    /// Make the folders above too, as is done anyway
    #[arg(short, long)]
    pub parents: bool,
    /// Say what is done
    #[arg(short, long)]
    pub verbose: bool,
    /// The folders
    #[arg(value_name = "PATH", required = true, value_hint = ValueHint::AnyPath)]
    pub paths: Vec<PathBuf>,
}

/// Taking back.
#[derive(Clone, Debug, ClapArgs)]
pub struct Undo {
    /// List what can be taken back, the newest first, and do nothing
    #[arg(short, long, conflicts_with = "operation")]
    pub list: bool,
    /// The operation, as listed; by default the last one that can be taken back, whoever did it
    pub operation: Option<String>,
}
