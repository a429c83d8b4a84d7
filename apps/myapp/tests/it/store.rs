//! Round trips through the store; the same on both databases, and through a pooler.

use std::time::{Duration, SystemTime};

use myapp::store::{
    Access, AccessFilter, AccessKind, AccessRow, Change, HistoryFilter, HistoryRow, Outcome, Page, Position,
    Record,
};
use test_support::http::raw::blocking::{get, request};
use test_support::wait::until;

use crate::DEADLINE;
use crate::databases::{Kind, borrowed, on_both_databases_and_poolers};
use crate::mount::Mount;
use crate::service::Service;

on_both_databases_and_poolers! {
    a_reveal_is_kept_before_it_is_answered
    anonymous_reads_are_one_row
    change_record_holds_values_with_secrets_marked
    a_refused_change_is_kept_with_its_reason
    records_are_kept_in_order_and_filtered
    pages_are_stable_while_rows_come_in
    what_a_record_holds_cannot_stop_the_queue
    the_database_is_fit_for_use
    a_full_queue_drops_and_counts
    concurrent_replicas_set_up_database_once
}

const KEY: (&str, &str) = ("secrets/SECRET_KEY", "canary-key-7f3a9c");

impl Service {
    pub(crate) fn history(&self, filter: HistoryFilter) -> Vec<HistoryRow> {
        self.runtime.block_on(self.store.history(filter, None, 1000)).unwrap().rows
    }

    pub(crate) fn accesses(&self, kind: AccessKind) -> Vec<AccessRow> {
        let filter = AccessFilter { kind: Some(kind), ..AccessFilter::default() };
        self.runtime.block_on(self.store.accesses(filter, None, 1000)).unwrap().rows
    }

    pub(crate) fn flush(&self) {
        assert!(self.runtime.block_on(self.store.flush(Duration::from_secs(30))));
    }

    fn page(&self, after: Option<Position>, limit: u16) -> Page<HistoryRow> {
        self.runtime.block_on(self.store.history(HistoryFilter::default(), after, limit)).unwrap()
    }
}

pub(crate) fn change(number: u64) -> Change {
    Change {
        at: SystemTime::UNIX_EPOCH + Duration::from_secs(4_000_000_000 + number),
        generation: number,
        outcome: Outcome::Committed,
        key: format!("KEY_{}", number % 2),
        old: None,
        new: Some(number.to_string()),
        reason: None,
    }
}

fn a_reveal_is_kept_before_it_is_answered(kind: &Kind) {
    let service = Service::start(kind, &[], &[]);
    let answer = request(service.operator, "GET", "/config", &[("X-Request-Id", "asked-by-me")]);
    assert_eq!(answer.status, 200);
    let rows = service.accesses(AccessKind::Reveal);
    assert_eq!(rows.len(), 1);
    assert_eq!((rows[0].listener.as_str(), rows[0].count), ("operator", 1));
    assert_eq!(rows[0].request_id.as_deref(), Some("asked-by-me"));
    assert!(!rows[0].replica.is_empty());
}

fn anonymous_reads_are_one_row(kind: &Kind) {
    let service = Service::start(kind, &[], &[]);
    for path in ["/config", "/config", "/config?x"] {
        assert_eq!(get(service.public, path).status, 200);
    }
    get(service.public, "/healthz");
    service.flush();
    let counts: Vec<_> = service.accesses(AccessKind::Anonymous).iter().map(|row| row.count).collect();
    assert_eq!(counts, [3]);
    service.flush();
    assert_eq!(service.accesses(AccessKind::Anonymous).len(), 1);
}

fn change_record_holds_values_with_secrets_marked(kind: &Kind) {
    let mount = Mount::of(kind, &[KEY, ("config/LOG_LEVEL", "error")]);
    let service = Service::mounted(kind, &mount);
    mount.swap(&[("secrets/SECRET_KEY", "canary-key-2b8d41"), ("config/LOG_LEVEL", "info")]);
    until(DEADLINE, "recorded", || service.history(HistoryFilter::default()).len(), |seen| *seen == 2);
    let rows = service.history(HistoryFilter::default());
    let [secret, level] = rows.as_slice() else { panic!("{rows:?}") };
    assert_eq!((level.key.as_str(), level.outcome.as_str(), level.generation), ("LOG_LEVEL", "committed", 2));
    assert_eq!((level.old.as_deref(), level.new.as_deref()), (Some("error"), Some("info")));
    assert_eq!(secret.key, "SECRET_KEY");
    let (old, new) = (secret.old.as_deref().unwrap(), secret.new.as_deref().unwrap());
    assert!(old.starts_with("mark-") && new.starts_with("mark-") && old != new, "{secret:?}");
    assert!(!format!("{rows:?}").contains("canary"), "{rows:?}");
}

