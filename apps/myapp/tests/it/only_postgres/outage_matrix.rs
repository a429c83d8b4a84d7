//! Each failure mode of the database, for each policy of a replica, on real processes: the effect on probes, clients and
//! operators, and the recovery without a restart.

use std::collections::BTreeSet;
use std::fmt;
use std::net::SocketAddr;
use std::time::Duration;

use chassis::readiness::Class;
use myapp::readiness_policy::Policy;
use serde_json::Value;
use test_support::http::raw::blocking::{get, request, try_get};
use test_support::postgres::Database;
use test_support::wait::until;

use super::replica;
use crate::DEADLINE;
use crate::databases::shared;
use crate::process::{PORTS, Serving, myapp};
use crate::proxy::{Proxy, Way};

/// The state of a replica during an outage of a shared or own database that began before its start, or later:
///
/// - `ready` or `unready`, from the detection of the outage until its end,
/// - `refused` or `tried`: the handling of a request that needs the database. In both cases the response is a 503 with a
///   `Retry-After`; a refused request does not reach the database,
/// - the number of times that it ended, or that `/livez` failed, from its start until the recovery: a kubelet restarts a
///   container for nothing else. `/livez` was polled about five times a second.
///
/// Requests that need no database were answered all the time. The last line is the reason that operators were shown.
///
/// `down`: no process listens, and sessions are closed. `slow`: each answer comes 12 s late, which exceeds every time limit.
/// `refusing`: PostgreSQL rejects the role, and closes its sessions. `black-holed`: sessions are silent, and a SYN gets no
/// answer.
///
/// The first two lines are the released binary, for which a server is always required and shared. The others are the same
/// application in a process of its own with the given policy. In a release the degraded and own database is a file, which fails
/// in other ways: see `only_sqlite::outages`.
const TABLE: &str = "\
class         whose  since |              down |              slow |          refusing |       black-holed
required      shared start | unready refused 0 | unready refused 0 | unready refused 0 | unready refused 0
required      shared later |   ready refused 0 |   ready refused 0 |   ready refused 0 |   ready refused 0
required      own    start | unready refused 0 | unready refused 0 | unready refused 0 | unready refused 0
required      own    later | unready refused 0 | unready refused 0 | unready refused 0 | unready refused 0
degraded      shared start |   ready refused 0 |   ready refused 0 |   ready refused 0 |   ready refused 0
degraded      shared later |   ready refused 0 |   ready refused 0 |   ready refused 0 |   ready refused 0
degraded      own    start |   ready refused 0 |   ready refused 0 |   ready refused 0 |   ready refused 0
degraded      own    later |   ready refused 0 |   ready refused 0 |   ready refused 0 |   ready refused 0
informational shared start |   ready   tried 0 |   ready   tried 0 |   ready   tried 0 |   ready   tried 0
informational shared later |   ready   tried 0 |   ready   tried 0 |   ready   tried 0 |   ready   tried 0
informational own    start |   ready   tried 0 |   ready   tried 0 |   ready   tried 0 |   ready   tried 0
informational own    later |   ready   tried 0 |   ready   tried 0 |   ready   tried 0 |   ready   tried 0
                           |           refused |         timed out |     session_limit |         timed out
";

const CLASSES: [(&str, Class); 3] =
    [("required", Class::Required), ("degraded", Class::Degraded), ("informational", Class::Informational)];
const OUTAGES: [Outage; 4] = [Outage::Down, Outage::Slow, Outage::Refusing, Outage::BlackHoled];

/// Time limit for a machine under load, on which each cell has a process.
const LONGEST: Duration = Duration::from_secs(180);
/// The id of requests during an outage, which identifies their log lines.
const DURING: &str = "during-the-outage";

#[derive(Clone, Copy, Debug)]
enum Outage {
    Down,
    Slow,
    Refusing,
    BlackHoled,
}

