//! xterm.js, the terminal of web pages and editors, as another judge: `tests/xterm/view.mjs` replays output in it.

use std::fs::File;
use std::io::{BufWriter, Seek as _, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};

use icpy_protocol::terminal::TerminalSize;
use serde::Deserialize;
use serde_json::{Value, json};

use super::super::style::{Attributes, Color};
use super::reference::cannot_run;
use super::view::{CellView, View};

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/xterm");

/// What a terminal is given, and when it is looked at.
pub(super) struct Job {
    size: TerminalSize,
    keeps_erased: bool,
    steps: Vec<Value>,
}

impl Job {
    pub(super) fn new(size: TerminalSize) -> Self {
        Self { size, keeps_erased: true, steps: Vec::new() }
    }

    /// Whether a screen that is erased goes to the history.
    pub(super) fn keeps_erased(self, keeps_erased: bool) -> Self {
        Self { keeps_erased, ..self }
    }

    pub(super) fn write(mut self, bytes: &[u8]) -> Self {
        self.steps.push(json!({"write": base64_simd::STANDARD.encode_to_string(bytes)}));
        self
    }

    pub(super) fn view(mut self) -> Self {
        self.steps.push(json!("view"));
        self
    }
}

/// The views of each job. None when xterm.js is not installed.
pub(super) fn views(jobs: &[Job]) -> Option<Vec<Vec<View>>> {
    if !Path::new(FOLDER).join("node_modules/@xterm/headless").exists() {
        cannot_run("xterm.js is not installed: run `cargo xtask test`");
        return None;
    }
    let mut input = tempfile::tempfile().unwrap();
    write_jobs(jobs, &input);
    input.rewind().unwrap();
    let mut command = Command::new("node");
    command.current_dir(FOLDER).arg("view.mjs").stdin(input).stderr(Stdio::inherit());
    let output = command.output().unwrap();
    assert!(output.status.success(), "{:?}", output.status);
    let lines = output.stdout.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
    let views: Vec<Vec<XtermView>> = lines.map(|line| serde_json::from_slice(line).unwrap()).collect();
    assert_eq!(views.len(), jobs.len());
    Some(views.into_iter().map(|views| views.into_iter().map(View::from).collect()).collect())
}

fn write_jobs(jobs: &[Job], file: &File) {
    let mut file = BufWriter::new(file);
    for job in jobs {
        let job = json!({"columns": job.size.columns, "rows": job.size.rows, "keepsErased": job.keeps_erased, "steps": job.steps});
        writeln!(file, "{job}").unwrap();
    }
    file.flush().unwrap();
}

/// A cell's text, width, and the number of its style.
type XtermCell = (String, u8, usize);

#[derive(Debug, Deserialize)]
struct XtermView {
    history: Vec<Vec<XtermCell>>,
    rows: Vec<Vec<XtermCell>>,
    styles: Vec<XtermStyle>,
    cursor: (usize, usize),
    title: String,
    modes: Vec<(String, bool)>,
}

#[derive(Debug, Deserialize)]
struct XtermStyle {
    foreground: String,
    background: String,
    line: String,
    underline: u16,
    flags: u16,
    link: Option<String>,
}

impl From<XtermView> for View {
    fn from(view: XtermView) -> Self {
        let row = |cells: Vec<XtermCell>| cells.into_iter().map(|cell| cell_view(cell, &view.styles)).collect();
        let rows: Vec<Vec<CellView>> = view.rows.into_iter().map(row).collect();
        let last = rows[0].len() - 1;
        Self {
            history: view.history.into_iter().map(row).collect(),
            rows,
            // A wrap is pending when the cursor is behind the last column.
            cursor: (view.cursor.0, view.cursor.1.min(last), view.cursor.1 > last),
            modes: view.modes,
            keyboard: None,
            title: Some(view.title),
            next: None,
        }
    }
}

fn cell_view((text, width, style): XtermCell, styles: &[XtermStyle]) -> CellView {
    let style = &styles[style];
    let mut attributes = Attributes::default();
    attributes.insert(style.flags);
    attributes.set_underline(style.underline);
    CellView {
        text,
        is_wide: width == 2,
        is_spacer: width == 0,
        colors: [&style.foreground, &style.background, &style.line].map(|color| parse_color(color)),
        attributes,
        link: style.link.clone(),
    }
}

fn parse_color(color: &str) -> Color {
    let Some((kind, value)) = color.split_at_checked(1) else { return Color::DEFAULT };
    match kind {
        "p" => Color::named(value.parse().unwrap()),
        "x" => Color::indexed(value.parse().unwrap()),
        _ => {
            let [_, red, green, blue] = u32::from_str_radix(value, 16).unwrap().to_be_bytes();
            Color::rgb(red, green, blue)
        }
    }
}