fn a_refused_change_is_kept_with_its_reason(kind: &Kind) {
    let mount = Mount::of(kind, &[KEY]);
    let service = Service::mounted(kind, &mount);
    mount.swap(&[KEY, ("config/LOG_LEVEL", "verbose")]);
    until(DEADLINE, "recorded", || service.history(HistoryFilter::default()).len(), |seen| *seen > 0);
    let rows =
        service.history(HistoryFilter { outcome: Some(Outcome::Rejected), ..HistoryFilter::default() });
    assert_eq!((rows.len(), rows[0].key.as_str(), rows[0].generation), (1, "LOG_LEVEL", 1));
    assert_eq!((&rows[0].old, &rows[0].new), (&None, &None));
    assert!(rows[0].reason.as_deref().unwrap().starts_with("LOG_LEVEL: must be trace"), "{rows:?}");
}

fn records_are_kept_in_order_and_filtered(kind: &Kind) {
    let service = Service::start(kind, &[], &[]);
    (0..10).for_each(|number| service.store.record(Record::Change(change(number))));
    service.flush();
    let numbers = |filter| -> Vec<i64> { service.history(filter).iter().map(|row| row.generation).collect() };
    assert_eq!(numbers(HistoryFilter::default()), [9, 8, 7, 6, 5, 4, 3, 2, 1, 0]);
    let key = Some("KEY_1".to_owned());
    assert_eq!(numbers(HistoryFilter { key: key.clone(), ..HistoryFilter::default() }), [9, 7, 5, 3, 1]);
    let (since, until) = (Some(change(3).at), Some(change(7).at));
    assert_eq!(numbers(HistoryFilter { since, until, ..HistoryFilter::default() }), [6, 5, 4, 3]);
    assert_eq!(numbers(HistoryFilter { key, since, until, outcome: Some(Outcome::Committed) }), [5, 3]);
    let outcome = Some(Outcome::RolledBack);
    assert!(numbers(HistoryFilter { outcome, ..HistoryFilter::default() }).is_empty());
}

fn pages_are_stable_while_rows_come_in(kind: &Kind) {
    let service = Service::start(kind, &[], &[]);
    (0..7).for_each(|number| service.store.record(Record::Change(change(number))));
    service.flush();
    let (mut seen, mut after) = (Vec::new(), None);
    loop {
        let page = service.page(after, 3);
        seen.extend(page.rows.iter().map(|row| row.generation));
        service.store.record(Record::Change(change(100)));
        service.flush();
        match page.next {
            Some(next) => after = Some(next),
            None => break,
        }
    }
    assert_eq!(seen, [6, 5, 4, 3, 2, 1, 0]);
}

fn what_a_record_holds_cannot_stop_the_queue(kind: &Kind) {
    let service = Service::start(kind, &[], &[]);
    let long = "π".repeat(5000);
    let odd = Change { reason: Some(format!("a\0b{long}")), old: Some("'; --".into()), ..change(1) };
    let far = Change { generation: u64::MAX, ..change(2) };
    service.store.record(Record::Change(odd));
    service.store.record(Record::Change(far));
    service.store.record(Record::Change(change(3)));
    service.flush();
    let rows = service.history(HistoryFilter::default());
    assert_eq!(rows.iter().map(|row| row.generation).collect::<Vec<_>>(), [3, 1]);
    assert_eq!(rows[1].old.as_deref(), Some("'; --"));
    assert!(rows[1].reason.as_deref().unwrap().starts_with("a\u{fffd}bπ"));
    assert_eq!(service.store.dropped(), 1);
}

fn the_database_is_fit_for_use(kind: &Kind) {
    let service = Service::start(kind, &[], &[]);
    assert_eq!(service.runtime.block_on(service.store.database().check()), Ok(()));
}

fn concurrent_replicas_set_up_database_once(kind: &Kind) {
    let replicas: Vec<_> = std::thread::scope(|scope| {
        let starts: Vec<_> = (0..4)
            .map(|_| {
                scope.spawn(|| {
                    let service = Service::start(kind, &[], &[]);
                    service.store.record(Record::Change(change(1)));
                    service.flush();
                    service
                })
            })
            .collect();
        starts.into_iter().map(|start| start.join().unwrap()).collect()
    });
    assert_eq!(replicas[0].history(HistoryFilter::default()).len(), 4);
}

fn a_full_queue_drops_and_counts(kind: &Kind) {
    let (nowhere, _taken) = kind.nowhere();
    let service = Service::start(kind, &[], &borrowed(&nowhere));
    (0..2000).for_each(|number| service.store.record(Record::Change(change(number))));
    assert!(service.store.dropped() >= 900, "{}", service.store.dropped());
    assert!(service.store.waiting() > 1000);
    assert_eq!(get(service.public, "/config").status, 200);
    let access = Access {
        at: SystemTime::now(),
        listener: "operator",
        kind: AccessKind::Reveal,
        count: 1,
        request_id: None,
    };
    assert!(service.runtime.block_on(service.store.record_now(Record::Access(access))).is_err());
}
