//! The options of `icpy grep`, named as in ripgrep.

#![allow(clippy::doc_markdown, reason = "clap prints these texts as they are")]

use std::path::PathBuf;

use clap::Args as ClapArgs;

/// Finding lines.
#[derive(Clone, Debug, ClapArgs)]
#[expect(clippy::struct_excessive_bools, reason = "flags are what they are")]
pub struct Grep {
    /// Upper and lower case are the same
    #[arg(short, long, overrides_with_all = ["smart_case", "case_sensitive"])]
    pub ignore_case: bool,
    /// Upper and lower case are the same, unless the pattern has upper case
    #[arg(short = 'S', long, overrides_with_all = ["ignore_case", "case_sensitive"])]
    pub smart_case: bool,
    /// Upper and lower case differ, as they do anyway
    #[arg(short = 's', long, overrides_with_all = ["ignore_case", "smart_case"])]
    pub case_sensitive: bool,
    /// Matches begin and end where words do
    #[arg(short, long)]
    pub word_regexp: bool,
    /// The pattern is a text and no expression
    #[arg(short = 'F', long)]
    pub fixed_strings: bool,
    /// Matches may go over several lines
    #[arg(short = 'U', long)]
    pub multiline: bool,
    /// With -U, `.` is a newline too
    #[arg(long)]
    pub multiline_dotall: bool,
    /// Print so many lines after each match
    #[arg(short = 'A', long, value_name = "COUNT")]
    pub after_context: Option<u32>,
    /// Print so many lines before each match
    #[arg(short = 'B', long, value_name = "COUNT")]
    pub before_context: Option<u32>,
    /// Print so many lines before and after each match
    #[arg(short = 'C', long, value_name = "COUNT")]
    pub context: Option<u32>,
    /// Search only files that fit the glob, or with `!` before it only others
    #[arg(short, long, value_name = "GLOB")]
    pub glob: Vec<String>,
    /// Print the names of files with a match, and nothing else
    #[arg(short = 'l', long, conflicts_with = "count")]
    pub files_with_matches: bool,
    /// Print how many lines match in each file that has one
    #[arg(short, long)]
    pub count: bool,
    /// Find so many lines in each file at most
    #[arg(short, long, value_name = "COUNT", value_parser = clap::value_parser!(u32).range(1..))]
    pub max_count: Option<u32>,
    /// Search what is hidden too
    #[arg(short = '.', long)]
    pub hidden: bool,
    /// Search what git ignores too
    #[arg(long)]
    pub no_ignore: bool,
    /// The regular expression
    pub pattern: String,
    /// Folders and files; by default the current folder
    #[arg(value_name = "PATH", default_value = ".")]
    pub paths: Vec<PathBuf>,
}