/// The observed state of one replica.
struct Cell {
    ready: bool,
    tried: bool,
    restarts: u32,
    reason: String,
}

impl fmt::Display for Cell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ready = if self.ready { "ready" } else { "unready" };
        let tried = if self.tried { "tried" } else { "refused" };
        write!(f, "{ready:>7} {tried:>7} {}", self.restarts)
    }
}

#[test]
fn outage_effects_follow_policy_and_need_no_restart() {
    let rows: Vec<_> = CLASSES
        .into_iter()
        .flat_map(|class| [("shared", true), ("own", false)].map(|whose| (class, whose)))
        .flat_map(|(class, whose)| [("start", true), ("later", false)].map(|since| (class, whose, since)))
        .collect();
    let table = std::thread::scope(|scope| {
        let running: Vec<_> = rows
            .into_iter()
            .map(|((class_name, class), (whose, shared), (since, at_start))| {
                let policy = Policy { class, shared };
                let cells = OUTAGES.map(|outage| scope.spawn(move || played(policy, outage, at_start)));
                (format!("{class_name:<13} {whose:<6} {since}"), cells)
            })
            .collect();
        let rows = running.into_iter().map(|(title, cells)| (title, cells.map(|cell| cell.join().unwrap())));
        rendered(&rows.collect::<Vec<_>>())
    });
    assert!(table == TABLE, "seen:\n{table}\nexpected:\n{TABLE}");
}

fn rendered(rows: &[(String, [Cell; 4])]) -> String {
    let line = |title: &str, columns: [String; 4]| {
        let columns: String = columns.iter().map(|column| format!(" | {column:>17}")).collect();
        format!("{title:26}{columns}\n")
    };
    let title = format!("{:<13} {:<6} since", "class", "whose");
    let names = OUTAGES.map(|outage| outage.name().to_owned());
    let lines = rows.iter().map(|(title, cells)| line(title, cells.each_ref().map(ToString::to_string)));
    let reasons = std::array::from_fn(|column| {
        let reasons: BTreeSet<_> = rows.iter().map(|(_, cells)| cells[column].reason.as_str()).collect();
        reasons.into_iter().collect::<Vec<_>>().join(", ")
    });
    [line(&title, names)].into_iter().chain(lines).chain([line("", reasons)]).collect()
}

/// Runs one replica from its start until the recovery.
fn played(policy: Policy, outage: Outage, at_start: bool) -> Cell {
    let database = shared().database();
    let proxy = Proxy::start(shared().address());
    if at_start {
        outage.begin(&proxy, &database);
    }
    let mut replica = Replica::start(policy, &database, &proxy);
    let what = format!("{policy:?} {outage:?} {at_start}");
    if !at_start {
        replica.until_well(&what);
        outage.begin(&proxy, &database);
    }
    let found = replica.until(&format!("{what}: down for its reason"), |replica| {
        let database = replica.database();
        (database["up"] == false && database["reason"] == outage.reason()).then_some(database)
    });
    let ready = replica.is_ready();
    let refused = request(replica.operator, "GET", "/config", &[("X-Request-Id", DURING)]);
    assert!(refused.status == 503 && refused.header("retry-after").is_some(), "{what}: {}", refused.status);
    assert!(!refused.body.contains("hush"), "{what}");
    assert_eq!(get(replica.public, "/config").status, 200, "{what}");
    // The state is unchanged at the end of another check.
    let mut age = 0;
    replica.until(&format!("{what}: checked again"), |replica| {
        assert_eq!(replica.is_ready(), ready, "{what}");
        let before = std::mem::replace(&mut age, replica.database()["age_ms"].as_u64().unwrap());
        (age < before).then_some(())
    });
    outage.end(&proxy, &database);
    replica.until_well(&what);
    let reason = found["reason"].as_str().unwrap().to_owned();
    let restarts = replica.restarts();
    Cell { ready, tried: replica.was_asked(), restarts, reason }
}

