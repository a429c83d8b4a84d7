use std::path::Path;
use std::time::SystemTime;

use live_config::{Loaded, Sources};

use super::*;
use crate::database::Wiring;
use crate::settings::{self, Settings};

/// A store in an SQLite file of `directory`, without its writer.
fn store(directory: &Path, bounds: Bounds) -> (Store, Writer) {
    let sources = Sources::default().fallback("SECRET_KEY", "k".into());
    let loaded = Loaded::<Settings>::read(&settings::contract().unwrap(), &sources);
    let settings = loaded.unwrap_or_else(|problems| panic!("{problems}")).settings;
    let wiring = Wiring { data_directory: directory.to_path_buf(), ..Wiring::default() };
    Store::new(Database::new(&settings, wiring, setup()).unwrap(), "test", bounds)
}

fn access(at: SystemTime) -> Record {
    Record::Access(Access { at, listener: "operator", kind: AccessKind::Reveal, count: 1, request_id: None })
}

async fn kept(store: &Store) -> usize {
    store.accesses(AccessFilter::default(), None, 100).await.unwrap().rows.len()
}

#[tokio::test]
async fn only_the_newest_rows_stay_and_none_that_is_too_old() {
    let directory = tempfile::tempdir().unwrap();
    let bounds = Bounds { rows: 5, age: Duration::from_secs(60) };
    let (store, writer) = store(directory.path(), bounds);
    let now = SystemTime::now();
    for age in [120, 0, 0, 0, 0, 0, 120] {
        store.record_now(access(now - Duration::from_secs(age))).await.unwrap();
    }
    assert_eq!(kept(&store).await, 7);
    let writer = tokio::spawn(writer.run());
    assert!(store.flush(PATIENCE).await);
    // The newest five, without the one among them that is too old.
    assert_eq!(kept(&store).await, 4);
    writer.abort();
}

#[tokio::test]
async fn a_record_that_is_written_twice_is_there_once() {
    let directory = tempfile::tempdir().unwrap();
    let (store, _writer) = store(directory.path(), Bounds::default());
    let entry = Entry::new(access(SystemTime::now())).unwrap();
    store.write(entry.clone()).await.unwrap();
    store.write(entry).await.unwrap();
    assert_eq!(kept(&store).await, 1);
}
