//! Which files a package has, and where.

use std::fs;
use std::path::{Path, PathBuf};

use super::archive::gzip;
use crate::{Failure, root};

/// Where files belong differs a little from system to system.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Layout {
    /// A package of Debian's.
    Debian,
    /// An archive that installs itself below a prefix.
    Portable,
    /// The same for macOS.
    PortableMac,
}

/// What a package is for.
#[derive(Debug)]
pub(super) struct Programs {
    pub(super) folder: PathBuf,
    /// The licences of what they are made of.
    pub(super) licenses: Option<String>,
}

/// A file of a package.
#[derive(Debug)]
pub(super) struct File {
    /// Its path, from the prefix on.
    pub(super) path: String,
    pub(super) content: Vec<u8>,
    pub(super) mode: u32,
}

/// The sources of files, from the root of the project, and their places. What goes to a `.gz` is compressed.
const EVERYWHERE: &[(&str, &str)] = &[
    ("man/icpy.1", "share/man/man1/icpy.1.gz"),
    ("man/icpyd.1", "share/man/man1/icpyd.1.gz"),
    ("man/icpy-protocol.7", "share/man/man7/icpy-protocol.7.gz"),
    ("packaging/completions/icpy.bash", "share/bash-completion/completions/icpy"),
    ("packaging/completions/icpy.fish", "share/fish/vendor_completions.d/icpy.fish"),
];

const DEBIAN: &[(&str, &str)] = &[
    ("CHANGELOG.md", "share/doc/icpy/changelog.gz"),
    ("packaging/completions/_icpy", "share/zsh/vendor-completions/_icpy"),
    ("packaging/debian/changelog", "share/doc/icpy/changelog.Debian.gz"),
    ("packaging/debian/copyright", "share/doc/icpy/copyright"),
    ("packaging/debian/lintian-overrides", "share/lintian/overrides/icpy"),
    ("packaging/icpy.desktop", "share/applications/icpy.desktop"),
    ("packaging/systemd/icpyd.service", "lib/systemd/user/icpyd.service"),
    ("packaging/systemd/icpyd.socket", "lib/systemd/user/icpyd.socket"),
];

const PORTABLE: &[(&str, &str)] = &[
    ("CHANGELOG.md", "share/doc/icpy/CHANGELOG.md"),
    ("LICENSE-APACHE", "share/doc/icpy/LICENSE-APACHE"),
    ("LICENSE-MIT", "share/doc/icpy/LICENSE-MIT"),
    ("README.md", "share/doc/icpy/README.md"),
    ("packaging/completions/_icpy", "share/zsh/site-functions/_icpy"),
    ("packaging/install.sh", "install.sh"),
    // To uninstall when the archive is gone.
    ("packaging/install.sh", "share/icpy/install.sh"),
];

const LINUX: &[(&str, &str)] = &[
    ("packaging/icpy.desktop", "share/applications/icpy.desktop"),
    ("packaging/systemd/icpyd.service", "share/systemd/user/icpyd.service"),
    ("packaging/systemd/icpyd.socket", "share/systemd/user/icpyd.socket"),
];

const MAC: &[(&str, &str)] = &[("packaging/launchd/org.icpy.icpyd.plist", "share/icpy/org.icpy.icpyd.plist")];

impl Layout {
    /// How an archive for this target is laid out.
    pub(super) fn portable(target: &str) -> Self {
        if target.contains("-apple-") { Self::PortableMac } else { Self::Portable }
    }

    fn lists(self) -> [&'static [(&'static str, &'static str)]; 3] {
        match self {
            Self::Debian => [EVERYWHERE, DEBIAN, &[]],
            Self::Portable => [EVERYWHERE, PORTABLE, LINUX],
            Self::PortableMac => [EVERYWHERE, PORTABLE, MAC],
        }
    }
}

/// The files of a package with these programs, in the order of their paths.
pub(super) fn files(layout: Layout, programs: &Programs) -> Result<Vec<File>, Failure> {
    let mut files = Vec::new();
    for name in ["icpy", "icpyd"] {
        files.push(File { path: format!("bin/{name}"), content: read(&programs.folder.join(name))?, mode: 0o755 });
    }
    if let Some(licenses) = &programs.licenses {
        let path = "share/doc/icpy/third-party-licenses.gz".to_owned();
        files.push(File { path, content: gzip(licenses.as_bytes())?, mode: 0o644 });
    }
    for (from, to) in layout.lists().concat() {
        let mut content = read(&root().join(from))?;
        let is_compressed = Path::new(to).extension().is_some_and(|extension| extension == "gz");
        if is_compressed {
            content = gzip(&content)?;
        }
        let is_script = Path::new(to).extension().is_some_and(|extension| extension == "sh");
        files.push(File { path: to.to_owned(), content, mode: if is_script { 0o755 } else { 0o644 } });
    }
    files.sort_by(|one, other| one.path.cmp(&other.path));
    Ok(files)
}

fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    fs::read(path).map_err(|error| Some(format!("`{}`: {error}", path.display())))
}
