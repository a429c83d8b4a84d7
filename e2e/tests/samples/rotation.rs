//! The sample in Go under `confpath run`: its database password is replaced while queries run.

use std::fs::{self, File};
use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Once;
use std::time::Duration;

use e2e::confpath;
use serde_json::Value;
use tempfile::TempDir;
use test_support::http::raw;
use test_support::http::strict::{Expected, Kind, Load, Server};
use test_support::kubelet_volume::KubeletVolume;
use test_support::{postgres, wait};

use crate::succeed;

/// The folder of the sample.
pub(crate) const SAMPLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../samples/go");

/// For a machine under load.
const PATIENCE: Duration = Duration::from_secs(120);

const ROTATIONS: usize = 20;

/// More clients than sessions, so that some always wait for one.
const LOAD: Kind = Kind {
    name: "rows",
    path: "/rows",
    expected: Expected::AnyBody,
    pause: Duration::from_millis(5),
    clients: 6,
};

/// The agent around the service, with a mounted volume. Both end with the value.
struct Running {
    folder: TempDir,
    volume: KubeletVolume,
    service: SocketAddr,
    admin: SocketAddr,
    agent: Child,
}

impl Running {
    /// Starts both with these texts, and waits until the agent has an acknowledgement and the service all its sessions.
    fn start(url: &str, password: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let volume = KubeletVolume::new(folder.path().join("mount"));
        let [service, calls, admin] = free_addresses();
        write(&volume, [service, calls], url, password);
        let log = File::create(folder.path().join("log")).unwrap();
        let calls = |path: &str| format!("http://{calls}/internal/{path}");
        let mut command = Command::new(confpath::binary().unwrap());
        command.args(["run", "--config-dir", "mount", "--out", "out", "--ack", "response"]);
        command.arg("--contract").arg(Path::new(SAMPLE).join("contract.json"));
        command.args(["--prepare", &calls("prepare"), "--notify", &calls("reload")]);
        command.args(["--admin-listen", &admin.to_string(), "--"]).arg(program());
        command.env("CONFIG_DIR", folder.path().join("out/current")).current_dir(folder.path());
        let agent = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log).spawn().unwrap();
        let running = Self { folder, volume, service, admin, agent };
        running.until_digests("the first acknowledgement", |digests| digests["state"] == "converged");
        wait::until(PATIENCE, "all sessions", || get(service, "/"), |index| index["sessions"] == 4);
        running
    }

    /// Swaps a volume in, as the kubelet does for a changed Secret, and returns the number of the generation until then.
    fn set(&self, url: &str, password: &str) -> u64 {
        let former = get(self.admin, "/digests")["generation"].as_u64().unwrap();
        let calls = self.current("config/AGENT_LISTEN").parse().unwrap();
        write(&self.volume, [self.service, calls], url, password);
        former
    }

    fn current(&self, name: &str) -> String {
        fs::read_to_string(self.folder.path().join("out/current").join(name)).unwrap_or_default()
    }

    fn until_digests(&self, what: &str, holds: impl FnMut(&Value) -> bool) -> Value {
        wait::until(PATIENCE, what, || get(self.admin, "/digests"), holds)
    }

    /// Waits until the service has acknowledged a generation after `former`.
    fn until_acknowledged(&self, former: u64) {
        self.until_digests("the acknowledgement", |digests| {
            digests["generation"].as_u64() > Some(former) && digests["state"] == "converged"
        });
    }

    fn load(&self) -> Load {
        Load::start(&Server::Tcp(self.service), &[LOAD])
    }
}

impl Drop for Running {
    #[expect(clippy::print_stdout, reason = "with the output of the failed test")]
    fn drop(&mut self) {
        // The kernel ends the service with it.
        let _ = self.agent.kill();
        let _ = self.agent.wait();
        if std::thread::panicking() {
            println!("{}", fs::read_to_string(self.folder.path().join("log")).unwrap_or_default());
        }
    }
}

fn write(volume: &KubeletVolume, [service, calls]: [SocketAddr; 2], url: &str, password: &str) {
    let files = [
        ("config/LISTEN", service.to_string()),
        ("config/AGENT_LISTEN", calls.to_string()),
        ("config/DATABASE_URL", url.to_owned()),
        ("secrets/DB_PASSWORD", password.to_owned()),
    ];
    volume.write(&files).unwrap();
}

