//! The only build tool: `cargo xtask COMMAND`. It runs cargo and npm, and does nothing that they can do alone.

#![expect(clippy::print_stdout, clippy::print_stderr, clippy::disallowed_methods, reason = "a tool for a terminal")]

mod bench;
mod build;
mod coverage;
mod dist;
mod fuzz;
mod web;

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};

use build::{Profile, build};

const HELP: &str = "\
cargo xtask run [-- ARGS]     build both programs and run `icpy ARGS`
cargo xtask test [FILTER]     run every test, or those whose names hold FILTER
cargo xtask bench [AREA...]   run every benchmark, or those of some areas, and print their tables
    --write                   and make docs/benchmarks.md of them
    --from FOLDER             of the programs that are there, instead of building them
cargo xtask coverage [FILTER] run the tests, and print which share of its lines each part has run
cargo xtask fuzz [TARGET...]  look for inputs that break what is read from strangers, with libFuzzer
    --seconds N               for so long each, instead of a minute
    INPUT                     repeat this one with one TARGET, instead of looking for others
cargo xtask docs              write the generated documents anew
cargo xtask install [FOLDER]  install both programs to FOLDER, by default where cargo installs
cargo xtask dist [KIND]       make packages in target/packages: a `deb`, and an `archive` that installs itself
    --from FOLDER             of the programs that are there, instead of building them
    --to FOLDER               in another folder
    --target TRIPLE           for the system that the programs are for, when it is not this one
    --version VERSION         under another version";

/// What this program, in the place of the compiler, has it do more.
const COMPILER_FLAGS: &str = "ICPY_COMPILER_FLAGS";

/// Why a command failed: a sentence, or nothing when what failed has said so itself.
type Failure = Option<String>;

fn main() -> ExitCode {
    let mut args = env::args().skip(1);
    let command = args.next();
    let rest: Vec<String> = args.collect();
    let outcome = match command.as_deref() {
        Some("run") => run_icpy(&rest),
        Some("test") => test(&rest),
        Some("bench") => bench::bench(&rest),
        Some("coverage") => coverage::coverage(&rest),
        Some("fuzz") => fuzz::fuzz(&rest),
        Some(rustc) if Path::new(rustc).file_stem().is_some_and(|name| name == "rustc") => compile(rustc, &rest),
        Some("docs") => documents(),
        Some("install") => install(rest.first().map(Path::new)),
        Some("dist") => dist::dist(&rest),
        Some("help" | "--help" | "-h") | None => {
            println!("{HELP}");
            Ok(())
        }
        Some(other) => Err(Some(format!("no command is named `{other}`\n{HELP}"))),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            if let Some(sentence) = failure {
                eprintln!("xtask: {sentence}");
            }
            ExitCode::FAILURE
        }
    }
}

fn run_icpy(args: &[String]) -> Result<(), Failure> {
    let programs = build(Profile::Release)?;
    let args = args.strip_prefix(&["--".to_owned()]).unwrap_or(args);
    run(Command::new(programs.icpy).args(args))
}

/// Compiles one of our crates, in place of the compiler that cargo names first.
fn compile(rustc: &str, args: &[String]) -> Result<(), Failure> {
    let name = args.iter().skip_while(|arg| *arg != "--crate-name").nth(1);
    // Before it compiles anything cargo asks what the compiler is. A build script runs while it builds.
    let is_part = name.is_some_and(|name| name != "___" && name != "build_script_build");
    let flags = if is_part { env::var(COMPILER_FLAGS).unwrap_or_default() } else { String::new() };
    run(Command::new(rustc).args(args).args(flags.split_whitespace()))
}

fn test(filter: &[String]) -> Result<(), Failure> {
    test_with(cargo, filter)
}

/// The programs are built first: tests start them as a user would.
fn test_with(cargo: impl Fn() -> Command, filter: &[String]) -> Result<(), Failure> {
    web::build()?;
    run(cargo().args(["build", "--workspace", "--bins"]))?;
    for folder in ["tests/browser", "tests/codemirror", "tests/typescript", "tests/xterm", "tests/yjs"] {
        install_packages(&root().join(folder))?;
    }
    install_schemathesis(&root().join("tests/schemathesis"))?;
    if has_nextest() {
        let profile = if std::env::var_os("ICPY_TEST_ROUNDS").is_some() { "campaign" } else { "default" };
        run(cargo().args(["nextest", "run", "--workspace", "--no-fail-fast", "--profile", profile]).args(filter))
    } else {
        run(cargo().args(["test", "--workspace", "--all-targets", "--no-fail-fast"]).args(filter))
    }
}