impl Outage {
    fn name(self) -> &'static str {
        match self {
            Self::Down => "down",
            Self::Slow => "slow",
            Self::Refusing => "refusing",
            Self::BlackHoled => "black-holed",
        }
    }

    fn way(self) -> Way {
        match self {
            Self::Down => Way::Down,
            Self::Slow => Way::Slow,
            Self::Refusing => Way::Open,
            Self::BlackHoled => Way::BlackHole,
        }
    }

    fn reason(self) -> &'static str {
        match self {
            Self::Down => "refused",
            Self::Slow | Self::BlackHoled => "timed out",
            Self::Refusing => "session_limit",
        }
    }

    fn begin(self, proxy: &Proxy, database: &Database<'_>) {
        proxy.set(self.way());
        if let Self::Refusing = self {
            database.sql(&format!("ALTER ROLE {} CONNECTION LIMIT 0", database.user));
            let of_role = format!(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '{}'",
                database.user
            );
            database.sql(&of_role);
        }
    }

    fn end(self, proxy: &Proxy, database: &Database<'_>) {
        proxy.set(Way::Open);
        database.sql(&format!("ALTER ROLE {} CONNECTION LIMIT -1", database.user));
    }
}

/// A process, and its health as seen by a kubelet.
struct Replica {
    serving: Serving,
    public: SocketAddr,
    admin: SocketAddr,
    operator: SocketAddr,
    /// Number of checks at which `/livez` failed.
    n_dead: u32,
}

impl Replica {
    fn start(policy: Policy, database: &Database<'_>, proxy: &Proxy) -> Self {
        let url = database.url_by(proxy.port());
        let settings = [
            ("DATABASE_URL", url.as_str()),
            ("DB_PASSWORD", &database.password),
            ("SECRET_KEY", "hush"),
            ("LOG_LEVEL", "warn"),
        ];
        let as_released = Policy { class: Class::Required, shared: true };
        let mut serving = if policy == as_released {
            Serving::spawn(myapp(&PORTS, &settings))
        } else {
            Serving::spawn_after(replica::command(policy, &settings), replica::PREAMBLE)
        };
        let [public, admin, operator] = serving.addresses();
        // A kubelet calls no other probe before this one succeeds.
        until(DEADLINE, "started", || get(admin, "/startupz"), |seen| seen.status == 200);
        Self { serving, public, admin, operator, n_dead: 0 }
    }

    /// Polls until `look` returns a value, and checks `/livez` each time.
    fn until<T: fmt::Debug>(&mut self, what: &str, mut look: impl FnMut(&Self) -> Option<T>) -> T {
        let look = || {
            let is_alive = try_get(self.admin, "/livez", &[]).is_ok_and(|answer| answer.status == 200);
            self.n_dead += u32::from(!is_alive);
            let found = look(self);
            let database = found.is_none().then(|| self.database());
            (found, database)
        };
        until(LONGEST, what, look, |(found, _)| found.is_some()).0.unwrap()
    }

    /// Waits until the replica has its database and is ready.
    fn until_well(&mut self, what: &str) {
        self.until(&format!("{what}: well"), |replica| {
            (replica.is_ready() && get(replica.operator, "/config").status == 200).then_some(())
        });
    }

    fn is_ready(&self) -> bool {
        get(self.public, "/readyz").status == 200
    }

    /// Returns the database's state as reported by the process.
    fn database(&self) -> Value {
        get(self.operator, "/api/v1/status").json()["dependencies"][0].clone()
    }

    fn restarts(&mut self) -> u32 {
        self.n_dead + u32::from(self.serving.child.try_wait().unwrap().is_some())
    }

    /// Returns true if the request during the outage reached the database.
    fn was_asked(self) -> bool {
        let Self { serving, .. } = self;
        serving.signal("-TERM");
        let (_, log) = serving.ended();
        let told = |line: &&String| line.contains("cannot be recorded") && line.contains(DURING);
        log.iter().find(told).is_some()
    }
}