/// The answer, or nothing while there is none.
pub(crate) fn get(address: SocketAddr, path: &str) -> Value {
    let answer = raw::blocking::try_get(address, path, &[]);
    answer.map_or(Value::Null, |answer| serde_json::from_str(&answer.body).unwrap_or_default())
}

/// Addresses that nobody listens on at the moment.
pub(crate) fn free_addresses<const N: usize>() -> [SocketAddr; N] {
    let listeners = [(); N].map(|()| TcpListener::bind(("127.0.0.1", 0)).unwrap());
    listeners.each_ref().map(|listener| listener.local_addr().unwrap())
}

/// The service, built once.
fn program() -> &'static Path {
    static BUILT: Once = Once::new();
    let program = Path::new(concat!(env!("CARGO_TARGET_TMPDIR"), "/goapp"));
    BUILT.call_once(|| {
        succeed(Command::new("go").args(["build", "-o"]).arg(program).arg(".").current_dir(SAMPLE));
    });
    program
}

#[tokio::test(flavor = "multi_thread")]
async fn rotations_of_one_role_fail_no_query() {
    let server = postgres::Server::start(&["fsync=off"]);
    let mut database = server.database();
    let running = Running::start(&database.url(), &database.password);
    let load = running.load();
    for number in 0..ROTATIONS {
        let (old, new) = (database.password.clone(), format!("canary-rotated-{number}"));
        database.alter_password(&new);
        let begun = database.sql("SELECT now()");
        let former = running.set(&database.url(), &new);
        running.until_acknowledged(former);
        assert_eq!(running.current("secrets/DB_PASSWORD"), new);
        assert!(!database.lets_in(&old), "the server takes the old password of rotation {number}");
        until_drained(&database, &begun);
    }
    has_no_failure(load).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn rotations_of_two_roles_fail_no_query() {
    let server = postgres::Server::start(&["fsync=off"]);
    let roles = [server.database(), server.database()];
    // Both use the database of the first.
    let url = |role: usize| {
        roles[0].url().replace(&format!("//{}@", roles[0].user), &format!("//{}@", roles[role].user))
    };
    let running = Running::start(&url(0), &roles[0].password);
    let load = running.load();
    for number in 0..ROTATIONS {
        let (next, old) = ((number + 1) % 2, number % 2);
        let new = format!("canary-two-{number}");
        roles[next].sql(&format!("ALTER ROLE {} PASSWORD '{new}'", roles[next].user));
        let former = running.set(&url(next), &new);
        running.until_acknowledged(former);
        assert_eq!(get(running.service, "/rows")["role"], roles[next].user.as_str());
        // Nobody uses it any more.
        roles[old].sql(&format!("ALTER ROLE {} PASSWORD NULL", roles[old].user));
    }
    has_no_failure(load).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn refused_password_leaves_the_old_one_serving() {
    let server = postgres::Server::start(&["fsync=off"]);
    let mut database = server.database();
    let running = Running::start(&database.url(), &database.password);
    let load = running.load();
    let wrong = "canary-not-yet-known";
    let former = running.set(&database.url(), wrong);
    let digests = running.until_digests("the refusal", |digests| digests["state"] == "rejected");
    let reason = digests["reasons"][0].as_str().unwrap();
    assert!(reason.contains("password authentication failed for user"), "{reason}");
    assert!(!digests.to_string().contains(wrong), "{digests}");
    assert_eq!(running.current("secrets/DB_PASSWORD"), database.password);
    assert_eq!(get(running.service, "/rows")["role"], database.user.as_str());
    // A database that learns the password late gets the change in without another one.
    assert_eq!(digests["retrying"], true);
    database.alter_password(wrong);
    running.until_acknowledged(former);
    has_no_failure(load).await;
}

/// Waits until the role has no session that was there at `begun`.
fn until_drained(database: &postgres::Database<'_>, begun: &str) {
    let role = &database.user;
    let old = format!(
        "SELECT count(*) FROM pg_stat_activity WHERE usename = '{role}' AND backend_start < '{begun}'"
    );
    wait::until(PATIENCE, "the end of the old sessions", || database.sql(&old), |count| count == "0");
}

#[expect(clippy::print_stdout, reason = "the figures are worth reading")]
async fn has_no_failure(load: Load) {
    let tally = load.stop().await;
    println!("{tally}");
    assert!(tally.failures.is_empty(), "{:?}", tally.failures);
    assert!(tally.answered("rows") > ROTATIONS, "{tally}");
}
