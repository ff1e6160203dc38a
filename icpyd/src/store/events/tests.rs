//! The event log on a real file.

use super::super::schema;
use super::*;

const DAY_MS: u64 = 24 * HOUR_MS;
const PAYLOAD: &str = r#"{"path":"/a"}"#;
const EVENT_BYTES: u64 = ("file:opened".len() + PAYLOAD.len() + OVERHEAD_BYTES) as u64;

struct Log {
    _folder: tempfile::TempDir,
    connection: Connection,
    retention: Retention,
}

impl Log {
    fn new(age_max_ms: u64, bytes_max: u64) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let connection = schema::open(&folder.path().join("icpy.db")).unwrap();
        Self { _folder: folder, connection, retention: Retention { age_max_ms, bytes_max } }
    }

    /// Adds events one by one, as they happen at this time.
    fn add(&self, time_ms: u64, count: u64) {
        self.connection.execute_batch("BEGIN").unwrap();
        for _ in 0..count {
            let batch = Batch { time_ms, caused_by: Some("{}"), events: &[("file:opened", PAYLOAD)] };
            append(&self.connection, &batch, &self.retention).unwrap();
        }
        self.connection.execute_batch("COMMIT").unwrap();
    }

    fn extent(&self) -> (u64, u64) {
        let Extent { oldest, newest } = extent(&self.connection).unwrap();
        (oldest, newest)
    }

    fn prune(&self, now_ms: u64) -> (u64, u64) {
        prune(&self.connection, now_ms, &self.retention).unwrap();
        self.extent()
    }

    fn before(&self, time_ms: u64) -> u64 {
        before(&self.connection, time_ms).unwrap()
    }
}