fn has_nextest() -> bool {
    cargo().args(["nextest", "--version"]).output().is_ok_and(|output| output.status.success())
}

/// What tests need of npm, at the versions of a lock file: the compiler that checks the generated types, an editor, the terminal
/// that ours is compared with, and what drives a browser.
fn install_packages(folder: &Path) -> Result<(), Failure> {
    let lock = fs::read(folder.join("package-lock.json")).map_err(|error| Some(error.to_string()))?;
    let stamp = folder.join("node_modules/.icpy-lock");
    if fs::read(&stamp).is_ok_and(|installed| installed == lock) {
        return Ok(());
    }
    run(Command::new(npm()).args(["ci", "--no-audit", "--no-fund", "--silent"]).current_dir(folder))?;
    fs::write(stamp, lock).map_err(|error| Some(error.to_string()))
}

fn npm() -> &'static str {
    if cfg!(windows) { "npm.cmd" } else { "npm" }
}

/// What looks for faults of the REST interface, from `PyPI`, at the versions of a list. Without Python the test says so itself.
fn install_schemathesis(folder: &Path) -> Result<(), Failure> {
    let python = if cfg!(windows) { "python" } else { "python3" };
    let has_python = Command::new(python).args(["-c", "import venv, ensurepip"]).stderr(Stdio::null()).status();
    if !has_python.is_ok_and(|status| status.success()) {
        return Ok(());
    }
    let list = folder.join("requirements.txt");
    let wanted = fs::read(&list).map_err(|error| Some(error.to_string()))?;
    let environment = folder.join(".venv");
    let stamp = environment.join("icpy-requirements");
    if fs::read(&stamp).is_ok_and(|installed| installed == wanted) {
        return Ok(());
    }
    run(Command::new(python).args(["-m", "venv", "--clear"]).arg(&environment))?;
    let pip = environment.join(if cfg!(windows) { "Scripts/pip.exe" } else { "bin/pip" });
    run(Command::new(pip).args(["install", "--quiet", "--disable-pip-version-check", "--requirement"]).arg(list))?;
    fs::write(stamp, wanted).map_err(|error| Some(error.to_string()))
}

fn documents() -> Result<(), Failure> {
    let mut command = cargo();
    run(command.args(["test", "--quiet", "--package", "icpy-tests", "generated"]).env("UPDATE_DOCUMENTS", "1"))
}

fn install(folder: Option<&Path>) -> Result<(), Failure> {
    let programs = build(Profile::Dist)?;
    let folder = folder.map(Path::to_owned).or_else(cargo_bin).ok_or_else(|| Some("name a folder".to_owned()))?;
    fs::create_dir_all(&folder).map_err(|error| Some(format!("`{}`: {error}", folder.display())))?;
    for program in [programs.icpy, programs.icpyd] {
        let name = program.file_name().unwrap_or_default();
        let (new, target) = (folder.join(name).with_extension("new"), folder.join(name));
        // A running program cannot be written over, but another can take its name.
        fs::copy(&program, &new)
            .and_then(|_| fs::rename(&new, &target))
            .map_err(|error| Some(format!("cannot install `{}`: {error}", target.display())))?;
        println!("installed {}", target.display());
    }
    Ok(())
}

/// Where `cargo install` puts programs.
fn cargo_bin() -> Option<PathBuf> {
    let home = env::var_os("CARGO_HOME").map(PathBuf::from).or_else(|| Some(env::home_dir()?.join(".cargo")))?;
    Some(home.join("bin"))
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().map(Path::to_owned).unwrap_or_default()
}

fn cargo() -> Command {
    let mut command = Command::new(env::var_os("CARGO").unwrap_or("cargo".into()));
    command.current_dir(root());
    command
}

fn run(command: &mut Command) -> Result<(), Failure> {
    let program = command.get_program().to_string_lossy().into_owned();
    match command.status() {
        Ok(status) if status.success() => Ok(()),
        Ok(_) => Err(None),
        Err(error) => Err(Some(format!("cannot run `{program}`: {error}"))),
    }
}
