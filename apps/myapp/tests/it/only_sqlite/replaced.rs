//! A file that is removed, replaced or truncated under the process: no reveal is answered whose record is missing from the file
//! that the next process finds.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use myapp::store::{AccessKind, HistoryFilter, Record};
use test_support::http::raw::blocking::get;
use test_support::wait::until;

use crate::DEADLINE;
use crate::service::Service;
use crate::store::change;

fn start(file: &Path) -> Service {
    let url = format!("sqlite:{}", file.display());
    Service::as_told(&[], &[("DATABASE_URL", &url), ("SECRET_KEY", "hush")], None)
}

fn beside(file: &Path, suffix: &str) -> PathBuf {
    PathBuf::from(format!("{}{suffix}", file.display()))
}

fn remove_all(file: &Path) {
    for suffix in ["", "-wal", "-shm"] {
        fs::remove_file(beside(file, suffix)).unwrap();
    }
}

/// Truncates the file in another process, since closing any descriptor of it would release SQLite's locks of this one.
fn truncate(file: &Path) {
    assert!(Command::new("truncate").arg("--size=0").arg(file).status().unwrap().success());
}

/// A damage to the file while several sessions have it open.
type Ruin = (&'static str, fn(&Path));

const RUINS: [Ruin; 7] = [
    ("all removed", remove_all),
    ("the file removed", |file| fs::remove_file(file).unwrap()),
    ("the log removed", |file| fs::remove_file(beside(file, "-wal")).unwrap()),
    ("moved away", |file| fs::rename(file, beside(file, ".old")).unwrap()),
    ("truncated", truncate),
    ("replaced by an older one", |file| fs::rename(beside(file, ".backup"), file).unwrap()),
    ("cut off and put back", |file| {
        let backup = fs::read(beside(file, ".backup")).unwrap();
        truncate(file);
        fs::remove_file(file).unwrap();
        fs::write(file, backup).unwrap();
    }),
];

#[test]
fn answered_reveal_is_found_by_next_process() {
    for (what, ruin) in RUINS {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("own.db");
        drop(start(&file));
        fs::copy(&file, beside(&file, ".backup")).unwrap();
        let service = start(&file);
        // Several sessions, of which all but one stay idle.
        let reads = (0..8).map(|_| {
            let store = service.store.clone();
            service.runtime.spawn(async move { store.history(HistoryFilter::default(), None, 5).await })
        });
        for read in reads.collect::<Vec<_>>() {
            assert!(service.runtime.block_on(read).unwrap().is_ok());
        }
        (0..20).for_each(|number| service.store.record(Record::Change(change(number))));
        service.flush();
        ruin(&file);
        let mut answered = 0;
        let look = || {
            answered += usize::from(get(service.operator, "/config").status == 200);
            answered
        };
        until(DEADLINE, what, look, |seen| *seen == 5);
        let found = || start(&file).accesses(AccessKind::Reveal).len();
        assert_eq!(found(), 5, "{what}");
        assert_eq!(service.runtime.block_on(service.store.database().check()), Ok(()), "{what}");
        drop(service);
        assert_eq!(found(), 5, "{what}, after the end");
    }
}

#[test]
fn tables_that_are_gone_are_made_anew() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("own.db");
    let service = start(&file);
    for ruin in
        ["DROP TABLE accesses", "DROP TABLE config_history; DROP TABLE accesses; DROP TABLE schema_version"]
    {
        assert_eq!(get(service.operator, "/config").status, 200);
        service.runtime.block_on(async {
            let options = sqlx::sqlite::SqliteConnectOptions::new().filename(&file);
            let mut other = sqlx::ConnectOptions::connect(&options).await.unwrap();
            sqlx::raw_sql(ruin).execute(&mut other).await.unwrap();
            sqlx::Connection::close(other).await.unwrap();
        });
        until(DEADLINE, ruin, || get(service.operator, "/config"), |seen| seen.status == 200);
        assert_eq!(service.runtime.block_on(service.store.database().check()), Ok(()), "{ruin}");
    }
}

#[test]
fn missing_folder_blocks_reveals_until_restored() {
    let directory = tempfile::tempdir().unwrap();
    let folder = directory.path().join("data");
    fs::create_dir(&folder).unwrap();
    let service = start(&folder.join("own.db"));
    assert_eq!(get(service.operator, "/config").status, 200);
    fs::rename(&folder, directory.path().join("elsewhere")).unwrap();
    assert_eq!(get(service.operator, "/config").status, 503);
    fs::rename(directory.path().join("elsewhere"), &folder).unwrap();
    until(DEADLINE, "back", || get(service.operator, "/config"), |seen| seen.status == 200);
    // The record of the refused reveal may exist.
    assert!(matches!(service.accesses(AccessKind::Reveal).len(), 2 | 3));
}
