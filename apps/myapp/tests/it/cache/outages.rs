//! Each failure mode of the cache, on real processes: the effect on probes, readers and operators, and the recovery without a
//! restart.

use std::fmt;
use std::net::SocketAddr;
use std::time::Duration;

use serde_json::Value;
use tempfile::TempDir;
use test_support::http::raw::blocking::{get, try_get};
use test_support::redis::Redis;
use test_support::wait::until;

use super::{KEY, message};
use crate::events::Stream;
use crate::mount::Mount;
use crate::process::{PORTS, Serving, myapp};
use crate::proxy::{Proxy, Way};

/// The state of a replica during an outage that began before its start, or later:
///
/// - `ready` or `unready`,
/// - the reason why its cache is down; `up` if it is not,
/// - the scope of its event stream: the events of `all` replicas, or its `own` only,
/// - the number of times that it ended, or that `/livez` failed, until the recovery: a kubelet restarts a container for nothing
///   else.
///
/// During the outage the operator listener answered, and a change of another setting came into force. Afterwards an event of
/// another replica reached a reader that had stayed connected.
///
/// `down`: no process listens, and sessions are closed. `slow`: each answer comes 12 s late, which exceeds every time limit.
/// `refusing`: Redis rejects the user, and closes its sessions. `black-holed`: sessions are silent, and a SYN gets no answer.
/// `wrong password`: in the Secret; if it came later, the change is refused as a whole, and the previous password stays in use.
/// `rotated`: the server accepts another password; at the start the Secret lags behind, later both are accepted until the Secret
/// is updated.
const TABLE: &str = "\
outage         | at the start                         | later
down           | ready refused        told of own   0 | ready refused        told of own   0
slow           | ready timeout        told of own   0 | ready timeout        told of own   0
refusing       | ready authentication told of own   0 | ready authentication told of own   0
black-holed    | ready timeout        told of own   0 | ready timeout        told of own   0
wrong password | ready authentication told of own   0 | ready up             told of all   0
rotated        | ready authentication told of own   0 | ready up             told of all   0
";

const OUTAGES: [Outage; 6] = [
    Outage::Network("down", Way::Down),
    Outage::Network("slow", Way::Slow),
    Outage::Refusing,
    Outage::Network("black-holed", Way::BlackHole),
    Outage::WrongPassword,
    Outage::Rotated,
];

const RIGHT: &str = "canary-cache-right";
const OTHER: &str = "canary-cache-other";

/// Time limit for a machine under load, on which each cell has a process.
const LONGEST: Duration = Duration::from_secs(180);

#[derive(Clone, Copy)]
enum Outage {
    Network(&'static str, Way),
    Refusing,
    WrongPassword,
    Rotated,
}

struct Cell {
    ready: bool,
    cache: String,
    told_of: &'static str,
    restarts: u32,
}

impl fmt::Display for Cell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ready = if self.ready { "ready" } else { "unready" };
        write!(f, "{ready} {:<14} told of {:<3} {:>3}", self.cache, self.told_of, self.restarts)
    }
}

#[test]
fn cache_outages_cost_neither_readiness_reload_nor_restart() {
    let rows = std::thread::scope(|scope| {
        let cells = |outage| [true, false].map(|at_start| scope.spawn(move || played(outage, at_start)));
        let running = OUTAGES.map(|outage| (outage.name(), cells(outage)));
        running.map(|(name, cells)| (name, cells.map(|cell| cell.join().unwrap().to_string())))
    });
    let title = format!("{:15}| {:36} | later\n", "outage", "at the start");
    let line = |(name, [at_start, later]): (_, [String; 2])| format!("{name:15}| {at_start} | {later}\n");
    let table: String = std::iter::once(title).chain(rows.map(line)).collect();
    assert!(table == TABLE, "seen:\n{table}\nexpected:\n{TABLE}");
}

/// Runs one replica from its start until the recovery.
fn played(outage: Outage, at_start: bool) -> Cell {
    let redis = Redis::start(&[&format!("user app on >{RIGHT} ~myapp:* +@all"), "user default off"]);
    let proxy = Proxy::start(redis.address());
    let mut replica = Replica::new(&proxy, format!("{}, at the start: {at_start}", outage.name()));
    if !at_start {
        replica.serve();
        replica.until("hearing all", Replica::hears_all);
    }
    outage.begin(&redis, &proxy, &mut replica);
    if at_start {
        replica.serve();
    }
    if at_start || outage.is_felt_later() {
        replica.until("down", |replica| replica.cache()["up"] == false && !replica.hears_all());
    }
    let mut stream = Stream::open(replica.operator, None);
    let cell = replica.seen();
    replica.mount(replica.password, "info");
    if replica.digests()["state"] == "rejected" {
        assert!(!replica.is_changed(), "{}: a part of a refused change", replica.what);
    } else {
        replica.until("a change in force", Replica::is_changed);
    }

    outage.end(&redis, &proxy, &mut replica);
    replica.until("all in force", Replica::is_changed);
    replica.until("up", |replica| replica.cache()["up"] == true && replica.hears_all());
    redis.command(&["XADD", "myapp:events:v1", "*", "m", &message(7)]);
    while stream.next().unwrap().data["replica"] != "other" {}
    Cell { restarts: replica.restarts(), ..cell }
}

