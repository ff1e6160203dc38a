//! Recordings of terminals as asciinema writes them: a header and then an event a line.
//!
//! <https://docs.asciinema.org/manual/asciicast/v3/> and `v2`: the third has times between events, and the second from the
//! beginning.

use std::io::{self, BufRead, Write};
use std::time::Duration;

use icpy::args::RecordFormat;
use icpy_protocol::terminal::{TerminalExit, TerminalInfo, TerminalSize};
use serde_json::{Value, json};

/// The longest line that is read.
const LINE_BYTES_MAX: usize = 64 << 20;

/// What happens in a recording.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Event {
    Output(String),
    Resize(TerminalSize),
    Exit(u8),
    /// Something else: what was typed, a mark.
    Other,
}

/// Writes a recording.
pub(super) struct Writer<W> {
    file: W,
    format: RecordFormat,
    /// When the last event was, from the beginning.
    last: Duration,
}

/// A whole recording.
#[derive(Debug)]
pub(super) struct Recording {
    pub(super) size: TerminalSize,
    /// Each event with the time since the one before.
    pub(super) events: Vec<(Duration, Event)>,
}

impl<W: Write> Writer<W> {
    /// Begins a recording of a terminal, at a time in milliseconds since 1970.
    pub(super) fn begin(mut file: W, format: RecordFormat, terminal: &TerminalInfo, now_ms: u64) -> io::Result<Self> {
        let TerminalSize { columns, rows } = terminal.size;
        let mut header = match format {
            RecordFormat::V2 => json!({ "version": 2, "width": columns, "height": rows }),
            RecordFormat::V3 => {
                json!({ "version": 3, "term": { "cols": columns, "rows": rows, "type": "xterm-256color" } })
            }
        };
        header["timestamp"] = (now_ms / 1000).into();
        header["command"] = terminal.command.join(" ").into();
        header["title"] = terminal.name.clone().into();
        writeln!(file, "{header}")?;
        Ok(Self { file, format, last: Duration::ZERO })
    }

    /// Adds an event, at a time from the beginning.
    pub(super) fn add(&mut self, at: Duration, event: &Event) -> io::Result<()> {
        let (code, data) = match event {
            Event::Output(text) => ("o", text.clone()),
            Event::Resize(TerminalSize { columns, rows }) => ("r", format!("{columns}x{rows}")),
            Event::Exit(status) if self.format == RecordFormat::V3 => ("x", status.to_string()),
            Event::Exit(_) | Event::Other => return Ok(()),
        };
        let micros = |time: Duration| f64::from(u32::try_from(time.as_micros() % 1_000_000).unwrap_or(0)) / 1e6;
        let time = match self.format {
            RecordFormat::V2 => at,
            RecordFormat::V3 => at.saturating_sub(self.last),
        };
        self.last = at;
        let seconds = f64::from(u32::try_from(time.as_secs()).unwrap_or(u32::MAX)) + micros(time);
        writeln!(self.file, "{}", json!([seconds, code, data]))
    }

