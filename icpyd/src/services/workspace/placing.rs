//! Which workspace a file belongs to.

use std::cmp::Reverse;
use std::path::{Component, Path};

use icpy_protocol::api::Call;
use icpy_protocol::error::{Error, Kind, Result};
use icpy_protocol::fs::{FsClient, FsStatParams};
use icpy_protocol::path::FilePath;

/// What marks the top folder of a repository.
const REPOSITORY_MARKS: [&str; 4] = [".git", ".jj", ".hg", ".svn"];

/// The path without `.` and doubled separators, so that one file has one name here.
pub(super) fn plain(path: &FilePath) -> Result<FilePath> {
    if path.untitled().is_some() {
        return Ok(path.clone());
    }
    let path = path.as_path();
    if !path.is_absolute() {
        return Err(Error::invalid_params(format!("the path `{}` is not absolute", path.display())));
    }
    if path.components().any(|part| part == Component::ParentDir) {
        return Err(Error::invalid_params(format!("the path `{}` holds `..`: resolve it first", path.display())));
    }
    Ok(path.components().collect::<std::path::PathBuf>().into())
}

/// The workspace in which a file opens, given the ids and roots of all, the active one first: the one with the longest
/// root that holds the file, else the active one. Without any, one must be made.
pub(super) fn workspace_for<'a>(roots: &'a [(String, FilePath)], path: &FilePath) -> Option<&'a str> {
    let holds = |(_, root): &&(String, FilePath)| path.as_path().starts_with(root.as_path());
    // Of equals the first.
    let longest = roots.iter().filter(holds).min_by_key(|(_, root)| Reverse(root.as_path().components().count()));
    longest.or(roots.first()).map(|(id, _)| id.as_str())
}

/// The enclosing repository of a file, else its folder.
pub(super) async fn enclosing_root<T: Call>(fs: &FsClient<T>, path: &FilePath) -> Result<FilePath> {
    let folder = path.as_path().parent().unwrap_or(Path::new("/"));
    for ancestor in folder.ancestors() {
        for mark in REPOSITORY_MARKS {
            let mark = FsStatParams::of(ancestor.join(mark));
            match fs.stat(&mark).await {
                Ok(_) => return Ok(ancestor.into()),
                // What cannot be looked into is no repository of ours.
                Err(error) if matches!(error.kind(), Kind::NotFound | Kind::PermissionDenied | Kind::Unsupported) => {}
                Err(error) => return Err(error),
            }
        }
    }
    Ok(folder.into())
}

/// What people call a folder.
pub(super) fn folder_name(root: &FilePath) -> String {
    let path = root.as_path();
    path.file_name().map_or_else(|| path.display().to_string(), |name| name.to_string_lossy().into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_root_wins_then_the_active_workspace() {
        let roots = [("active", "/x"), ("outer", "/a"), ("inner", "/a/b")];
        let roots = roots.map(|(id, root)| (id.to_owned(), FilePath::from(root)));
        let check = |path: &str, expect: &str| {
            assert_eq!(workspace_for(&roots, &FilePath::from(path)), Some(expect), "{path}");
        };
        check("/a/b/c.py", "inner");
        check("/a/c.py", "outer");
        // A root is compared by names, not by letters.
        check("/a/bc.py", "outer");
        check("/ab/c.py", "active");
        let twice = [("active", "/a"), ("other", "/a")].map(|(id, root)| (id.to_owned(), FilePath::from(root)));
        assert_eq!(workspace_for(&twice, &FilePath::from("/a/b.py")), Some("active"));
        assert_eq!(workspace_for(&[], &FilePath::from("/a")), None);
    }

    #[test]
    fn one_file_has_one_name() {
        assert_eq!(plain(&FilePath::from("/a/./b//c.py")).unwrap(), FilePath::from("/a/b/c.py"));
        assert_eq!(plain(&FilePath::from("a.py")).unwrap_err().kind(), Kind::InvalidParams);
        assert_eq!(plain(&FilePath::from("/a/../b.py")).unwrap_err().kind(), Kind::InvalidParams);
    }
}
