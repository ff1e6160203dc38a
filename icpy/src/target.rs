//! What an argument names: a path, and the place in it.

use std::ffi::{OsStr, OsString};
use std::path::{Component, Path, PathBuf};

use icpy_protocol::file::TextPosition;

/// One file or folder to open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// The path as it was given.
    pub path: PathBuf,
    /// The place to show.
    pub position: Option<TextPosition>,
}

/// Reads the arguments of `icpy FILE...`. `exists` says whether a path names something; where it does, the argument is
/// that path, whatever it looks like. The error is a sentence.
pub fn read(args: &[OsString], exists: impl Fn(&Path) -> bool) -> Result<Vec<Target>, String> {
    let mut targets = Vec::new();
    let mut pending: Option<(&OsStr, TextPosition)> = None;
    for arg in args {
        if arg.is_empty() {
            return Err("a file's name is empty".to_owned());
        }
        let literal = Path::new(arg);
        let text = arg.to_str().filter(|_| !exists(literal));
        if let Some(position) = text.and_then(|text| parse_position(text.strip_prefix('+')?)) {
            if let Some((earlier, _)) = pending.replace((arg, position)) {
                return Err(format!("`{}` is not followed by a file", earlier.display()));
            }
            continue;
        }
        let (path, suffixed) = text
            .and_then(|text| split_position(text, &exists))
            .map_or((literal, None), |(path, at)| (Path::new(path), at));
        let position = pending.take().map(|(_, position)| position).or(suffixed);
        targets.push(Target { path: path.to_owned(), position });
    }
    match pending {
        Some((arg, _)) => Err(format!("`{}` is not followed by a file", arg.display())),
        None => Ok(targets),
    }
}

/// Splits `FILE:LINE`, `FILE:LINE:COLUMN`, and either with a colon behind it, as compilers print them.
fn split_position(text: &str, exists: impl Fn(&Path) -> bool) -> Option<(&str, Option<TextPosition>)> {
    let text = text.strip_suffix(':').unwrap_or(text);
    let (rest, last) = text.rsplit_once(':')?;
    let last = parse_number(last)?;
    let (path, position) = match rest.rsplit_once(':').and_then(|(path, line)| Some((path, parse_number(line)?))) {
        Some((path, line)) if !path.is_empty() && !exists(Path::new(rest)) => {
            (path, TextPosition { line, column: Some(last) })
        }
        _ => (rest, TextPosition { line: last, column: None }),
    };
    (!path.is_empty()).then_some((path, Some(position)))
}

/// Reads `LINE` or `LINE:COLUMN`.
fn parse_position(text: &str) -> Option<TextPosition> {
    match text.split_once(':') {
        Some((line, column)) => Some(TextPosition { line: parse_number(line)?, column: Some(parse_number(column)?) }),
        None => Some(TextPosition { line: parse_number(text)?, column: None }),
    }
}

/// Programs that count from 0 print a 0 where 1 is meant.
fn parse_number(text: &str) -> Option<u32> {
    let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| text.parse().unwrap_or(u32::MAX).max(1))
}

/// The path from the root, as seen from `folder`. Only `..` asks the system, because what lies above a symbolic link is
/// not what its name says.
pub fn absolute(path: &Path, folder: &Path) -> PathBuf {
    let joined = folder.join(path);
    if !joined.components().any(|part| part == Component::ParentDir) {
        return joined.components().collect();
    }
    // The last part is kept: it may be a symbolic link that is meant itself.
    let resolved = match (joined.parent(), joined.file_name()) {
        (Some(parent), Some(name)) => parent.canonicalize().map(|parent| parent.join(name)),
        _ => joined.canonicalize(),
    };
    resolved.unwrap_or_else(|_| without_parents(&joined))
}

/// What does not exist is named as it is written.
fn without_parents(path: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for part in path.components() {
        if part == Component::ParentDir {
            plain.pop();
        } else {
            plain.push(part);
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    type Place = Option<(u32, Option<u32>)>;

    fn check(args: &[&str], existing: &[&str], expect: &[(&str, Place)]) {
        let args: Vec<OsString> = args.iter().map(Into::into).collect();
        let found = read(&args, |path| existing.iter().any(|it| path == Path::new(it))).unwrap();
        let position = |(line, column)| TextPosition { line, column };
        let expect: Vec<Target> =
            expect.iter().map(|(path, at)| Target { path: path.into(), position: at.map(position) }).collect();
        assert_eq!(found, expect, "{args:?}");
    }

    #[test]
    fn a_place_is_read_from_the_end() {
        check(&["a.py"], &[], &[("a.py", None)]);
        check(&["a.py:10"], &[], &[("a.py", Some((10, None)))]);
        check(&["a.py:10:2"], &[], &[("a.py", Some((10, Some(2))))]);
        check(&["a.py:10:"], &[], &[("a.py", Some((10, None)))]);
        check(&["a.py:10:2:"], &[], &[("a.py", Some((10, Some(2))))]);
        check(&["a:b.py:10"], &[], &[("a:b.py", Some((10, None)))]);
        check(&["a.py:0"], &[], &[("a.py", Some((1, None)))]);
        check(&["a.py:99999999999"], &[], &[("a.py", Some((u32::MAX, None)))]);
        check(&["a.py:x"], &[], &[("a.py:x", None)]);
        check(&["a.py:-1"], &[], &[("a.py:-1", None)]);
        check(&[":10"], &[], &[(":10", None)]);
        check(&["10:20"], &[], &[("10", Some((20, None)))]);
        check(&["a.py:"], &[], &[("a.py:", None)]);
    }

    #[test]
    fn a_file_of_that_very_name_wins() {
        check(&["a.py:10"], &["a.py:10"], &[("a.py:10", None)]);
        check(&["a.py:10:2"], &["a.py:10"], &[("a.py:10", Some((2, None)))]);
        check(&["+10"], &["+10"], &[("+10", None)]);
    }

    #[test]
    fn a_place_before_a_file_is_for_that_file() {
        check(
            &["+10:2", "a.py", "+3", "b.py", "c.py"],
            &["a.py", "b.py"],
            &[("a.py", Some((10, Some(2)))), ("b.py", Some((3, None))), ("c.py", None)],
        );
        assert!(read(&["+10".into()], |_| false).unwrap_err().contains("`+10` is not followed"));
        assert!(read(&["+10".into(), "+11".into(), "a".into()], |_| false).unwrap_err().contains("`+10`"));
    }

    #[test]
    fn a_path_is_seen_from_the_folder() {
        let folder = tempfile::tempdir().unwrap();
        let base = folder.path().canonicalize().unwrap();
        std::fs::create_dir_all(base.join("real/below")).unwrap();
        assert_eq!(absolute(Path::new("./x//a.py"), Path::new("/f")), Path::new("/f/x/a.py"));
        assert_eq!(absolute(Path::new("/x/a.py"), Path::new("/f")), Path::new("/x/a.py"));
        assert_eq!(absolute(Path::new("../nowhere/at/all"), Path::new("/f/g")), Path::new("/f/nowhere/at/all"));
        assert_eq!(absolute(Path::new("below/../a.py"), &base.join("real")), base.join("real/a.py"));
        #[cfg(unix)]
        {
            std::os::unix::fs::symlink(base.join("real/below"), base.join("link")).unwrap();
            assert_eq!(absolute(Path::new("../a.py"), &base.join("link")), base.join("real/a.py"));
            assert_eq!(absolute(Path::new("a.py"), &base.join("link")), base.join("link/a.py"));
        }
    }
}