    /// Has all that was added written.
    pub(super) fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

/// The last event of a program that has ended.
pub(super) fn exit_event(exit: TerminalExit) -> Event {
    Event::Exit(super::status(exit))
}

/// Reads a recording. What is wrong is told with its line.
pub(super) fn read(file: impl BufRead) -> Result<Recording, String> {
    let mut lines = file.split(b'\n').enumerate().map(|(index, line)| {
        let number = index + 1;
        let line = line.map_err(|error| format!("line {number}: {error}"))?;
        match line.len() > LINE_BYTES_MAX {
            true => Err(format!("line {number} is too long")),
            false => Ok((number, line)),
        }
    });
    let (_, first) = lines.next().ok_or("line 1: there is no header")??;
    let (version, size) = header(&first).map_err(|why| format!("line 1: {why}"))?;
    let (mut events, mut last) = (Vec::new(), Duration::ZERO);
    for line in lines {
        let (number, line) = line?;
        let is_comment = version == RecordFormat::V3 && line.starts_with(b"#");
        if is_comment || line.trim_ascii().is_empty() {
            continue;
        }
        let (time, event) = event(&line).map_err(|why| format!("line {number}: {why}"))?;
        let since = if version == RecordFormat::V2 { time.saturating_sub(last) } else { time };
        last = time;
        events.push((since, event));
    }
    Ok(Recording { size, events })
}

fn header(line: &[u8]) -> Result<(RecordFormat, TerminalSize), String> {
    let header: Value = serde_json::from_slice(line).map_err(|_| "this is no header of an asciicast".to_owned())?;
    let (version, columns, rows) = match header["version"].as_u64() {
        Some(2) => (RecordFormat::V2, &header["width"], &header["height"]),
        Some(3) => (RecordFormat::V3, &header["term"]["cols"], &header["term"]["rows"]),
        Some(other) => return Err(format!("asciicast v{other} is not known: only v2 and v3 are")),
        None => return Err("this is no header of an asciicast: it has no version".to_owned()),
    };
    let number = |value: &Value| value.as_u64().and_then(|number| u16::try_from(number).ok()).filter(|it| *it > 0);
    match (number(columns), number(rows)) {
        (Some(columns), Some(rows)) => Ok((version, TerminalSize { columns, rows })),
        _ => Err("the header has no size".to_owned()),
    }
}

fn event(line: &[u8]) -> Result<(Duration, Event), String> {
    let read: Result<(f64, String, Value), _> = serde_json::from_slice(line);
    let (seconds, code, data) = read.map_err(|error| format!("this is no event: {error}"))?;
    let time = Duration::try_from_secs_f64(seconds).map_err(|error| format!("this is no time: {error}"))?;
    let text = |data: &Value| data.as_str().map(str::to_owned).ok_or_else(|| format!("`{data}` is no text"));
    let event = match code.as_str() {
        "o" => Event::Output(text(&data)?),
        "r" => {
            let size = text(&data)?;
            let numbers =
                size.split_once('x').and_then(|(columns, rows)| Some((columns.parse().ok()?, rows.parse().ok()?)));
            let (columns, rows) = numbers.ok_or_else(|| format!("`{size}` is no size"))?;
            Event::Resize(TerminalSize { columns, rows })
        }
        "x" => Event::Exit(text(&data)?.parse().map_err(|_| format!("{data} is no exit status"))?),
        _ => Event::Other,
    };
    Ok((time, event))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn info() -> TerminalInfo {
        serde_json::from_value(json!({
            "terminalId": "t", "name": "n", "command": ["sh", "-l"], "cwd": "/", "pid": 1,
            "size": { "columns": 90, "rows": 30 }, "createdAtMs": 0,
        }))
        .unwrap()
    }

    fn written(format: RecordFormat) -> String {
        let mut text = Vec::new();
        let mut writer = Writer::begin(&mut text, format, &info(), 1_504_467_315_000).unwrap();
        let size = TerminalSize { columns: 100, rows: 40 };
        for (ms, event) in
            [(250, Event::Output("a\x1b[1m\u{e9}\r\n".to_owned())), (1250, Event::Resize(size)), (1500, Event::Exit(3))]
        {
            writer.add(Duration::from_millis(ms), &event).unwrap();
        }
        String::from_utf8(text).unwrap()
    }

    #[test]
    fn a_recording_is_written_as_its_format_says() {
        let text = written(RecordFormat::V3);
        let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(lines[0]["term"]["cols"], 90);
        assert_eq!(lines[0]["timestamp"], 1_504_467_315);
        assert_eq!(
            lines[1..],
            [json!([0.25, "o", "a\u{1b}[1m\u{e9}\r\n"]), json!([1.0, "r", "100x40"]), json!([0.25, "x", "3"])]
        );
        let text = written(RecordFormat::V2);
        let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!((&lines[0]["width"], &lines[0]["height"]), (&json!(90), &json!(30)));
        assert_eq!(lines[1..], [json!([0.25, "o", "a\u{1b}[1m\u{e9}\r\n"]), json!([1.25, "r", "100x40"])]);
    }

    #[test]
    fn what_is_written_is_read_again() {
        for format in [RecordFormat::V2, RecordFormat::V3] {
            let read = read(written(format).as_bytes()).unwrap();
            assert_eq!(read.size, TerminalSize { columns: 90, rows: 30 });
            let times: Vec<u128> = read.events.iter().map(|(time, _)| time.as_millis()).collect();
            assert_eq!(times, [250, 1000, 250][..times.len()]);
            assert_eq!(read.events[0].1, Event::Output("a\x1b[1m\u{e9}\r\n".to_owned()));
        }
    }

    #[test]
    fn what_is_wrong_is_told_with_its_line() {
        let check = |text: &str, expect: &str| {
            let error = read(text.as_bytes()).unwrap_err();
            assert!(error.starts_with(expect), "{text:?}: {error}");
        };
        let head = r#"{"version": 3, "term": {"cols": 80, "rows": 24}}"#;
        check("", "line 1: there is no header");
        check("x", "line 1: this is no header");
        check("{}", "line 1: this is no header of an asciicast: it has no version");
        check(r#"{"version": 1}"#, "line 1: asciicast v1 is not known");
        check(r#"{"version": 2, "width": 0, "height": 1}"#, "line 1: the header has no size");
        check(&format!("{head}\n# comment\n\n[1, \"o\"]"), "line 4: this is no event");
        check(&format!("{head}\n[-1, \"o\", \"\"]"), "line 2: this is no time");
        check(&format!("{head}\n[1, \"o\", 1]"), "line 2: `1` is no text");
        check(&format!("{head}\n[1, \"r\", \"80\"]"), "line 2: `80` is no size");
        check(&format!("{head}\n[1, \"x\", \"a\"]"), "line 2: \"a\" is no exit status");
        assert_eq!(read(format!("{head}\n[1, \"m\", \"\"]\n").as_bytes()).unwrap().events[0].1, Event::Other);
    }
}
