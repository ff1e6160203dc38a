//! Which files are ignored: by `.gitignore` in a repository, by `.ignore` everywhere, and by git's own lists; the same as for
//! ripgrep, so that both find the same. What is hidden is not ignored here.

use std::ffi::OsStr;
use std::path::Path;
use std::sync::Arc;

use ignore::Match;
use ignore::gitignore::{Gitignore, GitignoreBuilder};

/// The folder in which git keeps a repository: never part of a tree.
pub(in super::super) const GIT_FOLDER: &str = ".git";

/// The rules for the entries of one folder, with those of the folders above.
#[derive(Debug)]
pub(in super::super) struct Rules {
    above: Option<Arc<Rules>>,
    gitignore: Gitignore,
    ignore: Gitignore,
    exclude: Gitignore,
    /// Whether the folder is a repository's.
    has_git: bool,
    /// Whether it is in a repository.
    is_in_repository: bool,
    /// The user's own list, for all repositories.
    global: Arc<Gitignore>,
    /// Whether nothing can be ignored.
    is_empty: bool,
}

impl Rules {
    /// The rules that a folder has from the folders above.
    pub(in super::super) fn above(root: &Path) -> Arc<Self> {
        let global = Arc::new(Gitignore::global().0);
        let mut rules = Arc::new(Self::new(None, Path::new(""), Has::default(), global));
        let above: Vec<&Path> = root.ancestors().skip(1).collect();
        for folder in above.into_iter().rev() {
            rules = rules.within(folder, Has::look(folder));
        }
        rules
    }

    /// The rules for the entries of a folder, by its path without symbolic links; none where all of them are ignored, because
    /// the folder is or one above.
    pub(in super::super) fn of_entries(folder: &Path) -> Option<Arc<Self>> {
        let folders: Vec<(&Path, Has)> = folder.ancestors().map(|folder| (folder, Has::look(folder))).collect();
        // To read the user's own list takes longer than all else, and outside of repositories it says nothing.
        let is_in_repository = folders.iter().any(|(_, has)| has.git);
        let global = if is_in_repository { Gitignore::global().0 } else { Gitignore::empty() };
        let mut rules = Arc::new(Self::new(None, Path::new(""), Has::default(), Arc::new(global)));
        for (folder, has) in folders.into_iter().rev() {
            if rules.is_ignored(folder, true) {
                return None;
            }
            rules = rules.within(folder, has);
        }
        Some(rules)
    }

    /// The rules in a folder below, in which some of the files are that make rules.
    pub(in super::super) fn within(self: &Arc<Self>, folder: &Path, has: Has) -> Arc<Self> {
        match has {
            Has { gitignore: false, ignore: false, git: false } => Arc::clone(self),
            has => Arc::new(Self::new(Some(Arc::clone(self)), folder, has, Arc::clone(&self.global))),
        }
    }

    fn new(above: Option<Arc<Self>>, folder: &Path, has: Has, global: Arc<Gitignore>) -> Self {
        let read =
            |is_there: bool, name: &str| if is_there { read(folder, &folder.join(name)) } else { Gitignore::empty() };
        let mut rules = Self {
            gitignore: read(has.gitignore, Has::GITIGNORE),
            ignore: read(has.ignore, Has::IGNORE),
            exclude: read(has.git, ".git/info/exclude"),
            has_git: has.git,
            is_in_repository: has.git || above.as_ref().is_some_and(|above| above.is_in_repository),
            is_empty: above.as_ref().is_none_or(|above| above.is_empty) && global.is_empty(),
            above,
            global,
        };
        rules.is_empty &= rules.gitignore.is_empty() && rules.ignore.is_empty() && rules.exclude.is_empty();
        rules
    }

    /// Whether nothing is ignored by these rules.
    pub(in super::super) fn is_empty(&self) -> bool {
        self.is_empty
    }

    /// Whether an entry is ignored, by its path.
    pub(in super::super) fn is_ignored(&self, path: &Path, is_folder: bool) -> bool {
        let (mut ignore, mut gitignore, mut exclude) = (Match::None, Match::None, Match::None);
        let mut is_outside = !self.is_in_repository;
        let mut layer = Some(self);
        while let Some(rules) = layer {
            ignore = ignore.or(rules.ignore.matched(path, is_folder));
            if !is_outside {
                gitignore = gitignore.or(rules.gitignore.matched(path, is_folder));
                exclude = exclude.or(rules.exclude.matched(path, is_folder));
            }
            // A repository inside another follows its own rules.
            is_outside |= rules.has_git;
            layer = rules.above.as_deref();
        }
        let global = if self.is_in_repository { self.global.matched(path, is_folder) } else { Match::None };
        ignore.or(gitignore).or(exclude).or(global).is_ignore()
    }
}

/// Which of the files that make rules a folder has.
#[derive(Clone, Copy, Debug, Default)]
pub(in super::super) struct Has {
    gitignore: bool,
    ignore: bool,
    git: bool,
}

impl Has {
    const GITIGNORE: &str = ".gitignore";
    const IGNORE: &str = ".ignore";

    /// Takes note of an entry.
    pub(in super::super) fn note(&mut self, name: &OsStr) {
        self.gitignore |= name == Self::GITIGNORE;
        self.ignore |= name == Self::IGNORE;
        self.git |= name == GIT_FOLDER;
    }

    /// Whether an entry makes rules: when it changes, all below is to be looked at again.
    pub(in super::super) fn is_rules(name: &OsStr) -> bool {
        name == Self::GITIGNORE || name == Self::IGNORE || name == GIT_FOLDER
    }

    fn look(folder: &Path) -> Self {
        let is_there = |name: &str| folder.join(name).symlink_metadata().is_ok();
        Self { gitignore: is_there(Self::GITIGNORE), ignore: is_there(Self::IGNORE), git: is_there(GIT_FOLDER) }
    }
}

/// A line that cannot be read counts for nothing, as for git.
fn read(root: &Path, file: &Path) -> Gitignore {
    let mut builder = GitignoreBuilder::new(root);
    if let Some(error) = builder.add(file) {
        tracing::debug!(file = %file.display(), %error, "a list of what is ignored cannot be read whole");
    }
    builder.build().unwrap_or_else(|_| Gitignore::empty())
}
