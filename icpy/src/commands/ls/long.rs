//! What `icpy ls -l` prints before the names, as ls(1) has it: permissions, names, owner, group, size and time.

use icpy::host;
use icpy_protocol::fs::{FsDetails, FsEntry, FsKind, FsSpecialKind};
use jiff::Timestamp;
use jiff::tz::TimeZone;

/// Half a year: what changed within it is shown with the time of day, all else with the year.
const RECENT_MS: u64 = 31_556_952_000 / 2;

/// The columns before the names.
pub(super) struct Columns {
    is_human: bool,
    zone: TimeZone,
    now_ms: u64,
}

impl Columns {
    /// With sizes for people, or in bytes. Times are those of this machine's zone.
    pub(super) fn new(is_human: bool) -> Self {
        Self { is_human, zone: TimeZone::system(), now_ms: host::now_ms() }
    }

    /// What comes before each name.
    pub(super) fn heads(&self, entries: &[&FsEntry]) -> Vec<String> {
        let rows: Vec<[String; 6]> = entries.iter().map(|entry| self.cells(entry)).collect();
        let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
        let [mode, names, owner, group, size, date] = std::array::from_fn(width);
        let line = |[permissions, links, user, users, bytes, modified]: &[String; 6]| {
            format!(
                "{permissions:<mode$} {links:>names$} {user:<owner$} {users:<group$} {bytes:>size$} {modified:<date$} "
            )
        };
        rows.iter().map(line).collect()
    }

    fn cells(&self, entry: &FsEntry) -> [String; 6] {
        let FsDetails { owner, uid, group, gid, links, .. } = &entry.details;
        let or_number = |name: &Option<String>, number: Option<u32>| {
            name.clone().or_else(|| number.map(|number| number.to_string())).unwrap_or_default()
        };
        let links = links.map(|links| links.to_string()).unwrap_or_default();
        let size = if self.is_human { human(entry.size) } else { entry.size.to_string() };
        let date = self.date(entry.modified_at_ms);
        [permissions(entry), links, or_number(owner, *uid), or_number(group, *gid), size, date]
    }

    fn date(&self, ms: u64) -> String {
        let is_recent = ms <= self.now_ms && self.now_ms - ms < RECENT_MS;
        let time = i64::try_from(ms).ok().and_then(|ms| Timestamp::from_millisecond(ms).ok());
        let format = if is_recent { "%b %e %H:%M" } else { "%b %e  %Y" };
        // No disk has a time that is none.
        time.map(|time| time.to_zoned(self.zone.clone()).strftime(format).to_string()).unwrap_or_default()
    }
}

/// A size in the largest unit of which it has one, rounded up.
fn human(bytes: u64) -> String {
    let bytes = u128::from(bytes);
    let mut unit = 1024;
    for letter in ['K', 'M', 'G', 'T', 'P', 'E'].into_iter().filter(|_| bytes >= 1024) {
        let (whole, tenths) = (bytes.div_ceil(unit), (bytes * 10).div_ceil(unit));
        if tenths < 100 {
            return format!("{}.{}{letter}", tenths / 10, tenths % 10);
        }
        if whole < 1024 {
            return format!("{whole}{letter}");
        }
        unit *= 1024;
    }
    bytes.to_string()
}

/// What the entry is and who may do what with it, as ls(1) writes it.
fn permissions(entry: &FsEntry) -> String {
    let kind = match entry.kind {
        FsKind::File => '-',
        FsKind::Directory => 'd',
        FsKind::Symlink => 'l',
        FsKind::Other => match entry.details.special_kind {
            Some(FsSpecialKind::Fifo) => 'p',
            Some(FsSpecialKind::Socket) => 's',
            Some(FsSpecialKind::CharacterDevice) => 'c',
            Some(FsSpecialKind::BlockDevice) => 'b',
            None => '?',
        },
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn permissions_are_written_as_everywhere() {
        let check = |kind: FsKind, mode: Option<u32>, expect: &str| {
            let details = FsDetails { mode, ..FsDetails::default() };
            let entry = FsEntry {
                name: "a".into(),
                kind,
                size: 0,
                modified_at_ms: 0,
                is_hidden: false,
                is_misleading: false,
                details,
            };
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

    #[test]
    fn sizes_are_rounded_as_everywhere() {
        let check = |bytes: u64, expect: &str| assert_eq!(human(bytes), expect, "{bytes}");
        check(0, "0");
        check(1023, "1023");
        check(1024, "1.0K");
        check(1025, "1.1K");
        check(10 * 1024 - 1, "10K");
        check(10 * 1024 + 1, "11K");
        check(1024 * 1024 - 1, "1.0M");
        check(u64::MAX, "16E");
    }

    #[test]
    fn times_are_those_of_the_zone() {
        let zone = TimeZone::get("Europe/Berlin").unwrap_or(TimeZone::fixed(jiff::tz::offset(2)));
        let columns = Columns { is_human: false, zone, now_ms: 1_000_000_000_000 };
        assert_eq!(columns.date(999_999_999_000), "Sep  9 03:46");
        assert_eq!(columns.date(1_000_000_001_000), "Sep  9  2001", "what is to come has no time of day");
        assert_eq!(columns.date(1_000_000_000_000 - RECENT_MS), "Mar 10  2001");
    }
}
