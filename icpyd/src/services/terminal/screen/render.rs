//! Lines for people and programs: as text, with colours, or as HTML.

use super::cell::Cell;
use super::line::{Around, Next, Tables, decode, encode};
use super::row::Row;
use super::style::{Attributes, Color, ColorName, Style, StyleId};
use super::{Rgb, Screen, Theme};

/// Which lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// What is shown.
    Screen,
    /// What was scrolled out.
    Scrollback,
    /// What was scrolled out, and what is shown.
    Both,
    /// From a line's number to before another's. The primary screen's rows follow what was scrolled out.
    Lines(u64, u64),
}

/// How.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Without colours.
    Text,
    /// With sequences for colours and links.
    Ansi,
    /// A `pre` element.
    Html,
}

impl Screen {
    /// Lines of text, each ended by a line feed; rows that a line was broken into are one line again.
    pub fn render(&self, part: Part, format: Format) -> String {
        let mut out = String::new();
        if format == Format::Html {
            out.push_str("<pre>");
        }
        self.visit_rows(part, &mut |_, row, tables| push_row(row, tables, format, &self.terminal.theme, &mut out));
        if format == Format::Html {
            out.push_str("</pre>\n");
        }
        out
    }

    /// Visits rows with their numbers; those of the alternate screen are numbered as if it were the primary one.
    pub(super) fn visit_rows(&self, part: Part, visit: &mut dyn FnMut(u64, &Row, &Tables)) {
        let terminal = &self.terminal;
        let end = terminal.log.end();
        let (from, to) = match part {
            Part::Screen => (end, u64::MAX),
            Part::Scrollback => (0, end),
            Part::Both => (0, u64::MAX),
            Part::Lines(from, to) => (from, to),
        };
        let mut tables = Tables::default();
        terminal.log.visit(from, to, &mut |line| {
            if tables.styles.is_full() || tables.clusters.is_full() {
                tables = Tables::default();
            }
            let row = decode(line.text, line.end.is_wrapped, &mut tables);
            visit(line.number, &row, &tables);
            true
        });
        let grid = if matches!(part, Part::Lines(..)) { terminal.primary() } else { &terminal.grid };
        for (number, row) in (end..).zip(&grid.rows).filter(|(number, _)| (from..to).contains(number)) {
            visit(number, row, &terminal.tables);
        }
    }
}

fn push_row(row: &Row, tables: &Tables, format: Format, theme: &Theme, out: &mut String) {
    match format {
        Format::Text => push_text(row.cells(), tables, out),
        Format::Ansi => {
            let mut bytes = Vec::new();
            encode(row, Around { next: Next::Wide, ..Around::default() }, tables, &mut bytes);
            out.push_str(&String::from_utf8_lossy(&bytes));
        }
        Format::Html => push_html(row, tables, theme, out),
    }
    if !row.is_wrapped {
        match format {
            Format::Text => end_line(out),
            Format::Ansi | Format::Html => out.push('\n'),
        }
    }
}

/// Ends a line, without the blanks at its end.
fn end_line(out: &mut String) {
    let start = out.rfind('\n').map_or(0, |place| place + 1);
    let end = start + out[start..].trim_end_matches(' ').len();
    out.truncate(end);
    out.push('\n');
}

/// Appends what cells show.
pub(super) fn push_text(cells: &[Cell], tables: &Tables, out: &mut String) {
    for cell in cells.iter().filter(|cell| !cell.is_spacer() && !cell.is_leading()) {
        tables.clusters.push_cell(out, *cell);
    }
}

fn push_html(row: &Row, tables: &Tables, theme: &Theme, out: &mut String) {
    let mut rest = row.cells();
    while let Some(first) = rest.first() {
        let style = first.style;
        let end = rest.iter().position(|cell| cell.style != style).unwrap_or(rest.len());
        let (run, behind) = rest.split_at(end);
        rest = behind;
        let mut text = String::new();
        push_text(run, tables, &mut text);
        let text = escape(&text);
        if style == StyleId::DEFAULT {
            out.push_str(&text);
            continue;
        }
        let look = tables.styles.get(style);
        let link = tables.styles.links.get(look.link).filter(|link| is_safe(&link.address));
        if let Some(link) = link {
            out.extend(["<a href=\"", &escape(&link.address), "\">"]);
        }
        out.extend(["<span style=\"", &css(look, theme), "\">", &text, "</span>"]);
        if link.is_some() {
            out.push_str("</a>");
        }
    }
}

/// Addresses that do nothing but lead somewhere.
fn is_safe(address: &str) -> bool {
    ["http://", "https://", "file://", "mailto:"].iter().any(|scheme| address.starts_with(scheme))
}

fn css(style: &Style, theme: &Theme) -> String {
    let mut parts: Vec<String> = Vec::new();
    let has = |flag: u16| style.attributes.has(flag);
    let (mut foreground, mut background) = (color(style.foreground, theme), color(style.background, theme));
    if has(Attributes::INVERSE) {
        let swapped = (background.unwrap_or(theme.background), foreground.unwrap_or(theme.foreground));
        (foreground, background) = (Some(swapped.0), Some(swapped.1));
    }
    parts.extend(foreground.map(|color| format!("color:{}", web(color))));
    parts.extend(background.map(|color| format!("background-color:{}", web(color))));
    for (flag, text) in [
        (Attributes::BOLD, "font-weight:bold"),
        (Attributes::DIM, "opacity:.6"),
        (Attributes::ITALIC, "font-style:italic"),
        (Attributes::HIDDEN, "visibility:hidden"),
    ] {
        if has(flag) {
            parts.push(text.to_owned());
        }
    }
    let lines = [
        (style.attributes.underline() != 0, "underline"),
        (has(Attributes::STRIKE), "line-through"),
        (has(Attributes::OVERLINE), "overline"),
    ];
    let lines: Vec<&str> = lines.into_iter().filter_map(|(is_set, text)| is_set.then_some(text)).collect();
    if !lines.is_empty() {
        parts.push(format!("text-decoration:{}", lines.join(" ")));
    }
    parts.join(";")
}

fn color(color: Color, theme: &Theme) -> Option<Rgb> {
    match color.name() {
        ColorName::Default => None,
        ColorName::Named(index) | ColorName::Indexed(index) => Some(theme.indexed(index)),
        ColorName::Rgb(red, green, blue) => Some(Rgb(red, green, blue)),
    }
}

fn web(Rgb(red, green, blue): Rgb) -> String {
    format!("#{red:02x}{green:02x}{blue:02x}")
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
