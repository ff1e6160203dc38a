//! The options of `icpy grep`, named as in ripgrep.

#![allow(clippy::doc_markdown, reason = "clap prints these texts as they are")]

use std::borrow::Cow;
use std::path::{Path, PathBuf};

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
    /// Find the lines that do not match
    #[arg(short = 'v', long)]
    pub invert_match: bool,
    /// Print only what matches, each on a line of its own
    #[arg(short, long)]
    pub only_matching: bool,
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
    /// Search only files of the type, such as `rust` or `py`
    #[arg(short = 't', long = "type", value_name = "TYPE")]
    pub types: Vec<String>,
    /// Search binary files as if they were text
    #[arg(short = 'a', long)]
    pub text: bool,
    /// Print nothing: the exit status says whether there is a match
    #[arg(short, long)]
    pub quiet: bool,
    /// Print the numbers of lines, as is done anyway
    #[arg(short = 'n', long)]
    pub line_number: bool,
    /// Search folders with all in them, as is done anyway
    #[arg(short, long, visible_short_alias = 'R')]
    pub recursive: bool,
    /// A pattern; of several any may match. All that is no option is then a path
    #[arg(short = 'e', long = "regexp", value_name = "PATTERN", allow_hyphen_values = true)]
    pub patterns: Vec<String>,
    /// Search what is hidden too
    #[arg(short = '.', long)]
    pub hidden: bool,
    /// Search what git ignores too
    #[arg(long)]
    pub no_ignore: bool,
    /// The regular expression, unless -e gives one
    #[arg(required_unless_present = "patterns")]
    pattern: Option<PathBuf>,
    /// Folders and files; by default the current folder
    #[arg(value_name = "PATH")]
    paths: Vec<PathBuf>,
}

impl Grep {
    /// What is looked for: each may match.
    pub fn patterns(&self) -> Vec<Cow<'_, str>> {
        match &self.pattern {
            Some(pattern) if self.patterns.is_empty() => vec![pattern.to_string_lossy()],
            _ => self.patterns.iter().map(|pattern| pattern.as_str().into()).collect(),
        }
    }

    /// Where it is looked for.
    pub fn paths(&self) -> Vec<&Path> {
        let first = self.pattern.iter().filter(|_| !self.patterns.is_empty());
        let paths: Vec<&Path> = first.chain(&self.paths).map(PathBuf::as_path).collect();
        if paths.is_empty() { vec![Path::new(".")] } else { paths }
    }
}
