//! A database that does not do its part: what needs it answers 503 and when to come back, everything else goes on, and
//! nothing needs a restart once it does its part again.

use std::fs::{self, Permissions};
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use myapp::database::Reason;
use myapp::store::{AccessKind, HistoryFilter, Record};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions as _, Connection as _};

use crate::databases::Kind;
use crate::http::{get, until_true};
use crate::postgres::Server;
use crate::process::{PORTS, Serving, myapp};
use crate::service::Service;
use crate::store::{change, start};

/// What a client sees while the database is away: all that needs it refused, and nothing else. A replica that has never
/// reached its server is not ready; one that has stays so.
fn is_away(public: SocketAddr, operator: SocketAddr, readiness: u16) {
    for path in ["/config", "/healthz", "/"] {
        assert_eq!(get(public, path).status, 200, "{path}");
    }
    assert_eq!(get(public, "/readyz").status, readiness);
    let refused = get(operator, "/config");
    let retry_after = refused.header("retry-after").and_then(|seconds| seconds.parse().ok());
    assert_eq!((refused.status, retry_after.is_some_and(|s: u32| (1..=20).contains(&s))), (503, true));
    assert!(!refused.body.contains("hush") && !refused.body.contains("database"), "{}", refused.body);
    assert_eq!(get(operator, "/api/v1/status").status, 200);
}

fn comes_back(operator: SocketAddr) {
    until_true("back", || get(operator, "/config").status == 200);
}

/// The binary with an SQLite file of its own, started by way of `wrapper`.
fn serving(wrapper: &[&str], file: &Path) -> Serving {
    let url = format!("sqlite:{}", file.display());
    let settings = [("DATABASE_URL", url.as_str()), ("SECRET_KEY", "hush"), ("LOG_LEVEL", "warn")];
    let direct = myapp(&PORTS, &settings);
    let Some((program, arguments)) = wrapper.split_first() else {
        return Serving::spawn(direct, tempfile::tempdir().unwrap());
    };
    let mut command = Command::new(program);
    command.args(arguments).arg(direct.get_program()).args(direct.get_args()).env_clear();
    command.env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin");
    command.envs(direct.get_envs().filter_map(|(name, value)| Some((name, value?))));
    Serving::spawn(command, tempfile::tempdir().unwrap())
}

#[test]
fn a_full_disk_holds_up_what_needs_it_and_nothing_is_half_written() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("own.db");
    // The limit on a file's size stands for the disk's; the signal that comes with it is the shell's to ignore.
    let script = "trap '' XFSZ; exec prlimit --fsize=150000:unlimited \"$@\"";
    let mut serving = serving(&["sh", "-c", script, "sh"], &file);
    let [public, _, operator] = serving.addresses();
    let (mut kept, mut failed) = (0, 0);
    // A failure has the log moved into the file, which leaves room for some more.
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
    // The one that came back, and perhaps those whose answer said less than was done.
    assert!(count > kept && count < kept + 20, "{count} of {kept}");
}

#[test]
fn a_file_that_may_only_be_read_reveals_nothing_until_it_may_be_written() {
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
    // Root may write everything.
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
fn a_file_locked_by_another_process_is_waited_for() {
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
fn a_corrupt_file_is_told_as_such_and_left_as_it_is() {
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
    Service::start(&[], &[("DATABASE_URL", &url), ("SECRET_KEY", "hush")])
}

#[test]
fn a_lost_server_holds_up_what_needs_it_and_the_queue_keeps_the_rest() {
    let mut server = Server::start(&["fsync=off"]);
    let database = server.database();
    let settings = [("DATABASE_URL", database.url()), ("DB_PASSWORD", database.password.clone())];
    let settings: Vec<_> = settings.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let service = Service::start(&[], &settings);
    comes_back(service.operator);
    server.kill();
    // A session may outlive its server by one answer.
    until_true("away", || get(service.operator, "/config").status == 503);
    is_away(service.public, service.operator, 200);
    (0..100).for_each(|number| service.store.record(Record::Change(change(number))));
    assert!(!service.runtime.block_on(service.store.flush(Duration::from_millis(50))));
    assert!(service.store.waiting() > 90);
    server.restart();
    comes_back(service.operator);
    service.flush();
    let numbers: Vec<_> =
        service.history(HistoryFilter::default()).iter().map(|row| row.generation).collect();
    assert_eq!(numbers, (0..100).rev().collect::<Vec<_>>());
    assert_eq!(service.store.dropped(), 0);
}

#[test]
fn a_process_starts_without_its_database_and_finds_it_later() {
    let mut server = Server::start(&["fsync=off"]);
    let database = server.database();
    let settings = [("DATABASE_URL", database.url()), ("DB_PASSWORD", database.password.clone())];
    let settings: Vec<_> = settings.iter().map(|(name, value)| (*name, value.as_str())).collect();
    server.kill();
    let service = Service::start(&[], &settings);
    is_away(service.public, service.operator, 503);
    let checked = service.runtime.block_on(service.store.database().check());
    assert_eq!(checked.map_err(|error| error.reason), Err(Reason::Refused));
    server.restart();
    comes_back(service.operator);
    until_true("ready", || get(service.public, "/readyz").status == 200);
}

#[test]
fn a_wrong_password_at_start_is_told_as_such_and_healed_by_the_database() {
    let Kind::Postgres(mut database) = Kind::postgres() else { return };
    let kind = Kind::Postgres(crate::postgres::TestDatabase {
        server: database.server,
        name: database.name.clone(),
        user: database.user.clone(),
        password: "canary-password-wrong".into(),
    });
    let service = start(&kind, None);
    let checked = service.runtime.block_on(service.store.database().check());
    let error = checked.unwrap_err();
    assert_eq!((error.reason, error.code.as_deref()), (Reason::Authentication, Some("28P01")));
    assert!(!format!("{error} {error:?}").contains("canary"));
    database.alter_password("canary-password-wrong");
    comes_back(service.operator);
}
