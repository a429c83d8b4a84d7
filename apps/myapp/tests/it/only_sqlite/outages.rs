//! Full disks, damaged files, and files locked by other processes.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;

use myapp::database::Reason;
use myapp::store::{AccessKind, Record};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions as _, Connection as _};
use test_support::http::raw::blocking::get;

use crate::outages::{comes_back, is_away};
use crate::process::{PORTS, Serving, myapp};
use crate::service::Service;
use crate::store::change;

/// Starts the binary with an SQLite file of its own, through `wrapper`.
fn serving(wrapper: &[&str], file: &Path) -> Serving {
    let url = format!("sqlite:{}", file.display());
    let settings = [("DATABASE_URL", url.as_str()), ("SECRET_KEY", "hush"), ("LOG_LEVEL", "warn")];
    let direct = myapp(&PORTS, &settings);
    let Some((program, arguments)) = wrapper.split_first() else {
        return Serving::spawn(direct);
    };
    let mut command = Command::new(program);
    command.args(arguments).arg(direct.get_program()).args(direct.get_args()).env_clear();
    command.env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin");
    command.envs(direct.get_envs().filter_map(|(name, value)| Some((name, value?))));
    Serving::spawn(command)
}

#[test]
fn full_disk_blocks_reveals_without_partial_writes() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("own.db");
    // The limit on a file's size simulates a full disk; the shell ignores the signal that comes with it.
    let script = "trap '' XFSZ; exec prlimit --fsize=150000:unlimited \"$@\"";
    let mut serving = serving(&["sh", "-c", script, "sh"], &file);
    let [public, _, operator] = serving.addresses();
    let (mut kept, mut failed) = (0, 0);
    // A failure makes SQLite move the log into the file, which leaves room for some more records.
    while failed < 10 {
        match get(operator, "/config").status {
            200 => (kept, failed) = (kept + 1, 0),
            _ => failed += 1,
        }
        assert!(kept < 5000, "the disk is never full");
    }
    assert!(kept > 0);
    is_away(public, operator, 200);
    let pid = serving.child.id().to_string();
    assert!(Command::new("prlimit").args(["--pid", &pid, "--fsize=unlimited"]).status().unwrap().success());
    comes_back(operator);
    drop(serving);
    let reader = reader(&file);
    let count = reader.accesses(AccessKind::Reveal).len();
    // Includes the record after the recovery, and perhaps records whose write was reported as failed.
    assert!(count > kept && count < kept + 20, "{count} of {kept}");
}

#[test]
fn read_only_file_blocks_reveals_until_writable() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("own.db");
    {
        let service = reader(&file);
        service.store.record(Record::Change(change(1)));
        service.flush();
    }
    let only_read = |is: bool| {
        let (of_file, of_directory) = if is { (0o444, 0o555) } else { (0o666, 0o777) };
        for entry in fs::read_dir(directory.path()).unwrap() {
            fs::set_permissions(entry.unwrap().path(), Permissions::from_mode(of_file)).unwrap();
        }
        fs::set_permissions(directory.path(), Permissions::from_mode(of_directory)).unwrap();
    };
    only_read(true);
    // Root may write every file.
    let root = is_root();
    let wrapper: &[&str] =
        if root { &["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--"] } else { &[] };
    let mut serving = serving(wrapper, &file);
    let [public, _, operator] = serving.addresses();
    is_away(public, operator, 200);
    only_read(false);
    comes_back(operator);
}

fn is_root() -> bool {
    std::os::unix::fs::MetadataExt::uid(&fs::metadata("/proc/self").unwrap()) == 0
}

#[test]
fn locked_file_blocks_reveals_until_unlocked() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("own.db");
    let mut serving = serving(&[], &file);
    let [public, _, operator] = serving.addresses();
    comes_back(operator);
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let lock = runtime.block_on(async {
        let mut lock = SqliteConnectOptions::new().filename(&file).connect().await.unwrap();
        sqlx::raw_sql("BEGIN IMMEDIATE").execute(&mut lock).await.unwrap();
        lock
    });
    is_away(public, operator, 200);
    runtime.block_on(lock.close()).unwrap();
    comes_back(operator);
}

#[test]
fn corrupt_file_is_reported_and_left_unchanged() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("own.db");
    let garbage = "no database at all".repeat(1000);
    fs::write(&file, &garbage).unwrap();
    let mut serving = serving(&[], &file);
    let [public, _, operator] = serving.addresses();
    is_away(public, operator, 200);
    assert_eq!(fs::read_to_string(&file).unwrap(), garbage);
    fs::remove_file(&file).unwrap();
    comes_back(operator);

    fs::write(directory.path().join("other.db"), &garbage).unwrap();
    let service = reader(&directory.path().join("other.db"));
    let checked = service.runtime.block_on(service.store.database().check());
    assert_eq!(checked.map_err(|error| error.reason), Err(Reason::Corrupt));
}

fn reader(file: &Path) -> Service {
    let url = format!("sqlite:{}", file.display());
    Service::as_told(&[], &[("DATABASE_URL", &url), ("SECRET_KEY", "hush")], None)
}
