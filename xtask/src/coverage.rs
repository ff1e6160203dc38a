//! Which lines the tests run: our own code is built so that it counts them, also in the programs that the tests start, and a
//! table says how many each part has.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::{COMPILER_FLAGS, Failure, cargo, root};

/// What makes the compiler count lines, in memory that is the file's: what is killed, or becomes another program, has written
/// its counts.
const FLAGS: &str = "-Cinstrument-coverage -Cllvm-args=-runtime-counter-relocation";

/// The share of its lines that the tests must run of each part, in percent.
const LEAST: u64 = 90;

/// What is asked of the compiler's tools.
struct Tools {
    merge: PathBuf,
    report: PathBuf,
}

/// Runs the tests whose names hold `filter`, and tells what they have run.
pub(crate) fn coverage(filter: &[String]) -> Result<(), Failure> {
    let (tools, folder) = (Tools::find()?, root().join("target/coverage"));
    let counts = folder.join("counts");
    let _ = fs::remove_dir_all(&counts);
    let make = || {
        fs::create_dir_all(&counts)?;
        // Some tests run the programs as another user.
        #[cfg(unix)]
        fs::set_permissions(&counts, std::os::unix::fs::PermissionsExt::from_mode(0o777))?;
        Ok(())
    };
    make().map_err(|error: std::io::Error| Some(format!("`{}`: {error}", counts.display())))?;
    let this = std::env::current_exe().map_err(|error| Some(error.to_string()))?;
    let counting = || {
        let mut command = cargo();
        command.env("RUSTC_WORKSPACE_WRAPPER", &this).env(COMPILER_FLAGS, FLAGS).env("CARGO_TARGET_DIR", &folder);
        // One file for each process: several that share one wait for each other.
        command.env("LLVM_PROFILE_FILE", counts.join("%p-%m%c.profraw"));
        command
    };
    let outcome = crate::test_with(counting, filter);
    let parts = parts(&tools.files(&folder, &counts)?);
    println!("| Part | Lines | Run | Share |\n| --- | ---: | ---: | ---: |");
    let mut poor = Vec::new();
    for (part, (lines, run)) in &parts {
        let thousandths = 1000 * run / (*lines).max(1);
        println!("| {part} | {lines} | {run} | {}.{} % |", thousandths / 10, thousandths % 10);
        poor.extend((thousandths < 10 * LEAST).then_some(part.as_str()));
    }
    outcome?;
    match poor.is_empty() || !filter.is_empty() {
        true => Ok(()),
        false => Err(Some(format!("less than {LEAST} % of the lines are run of {}", poor.join(", ")))),
    }
}

impl Tools {
    /// The tools of the compiler's own version: what it writes down others may not read.
    fn find() -> Result<Self, Failure> {
        let said = |program: &str, option: &str| {
            let output = Command::new(program).arg(option).output().ok()?;
            String::from_utf8(output.stdout).ok()
        };
        let version = said("rustc", "-vV").unwrap_or_default();
        let version = version.lines().find_map(|line| line.strip_prefix("LLVM version: ")).unwrap_or_default();
        let major = version.split('.').next().unwrap_or_default().to_owned();
        let find = |name: &str| {
            let fits =
                |program: &String| said(program, "--version").is_some_and(|it| it.contains(&format!(" {major}.")));
            [format!("{name}-{major}"), name.to_owned()].into_iter().find(fits).map(PathBuf::from)
        };
        match (find("llvm-profdata"), find("llvm-cov")) {
            (Some(merge), Some(report)) => Ok(Self { merge, report }),
            _ => Err(Some(format!(
                "install LLVM {major} for `llvm-profdata` and `llvm-cov`: `apt install llvm-{major}`"
            ))),
        }
    }

    /// What is known of each file.
    fn files(&self, folder: &Path, counts: &Path) -> Result<Vec<Value>, Failure> {
        let failed = |what: &Path, error: &dyn std::fmt::Display| Some(format!("`{}`: {error}", what.display()));
        let (list, all) = (counts.join("list"), counts.join("all.profdata"));
        let entries = fs::read_dir(counts).map_err(|error| failed(counts, &error))?;
        let names: Vec<String> = entries.flatten().map(|entry| entry.path().display().to_string()).collect();
        fs::write(&list, names.join("\n")).map_err(|error| failed(&list, &error))?;
        let mut merge = Command::new(&self.merge);
        // A process that was killed while it wrote has left a file that cannot be read.
        merge.args(["merge", "--sparse", "--failure-mode=all", "--output"]).arg(&all).arg("--input-files").arg(&list);
        crate::run(merge.stderr(std::process::Stdio::null()))?;
        let mut report = Command::new(&self.report);
        report.args(["export", "--summary-only", "--instr-profile"]).arg(&all);
        for program in programs(&folder.join("debug")) {
            report.arg("--object").arg(program);
        }
        let output = report.output().map_err(|error| failed(&self.report, &error))?;
        let told: Value = serde_json::from_slice(&output.stdout).map_err(|error| failed(&self.report, &error))?;
        Ok(told["data"][0]["files"].as_array().cloned().unwrap_or_default())
    }
}

/// The programs and the tests that were built.
fn programs(folder: &Path) -> Vec<PathBuf> {
    let tests = fs::read_dir(folder.join("deps")).into_iter().flatten().flatten().map(|entry| entry.path());
    let is_test = |path: &PathBuf| {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        path.extension().is_none() && ["it-", "icpy-", "icpyd-", "icpy_"].iter().any(|start| name.starts_with(start))
    };
    let programs = ["icpy", "icpyd"].map(|name| folder.join(name));
    tests.filter(is_test).chain(programs).filter(|path| path.is_file()).collect()
}

/// How many lines each part has, and how many were run. Tests are no part.
fn parts(files: &[Value]) -> BTreeMap<String, (u64, u64)> {
    let mut parts: BTreeMap<String, (u64, u64)> = BTreeMap::new();
    for file in files {
        let Some(name) = file["filename"].as_str().and_then(|name| Path::new(name).strip_prefix(root()).ok()) else {
            continue;
        };
        let steps: Vec<String> = name.iter().map(|step| step.to_string_lossy().replace(".rs", "")).collect();
        let is_test = steps.iter().any(|step| step == "tests");
        let depth = if steps.get(2).is_some_and(|step| step == "services") { 4 } else { 3 };
        let is_program = ["icpy", "icpyd", "protocol"].contains(&steps[0].as_str());
        if is_test || !is_program {
            continue;
        }
        let part = if steps[0] == "icpyd" { steps[..depth.min(steps.len())].join("/") } else { steps[0].clone() };
        let count = |what: &str| file["summary"]["lines"][what].as_u64().unwrap_or_default();
        let (lines, run) = parts.entry(part).or_default();
        *lines += count("count");
        *run += count("covered");
    }
    parts
}
