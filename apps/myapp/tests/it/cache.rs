//! Events exchanged through a real Redis, and the state of a replica without it.

mod faults;
mod outages;
mod rights;

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use serde_json::{Value, json};
use tempfile::TempDir;
use test_support::http::raw::blocking::get;
use test_support::redis::Redis;
use test_support::wait::until;

use crate::DEADLINE;
use crate::events::Stream;
use crate::mount::Mount;
use crate::service::Service;

const KEY: (&str, &str) = ("secrets/SECRET_KEY", "canary-key-7f3a9c");
const PASSWORD: &str = "canary-cache-5b1e";

/// One replica with a mounted configuration and an SQLite file of its own.
struct Replica {
    mount: Mount,
    service: Service,
    _data: TempDir,
}

impl Replica {
    fn start(files: &[(&str, &str)]) -> Self {
        Self::start_with(&[], files)
    }

    fn start_with(flags: &[&str], files: &[(&str, &str)]) -> Self {
        let data = tempfile::tempdir().unwrap();
        let mount = Mount::new(&[&[KEY], files].concat());
        let service = Service::with_data(data.path(), &[&[mount.flag().as_str()], flags].concat());
        Self { mount, service, _data: data }
    }

    fn digests(&self) -> Value {
        get(self.service.admin, "/digests").json()
    }

    fn cache(&self) -> Value {
        cache_of(&self.digests())
    }

    fn is_ready(&self) -> bool {
        get(self.service.public, "/readyz").status == 200
    }

    fn metric(&self, name: &str) -> f64 {
        let text = get(self.service.admin, "/metrics").body;
        let line = text.lines().find_map(|line| line.strip_prefix(name));
        line.unwrap_or_else(|| panic!("no {name} in {text}")).trim().parse().unwrap()
    }

    fn until_hearing(&self) {
        until(DEADLINE, "hearing all", || self.metric("cache_hears_all"), |seen| *seen > 0.0);
    }
}

/// Returns the `cache` dependency of a replica's digests.
fn cache_of(digests: &Value) -> Value {
    let dependencies = digests["dependencies"].as_array().unwrap();
    dependencies.iter().find(|dependency| dependency["name"] == "cache").cloned().unwrap_or_default()
}

/// Returns a message in the format of another replica.
fn message(sequence: usize) -> String {
    let at = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_millis() as u64;
    let data = json!({ "reasons": [format!("LOG_LEVEL: {sequence}")], "retrying": false });
    json!({ "v": 1, "origin": "other", "replica": "other", "at": at, "event": "rejected", "data": data })
        .to_string()
}

/// A plain session of the default user that writes messages.
struct Writer(TcpStream);

impl Writer {
    fn connect(redis: &Redis) -> Self {
        let stream = TcpStream::connect(redis.address()).unwrap();
        stream.set_nodelay(true).unwrap();
        Self(stream)
    }

    fn add(&mut self, text: &str) {
        let words = ["XADD", "myapp:events:v1", "*", "m", text];
        let command: String = words.iter().map(|word| format!("${}\r\n{word}\r\n", word.len())).collect();
        self.0.write_all(format!("*{}\r\n{command}", words.len()).as_bytes()).unwrap();
        let mut answer = [0; 64];
        let length = self.0.read(&mut answer).unwrap();
        assert_eq!(answer[0], b'$', "{}", String::from_utf8_lossy(&answer[..length]));
    }
}

