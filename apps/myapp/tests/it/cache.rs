//! What replicas tell each other through a real Redis, and what each is without it.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use serde_json::{Value, json};
use tempfile::TempDir;
use test_postgres::{Fault, Redis};

use crate::events::Stream;
use crate::http::{get, until_true};
use crate::mount::Mount;
use crate::service::Service;

const KEY: (&str, &str) = ("secrets/SECRET_KEY", "canary-key-7f3a9c");
const PASSWORD: &str = "canary-cache-5b1e";

/// One replica with a mounted configuration and a file of its own.
struct Replica {
    mount: Mount,
    service: Service,
    _data: TempDir,
}

impl Replica {
    fn start(files: &[(&str, &str)]) -> Self {
        let data = tempfile::tempdir().unwrap();
        let mount = Mount::new(&[&[KEY], files].concat());
        let service = Service::with_data(data.path(), &[&mount.flag()]);
        Self { mount, service, _data: data }
    }

    fn digests(&self) -> Value {
        get(self.service.admin, "/digests").json()
    }

    fn cache(&self) -> Value {
        let digests = self.digests();
        let dependencies = digests["dependencies"].as_array().unwrap();
        dependencies.iter().find(|dependency| dependency["name"] == "cache").cloned().unwrap_or_default()
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
        until_true("hearing all", || self.metric("cache_hears_all") > 0.0);
    }
}

/// A message as another replica writes it.
fn message(sequence: usize) -> String {
    let at = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_millis() as u64;
    let data = json!({ "reasons": [format!("LOG_LEVEL: {sequence}")], "retrying": false });
    json!({ "v": 1, "origin": "other", "replica": "other", "at": at, "event": "rejected", "data": data })
        .to_string()
}

/// A plain session of the default user, that writes messages.
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
fn what_happens_at_one_replica_is_told_at_all_of_them() {
    let redis = Redis::start(&[]);
    let url = redis.url();
    let cache = ("config/CACHE_URL", url.as_str());
    let here = Replica::start(&[cache]);
    let mut there = Replica::start(&[cache, ("config/LOG_LEVEL", "error")]);
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
    until_true("counted", || {
        there.metric("cache_events_total{outcome=\"sent\"}") == 1.0
            && here.metric("cache_events_total{outcome=\"received\"}") == 1.0
    });
    assert_eq!(there.metric("cache_events_total{outcome=\"received\"}"), 0.0, "its own is not heard again");
}

