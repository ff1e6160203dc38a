//! The licences of the crates that the programs are made of. Most of them ask that their text goes with every copy.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::{Failure, cargo};

const HEAD: &str = "\
icpy is made of its own code, of Rust's standard library (MIT or Apache-2.0), of SQLite (in the public domain), on Linux of
the GNU C Library (LGPL-2.1-or-later), and of the crates below. Each text stands below the crates that it is for.
";

/// The beginnings of the names of files with licences.
const NAMES: [&str; 6] = ["LICENSE", "LICENCE", "COPYING", "COPYRIGHT", "NOTICE", "UNLICENSE"];

/// The texts of all licences for programs that were built here for a target.
pub(super) fn texts(target: &str) -> Result<String, Failure> {
    let metadata = metadata(target)?;
    let mut crates_of: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for package in linked(&metadata) {
        let name = format!("{} {}", text(&package["name"]), text(&package["version"]));
        for license in licenses(package)? {
            crates_of.entry(license).or_default().push(name.clone());
        }
    }
    let mut sections: Vec<String> = crates_of
        .into_iter()
        .map(|(license, crates)| format!("\n=== {} ===\n\n{license}\n", crates.join(", ")))
        .collect();
    sections.sort();
    Ok(HEAD.to_owned() + &sections.concat())
}

/// What cargo knows of the crates.
fn metadata(target: &str) -> Result<Value, Failure> {
    let mut command = cargo();
    command.args(["metadata", "--format-version", "1", "--locked", "--filter-platform", target]);
    let output = command.output().map_err(|error| Some(format!("cargo: {error}")))?;
    if !output.status.success() {
        return Err(Some(format!("cargo metadata: {}", String::from_utf8_lossy(&output.stderr).trim())));
    }
    serde_json::from_slice(&output.stdout).map_err(|error| Some(format!("cargo metadata: {error}")))
}

/// The crates of others that end up in the programs, and those that only help to compile them.
fn linked(metadata: &Value) -> Vec<&Value> {
    let packages: BTreeMap<&str, &Value> = list(&metadata["packages"]).map(|it| (text(&it["id"]), it)).collect();
    let nodes: BTreeMap<&str, &Value> = list(&metadata["resolve"]["nodes"]).map(|it| (text(&it["id"]), it)).collect();
    let is_program = |package: &&&Value| ["icpy", "icpyd"].contains(&text(&package["name"]));
    let mut open: Vec<&str> = packages.values().filter(is_program).map(|package| text(&package["id"])).collect();
    let mut found = BTreeSet::new();
    while let Some(id) = open.pop() {
        if !found.insert(id) {
            continue;
        }
        let Some(node) = nodes.get(id) else { continue };
        // A kind is null for what is linked; others are for tests and for build scripts.
        let is_linked = |dependency: &&Value| list(&dependency["dep_kinds"]).any(|kind| kind["kind"].is_null());
        open.extend(list(&node["deps"]).filter(is_linked).map(|dependency| text(&dependency["pkg"])));
    }
    let found = found.into_iter().filter_map(|id| packages.get(id).copied());
    // Ours come from no registry.
    found.filter(|package| !package["source"].is_null()).collect()
}

/// The texts that come with a crate, or what it says of itself where none does.
fn licenses(package: &Value) -> Result<BTreeSet<String>, Failure> {
    let manifest = Path::new(text(&package["manifest_path"]));
    let folder = manifest.parent().unwrap_or(manifest);
    let cannot = |error| Some(format!("`{}`: {error}", folder.display()));
    let mut licenses = BTreeSet::new();
    for entry in fs::read_dir(folder).map_err(cannot)? {
        let path = entry.map_err(cannot)?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().to_uppercase();
        if path.is_file() && NAMES.iter().any(|begin| name.starts_with(begin)) {
            licenses.insert(String::from_utf8_lossy(&fs::read(&path).map_err(cannot)?).trim().replace("\r\n", "\n"));
        }
    }
    if licenses.is_empty() {
        licenses.insert(text(&package["license"]).to_owned());
    }
    Ok(licenses)
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::build::host_triple;

    #[test]
    fn every_crate_in_the_programs_is_named_above_its_licenses() {
        let host = host_triple().unwrap();
        let metadata = metadata(&host).unwrap();
        let texts = texts(&host).unwrap();
        let crates = linked(&metadata);
        assert!(crates.len() > 30);
        for package in crates {
            let name = format!("{} {}", text(&package["name"]), text(&package["version"]));
            assert!(texts.lines().any(|line| line.starts_with("=== ") && line.contains(&name)), "{name}");
        }
        assert!(texts.contains("tokio 1.") && texts.contains("\nMIT License\n"));
        // Neither ours nor what only tests use.
        assert!(!texts.contains("icpy-protocol") && !texts.contains("proptest 1."));
    }
}