#[test]
fn event_of_one_replica_reaches_all_replicas() {
    let redis = Redis::start(&[]);
    let url = redis.url();
    let cache = ("config/CACHE_URL", url.as_str());
    let here = Replica::start(&[cache]);
    let there = Replica::start(&[cache, ("config/LOG_LEVEL", "error")]);
    here.until_hearing();
    there.until_hearing();
    let mut streams = [&here, &there].map(|replica| Stream::open(replica.service.operator, None));
    for stream in &mut streams {
        assert_eq!(stream.any().unwrap().data, Value::Null);
        assert_eq!(stream.any().unwrap().data, json!({ "replicas": "all" }));
    }
    there.mount.swap(&[KEY, cache, ("config/LOG_LEVEL", "info")]);
    let told = streams.map(|mut stream| stream.next().unwrap());
    for told in &told {
        assert_eq!((told.name.as_str(), &told.data["keys"]), ("committed", &json!(["LOG_LEVEL"])));
        assert!(!told.data["replica"].as_str().unwrap().is_empty());
    }
    let counts = || {
        let sent = there.metric("cache_events_total{outcome=\"sent\"}");
        [sent, here.metric("cache_events_total{outcome=\"received\"}")]
    };
    until(DEADLINE, "counted", counts, |seen| *seen == [1.0; 2]);
    assert_eq!(there.metric("cache_events_total{outcome=\"received\"}"), 0.0, "its own is not heard again");
}

#[test]
fn thousand_events_per_second_arrive_promptly_without_loss() {
    const SECONDS: usize = 5;
    const RATE: usize = 1000;
    let redis = Redis::start(&[]);
    let url = redis.url();
    let here = Replica::start(&[("config/CACHE_URL", &url)]);
    here.until_hearing();
    let mut stream = Stream::open(here.service.operator, None);
    stream.next().unwrap();
    let mut writer = Writer::connect(&redis);
    let writing = thread::spawn(move || {
        let begun = Instant::now();
        for sequence in 0..SECONDS * RATE {
            let due = Duration::from_secs_f64(sequence as f64 / RATE as f64);
            thread::sleep(due.saturating_sub(begun.elapsed()));
            writer.add(&message(sequence));
        }
    });
    let mut delays = Vec::new();
    for sequence in 0..SECONDS * RATE {
        let told = stream.next().unwrap();
        assert_eq!(told.data["reasons"], json!([format!("LOG_LEVEL: {sequence}")]), "{}", told.name);
        let at = humantime::parse_rfc3339(told.data["at"].as_str().unwrap()).unwrap();
        delays.push(SystemTime::now().duration_since(at).unwrap_or_default());
    }
    writing.join().unwrap();
    delays.sort_unstable();
    let p99 = delays[delays.len() * 99 / 100];
    println!("{} events, p50 {:?}, p99 {p99:?}", delays.len(), delays[delays.len() / 2]);
    assert!(p99 < Duration::from_millis(500), "{p99:?}");
}

#[test]
fn cache_outage_limits_events_to_own_replica() {
    let mut redis = Redis::start(&[]);
    let url = redis.url();
    let cache = ("config/CACHE_URL", url.as_str());
    let here = Replica::start(&[cache]);
    here.until_hearing();
    let mut stream = Stream::open(here.service.operator, None);
    assert_eq!(stream.any().unwrap().data, Value::Null);
    assert_eq!(stream.any().unwrap().data, json!({ "replicas": "all" }));
    redis.stop();
    assert_eq!(stream.any().unwrap().data, json!({ "replicas": "own" }));
    until(DEADLINE, "down", || here.cache(), |seen| seen["up"] == false);
    assert_eq!(here.cache()["reason"], "refused");
    assert!(here.is_ready(), "{}", here.digests());

    here.mount.swap(&[KEY, cache, ("config/LOG_LEVEL", "info")]);
    assert_eq!(stream.next().unwrap().name, "committed");
    until(DEADLINE, "lost", || here.metric("cache_events_total{outcome=\"lost\"}"), |seen| *seen == 1.0);

    redis.restart();
    assert_eq!(stream.any().unwrap().data, json!({ "replicas": "all" }));
    until(DEADLINE, "up", || here.cache(), |seen| seen["up"] == true);
    Writer::connect(&redis).add(&message(7));
    assert_eq!(stream.next().unwrap().data["replica"], "other");
}

