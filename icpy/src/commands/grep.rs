//! `icpy grep PATTERN [PATH]...`: lines by pattern, printed as the daemon finds them.

mod printer;

use std::ops::ControlFlow;
use std::path::Path;

use icpy::args::{General, Grep};
use icpy_protocol::error::Error;
use icpy_protocol::fs::{self, FsGrepParams, FsGrepResult, FsMatch};
use icpy_protocol::signal::{STREAM, StreamParams};

use self::printer::Printer;
use super::find::{NOTHING, tell_failed};
use super::{Daemon, absolute, timeout};
use crate::output::{Failure, NO_DAEMON, print, say};

/// Exit status when something could not be searched, as grep(1) has it.
const FAILED: u8 = 2;

pub(super) fn run(grep: &Grep, general: &General) -> Result<(), Failure> {
    let daemon = Daemon::open_or_start(general)?;
    // A search is quiet for as long as it finds nothing.
    let _ = daemon.connection.set_timeout(timeout(general));
    let mut printer = Printer::new(grep, general.json);
    let (mut has_match, mut failure) = (false, None);
    for path in grep.paths() {
        match search(&daemon, grep, path, general, &mut printer) {
            Ok(result) if result.stats.files_failed > 0 => {
                has_match |= result.stats.lines > 0;
                failure = Some(Failure::reported(FAILED));
            }
            Ok(result) => has_match |= result.stats.lines > 0,
            Err(error) if error.status < NO_DAEMON => {
                error.report(general.json);
                failure = Some(Failure::reported(FAILED));
            }
            Err(error) => return Err(error),
        }
    }
    match failure {
        // As grep(1) has it.
        _ if has_match && grep.quiet => Ok(()),
        Some(failure) => Err(failure),
        None if has_match => Ok(()),
        None => Err(Failure::reported(NOTHING)),
    }
}

fn search(
    daemon: &Daemon,
    grep: &Grep,
    path: &Path,
    general: &General,
    printer: &mut Printer<'_>,
) -> Result<FsGrepResult, Failure> {
    let params = params(grep, path, general)?;
    let is_file = !params.path.as_path().is_dir();
    printer.begin(path, !is_file);
    let params = serde_json::to_string(&params).expect("wire types have string keys");
    let mut printed = Ok(());
    let answer = daemon.connection.request_until(fs::method::grep.name, &params, |topic, params| {
        if topic == STREAM {
            printed = print_piece(params, printer);
        }
        if printed.is_ok() { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    })?;
    printed?;
    print(&printer.end())?;
    let result: FsGrepResult = serde_json::from_str(&answer.unwrap_or_default()).map_err(|error| garbled(&error))?;
    // A file is named by its last step: that is in the path already.
    let folder = if is_file { path.parent().unwrap_or(path) } else { path };
    tell_failed(folder, &result.failed, result.stats.files_failed);
    if is_file && result.stats.files_binary > 0 {
        say(&format!("`{}` is binary and was searched up to its first NUL: `-a` searches all of it", path.display()));
    }
    Ok(result)
}

fn params(grep: &Grep, path: &Path, general: &General) -> Result<FsGrepParams, Failure> {
    let is_list = grep.files_with_matches;
    let lines = |side: Option<u32>| side.or(grep.context).filter(|_| !is_list && !grep.count);
    Ok(FsGrepParams {
        path: absolute(path, general)?,
        pattern: pattern(grep),
        ignore_case: grep.ignore_case,
        smart_case: grep.smart_case,
        is_literal: grep.fixed_strings && grep.patterns().len() == 1,
        whole_word: grep.word_regexp,
        is_inverted: grep.invert_match,
        is_multiline: grep.multiline,
        is_dot_all: grep.multiline_dotall,
        globs: grep.glob.clone(),
        types: grep.types.clone(),
        search_binary: grep.text,
        hidden: grep.hidden,
        no_ignore: grep.no_ignore,
        before: lines(grep.before_context),
        after: lines(grep.after_context),
        limit: grep.quiet.then_some(1),
        count_per_file: if is_list { Some(1) } else { grep.max_count },
        is_unsorted: false,
        stream: true,
    })
}

/// One expression for all patterns.
fn pattern(grep: &Grep) -> String {
    let patterns = grep.patterns();
    if let [pattern] = &patterns[..] {
        return pattern.to_string();
    }
    let all = patterns.iter().map(|pattern| match grep.fixed_strings {
        true => pattern
            .chars()
            .map(|char| if char.is_ascii_punctuation() { format!("\\{char}") } else { char.into() })
            .collect(),
        false => format!("(?:{pattern})"),
    });
    all.collect::<Vec<String>>().join("|")
}

/// Prints what is in a piece of the stream: a match a line.
fn print_piece(params: &str, printer: &mut Printer<'_>) -> Result<(), Failure> {
    let piece: StreamParams<'_> = serde_json::from_str(params).map_err(|error| garbled(&error))?;
    let mut text = Vec::new();
    for line in piece.data.lines() {
        let found: FsMatch = serde_json::from_str(line).map_err(|error| garbled(&error))?;
        printer.write(&mut text, &found, line);
    }
    Ok(print(&text)?)
}

fn garbled(why: &serde_json::Error) -> Error {
    Error::internal(format!("icpyd sent a match that cannot be read: {why}"))
}
