use std::io::{self, Write};
use std::process::Command;
use std::sync::mpsc::{Receiver, sync_channel};
use std::sync::{Arc, LazyLock, Mutex};

use chassis::telemetry::{Level, Options, Telemetry};
use chassis::{DrainArgs, LimitArgs};
use serde_json::Value;
use test_support::http::raw::{Client, get};
use tracing::{Dispatch, Subscriber};

use crate::harness::{INTERNALS, Server, at_once, ms};

#[derive(Clone, Default)]
pub(crate) struct Memory(Arc<Mutex<Vec<u8>>>);

impl Write for Memory {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn options(level: Level) -> Options {
    Options { level, own_crates: vec!["own"] }
}

/// Makes each log statement query all subscribers, from its first use on.
///
/// While there is one only, tracing takes the word of the thread that comes by a statement first for that of all threads, and keeps
/// to it; and the threads of other tests want no lines. Two that stay rule that out. It must be called before a statement is come by
/// for the first time, by whichever test: so whatever starts a server or a dependency here calls it.
pub(crate) fn query_all_subscribers() {
    static STAYING: LazyLock<[Dispatch; 2]> =
        LazyLock::new(|| [(); 2].map(|()| Dispatch::new(tracing_subscriber::registry())));
    LazyLock::force(&STAYING);
}

/// Telemetry that logs at `level` into `output`.
pub(crate) fn build<W: Write + Send + 'static>(
    level: Level,
    output: W,
) -> (impl Subscriber + Send + Sync + use<W>, Telemetry) {
    query_all_subscribers();
    Telemetry::build(&options(level), output).unwrap()
}

