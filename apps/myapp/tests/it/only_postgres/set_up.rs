use std::time::Duration;

use myapp::store::{HistoryFilter, Record};

use crate::databases::shared;
use crate::service::Service;
use crate::store::change;

#[test]
fn replica_waits_for_concurrent_database_setup() {
    let database = shared().database();
    let mut other = database.server.session(&database.name);
    other.number("SELECT count(pg_advisory_lock(470187864176))");
    let url = database.url();
    let settings = [("DATABASE_URL", url.as_str()), ("DB_PASSWORD", &database.password)];
    let service = Service::as_told(&[], &settings, None);
    service.store.record(Record::Change(change(1)));
    assert!(!service.runtime.block_on(service.store.flush(Duration::from_millis(500))));
    assert_eq!(database.sql("SELECT count(*) FROM pg_tables WHERE tablename = 'config_history'"), "0");
    drop(other);
    service.flush();
    assert_eq!(service.history(HistoryFilter::default()).len(), 1);
}
