//! `icpy ls`: lists a folder as the daemon sees it.

use std::io::{self, IsTerminal as _};

use icpy::args::{General, Ls};
use icpy_protocol::fs::{self, FsDetails, FsEntry, FsKind, FsListDirectoryParams, FsListDirectoryResult, FsSortBy};

use super::{Daemon, absolute};
use crate::output::color;
use crate::output::{Failure, date, print, print_json, shown};

pub(super) fn run(ls: &Ls, general: &General) -> Result<(), Failure> {
    let mut daemon = Daemon::open_or_start(general)?;
    let sort_by = match (ls.by_size, ls.by_time) {
        (true, _) => FsSortBy::Size,
        (_, true) => FsSortBy::Modified,
        (false, false) => FsSortBy::Name,
    };
    let mut params = FsListDirectoryParams {
        sort_by,
        // The largest and the newest come first.
        is_descending: (sort_by != FsSortBy::Name) != ls.reverse,
        // Who may run a file is told by its colour.
        details: ls.long || general.json || color::is_wanted(&io::stdout()),
        ..FsListDirectoryParams::of(absolute(&ls.folder, general)?)
    };
    loop {
        let page: FsListDirectoryResult = daemon.call(fs::method::list_directory, &params)?;
        let entries: Vec<&FsEntry> = page.entries.iter().filter(|entry| ls.all || !entry.is_hidden).collect();
        if general.json {
            entries.into_iter().try_for_each(print_json)?;
        } else {
            print(&lines(&entries, ls.long))?;
        }
        let Some(after) = page.next_after else { return Ok(()) };
        params.after = Some(after);
    }
}

fn lines(entries: &[&FsEntry], is_long: bool) -> Vec<u8> {
    let (is_for_person, is_colored) = (io::stdout().is_terminal(), color::is_wanted(&io::stdout()));
    let heads = if is_long { heads(entries) } else { Vec::new() };
    let mut lines = Vec::new();
    for (number, entry) in entries.iter().enumerate() {
        if let Some(head) = heads.get(number) {
            lines.extend_from_slice(head.as_bytes());
        }
        let color = color_of(entry).filter(|_| is_colored);
        lines.extend(color.map(|color| format!("\x1b[{color}m")).unwrap_or_default().into_bytes());
        lines.extend(shown(&entry.name, is_for_person));
        lines.extend_from_slice(if color.is_some() { b"\x1b[0m" } else { b"" });
        match (&entry.details.link_target, entry.kind) {
            (Some(target), _) if is_long => {
                lines.extend_from_slice(b" -> ");
                lines.extend(shown(target, is_for_person));
            }
            (_, FsKind::Directory) => lines.push(b'/'),
            (_, FsKind::Symlink) => lines.push(b'@'),
            (_, FsKind::File | FsKind::Other) => {}
        }
        lines.push(b'\n');
    }
    lines
}

/// What comes before the names, in columns.
fn heads(entries: &[&FsEntry]) -> Vec<String> {
    let or_number = |name: &Option<String>, number: Option<u32>| {
        name.clone().or_else(|| number.map(|number| number.to_string())).unwrap_or_default()
    };
    let cells = |entry: &&FsEntry| {
        let FsDetails { owner, uid, group, gid, .. } = &entry.details;
        let (owner, group) = (or_number(owner, *uid), or_number(group, *gid));
        [permissions(entry), owner, group, entry.size.to_string(), date(entry.modified_at_ms)]
    };
    let rows: Vec<[String; 5]> = entries.iter().map(cells).collect();
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let [mode, owner, group, size, date] = std::array::from_fn(width);
    let line = |cells: &[String; 5]| {
        let [permissions, owner_name, group_name, bytes, modified] = cells;
        format!("{permissions:<mode$} {owner_name:<owner$} {group_name:<group$} {bytes:>size$} {modified:<date$} ")
    };
    rows.iter().map(line).collect()
}

/// What the entry is and who may do what with it, as ls(1) writes it.
fn permissions(entry: &FsEntry) -> String {
    let kind = match entry.kind {
        FsKind::File => '-',
        FsKind::Directory => 'd',
        FsKind::Symlink => 'l',
        FsKind::Other => '?',
    };
    let Some(mode) = entry.details.mode else { return kind.to_string() };
    let mut text = String::from(kind);
    // Set user, set group and sticky are shown in the place of execution.
    for (place, special) in [(6, 's'), (3, 's'), (0, 't')] {
        let is_set = |bit: u32| mode >> place & bit != 0;
        let is_special = mode >> (9 + place / 3) & 1 != 0;
        text.push(if is_set(4) { 'r' } else { '-' });
        text.push(if is_set(2) { 'w' } else { '-' });
        text.push(match (is_special, is_set(1)) {
            (true, true) => special,
            (true, false) => special.to_ascii_uppercase(),
            (false, true) => 'x',
            (false, false) => '-',
        });
    }
    text
}

fn color_of(entry: &FsEntry) -> Option<&'static str> {
    match entry.kind {
        FsKind::Directory => Some(color::BLUE),
        FsKind::Symlink if entry.details.is_broken == Some(true) => Some(color::RED),
        FsKind::Symlink => Some(color::CYAN),
        FsKind::File if entry.details.is_executable == Some(true) => Some(color::GREEN),
        FsKind::File | FsKind::Other => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn permissions_are_written_as_everywhere() {
        let check = |kind: FsKind, mode: Option<u32>, expect: &str| {
            let details = FsDetails { mode, ..FsDetails::default() };
            let entry = FsEntry { name: "a".into(), kind, size: 0, modified_at_ms: 0, is_hidden: false, details };
            assert_eq!(permissions(&entry), expect, "{mode:?}");
        };
        check(FsKind::File, Some(0o644), "-rw-r--r--");
        check(FsKind::Directory, Some(0o1777), "drwxrwxrwt");
        check(FsKind::File, Some(0o4755), "-rwsr-xr-x");
        check(FsKind::File, Some(0o2644), "-rw-r-Sr--");
        check(FsKind::File, Some(0o1000), "---------T");
        check(FsKind::Symlink, Some(0o777), "lrwxrwxrwx");
        check(FsKind::Other, None, "?");
    }
}
