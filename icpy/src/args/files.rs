//! The options of the commands that show folders and files.

#![allow(clippy::doc_markdown, reason = "clap prints these texts as they are")]

use std::path::PathBuf;

use clap::Args as ClapArgs;

/// Listing a folder.
#[derive(Clone, Debug, ClapArgs)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own")]
pub struct Ls {
    /// The folder; by default the current one
    #[arg(value_name = "FOLDER", default_value = ".")]
    pub folder: PathBuf,
    /// Print permissions, owner, group, size, time of the last change and where links lead too
    #[arg(short)]
    pub long: bool,
    /// List what is hidden too
    #[arg(short)]
    pub all: bool,
    /// Sort by size, the largest first
    #[arg(short = 'S', conflicts_with = "by_time")]
    pub by_size: bool,
    /// Sort by the time of the last change, the newest first
    #[arg(short = 't')]
    pub by_time: bool,
    /// Sort the other way round
    #[arg(short)]
    pub reverse: bool,
}

/// Printing files.
#[derive(Clone, Debug, ClapArgs)]
pub struct Cat {
    /// The files
    #[arg(value_name = "FILE", required = true)]
    pub files: Vec<PathBuf>,
    /// Print each file only from this byte on
    #[arg(long, value_name = "BYTES")]
    pub offset: Option<u64>,
    /// Print only so many bytes of each file
    #[arg(long, value_name = "BYTES")]
    pub length: Option<u64>,
}
