//! Measuring: the benchmarks of all areas in one run, and the document that is made of their figures.

use std::ffi::OsStr;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};

use crate::build::{Profile, build};
use crate::{Failure, cargo, install_packages, npm, root, run};

/// The areas in the order of the document, and what it says of each.
const AREAS: [(&str, &str); 20] = [
    ("process", "A client's whole process, with the daemon running"),
    ("wire", "Requests over one connection, and connections"),
    ("cold", "From no daemon to its first answer"),
    ("restart", "Replacing the daemon's program in place, under a client that asks without a pause"),
    ("bus", "One event to many subscriptions inside the process"),
    ("fanout", "One event to many connected clients"),
    ("slow", "Clients that ask and never read, beside one that does"),
    ("tree", "A folder of 100,000 files"),
    ("save", "Saving and reading files; the floor is what makes a save durable"),
    ("search", "Searching in 1 GB of text; the floor is ripgrep, which reads everything"),
    ("text", "Texts that many edit"),
    ("history", "The event log, and what a client has missed"),
    ("screen", "Terminals' screens: 16 MiB of output of several kinds"),
    ("terminal", "Programs in terminals; the floor is a terminal with nothing in between"),
    ("web", "Requests over HTTP and WebSocket, beside a bare axum and the daemon's own socket"),
    ("load", "Many clients at once"),
    ("idle", "A daemon that nobody asks for anything"),
    ("size", "How large the programs are"),
    ("growth", "What each costs as there is more of it; [growth.md](growth.md) shows the curves, and why they are so"),
    ("browser", "The web UI in Chromium; the floor is a bare page with the same editor and terminal"),
];

/// Whose versions are told: by what they print.
const PROGRAMS: [(&str, &str); 17] = [
    ("rustc", "--version"),
    ("node", "--version"),
    ("chromium", "--version"),
    ("rg", "--version"),
    ("redis-server", "--version"),
    ("nats-server", "--version"),
    ("tmux", "-V"),
    ("nvim", "--version"),
    ("emacsclient", "--version"),
    ("kak", "-version"),
    ("dtach", "--version"),
    ("shpool", "version"),
    ("watchman", "--version"),
    ("fd", "--version"),
    ("fdfind", "--version"),
    ("jupyter-server", "--version"),
    ("systemd-analyze", "--version"),
];

const INTRODUCTION: &str = "\
Measured by `cargo xtask bench --write`, which makes this page; [benchmarks.json](benchmarks.json) has the same for programs. Each
figure stands beside its floor, a bare program that does the same with nothing in between, and beside a peer where one is installed,
all of one run. Times differ from machine to machine: compare the ratios.";

/// Runs the benchmarks of some areas, or of all.
pub(crate) fn bench(args: &[String]) -> Result<(), Failure> {
    let (mut names, mut from, mut is_written) = (Vec::new(), None, false);
    let mut args = args.iter();
    while let Some(arg) = args.next() {
        match arg.as_str() {
            "--write" => is_written = true,
            "--from" => from = Some(PathBuf::from(args.next().ok_or_else(|| Some("name a folder".to_owned()))?)),
            name => names.push(name),
        }
    }
    if let Some(unknown) = names.iter().find(|name| AREAS.iter().all(|(area, _)| area != *name)) {
        let areas = AREAS.map(|(area, _)| area).join(", ");
        return Err(Some(format!("no area is named `{unknown}`: there are {areas}")));
    }
    let programs = match from {
        Some(folder) => fs::canonicalize(&folder).map_err(|error| Some(format!("`{}`: {error}", folder.display())))?,
        None => build(Profile::Dist)?.folder,
    };
    let folder = root().join("target/bench");
    fs::create_dir_all(&folder).map_err(|error| Some(format!("`{}`: {error}", folder.display())))?;
    let pictures = folder.join("growth");
    fs::create_dir_all(&pictures).map_err(|error| Some(format!("`{}`: {error}", pictures.display())))?;
    let mut rows: Vec<Value> = Vec::new();
    if names.is_empty() || names.iter().any(|it| *it != "browser") {
        let figures = folder.join("core.json");
        let areas = names.iter().filter(|it| **it != "browser");
        let mut command = cargo();
        command.args(["bench", "--package", "icpy-tests", "--bench", "core", "--"]).args(areas);
        command.env("ICPY_BENCH_PROGRAMS", &programs).env("ICPY_BENCH_PICTURES", &pictures);
        run(command.env("ICPY_BENCH_JSON", &figures))?;
        rows.extend(read(&figures)?);
    }
    if names.is_empty() || names.contains(&"browser") {
        let (figures, web) = (folder.join("browser.json"), root().join("icpyd/web"));
        install_packages(&web)?;
        let mut command = Command::new(npm());
        command.args(["run", "bench", "--silent"]).current_dir(web);
        run(command.env("ICPY_PROGRAMS", &programs).env("ICPY_BENCH_JSON", &figures))?;
        rows.extend(read(&figures)?);
    }
    if !is_written {
        return Ok(());
    }
    if names.is_empty() || names.contains(&"growth") {
        show(&pictures)?;
    }
    write(rows, &programs)
}

