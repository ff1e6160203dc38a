//! The options of the commands that show folders and files.

#![allow(clippy::doc_markdown, reason = "clap prints these texts as they are")]

use std::path::PathBuf;

use clap::{ArgAction, Args as ClapArgs, ValueHint};

/// Listing folders and files.
#[derive(Clone, Debug, ClapArgs)]
#[command(disable_help_flag = true)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own")]
pub struct Ls {
    /// Folders and files; by default the current folder
    #[arg(value_name = "PATH", default_value = ".", value_hint = ValueHint::AnyPath)]
    pub paths: Vec<PathBuf>,
    /// Print permissions, names, owner, group, size, time of the last change and where links lead too
    #[arg(short)]
    pub long: bool,
    /// With -l, print sizes as 2.5K or 3.1M
    #[arg(short = 'h', long)]
    pub human_readable: bool,
    /// List what is hidden too
    #[arg(short, long, visible_short_alias = 'A')]
    pub all: bool,
    /// List folders themselves and not what is in them
    #[arg(short, long)]
    pub directory: bool,
    /// List what is in the folders below too
    #[arg(short = 'R', long, conflicts_with = "directory")]
    pub recursive: bool,
    /// Print one name a line, as is done anyway
    #[arg(short = '1')]
    pub one: bool,
    /// Sort by size, the largest first
    #[arg(short = 'S', conflicts_with = "by_time")]
    pub by_size: bool,
    /// Sort by the time of the last change, the newest first
    #[arg(short = 't')]
    pub by_time: bool,
    /// Sort the other way round
    #[arg(short, long)]
    pub reverse: bool,
    /// Print help: -h says how sizes are printed
    #[arg(long, action = ArgAction::Help)]
    pub help: Option<bool>,
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
