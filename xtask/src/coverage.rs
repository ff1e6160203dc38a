//! Which lines the tests run: our own code is built so that it counts them, also in the programs that the tests start, and a
//! table says how many each part has.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

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
    let parts = parts(&tools.lines(&folder, &counts)?);
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

    /// How often which lines were run, in the form of lcov.
    fn lines(&self, folder: &Path, counts: &Path) -> Result<String, Failure> {
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
        report.args(["export", "--format=lcov", "--instr-profile"]).arg(&all);
        for program in programs(&folder.join("debug")) {
            report.arg("--object").arg(program);
        }
        let output = report.output().map_err(|error| failed(&self.report, &error))?;
        if !output.status.success() {
            return Err(Some(format!("llvm-cov: {}", String::from_utf8_lossy(&output.stderr).trim())));
        }
        String::from_utf8(output.stdout).map_err(|error| failed(&self.report, &error))
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
fn parts(lcov: &str) -> BTreeMap<String, (u64, u64)> {
    let mut parts: BTreeMap<String, (u64, u64)> = BTreeMap::new();
    let (mut part, mut end) = (None, 0);
    for record in lcov.lines() {
        if let Some(path) = record.strip_prefix("SF:") {
            part = part_of(Path::new(path));
            end = if part.is_some() { first_line_of_tests(Path::new(path)) } else { 0 };
        } else if let Some(counted) = record.strip_prefix("DA:")
            && let Some(part) = &part
        {
            let mut fields = counted.split(',').map(|field| field.parse().unwrap_or(0));
            let (line, count) = (fields.next().unwrap_or(0), fields.next().unwrap_or(0));
            if line < end {
                let (lines, run) = parts.entry(part.clone()).or_default();
                *lines += 1;
                *run += u64::from(count > 0);
            }
        }
    }
    parts
}

/// The part to which a file belongs.
fn part_of(path: &Path) -> Option<String> {
    let name = path.strip_prefix(root()).ok()?;
    let steps: Vec<String> = name.iter().map(|step| step.to_string_lossy().replace(".rs", "")).collect();
    let is_program = ["icpy", "icpyd", "protocol"].contains(&steps[0].as_str());
    if !is_program || steps.iter().any(|step| step == "tests") {
        return None;
    }
    let depth = if steps.get(2).is_some_and(|step| step == "services") { 4 } else { 3 };
    Some(if steps[0] == "icpyd" { steps[..depth.min(steps.len())].join("/") } else { steps[0].clone() })
}

/// Where the tests of a file begin, which are at its end.
fn first_line_of_tests(path: &Path) -> u64 {
    let text = fs::read_to_string(path).unwrap_or_default();
    let place = text.lines().position(|line| line == "mod tests {");
    place.map_or(u64::MAX, |place| place as u64 + 1)
}
