//! Debian's binary packages, as deb(5) describes them: two archives inside a third. No script runs when one is installed,
//! upgraded or removed, so that nothing can end a daemon that runs.

use std::fs;
use std::path::Path;
use std::process::Command;

use super::archive::tar_gz;
use super::layout::File;
use crate::{Failure, root};

/// What Debian calls the architecture of a target, if Debian runs there.
pub(super) fn architecture(target: &str) -> Option<&'static str> {
    if !target.ends_with("-linux-gnu") && !target.ends_with("-linux-gnueabihf") {
        return None;
    }
    match target.split('-').next()? {
        "x86_64" => Some("amd64"),
        "aarch64" => Some("arm64"),
        "armv7" => Some("armhf"),
        "i686" => Some("i386"),
        "powerpc64le" => Some("ppc64el"),
        "riscv64gc" => Some("riscv64"),
        "s390x" => Some("s390x"),
        _ => None,
    }
}

/// The package's version: the program's, with the revision of the packaging that the changelog names. One that the
/// changelog does not know begins at the first.
pub(super) fn version(version: &str) -> Result<String, Failure> {
    let path = root().join("packaging/debian/changelog");
    let changelog = fs::read_to_string(&path).map_err(|error| Some(format!("`{}`: {error}", path.display())))?;
    let newest = changelog.split(['(', ')']).nth(1).unwrap_or_default();
    let is_known = newest.strip_prefix(version).is_some_and(|revision| revision.starts_with('-'));
    Ok(if is_known { newest.to_owned() } else { format!("{version}-1") })
}

/// The packages that the programs load libraries from: none when they are linked statically.
pub(super) fn depends(programs: &Path) -> Result<Vec<String>, Failure> {
    let mut packages = Vec::new();
    for program in ["icpy", "icpyd"] {
        for library in libraries(&programs.join(program))? {
            let package = match library.as_str() {
                "libgcc_s.so.1" => "libgcc-s1".to_owned(),
                library if is_libc(library) => format!("libc6 (>= {})", libc_version()?),
                _ => return Err(Some(format!("`{program}` needs `{library}`, and no package is known for it"))),
            };
            if !packages.contains(&package) {
                packages.push(package);
            }
        }
    }
    packages.sort();
    Ok(packages)
}

fn is_libc(library: &str) -> bool {
    let names = ["libc.so", "libm.so", "libpthread.so", "libdl.so", "librt.so", "libutil.so", "ld-linux", "ld64.so"];
    names.iter().any(|name| library.starts_with(name))
}

/// The libraries that a program names.
fn libraries(program: &Path) -> Result<Vec<String>, Failure> {
    let output = Command::new("readelf").arg("--dynamic").arg(program).env("LC_ALL", "C").output();
    let output = output.map_err(|error| Some(format!("readelf: {error}")))?;
    if !output.status.success() {
        return Err(Some(format!("`{}`: {}", program.display(), String::from_utf8_lossy(&output.stderr).trim())));
    }
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let needed = text.lines().filter(|line| line.contains("(NEEDED)"));
    Ok(needed.filter_map(|line| Some(line.split(['[', ']']).nth(1)?.to_owned())).collect())
}

/// That of this system: programs are linked with what it has.
fn libc_version() -> Result<String, Failure> {
    let output = Command::new("getconf").arg("GNU_LIBC_VERSION").output();
    let output = output.map_err(|error| Some(format!("getconf: {error}")))?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let version = text.trim().strip_prefix("glibc ");
    version.map(str::to_owned).ok_or_else(|| Some(format!("getconf does not name glibc's version: `{text}`")))
}

/// A package of these files, which go below `/usr`.
pub(super) fn package(
    version: &str,
    architecture: &str,
    depends: &[String],
    files: &[File],
    time: u64,
) -> Result<Vec<u8>, Failure> {
    let template = root().join("packaging/debian/control");
    let template = fs::read_to_string(&template).map_err(|error| Some(format!("`{}`: {error}", template.display())))?;
    let kibibytes: usize = files.iter().map(|file| file.content.len().div_ceil(1024)).sum();
    let control = template
        .replace("@VERSION@", version)
        .replace("@ARCHITECTURE@", architecture)
        .replace("@SIZE@", &kibibytes.to_string());
    let control = match depends {
        [] => control.replace("Depends: @DEPENDS@\n", ""),
        _ => control.replace("@DEPENDS@", &depends.join(", ")),
    };
    let control = File { path: "control".to_owned(), content: control.into_bytes(), mode: 0o644 };
    let members = [
        ("debian-binary", b"2.0\n".to_vec()),
        ("control.tar.gz", tar_gz("", &[control], time)?),
        ("data.tar.gz", tar_gz("usr", files, time)?),
    ];
    Ok(ar(&members, time))
}

/// An archive of the oldest kind, as ar(5) describes it.
fn ar(members: &[(&str, Vec<u8>)], time: u64) -> Vec<u8> {
    let mut archive = b"!<arch>\n".to_vec();
    for (name, content) in members {
        let header = format!("{name:<16}{time:<12}{:<6}{:<6}{:<8}{:<10}`\n", 0, 0, "100644", content.len());
        archive.extend_from_slice(header.as_bytes());
        archive.extend_from_slice(content);
        // Members begin at even places.
        archive.resize(archive.len().next_multiple_of(2), b'\n');
    }
    archive
}
