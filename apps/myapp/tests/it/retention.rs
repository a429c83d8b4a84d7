//! Retention of records, independent of other records and of the clocks.

use std::time::{Duration, SystemTime};

use myapp::store::{Access, AccessKind, Change, HistoryFilter, Outcome, Record};
use test_support::wait::until;

use crate::DEADLINE;
use crate::databases::{Kind, on_both_databases};
use crate::service::Service;
use crate::store::change;

on_both_databases! {
    reads_of_anyone_never_push_out_reveals
    rejections_never_push_out_commits
    a_jump_of_the_clock_removes_nothing
    wrong_clock_does_not_change_retention
    records_of_the_version_before_are_taken_over
}

const DAY_MS: i64 = 24 * 60 * 60 * 1000;
/// The numbers from 1 to 12 000, as a table.
const NUMBERS: &str =
    "WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < 12000)";

fn reveal(at: SystemTime) -> Record {
    let kind = AccessKind::Reveal;
    Record::Access(Access { at, listener: "operator", kind, count: 1, request_id: None })
}

impl Service {
    fn keep(&self, record: Record) {
        self.runtime.block_on(self.store.record_now(record)).unwrap();
    }
}

/// Sets up the tables.
fn set_up(kind: &Kind) {
    Service::start(kind, &[], &[]).flush();
}

/// Starts a process, which prunes the records, and waits until it has.
fn pruned(kind: &Kind) -> Service {
    kind.sql("UPDATE retention_clock SET wall_ms = wall_ms - 1000");
    let clock = "SELECT wall_ms FROM retention_clock";
    let before = kind.number(clock);
    let service = Service::start(kind, &[], &[]);
    until(DEADLINE, "pruned", || kind.number(clock), |seen| *seen > before);
    service
}

fn reads_of_anyone_never_push_out_reveals(kind: &Kind) {
    {
        let service = Service::start(kind, &[], &[]);
        (0..3).for_each(|_| service.keep(reveal(SystemTime::now())));
    }
    kind.sql(&format!(
        "INSERT INTO accesses (record, at_ms, replica, listener, kind, count, kept_ms) {NUMBERS} \
            SELECT 'a' || CAST(n AS TEXT), n, 'pod-' || CAST(n % 2 AS TEXT), 'public', 'anonymous', 2, \
            (SELECT clock_ms FROM retention_clock) - n * 60000 FROM numbers"
    ));
    let service = pruned(kind);
    assert_eq!(service.accesses(AccessKind::Reveal).len(), 3);
    let rows = service.accesses(AccessKind::Anonymous);
    // 8 days and a third: two to three hours by minute, the rest by hour, and no read is lost.
    assert!((120 + 195..=180 + 200).contains(&rows.len()), "{}", rows.len());
    assert_eq!(rows.iter().map(|row| row.count).sum::<i64>(), 24_000);
    assert!(rows.iter().any(|row| row.count == 120 && row.replica == "*"), "{rows:?}");
    assert!(rows.iter().any(|row| row.count == 2 && row.replica.starts_with("pod-")), "{rows:?}");
}

fn rejections_never_push_out_commits(kind: &Kind) {
    {
        let service = Service::start(kind, &[], &[]);
        service.keep(Record::Change(change(1)));
        service.keep(Record::Change(Change { outcome: Outcome::RolledBack, ..change(2) }));
    }
    kind.sql(&format!(
        "INSERT INTO config_history (record, at_ms, replica, generation, outcome, key, kept_ms) {NUMBERS} \
            SELECT 'r' || CAST(n AS TEXT), 0, 'x', n, 'rejected', 'LOG_LEVEL', \
            (SELECT clock_ms FROM retention_clock) FROM numbers"
    ));
    let service = pruned(kind);
    for outcome in [Outcome::Committed, Outcome::RolledBack] {
        let filter = HistoryFilter { outcome: Some(outcome), ..HistoryFilter::default() };
        assert_eq!(service.history(filter).len(), 1, "{outcome:?}");
    }
    let rejected = "SELECT COUNT(*) FROM config_history WHERE outcome = 'rejected'";
    assert_eq!(kind.number(rejected), 10_000);
    assert_eq!(kind.number("SELECT MAX(generation) FROM config_history WHERE outcome = 'rejected'"), 12_000);
}