#[test]
fn a_thousand_events_a_second_reach_a_reader_at_once_and_none_is_lost() {
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
fn without_the_cache_each_replica_tells_of_itself_and_says_so() {
    let mut redis = Redis::start(&[]);
    let url = redis.url();
    let cache = ("config/CACHE_URL", url.as_str());
    let mut here = Replica::start(&[cache]);
    here.until_hearing();
    let mut stream = Stream::open(here.service.operator, None);
    assert_eq!(stream.any().unwrap().data, Value::Null);
    assert_eq!(stream.any().unwrap().data, json!({ "replicas": "all" }));
    redis.stop();
    assert_eq!(stream.any().unwrap().data, json!({ "replicas": "own" }));
    until_true("down", || here.cache()["up"] == false);
    assert_eq!(here.cache()["reason"], "refused");
    assert!(here.is_ready(), "{}", here.digests());

    here.mount.swap(&[KEY, cache, ("config/LOG_LEVEL", "info")]);
    assert_eq!(stream.next().unwrap().name, "committed");
    until_true("lost", || here.metric("cache_events_total{outcome=\"lost\"}") == 1.0);

    redis.restart();
    assert_eq!(stream.any().unwrap().data, json!({ "replicas": "all" }));
    until_true("up", || here.cache()["up"] == true);
    Writer::connect(&redis).add(&message(7));
    assert_eq!(stream.next().unwrap().data["replica"], "other");
}

#[test]
fn what_is_none_of_this_services_messages_is_left_out_and_counted() {
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
    until_true("counted", || here.metric("cache_events_total{outcome=\"refused\"}") == 4.0);

    // Longer than any answer is read: it is passed by, and readers are told that something may be missing.
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
fn user_and_password_change_live_and_no_event_is_lost() {
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
    let mut here = Replica::start(&start);
    here.until_hearing();
    let mut stream = Stream::open(here.service.operator, None);
    stream.next().unwrap();

    // Not let in yet: refused, and served on by the former user.
    let next = borrowed(&files("two", "canary-cache-9d2c"));
    let next: Vec<_> =
        std::iter::once(KEY).chain(next.iter().map(|(name, text)| (*name, text.as_str()))).collect();
    here.mount.swap(&next);
    until_true("refused", || here.digests()["state"] == "rejected");
    let sentence = "cache: CACHE_PASSWORD: the cache refuses it for the user of CACHE_USER (WRONGPASS)";
    assert_eq!(here.digests()["reasons"], json!([sentence]));
    assert_eq!(here.digests()["retrying"], true);
    assert_eq!(stream.next().unwrap().name, "rejected");

    add("two", "canary-cache-9d2c");
    assert_eq!(stream.next().unwrap().name, "committed");
    until_true("without sessions of the former user", || {
        !redis.command(&["CLIENT", "LIST"]).contains("user=one")
    });
    redis.command(&["ACL", "DELUSER", "one"]);
    here.until_hearing();
    redis.command(&["XADD", "myapp:events:v1", "*", "m", &message(3)]);
    assert_eq!(stream.next().unwrap().data["reasons"], json!(["LOG_LEVEL: 3"]));
    assert!(!format!("{} {}", here.digests(), get(here.service.admin, "/metrics").body).contains("canary"));
}

/// What is wrong with the cache, and what the replica says of it.
type Outage = (&'static str, fn(&Redis), &'static str);

const OUTAGES: [Outage; 6] = [
    ("black hole", |redis| redis.freeze(true), "timeout"),
    ("no memory", |redis| drop(redis.command(&["CONFIG", "SET", "maxmemory", "1"])), "full"),
    ("read only", |redis| drop(redis.command(&["REPLICAOF", "127.0.0.1", "1"])), "read_only"),
    (
        "a password where there was none",
        |redis| drop(redis.command(&["ACL", "SETUSER", "default", "off"])),
        "authentication",
    ),
    ("no permission", |redis| drop(redis.command(&["ACL", "SETUSER", "default", "-set"])), "permission"),
    (
        "other keys only",
        |redis| drop(redis.command(&["ACL", "SETUSER", "default", "resetkeys", "~other:*"])),
        "permission",
    ),
];

#[test]
fn no_outage_of_the_cache_costs_readiness_or_an_answer() {
    for (name, begin, reason) in OUTAGES {
        for at_start in [false, true] {
            let redis = Redis::start(&[]);
            let url = redis.url();
            if at_start {
                begin(&redis);
            }
            let here = Replica::start(&[("config/CACHE_URL", &url)]);
            if !at_start {
                here.until_hearing();
                begin(&redis);
                // Sessions that are open keep what they were given.
                if reason == "authentication" {
                    redis.command(&["CLIENT", "KILL", "USER", "default"]);
                }
            }
            until_true(name, || here.cache()["up"] == false);
            assert_eq!(here.cache()["reason"], reason, "{name}, at the start: {at_start}: {}", here.cache());
            assert!(here.is_ready(), "{name}");
            let begun = Instant::now();
            assert_eq!(get(here.service.operator, "/api/v1/status").status, 200, "{name}");
            assert!(begun.elapsed() < Duration::from_secs(2), "{name}");
        }
    }
}

#[test]
fn what_is_no_server_for_this_service_is_told_by_a_sentence() {
    let foreign = foreign_server();
    let clustered = Redis::start(&["cluster-enabled yes"]);
    let plain = Redis::start(&[]);
    let port = plain.address().port();
    for (url, reason) in [
        (format!("redis://{foreign}"), "protocol"),
        (clustered.url(), "clustered"),
        (format!("redis://127.0.0.1:{port}/99"), "no_database"),
        (format!("rediss://localhost:{port}"), "timeout"),
        ("redis://127.0.0.1:1".to_owned(), "refused"),
    ] {
        let here = Replica::start(&[("config/CACHE_URL", &url)]);
        until_true(&url, || here.cache()["up"] == false);
        assert_eq!(here.cache()["reason"], reason, "{url}: {}", here.cache());
        assert!(here.is_ready());
    }
}

#[test]
fn a_certificate_is_verified() {
    let redis = Redis::start_with_tls(&[]);
    let port = redis.address().port();
    let good = Replica::start(&[("config/CACHE_URL", &redis.url())]);
    good.until_hearing();
    for (fault, code) in [
        (Fault::OtherHost, "certificate_other_host"),
        (Fault::Expired, "certificate_expired"),
        (Fault::UnknownIssuer, "certificate_unknown_issuer"),
    ] {
        let authority = redis.show_certificate_with(fault);
        let url = format!("rediss://localhost:{port}/0?sslrootcert={}", authority.display());
        let here = Replica::start(&[("config/CACHE_URL", &url)]);
        until_true(code, || here.cache()["up"] == false);
        assert_eq!((&here.cache()["reason"], &here.cache()["code"]), (&json!("certificate"), &json!(code)));
    }
}

/// Answers whoever connects in HTTP.
fn foreign_server() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let _ = stream.read(&mut [0; 512]);
            let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n");
        }
    });
    address
}