/// Puts the curves into the documents.
fn show(pictures: &Path) -> Result<(), Failure> {
    let folder = root().join("docs/growth");
    let copy = || -> std::io::Result<()> {
        fs::create_dir_all(&folder)?;
        for picture in fs::read_dir(pictures)? {
            let picture = picture?;
            fs::copy(picture.path(), folder.join(picture.file_name()))?;
        }
        Ok(())
    };
    copy().map_err(|error| Some(format!("`{}`: {error}", folder.display())))
}

fn read(file: &Path) -> Result<Vec<Value>, Failure> {
    let failed = |error: &dyn std::fmt::Display| Some(format!("`{}`: {error}", file.display()));
    let content = fs::read(file).map_err(|error| failed(&error))?;
    serde_json::from_slice(&content).map_err(|error| failed(&error))
}

/// Writes the document and its data. Areas that were not measured now stay as they were, where that was on this
/// machine.
fn write(rows: Vec<Value>, programs: &Path) -> Result<(), Failure> {
    let docs = root().join("docs");
    let data = docs.join("benchmarks.json");
    let before = fs::read(&data).ok().and_then(|it| serde_json::from_slice::<Value>(&it).ok()).unwrap_or_default();
    let measured: Vec<Value> = rows.iter().map(|row| row["area"].clone()).collect();
    let version = said(programs.join("icpyd").as_os_str(), "--version").unwrap_or_default();
    let machine = machine();
    let mut all: Vec<Value> = before["rows"].as_array().cloned().unwrap_or_default();
    all.retain(|row| before["machine"] == json!(machine) && !measured.contains(&row["area"]));
    all.extend(rows.into_iter().map(|mut row| {
        row["version"] = json!(version);
        row
    }));
    let place = |row: &Value| AREAS.iter().position(|(area, _)| row["area"] == *area);
    all.sort_by_key(place);
    let page = page(&machine, &all);
    let data_text = serde_json::to_string_pretty(&json!({ "machine": machine, "rows": all })).unwrap_or_default();
    for (file, content) in [(docs.join("benchmarks.md"), page), (data, data_text + "\n")] {
        fs::write(&file, content).map_err(|error| Some(format!("`{}`: {error}", file.display())))?;
    }
    Ok(())
}

/// What it was measured on, and with.
fn machine() -> Vec<(String, String)> {
    let of_file = |file: &str, name: &str| {
        let content = fs::read_to_string(file).unwrap_or_default();
        let line = content.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_default();
        line.trim_matches([' ', '\t', ':', '=', '"']).to_owned()
    };
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let memory_kib = of_file("/proc/meminfo", "MemTotal").trim_end_matches(" kB").parse::<u64>().unwrap_or_default();
    let mut all = vec![
        ("Processor".to_owned(), format!("{}, {cores} cores", of_file("/proc/cpuinfo", "model name"))),
        ("Memory".to_owned(), format!("{} GiB", memory_kib >> 20)),
        ("System".to_owned(), of_file("/etc/os-release", "PRETTY_NAME")),
        ("Kernel".to_owned(), fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default().trim().to_owned()),
    ];
    let told = |(program, option): &(&str, &str)| Some((format!("`{program}`"), said(program.as_ref(), option)?));
    all.extend(PROGRAMS.iter().filter_map(told));
    all
}

/// The first line that a program prints.
fn said(program: &OsStr, option: &str) -> Option<String> {
    let output = Command::new(program).arg(option).output().ok()?;
    Some(String::from_utf8_lossy(&output.stdout).lines().next()?.to_owned())
}

fn page(machine: &[(String, String)], rows: &[Value]) -> String {
    let mut page = format!("# Benchmarks\n\n{INTRODUCTION}\n\n| Machine | |\n| --- | --- |\n");
    for (name, what) in machine {
        let _ = writeln!(page, "| {name} | {what} |");
    }
    for (area, title) in AREAS {
        let rows: Vec<&Value> = rows.iter().filter(|row| row["area"] == area).collect();
        let Some(first) = rows.first() else { continue };
        let version = first["version"].as_str().unwrap_or_default();
        let _ = write!(page, "\n## {area}\n\n{title}. `cargo xtask bench {area}`, {version}.\n\n");
        page.push_str("| Measure | Floor | icpy | Ratio | Target | Peer |\n| --- | ---: | ---: | ---: | --- | --- |\n");
        for row in rows {
            let cell = |name: &str| row[name].as_str().unwrap_or_default().replace('|', "\\|");
            let cells = ["measure", "floor", "icpy", "ratio", "target", "peer"].map(cell);
            let _ = writeln!(page, "| {} |", cells.join(" | "));
        }
    }
    page
}
