//! `cargo xtask dist`: the files that users install, made from the programs. The same sources give the same bytes.
//!
//! Not here: what is in a package (`layout.rs`), and how archives are written (`archive.rs`, `deb.rs`).

mod archive;
mod deb;
mod layout;
mod licenses;

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::build::{Profile, build, host_triple};
use crate::{Failure, root};
use layout::{Layout, Programs, files};

/// What to make, and of what.
#[derive(Debug)]
struct Options {
    /// Every kind that the target has, when none is named.
    kind: Option<Kind>,
    /// The folder of programs that are there already; they are built when there is none.
    from: Option<PathBuf>,
    to: PathBuf,
    /// What the programs are built for.
    target: String,
    version: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Archive,
    Deb,
}

/// Makes the packages that the target has.
pub(crate) fn dist(args: &[String]) -> Result<(), Failure> {
    let options = Options::parse(args)?;
    let programs = match &options.from {
        // What they are made of is not known here.
        Some(folder) => Programs { folder: folder.clone(), licenses: None },
        None => Programs { folder: build(Profile::Dist)?.folder, licenses: Some(licenses::texts(&options.target)?) },
    };
    let time = time()?;
    fs::create_dir_all(&options.to).map_err(|error| Some(format!("`{}`: {error}", options.to.display())))?;
    let kinds = match options.kind {
        Some(kind) => vec![kind],
        None if deb::architecture(&options.target).is_some() => vec![Kind::Archive, Kind::Deb],
        None => vec![Kind::Archive],
    };
    for kind in kinds {
        match kind {
            Kind::Archive => make_archive(&options, &programs, time)?,
            Kind::Deb => make_deb(&options, &programs, time)?,
        }
    }
    Ok(())
}

fn make_archive(options: &Options, programs: &Programs, time: u64) -> Result<(), Failure> {
    if options.target.contains("-windows-") {
        return Err(Some("there is no package for Windows yet".to_owned()));
    }
    let name = format!("icpy-{}-{}", options.version, options.target);
    let files = files(Layout::portable(&options.target), programs)?;
    write(&options.to.join(format!("{name}.tar.gz")), &archive::tar_gz(&name, &files, time)?)
}

fn make_deb(options: &Options, programs: &Programs, time: u64) -> Result<(), Failure> {
    let Some(architecture) = deb::architecture(&options.target) else {
        return Err(Some(format!("Debian does not run on `{}`", options.target)));
    };
    let version = deb::version(&options.version)?;
    let files = files(Layout::Debian, programs)?;
    let package = deb::package(&version, architecture, &deb::depends(&programs.folder)?, &files, time)?;
    write(&options.to.join(format!("icpy_{version}_{architecture}.deb")), &package)
}

impl Options {
    fn parse(args: &[String]) -> Result<Self, Failure> {
        let mut options = Self {
            kind: None,
            from: None,
            // Not `target/dist`: cargo puts what it makes for that profile there.
            to: root().join("target/packages"),
            target: host_triple()?,
            version: env!("CARGO_PKG_VERSION").to_owned(),
        };
        let host = options.target.clone();
        let mut args = args.iter();
        while let Some(arg) = args.next() {
            let mut value = || args.next().ok_or_else(|| Some(format!("`{arg}` wants a value")));
            match arg.as_str() {
                "archive" => options.kind = Some(Kind::Archive),
                "deb" => options.kind = Some(Kind::Deb),
                "--from" => options.from = Some(value()?.into()),
                "--to" => options.to = value()?.into(),
                "--target" => options.target.clone_from(value()?),
                "--version" => options.version.clone_from(value()?),
                _ => return Err(Some(format!("`dist` does not know `{arg}`"))),
            }
        }
        if options.from.is_none() && options.target != host {
            return Err(Some(format!("programs are built for `{host}`: name a folder with others, `--from FOLDER`")));
        }
        Ok(options)
    }
}

/// The time that all files get, in seconds since 1970: that of the sources, never that of the build.
fn time() -> Result<u64, Failure> {
    if let Some(epoch) = env::var_os("SOURCE_DATE_EPOCH") {
        let seconds = epoch.to_str().and_then(|text| text.parse().ok());
        return seconds.ok_or_else(|| Some(format!("SOURCE_DATE_EPOCH is no number of seconds: {}", epoch.display())));
    }
    let mut git = Command::new("git");
    let commit = git.args(["log", "-1", "--format=%ct"]).current_dir(root()).output();
    let seconds = commit.ok().and_then(|output| String::from_utf8_lossy(&output.stdout).trim().parse().ok());
    // Sources that are not in a repository have no time that is the same everywhere.
    Ok(seconds.unwrap_or_default())
}

fn write(path: &Path, content: &[u8]) -> Result<(), Failure> {
    fs::write(path, content).map_err(|error| Some(format!("cannot write `{}`: {error}", path.display())))?;
    println!("{}", path.display());
    Ok(())
}
