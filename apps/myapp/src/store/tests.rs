use std::path::Path;
use std::time::SystemTime;

use super::*;
use crate::database::Target;

/// Creates a store in an SQLite file of `directory`, without running its writer.
fn store(directory: &Path, bounds: Bounds) -> (Store, Writer) {
    let target = Target::Sqlite(directory.join("store.db"));
    Store::new(Database::new(target, 10, schema()), "test", bounds)
}

fn reveal() -> Record {
    let at = SystemTime::now();
    Record::Access(Access { at, listener: "operator", kind: AccessKind::Reveal, count: 1, request_id: None })
}

fn rejected() -> Record {
    Record::Change(Change {
        at: SystemTime::now(),
        generation: 1,
        outcome: Outcome::Rejected,
        key: "LOG_LEVEL".into(),
        old: None,
        new: None,
        reason: Some("LOG_LEVEL: must be another".into()),
    })
}

async fn kept(store: &Store) -> usize {
    store.accesses(AccessFilter::default(), None, 100).await.unwrap().rows.len()
}

#[tokio::test]
async fn rejected_changes_are_bounded_and_reveals_are_not() {
    let directory = tempfile::tempdir().unwrap();
    let (store, writer) = store(directory.path(), Bounds { rejected: 5, ..Bounds::default() });
    for _ in 0..7 {
        store.record_now(reveal()).await.unwrap();
        store.record_now(rejected()).await.unwrap();
    }
    let writer = tokio::spawn(writer.run());
    assert!(store.flush(WRITE_TIMEOUT).await);
    assert_eq!(store.history(HistoryFilter::default(), None, 100).await.unwrap().rows.len(), 5);
    assert_eq!((kept(&store).await, store.reveals()), (7, 7));
    writer.abort();
}

#[tokio::test]
async fn rejected_changes_leave_room_in_the_queue() {
    let directory = tempfile::tempdir().unwrap();
    let (store, _writer) = store(directory.path(), Bounds::default());
    (0..2 * QUEUE).for_each(|_| store.record(rejected()));
    let dropped = store.dropped();
    assert!(dropped as usize >= QUEUE, "{dropped}");
    (0..QUEUE / 4).for_each(|_| store.record(reveal()));
    assert_eq!(store.dropped(), dropped);
}

#[tokio::test]
async fn record_written_twice_is_stored_once() {
    let directory = tempfile::tempdir().unwrap();
    let (store, _writer) = store(directory.path(), Bounds::default());
    let entry = Entry::new(reveal()).unwrap();
    store.shared.ledger.write(entry.clone()).await.unwrap();
    store.shared.ledger.write(entry).await.unwrap();
    assert_eq!(kept(&store).await, 1);
}
