//! A moment of the past, as people name it.

use std::time::Duration;

use icpy_protocol::session::SessionReplay;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};

/// Where in the event log to begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Since {
    /// So long ago.
    Ago(Duration),
    /// At a time, in milliseconds since 1970.
    At(u64),
    /// After the entry with this number.
    After(u64),
}

impl Since {
    /// Reads `10m`, `2026-11-22 04:12` or the number of an entry. A time without a zone is one of this machine's zone.
    pub fn parse(text: &str) -> Result<Self, String> {
        Self::parse_in(text, &TimeZone::system())
    }

    fn parse_in(text: &str, zone: &TimeZone) -> Result<Self, String> {
        if let Ok(id) = text.parse() {
            return Ok(Self::After(id));
        }
        if let Ok(time) = humantime::parse_duration(text) {
            return Ok(Self::Ago(time));
        }
        let at = |time: Timestamp| u64::try_from(time.as_millisecond()).ok().map(Self::At);
        let zoned = text.parse().ok().or_else(|| text.parse::<Zoned>().ok().map(|time| time.timestamp()));
        let local = || Some(text.parse::<DateTime>().ok()?.to_zoned(zone.clone()).ok()?.timestamp());
        let wrong =
            || format!("`{text}` is no length of time as `10m`, no time as `2026-11-22 04:12`, and no entry's number");
        zoned.or_else(local).and_then(at).ok_or_else(wrong)
    }

    /// The place in the log, when it is now so many milliseconds after 1970.
    pub fn place(self, now_ms: u64) -> SessionReplay {
        let since = |time_ms| SessionReplay { since_ms: Some(time_ms), after_log_id: None };
        match self {
            Self::Ago(time) => since(now_ms.saturating_sub(u64::try_from(time.as_millis()).unwrap_or(u64::MAX))),
            Self::At(time_ms) => since(time_ms),
            Self::After(id) => SessionReplay { after_log_id: Some(id), since_ms: None },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_read_as_it_is_meant() {
        let zone = TimeZone::fixed(jiff::tz::offset(2));
        let check = |text: &str, expect: Option<Since>| {
            let read = Since::parse_in(text, &zone);
            assert_eq!(read.as_ref().ok(), expect.as_ref(), "{text}: {read:?}");
        };
        let hour_ms = 3_600_000;
        check("7", Some(Since::After(7)));
        check("10m", Some(Since::Ago(Duration::from_mins(10))));
        check("1h 30m", Some(Since::Ago(Duration::from_mins(90))));
        check("1970-01-01T03:00:00Z", Some(Since::At(3 * hour_ms)));
        check("1970-01-01T03:00:00+01:00", Some(Since::At(2 * hour_ms)));
        check("1970-01-01T03:00:00+01:00[+01:00]", Some(Since::At(2 * hour_ms)));
        check("1970-01-01 03:00", Some(Since::At(hour_ms)));
        check("1970-01-02", Some(Since::At(22 * hour_ms)));
        check("1970-01-01 01:00", None);
        for wrong in ["", "-7", "yesterday", "10", "10 apples", "1970-13-01", "9999999999999999999999"] {
            check(wrong, (wrong == "10").then_some(Since::After(10)));
        }
        assert_eq!(Since::Ago(Duration::from_secs(5)).place(7000).since_ms, Some(2000));
        assert_eq!(Since::Ago(Duration::MAX).place(7000).since_ms, Some(0));
        assert_eq!(Since::After(3).place(7000).after_log_id, Some(3));
    }
}