#[test]
fn foreign_cache_messages_are_skipped_and_counted() {
    let redis = Redis::start(&["proto-max-bulk-len 128mb"]);
    let url = redis.url();
    let here = Replica::start(&[("config/CACHE_URL", &url)]);
    here.until_hearing();
    let mut stream = Stream::open(here.service.operator, None);
    stream.next().unwrap();
    let mut writer = Writer::connect(&redis);
    for text in ["hush", "{\"v\":2}", "{\"v\":1}", &"x".repeat(100_000)] {
        writer.add(text);
    }
    writer.add(&message(1));
    assert_eq!(stream.next().unwrap().data["reasons"], json!(["LOG_LEVEL: 1"]));
    until(
        DEADLINE,
        "counted",
        || here.metric("cache_events_total{outcome=\"refused\"}"),
        |seen| *seen == 4.0,
    );

    // Longer than any message that is read: the replica skips it, and notifies readers that an event may be missing.
    writer.add(&"x".repeat(64 * 1024 * 1024));
    assert_eq!(stream.next().unwrap().name, "lagged");
    assert!(stream.next().is_none());
    here.until_hearing();
    let mut stream = Stream::open(here.service.operator, None);
    stream.next().unwrap();
    writer.add(&message(2));
    assert_eq!(stream.next().unwrap().data["reasons"], json!(["LOG_LEVEL: 2"]));
    let memory = here.metric("process_resident_memory_bytes");
    assert!(here.is_ready(), "{memory}");
}

