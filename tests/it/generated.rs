//! The generated documents that are committed are those of this build.
//!
//! `cargo xtask docs` writes them anew.

use std::fs;
use std::path::Path;
use std::process::Command;

use clap::CommandFactory as _;
use icpy_protocol::documents;

const DOCUMENTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../protocol/documents");
const MAN: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../man");
const TYPESCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/typescript");

/// Compares a committed file with what it should hold, or writes it.
fn check(path: &Path, text: &str) {
    if std::env::var_os("UPDATE_DOCUMENTS").is_some() {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    let committed = fs::read_to_string(path).unwrap_or_default();
    assert!(committed == text, "`{}` is stale: run `cargo xtask docs` and commit the result", path.display());
}

#[test]
fn generated_openrpc_is_fresh() {
    let text = serde_json::to_string_pretty(&documents::openrpc()).unwrap() + "\n";
    check(&Path::new(DOCUMENTS).join("openrpc.json"), &text);
}

#[test]
fn generated_openapi_is_fresh() {
    let text = serde_json::to_string_pretty(&documents::openapi()).unwrap() + "\n";
    check(&Path::new(DOCUMENTS).join("openapi.json"), &text);
}

#[test]
fn generated_typescript_is_fresh() {
    check(&Path::new(DOCUMENTS).join("icpy.ts"), &documents::typescript());
}

#[test]
fn generated_man_pages_are_fresh() {
    check(&Path::new(MAN).join("icpy-protocol.7"), &documents::man_page());
    check_command(icpy::args::Args::command());
    check_command(icpyd::args::Args::command());
}

fn check_command(command: clap::Command) {
    let name = command.get_name().to_owned();
    let mut page = Vec::new();
    clap_mangen::Man::new(command).render(&mut page).unwrap();
    check(&Path::new(MAN).join(format!("{name}.1")), &revised(&String::from_utf8(page).unwrap()));
}

/// A page without references to pages that there are not, and with its tables as they are in the help.
fn revised(page: &str) -> String {
    let mut text = String::new();
    for line in page.lines() {
        let line = match line.strip_suffix("(1)").and_then(|line| line.split_once("\\-")) {
            Some((program, command)) if !line.contains(' ') => format!("{program} {command}"),
            _ => line.to_owned(),
        };
        match line.as_str() {
            ".SH EXTRA" => text += ".SH NOTES\n.nf\n",
            ".SH VERSION" => text += ".fi\n.SH VERSION\n",
            line => text.extend([line, "\n"]),
        }
    }
    text
}

/// The compiler accepts the types, a right use of them, and refuses a wrong one.
#[test]
fn generated_typescript_passes_the_compiler() {
    let compiler = Path::new(TYPESCRIPT).join("node_modules/.bin/tsc");
    if !compiler.exists() {
        return icpy_tests::cannot_run("the TypeScript compiler is not installed: run `cargo xtask test`");
    }
    let check = |name: &str| {
        let mut command = Command::new(&compiler);
        command.current_dir(TYPESCRIPT).args(["--strict", "--noEmit", "--target", "es2022", "--module", "es2022"]);
        icpy_tests::process::output(command.arg(name))
    };
    let right = check("right.ts");
    assert_eq!(right.status, 0, "{}", right.stdout);
    let wrong = check("wrong.ts");
    let lines: Vec<&str> = wrong.stdout.lines().filter(|line| line.contains("error TS")).collect();
    assert_eq!(lines.len(), 3, "{lines:#?}");
}
