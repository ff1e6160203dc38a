//! tmux as another judge: it shows what was written to one of its windows.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use super::oracle::Oracle;
use super::recorded::SIZE;
use super::reference::cannot_run;
use super::view::{View, size};

/// The answer to the last question says that all before it was read. Programs that were recorded asked others.
const SHOW: &str = r#"stty raw -echo
cat "$1"
printf '\033[5n'
answer=
while [ "${answer%'[0n'}" = "$answer" ] && IFS= read -r -n 1 -d '' byte; do answer=$answer$byte; done
tmux -S "$2" wait-for -S shown
exec sleep 60"#;

/// A server of its own, which ends with the test.
pub(super) struct Tmux {
    folder: TempDir,
}

impl Tmux {
    /// None when tmux is not installed.
    pub(super) fn start() -> Option<Self> {
        if Command::new("tmux").arg("-V").output().is_err() {
            cannot_run("tmux is not installed");
            return None;
        }
        let folder = tempfile::tempdir().unwrap();
        let config =
            ["set -g status off", "set -g history-limit 100000", "set -g remain-on-exit on", "set -g exit-empty off"];
        fs::write(folder.path().join("config"), config.join("\n")).unwrap();
        fs::write(folder.path().join("show"), SHOW).unwrap();
        Some(Self { folder })
    }

    fn socket(&self) -> PathBuf {
        self.folder.path().join("socket")
    }

    fn run(&self, args: &[&str]) -> String {
        let mut command = Command::new("tmux");
        command
            .env_clear()
            .env("PATH", "/usr/local/bin:/usr/bin:/bin")
            .env("LANG", "C.UTF-8")
            .arg("-S")
            .arg(self.socket());
        let output = command.arg("-f").arg(self.folder.path().join("config")).args(args).output().unwrap();
        assert!(output.status.success(), "tmux {args:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }

    /// What tmux shows after `output`.
    pub(super) fn view(&self, output: &[u8]) -> View {
        let (file, show, socket) = (self.folder.path().join("output"), self.folder.path().join("show"), self.socket());
        // DECCOLM empties its screen although the number of columns stays.
        let output = String::from_utf8_lossy(output).replace("\x1b[?3h", "").replace("\x1b[?3l", "");
        fs::write(&file, output).unwrap();
        let text = |path: &Path| path.to_str().unwrap().to_owned();
        let [file, show, socket] = [&file, &show, &socket].map(|path| text(path));
        let (columns, rows) = (SIZE.columns.to_string(), SIZE.rows.to_string());
        self.run(&["new-session", "-d", "-s", "it", "-x", &columns, "-y", &rows, "bash", &show, &file, &socket]);
        self.run(&["wait-for", "shown"]);
        let lines = self.run(&["capture-pane", "-t", "it", "-p", "-e", "-N", "-S", "-"]);
        let facts =
            self.run(&["display-message", "-t", "it", "-p", "#{history_size} #{cursor_y} #{cursor_x} #{alternate_on}"]);
        self.run(&["kill-session", "-t", "it"]);
        let facts: Vec<usize> = facts.split_whitespace().map(|fact| fact.parse().unwrap()).collect();
        let [history, row, column, is_alternate] = facts[..] else { panic!("{facts:?}") };
        view(&lines, history, (row, column), is_alternate == 1)
    }
}

impl Drop for Tmux {
    fn drop(&mut self) {
        // There may be none, when nothing was shown.
        let _ = Command::new("tmux").arg("-S").arg(self.socket()).arg("kill-server").output();
    }
}

/// The cells of lines as text with SGR, as alacritty reads them.
fn view(lines: &str, history: usize, cursor: (usize, usize), is_alternate: bool) -> View {
    let mut rows = Vec::new();
    let mut reader = Oracle::new(size(SIZE.columns, 1));
    for line in lines.lines() {
        // The style goes on from line to line.
        reader.feed(b"\r\x1b7\x1b[m\x1b[2K\x1b8");
        reader.feed(line.as_bytes());
        rows.append(&mut reader.view().rows);
    }
    let last = usize::from(SIZE.columns) - 1;
    let screen = rows.split_off(history);
    View {
        history: if is_alternate { Vec::new() } else { rows },
        rows: screen,
        cursor: (cursor.0, cursor.1.min(last), cursor.1 > last),
        modes: vec![("alternate".to_owned(), is_alternate)],
        keyboard: None,
        title: None,
        next: None,
    }
}
