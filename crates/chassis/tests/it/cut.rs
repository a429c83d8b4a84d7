//! End of a drain: long responses are requested to end, the rest is cut, and the last line reports it.

use chassis::shutdown::Aborted;
use chassis::telemetry::{Level, Telemetry};
use chassis::{DrainArgs, Health, LimitArgs};
use serde_json::Value;
use test_support::http::raw::{Client, get};
use test_support::wait::within;
use tokio::time::sleep;
use tracing::subscriber::DefaultGuard;

use crate::harness::{DEADLINE, Server, at_once, ms};
use crate::telemetry::{Memory, build, lines};

#[tokio::test]
async fn streams_end_whole_once_it_is_quiet() {
    let drain = DrainArgs { quiet: ms(800), accept_max: ms(30_000), ..at_once() };
    let server = Server::start(drain, LimitArgs::default()).await;
    let mut early = stream(&server).await;
    server.begin_drain().await;
    assert_eq!(get(server.public, "/").await.status, 200);
    assert!(early.is_silent(), "ended while others still come, as its client would");
    assert!(early.rest().await.ends_with(WHOLE));
    let mut late = stream(&server).await;
    assert_eq!(get(server.public, "/").await.status, 200);
    assert!(late.is_silent(), "ended as soon as it had begun");
    assert!(late.rest().await.ends_with(WHOLE));
    assert_eq!(
        get(server.public, "/").await.status,
        200,
        "who came back is sent away with the door open, too"
    );
    let served = server.ended().await.expect("one signal only");
    assert!(served.drain_time < ms(15_000), "nobody came back, and still: {served:?}");
    assert_eq!(served.requests_cut, 0);
}

#[tokio::test]
async fn a_stream_ends_whole_when_accepting_stops_too() {
    let server = Server::start(at_once(), LimitArgs::default()).await;
    let mut stream = stream(&server).await;
    let served = server.stop().await;
    assert!(stream.rest().await.ends_with(WHOLE));
    assert_eq!(served.requests_cut, 0);
}

#[tokio::test]
async fn only_old_idle_connections_are_sent_away() {
    let drain = DrainArgs { min: ms(60_000), quiet: ms(300), accept_max: ms(60_000), ..at_once() };
    let server = Server::start(drain, LimitArgs::default()).await;
    let mut idle = Client::connect(server.public).await;
    assert_eq!(idle.get("/").await.status, 200);
    server.begin_drain().await;
    idle.closed().await;
    let mut new = Client::connect(server.public).await;
    // Longer than a connection from before may take to begin a request.
    sleep(ms(1500)).await;
    assert_eq!(new.get("/").await.status, 200);
}

#[tokio::test]
async fn last_line_reports_cut_requests_per_listener() {
    let log = Log::capture();
    let server = Server::start(DrainArgs { requests_max: ms(200), ..at_once() }, LimitArgs::default()).await;
    let _first = held(&server).await;
    let _second = held(&server).await;
    assert_eq!(server.stop().await.requests_cut, 2);
    let line = log.last_line();
    assert_eq!((&line["requests_cut"], &line["cut_on"]), (&2.into(), &"public: 2".into()), "{line}");
    assert_eq!(line["aborted"], false);
}

#[tokio::test]
async fn last_line_without_cuts_names_no_listener() {
    let log = Log::capture();
    Server::start(at_once(), LimitArgs::default()).await.stop().await;
    let line = log.last_line();
    assert_eq!((&line["requests_cut"], &line["cut_on"]), (&0.into(), &Value::Null), "{line}");
}

#[tokio::test]
async fn second_signal_aborts_and_reports_cuts() {
    let log = Log::capture();
    let forever =
        DrainArgs { min: ms(60_000), accept_max: ms(60_000), requests_max: ms(60_000), ..at_once() };
    let server = Server::start(forever, LimitArgs::default()).await;
    let mut client = held(&server).await;
    server.begin_drain().await;
    server.trigger.send("SIGINT");
    assert_eq!(server.ended().await, Err(Aborted { signal: "SIGINT" }));
    assert!(client.try_answer().await.is_none());
    let line = log.last_line();
    assert_eq!((&line["aborted"], &line["requests_cut"]), (&true.into(), &1.into()), "{line}");
}

#[tokio::test]
async fn stream_beyond_its_server_ends() {
    let health = Health::new();
    let closing = health.drain_requested();
    drop(health);
    within(DEADLINE, "the end", closing).await;
}

/// The last bytes of an answer that was not cut.
const WHOLE: &str = "\r\n0\r\n\r\n";

async fn stream(server: &Server) -> Client {
    let mut client = Client::connect(server.public).await;
    client.send("GET /stream HTTP/1.1\r\nHost: test\r\n\r\n").await;
    client.until("begun\r\n").await;
    client
}

async fn held(server: &Server) -> Client {
    let mut client = Client::connect(server.public).await;
    client.send("GET /held HTTP/1.1\r\nHost: test\r\n\r\n").await;
    server.gate.entered().await;
    client
}

/// Log of this test's thread.
struct Log {
    memory: Memory,
    telemetry: Telemetry,
    _default: DefaultGuard,
}

impl Log {
    fn capture() -> Self {
        let memory = Memory::default();
        let (subscriber, telemetry) = build(Level::Critical, memory.clone());
        Self { memory, telemetry, _default: tracing::subscriber::set_default(subscriber) }
    }

    fn last_line(&self) -> Value {
        let lines = lines(&self.memory, &self.telemetry);
        let last = lines.into_iter().rfind(|line| line["target"] == "lifecycle").expect("a lifecycle line");
        assert_eq!(last["message"], "stopped serving");
        last
    }
}