impl Outage {
    fn name(self) -> &'static str {
        match self {
            Self::Network(name, _) => name,
            Self::Refusing => "refusing",
            Self::WrongPassword => "wrong password",
            Self::Rotated => "rotated",
        }
    }

    /// Returns true if a replica loses a cache that it is connected to.
    fn is_felt_later(self) -> bool {
        matches!(self, Self::Network(..) | Self::Refusing)
    }

    fn begin(self, redis: &Redis, proxy: &Proxy, replica: &mut Replica) {
        match self {
            Self::Network(_, way) => proxy.set(way),
            Self::Refusing => {
                redis.command(&["ACL", "SETUSER", "app", "off"]);
                redis.command(&["CLIENT", "KILL", "USER", "app"]);
            }
            Self::WrongPassword => {
                replica.mount(OTHER, "error");
                if replica.serving.is_some() {
                    replica.until("refused", |replica| replica.digests()["state"] == "rejected");
                }
            }
            Self::Rotated => {
                redis.command(&["ACL", "SETUSER", "app", &format!(">{OTHER}")]);
                if replica.serving.is_some() {
                    replica.mount(OTHER, "error");
                    replica.until("in force", |replica| replica.digests()["generation"] == 2);
                }
                redis.command(&["ACL", "SETUSER", "app", &format!("<{RIGHT}")]);
            }
        }
    }

    fn end(self, redis: &Redis, proxy: &Proxy, replica: &mut Replica) {
        match self {
            Self::Network(..) => proxy.set(Way::Open),
            Self::Refusing => drop(redis.command(&["ACL", "SETUSER", "app", "on"])),
            Self::WrongPassword => replica.mount(RIGHT, "info"),
            Self::Rotated => replica.mount(OTHER, "info"),
        }
    }
}

/// A process, and its health as seen by a kubelet.
struct Replica {
    what: String,
    url: String,
    mount: Mount,
    password: &'static str,
    data: TempDir,
    serving: Option<Serving>,
    public: SocketAddr,
    admin: SocketAddr,
    operator: SocketAddr,
    /// Number of checks at which `/livez` failed.
    n_dead: u32,
}

impl Replica {
    /// Creates a replica with the right password that is not started yet.
    fn new(proxy: &Proxy, what: String) -> Self {
        let nowhere = SocketAddr::from(([127, 0, 0, 1], 0));
        let mut replica = Self {
            what,
            url: format!("redis://app@127.0.0.1:{}/0", proxy.port()),
            mount: Mount::new(&[]),
            password: RIGHT,
            data: tempfile::tempdir().unwrap(),
            serving: None,
            public: nowhere,
            admin: nowhere,
            operator: nowhere,
            n_dead: 0,
        };
        replica.mount(RIGHT, "error");
        replica
    }

    fn mount(&mut self, password: &'static str, level: &str) {
        self.password = password;
        let url = self.url.as_str();
        self.mount.swap(&[
            KEY,
            ("config/CACHE_URL", url),
            ("secrets/CACHE_PASSWORD", password),
            ("config/LOG_LEVEL", level),
        ]);
    }

    fn serve(&mut self) {
        let mut command = myapp(&PORTS, &[]);
        command.arg(self.mount.flag()).arg("--data-dir").arg(self.data.path());
        let mut serving = Serving::spawn(command);
        [self.public, self.admin, self.operator] = serving.addresses();
        self.serving = Some(serving);
        // A kubelet calls no other probe before this one succeeds.
        self.until("started", |replica| get(replica.admin, "/startupz").status == 200);
    }

    /// Polls until `is_so` holds, and checks `/livez` each time.
    fn until(&mut self, what: &str, is_so: impl Fn(&Self) -> bool) {
        let what = format!("{}: {what}", self.what);
        let look = || {
            let is_alive = try_get(self.admin, "/livez", &[]).is_ok_and(|answer| answer.status == 200);
            self.n_dead += u32::from(!is_alive);
            let holds = is_so(self);
            (holds, (!holds).then(|| self.digests()))
        };
        until(LONGEST, &what, look, |(holds, _)| *holds);
    }

    fn seen(&self) -> Cell {
        let cache = self.cache();
        let reason = if cache["up"] == true { "up" } else { cache["reason"].as_str().unwrap() };
        Cell {
            ready: get(self.public, "/readyz").status == 200,
            cache: reason.to_owned(),
            told_of: if self.hears_all() { "all" } else { "own" },
            restarts: 0,
        }
    }

    fn digests(&self) -> Value {
        get(self.admin, "/digests").json()
    }

    fn cache(&self) -> Value {
        super::cache_of(&self.digests())
    }

    fn hears_all(&self) -> bool {
        get(self.admin, "/metrics").body.lines().any(|line| line == "cache_hears_all 1")
    }

    /// Returns true if the change of the other setting is in force.
    fn is_changed(&self) -> bool {
        get(self.operator, "/log-level").json()["in_force"] == "info"
    }

    fn restarts(&mut self) -> u32 {
        let ended = self.serving.as_mut().is_none_or(|serving| serving.child.try_wait().unwrap().is_some());
        self.n_dead + u32::from(ended)
    }
}