#[test]
fn events_are_read_from_any_place_both_ways() {
    let log = Log::new(DAY_MS, 1 << 20);
    assert_eq!((log.extent(), log.before(0)), ((1, 0), 0));
    let events = [("file:opened", PAYLOAD), ("file:closed", "{}")];
    let batch = Batch { time_ms: 5, caused_by: Some(r#"{"session":"s"}"#), events: &events };
    assert_eq!(append(&log.connection, &batch, &log.retention).unwrap(), 1);
    log.add(7, 3);
    assert_eq!(log.extent(), (1, 5));
    let read_on = |id, count, bytes| after(&log.connection, id, (count, bytes), |it| it.id).unwrap();
    assert_eq!(read_on(0, 2, 1 << 20), (vec![1, 2], true));
    assert_eq!(read_on(3, 2, 1 << 20), (vec![4, 5], false));
    assert_eq!(read_on(3, 9, 1), (vec![4], true), "one comes however long it is");
    assert_eq!(read_on(u64::MAX, 9, 1), (vec![], false));
    let read_back = |id, count| up_to(&log.connection, id, (count, 1 << 20), |it| it.id).unwrap();
    assert_eq!(read_back(5, 2), (vec![5, 4], true));
    assert_eq!(read_back(2, 5), (vec![2, 1], false));
    let (kept, _) = after(&log.connection, 1, (1, 1), owned).unwrap();
    let expect = Kept {
        id: 2,
        time_ms: 5,
        topic: "file:closed".into(),
        payload: "{}".into(),
        caused_by: Some(r#"{"session":"s"}"#.into()),
    };
    assert_eq!(kept, [expect]);
}

#[test]
fn a_time_is_found_among_many() {
    let log = Log::new(DAY_MS * 1000, 1 << 30);
    log.connection.execute_batch("BEGIN").unwrap();
    for time_ms in 1..=3000 {
        let batch = Batch { time_ms, caused_by: None, events: &[("file:opened", PAYLOAD)] };
        append(&log.connection, &batch, &log.retention).unwrap();
    }
    log.connection.execute_batch("COMMIT").unwrap();
    for (time_ms, expect) in
        [(0, 0), (1, 0), (2, 1), (700, 699), (2999, 2998), (3000, 2999), (3001, 3000), (u64::MAX, 3000)]
    {
        assert_eq!(log.before(time_ms), expect, "{time_ms}");
    }
    // The clock was wrong for a while: what happened then is where it happened.
    log.add(1, 10);
    log.add(4000, 2000);
    assert_eq!(log.before(2500), 2499);
    assert_eq!(log.before(4000), 3010);
}

#[test]
fn the_oldest_go_by_age_step_by_step() {
    let log = Log::new(10 * DAY_MS, 1 << 30);
    log.add(DAY_MS, 3000);
    log.add(12 * DAY_MS, 1);
    assert_eq!(log.extent(), (PRUNED_MAX + 1, 3001), "a step is bounded");
    assert_eq!(log.prune(12 * DAY_MS), (2 * PRUNED_MAX + 1, 3001));
    assert_eq!(log.prune(12 * DAY_MS), (3001, 3001));
    // However old it is, the newest stays: ids go on from there.
    assert_eq!(log.prune(1000 * DAY_MS), (3001, 3001));
    log.add(1000 * DAY_MS, 1);
    assert_eq!(log.extent(), (3002, 3002));
}

#[test]
fn the_oldest_go_by_bytes_and_so_many_stay() {
    let log = Log::new(DAY_MS, 1000 * EVENT_BYTES);
    log.add(1, 10_000);
    let (oldest, newest) = log.extent();
    assert_eq!(newest, 10_000);
    assert!((1000..1000 + 2 * SAMPLE).contains(&(newest + 1 - oldest)), "{oldest}");
    log.prune(1);
    assert_eq!(log.prune(1), (9001, 10_000));
    // With no room at all there is the newest.
    let log = Log::new(DAY_MS, 0);
    log.add(1, 600);
    assert_eq!(log.prune(1), (600, 600));
}

#[test]
fn a_clock_that_jumps_takes_a_step_and_no_young_event() {
    let log = Log::new(10 * DAY_MS, 1 << 30);
    log.add(100 * DAY_MS, 5000);
    // Forward, by a year: a step is lost at once, and no more when it is set right.
    log.add(465 * DAY_MS, 1);
    log.add(100 * DAY_MS, 1);
    assert_eq!(log.extent(), (PRUNED_MAX + 1, 5002));
    // Back, to 1970, and right again: what was young before stays, and so does what came meanwhile.
    log.add(0, 2);
    log.add(101 * DAY_MS, 300);
    assert_eq!(log.prune(101 * DAY_MS), (PRUNED_MAX + 1, 5304));
    // What was logged under a wrong time goes with what is before it.
    while log.prune(112 * DAY_MS).0 < 5001 {}
    assert_eq!(log.prune(112 * DAY_MS), (5001, 5304), "an event of the future waits for its time, or for bytes");
    assert_eq!(log.prune(476 * DAY_MS), (5304, 5304));
}

#[test]
fn a_log_of_an_older_version_is_taken_over() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("icpy.db");
    schema::open_at(&path, 7);
    let old = Connection::open(&path).unwrap();
    for id in 41..=43 {
        old.execute("INSERT INTO event (id, time_ms, topic, payload) VALUES (?1, ?1, 'file:opened', '{}')", [id])
            .unwrap();
    }
    drop(old);
    let connection = schema::open(&path).unwrap();
    let retention = Retention { age_max_ms: DAY_MS, bytes_max: 1 << 20 };
    let batch = Batch { time_ms: 44, caused_by: None, events: &[("file:closed", "{}")] };
    assert_eq!(append(&connection, &batch, &retention).unwrap(), 44);
    let (kept, _) = after(&connection, 0, (9, 1 << 20), |it| (it.id, it.caused_by.is_some())).unwrap();
    assert_eq!(kept, [(41, false), (42, false), (43, false), (44, false)]);
    let end = end(&connection).unwrap();
    assert_eq!(end.bytes, 4 * ("file:opened{}".len() + OVERHEAD_BYTES) as u64);
}