pub(crate) fn lines(memory: &Memory, telemetry: &Telemetry) -> Vec<Value> {
    assert!(telemetry.flush());
    let text = String::from_utf8(memory.0.lock().unwrap().clone()).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn messages(memory: &Memory, telemetry: &Telemetry) -> Vec<String> {
    lines(memory, telemetry).iter().map(|line| line["message"].as_str().unwrap().to_owned()).collect()
}

fn say_all() {
    tracing::info!(target: "lifecycle", "lifecycle");
    tracing::error!(target: "panic", "panic");
    tracing::error!(target: "own", "own error");
    tracing::info!(target: "own::part", "own info");
    tracing::trace!(target: "own", "own trace");
    tracing::warn!(target: "foreign", "foreign warn");
    tracing::info!(target: "foreign", "foreign info");
    tracing::warn!(target: "owner", "owner warn");
    tracing::info!(target: "owner", "owner info");
}

#[test]
fn each_level_writes_its_lines() {
    for (level, expected) in [
        (Level::Critical, &["lifecycle", "panic"][..]),
        (Level::Error, &["lifecycle", "panic", "own error"]),
        (Level::Warn, &["lifecycle", "panic", "own error", "foreign warn", "owner warn"]),
        (Level::Info, &["lifecycle", "panic", "own error", "own info", "foreign warn", "owner warn"]),
        (
            Level::Trace,
            &["lifecycle", "panic", "own error", "own info", "own trace", "foreign warn", "owner warn"],
        ),
    ] {
        let memory = Memory::default();
        let (subscriber, telemetry) = build(level, memory.clone());
        tracing::subscriber::with_default(subscriber, say_all);
        assert_eq!(messages(&memory, &telemetry), expected, "{level:?}");
    }
}

#[test]
fn the_level_changes_while_the_process_runs() {
    let memory = Memory::default();
    let (subscriber, telemetry) = build(Level::Error, memory.clone());
    tracing::subscriber::with_default(subscriber, || {
        let say = |text: &str| tracing::debug!(target: "own", "{text}");
        say("before");
        telemetry.set_level(Level::Debug);
        say("between");
        telemetry.set_level(Level::Error);
        say("after");
    });
    assert_eq!(messages(&memory, &telemetry), ["between"]);
}

#[tokio::test(start_paused = true)]
async fn temporary_level_ends_by_itself() {
    let (_, telemetry) = build(Level::Error, Memory::default());
    let in_force = || telemetry.levels().in_force();
    telemetry.set_level_for(Level::Trace, ms(1000));
    assert_eq!(in_force(), Level::Trace);
    telemetry.set_level(Level::Warn);
    assert_eq!(in_force(), Level::Trace);
    // The later request counts, and the end of the earlier one does not end it.
    telemetry.set_level_for(Level::Debug, ms(3000));
    tokio::time::sleep(ms(2000)).await;
    assert_eq!(in_force(), Level::Debug);
    tokio::time::sleep(ms(2000)).await;
    assert_eq!(in_force(), Level::Warn);
    assert!(telemetry.levels().temporary.is_none());
}

#[test]
fn line_has_flat_fields_and_its_span() {
    let memory = Memory::default();
    let (subscriber, telemetry) = build(Level::Error, memory.clone());
    tracing::subscriber::with_default(subscriber, || {
        let _entered = tracing::info_span!(target: "own", "work", id = 7).entered();
        tracing::error!(target: "own", count = 3, "broken");
    });
    let line = &lines(&memory, &telemetry)[0];
    assert_eq!((&line["level"], &line["target"]), (&"ERROR".into(), &"own".into()));
    assert_eq!((&line["message"], &line["count"]), (&"broken".into(), &3.into()));
    assert_eq!(line["span"]["id"], 7);
    let timestamp = line["timestamp"].as_str().unwrap();
    assert!(timestamp.ends_with('Z') && humantime::parse_rfc3339(timestamp).is_ok(), "{timestamp}");
}

/// Takes nothing until the other end of the channel is dropped.
struct Stuck(Receiver<()>, Memory);

impl Write for Stuck {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let _ = self.0.recv();
        self.1.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn stuck_reader_loses_no_lifecycle_line() {
    let (release, stuck) = sync_channel(0);
    let memory = Memory::default();
    let (subscriber, telemetry) = build(Level::Info, Stuck(stuck, memory.clone()));
    let long = "x".repeat(10_000);
    tracing::subscriber::with_default(subscriber, || {
        for _ in 0..200 {
            tracing::info!(target: "own", long, "request");
        }
        tracing::info!(target: "lifecycle", "stopped");
    });
    assert!(telemetry.dropped_lines() > 0);
    drop(release);
    let messages = messages(&memory, &telemetry);
    let n_requests = messages.iter().filter(|message| *message == "request").count();
    assert_eq!(u64::try_from(n_requests).unwrap() + telemetry.dropped_lines(), 200);
    assert!(messages.iter().any(|message| message == "stopped"));
}

#[test]
fn stuck_reader_costs_bounded_memory() {
    const N_LINES: u64 = 10_000;
    let (release, stuck) = sync_channel(0);
    let memory = Memory::default();
    let (subscriber, telemetry) = build(Level::Info, Stuck(stuck, memory.clone()));
    let long = "x".repeat(1000);
    let guard = tracing::subscriber::set_default(subscriber);
    for _ in 0..N_LINES {
        tracing::info!(target: "lifecycle", long, "kept");
        tracing::error!(target: "panic", long, "kept");
    }
    drop(guard);
    let dropped = telemetry.dropped_lines();
    drop(release);
    let messages = messages(&memory, &telemetry);
    let n_kept = messages.iter().filter(|message| *message == "kept").count();
    assert_eq!(u64::try_from(n_kept).unwrap() + dropped, 2 * N_LINES);
    let bytes = memory.0.lock().unwrap().len();
    // What the writer holds already, and what waits for it.
    assert!((1 << 20..5 << 20).contains(&bytes), "{bytes} bytes");
}

#[tokio::test]
async fn request_line_has_the_route_not_the_path() {
    let memory = Memory::default();
    let (subscriber, telemetry) = build(Level::Info, memory.clone());
    let _default = tracing::subscriber::set_default(subscriber);
    let server = Server::start_with_telemetry(at_once(), LimitArgs::default(), telemetry.clone()).await;
    let mut client = Client::connect(server.public).await;
    client.send("GET /items/secret HTTP/1.1\r\nHost: test\r\nX-Request-Id: abc\r\n\r\n").await;
    assert_eq!(client.answer().await.status, 200);
    assert_eq!(get(server.public, "/nowhere/secret").await.status, 404);
    assert_eq!(get(server.public, "/told/secret").await.status, 200);

    let lines = lines(&memory, &telemetry);
    let requests: Vec<_> = lines.iter().filter(|line| line["message"] == "request").collect();
    let line = requests[0];
    let fields = ["listener", "method", "route", "request_id"].map(|name| line[name].as_str().unwrap());
    assert_eq!(fields, ["public", "GET", "/items/{id}", "abc"]);
    assert_eq!(line["status"], 200);
    assert!(line["duration_ms"].is_f64());
    let routes: Vec<_> = requests.iter().map(|line| line["route"].as_str().unwrap()).collect();
    assert_eq!(routes, ["/items/{id}", "unmatched", "/told/{id}"]);
    assert!(!lines.iter().any(|line| line.to_string().contains("secret")));
}

#[tokio::test]
async fn cut_request_has_a_line() {
    let memory = Memory::default();
    let (subscriber, telemetry) = build(Level::Info, memory.clone());
    let _default = tracing::subscriber::set_default(subscriber);
    let drain = DrainArgs { requests_max: ms(0), ..at_once() };
    let server = Server::start_with_telemetry(drain, LimitArgs::default(), telemetry.clone()).await;
    let mut client = Client::connect(server.public).await;
    client.send("GET /held HTTP/1.1\r\nHost: test\r\n\r\n").await;
    server.gate.entered().await;
    assert_eq!(server.stop().await.requests_cut, 1);

    let lines = lines(&memory, &telemetry);
    let line = lines.iter().find(|line| line["message"] == "request cancelled").expect("a line");
    assert_eq!((&line["route"], line.get("status")), (&"/held".into(), None));
}

/// Run by the test below in a process whose global logging it may set up.
#[test]
#[ignore = "prints what another test reads"]
fn panic_under_installed_telemetry() {
    let telemetry = Telemetry::install(&options(Level::Critical)).unwrap();
    assert!(Telemetry::install(&options(Level::Critical)).is_err());
    let _ = std::thread::spawn(|| panic!("text of the panic")).join();
    let _ = std::thread::spawn(|| std::panic::panic_any(INTERNALS.as_bytes())).join();
    tracing::error!(target: "own", "not written at this level");
    assert!(telemetry.flush());
}

#[test]
fn panic_is_logged_at_every_level() {
    let child = Command::new(std::env::current_exe().unwrap())
        .args(["--ignored", "--exact", "telemetry::panic_under_installed_telemetry", "--nocapture"])
        .output()
        .unwrap();
    let text = String::from_utf8(child.stdout).unwrap();
    let lines: Vec<Value> = text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
    assert_eq!(lines.len(), 2, "{text}");
    assert_eq!((&lines[0]["target"], &lines[0]["panic"]), (&"panic".into(), &"text of the panic".into()));
    assert!(lines[0]["location"].as_str().unwrap().contains("telemetry.rs:"), "{text}");
    assert!(lines[1]["panic"] == "not text", "{text}");
}
