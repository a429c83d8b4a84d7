use myapp::store::{HistoryFilter, Record};
use test_support::wait::until;

use crate::DEADLINE;
use crate::databases::Kind;
use crate::service::Service;
use crate::store::change;

#[test]
fn records_appear_in_the_order_of_their_ids() {
    let kind = Kind::postgres();
    let service = Service::start(&kind, &[], &[]);
    service.store.record(Record::Change(change(0)));
    service.flush();
    // Another replica has taken an id, and has not committed yet.
    let mut other = kind.session();
    other.number(
        "BEGIN; INSERT INTO config_history (record, at_ms, replica, generation, outcome, key, kept_ms) \
            SELECT 'late', 0, 'other', 1, 'committed', 'KEY_1', 0 FROM pg_advisory_xact_lock(470187864177); \
            SELECT 1",
    );
    service.store.record(Record::Change(change(2)));
    let waits = "SELECT COUNT(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted \
        AND database = (SELECT oid FROM pg_database WHERE datname = current_database())";
    until(DEADLINE, "waiting", || kind.number(waits), |seen| *seen == 1);
    let numbers = || -> Vec<i64> {
        service.history(HistoryFilter::default()).iter().map(|row| row.generation).collect()
    };
    assert_eq!(numbers(), [0]);
    other.number("COMMIT; SELECT 1");
    service.flush();
    assert_eq!(numbers(), [2, 1, 0]);
}