/// The clock of the database, or of the machine, jumps by 91 days or by years, ahead or back.
fn a_jump_of_the_clock_removes_nothing(kind: &Kind) {
    {
        let service = Service::start(kind, &[], &[]);
        service.keep(reveal(SystemTime::now()));
        service.keep(Record::Change(change(1)));
    }
    let clock = "SELECT clock_ms FROM retention_clock";
    for jump in [91 * DAY_MS, 20_000 * DAY_MS] {
        kind.sql(&format!("UPDATE retention_clock SET wall_ms = wall_ms - {jump}"));
        let before = kind.number(clock);
        let service = pruned(kind);
        assert_eq!(service.accesses(AccessKind::Reveal).len(), 1);
        assert_eq!(service.history(HistoryFilter::default()).len(), 1);
        assert_eq!(kind.number(clock) - before, DAY_MS);
    }
    kind.sql(&format!("UPDATE retention_clock SET wall_ms = wall_ms + {}", 91 * DAY_MS));
    let before = kind.number(clock);
    let service = Service::start(kind, &[], &[]);
    service.keep(reveal(SystemTime::now()));
    service.flush();
    assert_eq!(service.accesses(AccessKind::Reveal).len(), 2);
    assert_eq!(kind.number(clock), before);
}

fn wrong_clock_does_not_change_retention(kind: &Kind) {
    let far = Duration::from_secs(100 * 365 * 24 * 60 * 60);
    {
        let service = Service::start(kind, &[], &[]);
        for at in [SystemTime::UNIX_EPOCH, SystemTime::now() + far] {
            service.keep(reveal(at));
        }
    }
    let age = |days: i64| kind.sql(&format!("UPDATE accesses SET kept_ms = kept_ms - {}", days * DAY_MS));
    age(89);
    assert_eq!(pruned(kind).accesses(AccessKind::Reveal).len(), 2);
    age(2);
    assert_eq!(pruned(kind).accesses(AccessKind::Reveal).len(), 0);
}

fn records_of_the_version_before_are_taken_over(kind: &Kind) {
    set_up(kind);
    kind.sql("DELETE FROM schema_version WHERE version = 2");
    kind.sql("DROP TABLE retention_clock");
    kind.sql("DROP INDEX config_history_kept");
    kind.sql("DROP INDEX accesses_kept");
    kind.sql("ALTER TABLE config_history DROP COLUMN kept_ms");
    kind.sql("ALTER TABLE accesses DROP COLUMN kept_ms");
    let write = |record: &str, key: &str, at: i64| {
        kind.sql(&format!(
            "INSERT INTO config_history (record, at_ms, replica, generation, outcome, key, old_value, new_value) \
                VALUES ('{record}', {at}, 'x', 1, 'committed', '{key}', NULL, '1d70c1f5692b')"
        ));
    };
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_millis() as i64;
    write("own key", "SECRET_KEY", now);
    write("other", "DB_PASSWORD", now + 400 * DAY_MS);
    write("old", "DB_PASSWORD", now - 91 * DAY_MS);
    let service = Service::start(kind, &[], &[]);
    until(DEADLINE, "taken over", || service.history(HistoryFilter::default()).len(), |seen| *seen == 2);
    let rows = service.history(HistoryFilter::default());
    let values: Vec<_> = rows.iter().map(|row| (row.key.as_str(), row.new.as_deref().unwrap())).collect();
    assert_eq!(values, [("DB_PASSWORD", "1d70c1f5692b"), ("SECRET_KEY", "erased")]);
    assert!(rows.iter().all(|row| row.old.is_none()), "{rows:?}");
    drop(service);

    // A replica of that version writes alongside this one during a rollout.
    write("beside", "LOG_LEVEL", 0);
    assert_eq!(pruned(kind).history(HistoryFilter::default()).len(), 3);
    let unstamped = "SELECT COUNT(*) FROM config_history WHERE kept_ms IS NULL";
    assert_eq!(kind.number(unstamped), 0);
    let ages = "SELECT COUNT(*) FROM config_history, retention_clock WHERE kept_ms > clock_ms";
    assert_eq!(kind.number(ages), 0);
}
