//! Looking for inputs that break what is read from strangers: libFuzzer, on a stable compiler, for a time that is given.
//!
//! The targets are the folders of `tests/fuzz/corpus`. What is found goes to `target/fuzz`. Only our own code is compiled for
//! it, by this program in the compiler's place: what it depends on is there from other builds, and stays as it is.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::{COMPILER_FLAGS, Failure, cargo, root};

/// What makes the compiler count which ways a program takes, and tell libFuzzer what is compared with what.
const FLAGS: [&str; 5] = [
    "-Cpasses=sancov-module",
    "-Cllvm-args=-sanitizer-coverage-level=4",
    "-Cllvm-args=-sanitizer-coverage-inline-8bit-counters",
    "-Cllvm-args=-sanitizer-coverage-pc-table",
    "-Cllvm-args=-sanitizer-coverage-trace-compares",
];

/// How long each target is run, unless told otherwise.
const SECONDS: u32 = 60;

/// An input must be taken within this time.
const INPUT_TIMEOUT: &str = "-timeout=20";

/// How much of what libFuzzer has said is shown when a target breaks.
const SHOWN_LINES: usize = 60;

/// What to run, and for how long.
struct Plan {
    targets: Vec<String>,
    seconds: u32,
    /// One input to be repeated, instead of looking for others.
    input: Option<PathBuf>,
}

pub(crate) fn fuzz(args: &[String]) -> Result<(), Failure> {
    let plan = Plan::read(args)?;
    let programs = build(&plan.targets)?;
    for target in &plan.targets {
        let program = programs.join(target);
        match &plan.input {
            Some(input) => crate::run(command(&program)?.arg(input))?,
            None => explore(target, &program, plan.seconds)?,
        }
    }
    Ok(())
}

impl Plan {
    fn read(args: &[String]) -> Result<Self, Failure> {
        let known = names(&corpus())?;
        let mut plan = Self { targets: Vec::new(), seconds: SECONDS, input: None };
        let mut args = args.iter();
        while let Some(arg) = args.next() {
            if arg == "--seconds" {
                let seconds = args.next().and_then(|seconds| seconds.parse().ok());
                plan.seconds = seconds.ok_or_else(|| Some("`--seconds` needs a number".to_owned()))?;
            } else if known.contains(arg) {
                plan.targets.push(arg.clone());
            } else if plan.targets.len() == 1 && Path::new(arg).is_file() {
                plan.input = Some(fs::canonicalize(arg).map_err(|error| Some(format!("`{arg}`: {error}")))?);
            } else {
                return Err(Some(format!("`{arg}` is neither one of the targets ({}) nor an input", known.join(", "))));
            }
        }
        if plan.targets.is_empty() {
            plan.targets = known;
        }
        Ok(plan)
    }
}

/// Builds the targets' programs, and returns the folder that they are in.
fn build(targets: &[String]) -> Result<PathBuf, Failure> {
    let this = std::env::current_exe().map_err(|error| Some(error.to_string()))?;
    let mut command = cargo();
    command.args(["build", "--quiet", "--package", "icpy-fuzz", "--features", "libfuzzer"]);
    for target in targets {
        command.args(["--bin", target]);
    }
    // Crates that are compiled by a wrapper are kept apart from the same crates without one.
    crate::run(command.env("RUSTC_WORKSPACE_WRAPPER", this).env(COMPILER_FLAGS, FLAGS.join(" ")))?;
    Ok(root().join("target/debug"))
}

/// Runs a target, beginning with its corpus and what was found before.
fn explore(target: &str, program: &Path, seconds: u32) -> Result<(), Failure> {
    let (found, broken) = (place().join("found").join(target), place().join("broken").join(target));
    make_folder(&found)?;
    make_folder(&broken)?;
    let log_path = place().join(format!("{target}.log"));
    let log = File::create(&log_path).map_err(|error| Some(format!("`{}`: {error}", log_path.display())))?;
    let mut command = command(program)?;
    command.arg(format!("-max_total_time={seconds}")).arg(format!("-artifact_prefix={}/", broken.display()));
    command.args(["-print_final_stats=1", INPUT_TIMEOUT]).arg(found).arg(corpus().join(target)).stderr(log);
    let outcome = crate::run(&mut command);
    let said = String::from_utf8_lossy(&fs::read(&log_path).unwrap_or_default()).into_owned();
    if outcome.is_ok() {
        println!("{target}: {}", summary(&said));
        return Ok(());
    }
    let lines: Vec<&str> = said.lines().collect();
    eprintln!("{}", lines[lines.len().saturating_sub(SHOWN_LINES)..].join("\n"));
    let input = said.split("Test unit written to ").nth(1).and_then(|rest| rest.lines().next()).unwrap_or("INPUT");
    Err(Some(format!(
        "`{target}` breaks; see `{}`, and repeat it with\n  cargo xtask fuzz {target} {input}\n\
         A fix comes with that input, under a name that says what it is, in tests/fuzz/corpus/{target}",
        log_path.display()
    )))
}

/// A target's program, with a folder of its own for what it makes on disk: in memory where there is such a place.
fn command(program: &Path) -> Result<Command, Failure> {
    let memory = Path::new("/dev/shm");
    let folder = if memory.is_dir() { memory.join("icpy-fuzz") } else { place().join("temporary") };
    let _ = fs::remove_dir_all(&folder);
    make_folder(&folder)?;
    let mut command = Command::new(program);
    command.env("TMPDIR", folder).env("RUST_BACKTRACE", "1");
    Ok(command)
}

/// What came of a run, from what libFuzzer said: how much was covered at first and at last, and how many inputs were tried.
fn summary(said: &str) -> String {
    let number = |line: &str, name: &str| {
        line.split(name).nth(1).and_then(|rest| rest.split_whitespace().next()).map(str::to_owned)
    };
    let covered = |marks: [&str; 2]| {
        let line = said.lines().rfind(|line| marks.iter().any(|mark| line.contains(mark)));
        line.and_then(|line| number(line, " cov: ")).unwrap_or_default()
    };
    let stat = |name: &str| number(said, &format!("stat::{name}:")).unwrap_or_default();
    format!(
        "{} inputs, {} each second; {} edges covered at first, {} at last; {} MiB at most",
        stat("number_of_executed_units"),
        stat("average_exec_per_sec"),
        covered(["\tINITED", "\tINITED"]),
        covered(["\tDONE", "\tINITED"]),
        stat("peak_rss_mb"),
    )
}

fn names(folder: &Path) -> Result<Vec<String>, Failure> {
    let entries = fs::read_dir(folder).map_err(|error| Some(format!("`{}`: {error}", folder.display())))?;
    let mut names: Vec<String> = entries.flatten().map(|entry| entry.file_name().to_string_lossy().into()).collect();
    names.sort();
    Ok(names)
}

fn corpus() -> PathBuf {
    root().join("tests/fuzz/corpus")
}

fn place() -> PathBuf {
    root().join("target/fuzz")
}

fn make_folder(folder: &Path) -> Result<(), Failure> {
    fs::create_dir_all(folder).map_err(|error| Some(format!("`{}`: {error}", folder.display())))
}