#[test]
fn cache_credentials_rotate_live_without_event_loss() {
    let redis = Redis::start_with_tls(&["user default off"]);
    let rights = ["~myapp:*", "+set", "+get", "+xadd", "+xread", "+time", "+select", "+auth", "+ping"];
    let add = |user: &str, password: &str| {
        let password = format!(">{password}");
        redis.command(&[&["ACL", "SETUSER", user, "on", &password], &rights[..]].concat());
    };
    let url = redis.url();
    let files = |user: &'static str, password: &'static str| {
        [
            ("config/CACHE_URL", url.clone()),
            ("secrets/CACHE_USER", user.into()),
            ("secrets/CACHE_PASSWORD", password.into()),
        ]
    };
    let borrowed = |files: &[(&'static str, String); 3]| {
        let files = files.iter().map(|(name, text)| (*name, text.clone()));
        files.collect::<Vec<_>>()
    };
    add("one", PASSWORD);
    let start = borrowed(&files("one", PASSWORD));
    let start: Vec<_> = start.iter().map(|(name, text)| (*name, text.as_str())).collect();
    let here = Replica::start(&start);
    here.until_hearing();
    let mut stream = Stream::open(here.service.operator, None);
    stream.next().unwrap();

    // The new user cannot log in yet: the change is refused, and the previous user stays in use.
    let next = borrowed(&files("two", "canary-cache-9d2c"));
    let next: Vec<_> =
        std::iter::once(KEY).chain(next.iter().map(|(name, text)| (*name, text.as_str()))).collect();
    here.mount.swap(&next);
    until(DEADLINE, "refused", || here.digests(), |seen| seen["state"] == "rejected");
    let sentence = "cache: CACHE_PASSWORD: the cache refuses it for the user of CACHE_USER (WRONGPASS)";
    assert_eq!(here.digests()["reasons"], json!([sentence]));
    assert_eq!(here.digests()["retrying"], true);
    assert_eq!(stream.next().unwrap().name, "rejected");

    add("two", "canary-cache-9d2c");
    assert_eq!(stream.next().unwrap().name, "committed");
    let sessions = || redis.command(&["CLIENT", "LIST"]);
    until(DEADLINE, "sessions without the former user", sessions, |seen| !seen.contains("user=one"));
    redis.command(&["ACL", "DELUSER", "one"]);
    here.until_hearing();
    redis.command(&["XADD", "myapp:events:v1", "*", "m", &message(3)]);
    assert_eq!(stream.next().unwrap().data["reasons"], json!(["LOG_LEVEL: 3"]));
    assert!(!format!("{} {}", here.digests(), get(here.service.admin, "/metrics").body).contains("canary"));
}

#[test]
fn session_closed_by_cache_server_loses_no_event() {
    // ElastiCache closes a session 12 hours after the token was presented.
    let redis = Redis::start(&[]);
    let url = redis.url();
    let cache = ("config/CACHE_URL", url.as_str());
    let here = Replica::start(&[cache]);
    here.until_hearing();
    let mut stream = Stream::open(here.service.operator, None);
    stream.next().unwrap();
    let count =
        |here: &Replica, outcome| here.metric(&format!("cache_events_total{{outcome=\"{outcome}\"}}"));
    for (level, told) in [("info", 1.0), ("warn", 2.0)] {
        here.mount.swap(&[KEY, cache, ("config/LOG_LEVEL", level)]);
        assert_eq!(stream.next().unwrap().name, "committed");
        until(DEADLINE, "counted", || count(&here, "sent") + count(&here, "lost"), |seen| *seen == told);
        redis.command(&["CLIENT", "KILL", "TYPE", "normal"]);
        here.until_hearing();
    }
    assert_eq!((count(&here, "sent"), count(&here, "lost")), (2.0, 0.0));
}

#[test]
fn releases_sharing_cache_stay_isolated() {
    let redis = Redis::start(&[]);
    let url = redis.url();
    let cache = ("config/CACHE_URL", url.as_str());
    let here = Replica::start_with(&["--cache-prefix=shop/here"], &[cache]);
    let there = Replica::start_with(&["--cache-prefix=shop/there"], &[cache]);
    here.until_hearing();
    there.until_hearing();
    there.mount.swap(&[KEY, cache, ("config/LOG_LEVEL", "info")]);
    until(DEADLINE, "told", || there.metric("cache_events_total{outcome=\"sent\"}"), |seen| *seen == 1.0);
    let keys = redis.command(&["KEYS", "*"]);
    assert!(keys.contains("shop/there:events:v1") && !keys.contains("shop/here:events"), "{keys}");
    redis.command(&["XADD", "shop/here:events:v1", "*", "m", &message(1)]);
    until(DEADLINE, "heard", || here.metric("cache_events_total{outcome=\"received\"}"), |seen| *seen == 1.0);
    assert_eq!(there.metric("cache_events_total{outcome=\"received\"}"), 0.0);
}

#[test]
fn fleet_answer_is_cached_for_one_second() {
    let redis = Redis::start(&[]);
    let url = redis.url();
    let asked = Replica::start(&[]);
    let peers = format!("--peers={}", asked.service.admin);
    let [here, there] = [(); 2].map(|()| Replica::start_with(&[&peers], &[("config/CACHE_URL", &url)]));
    let times_asked = || {
        let answered = "http_server_request_duration_seconds_count{listener=\"admin\",http_request_method=\"GET\",\
            http_route=\"/digests\",http_response_status_code=\"200\"} ";
        let text = get(asked.service.admin, "/metrics").body;
        text.lines().find_map(|line| line.strip_prefix(answered)).map_or(0, |n| n.parse::<u32>().unwrap())
    };
    let fleet = |replica: &Replica| get(replica.service.operator, "/api/v1/fleet");
    let first = fleet(&here);
    assert_eq!((first.status, first.json()["converged"] == true), (200, true), "{}", first.body);
    // Within one second, on any machine: the server is queried for the key.
    let second = fleet(&there);
    if redis.command(&["EXISTS", "myapp:fleet:v1"]) == "1" {
        assert_eq!((second.body, times_asked()), (first.body, 1));
    }
    until(DEADLINE, "too old", || redis.command(&["EXISTS", "myapp:fleet:v1"]), |seen| *seen == "0");
    let before = times_asked();
    assert_eq!(fleet(&there).status, 200);
    assert_eq!(times_asked(), before + 1);

    redis.freeze(true);
    let begun = Instant::now();
    assert_eq!(fleet(&here).status, 200);
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
    redis.freeze(false);
}
