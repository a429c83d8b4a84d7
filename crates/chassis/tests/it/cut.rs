//! The end of a drain: long answers are told of it, what does not heed is cut, and the last line says so.

use chassis::shutdown::Aborted;
use chassis::telemetry::{Level, Telemetry};
use chassis::{DrainArgs, Health, LimitArgs};
use serde_json::Value;

use crate::client::{Client, get, within};
use crate::harness::{Server, at_once, ms};
use crate::telemetry::{Memory, lines, options};

#[tokio::test]
async fn a_stream_that_heeds_the_drain_goes_on_while_traffic_is_accepted_and_then_ends_whole() {
    let drain = DrainArgs { min: ms(1500), accept_max: ms(1500), ..at_once() };
    let server = Server::start(drain, LimitArgs::default()).await;
    let mut stream = stream(&server).await;
    server.begin_drain().await;
    let mut late = self::stream(&server).await;
    assert_eq!(get(server.public, "/").await.status, 200);
    assert!(stream.is_silent() && late.is_silent(), "ended while their clients would still be led back here");
    server.refuses_traffic().await;
    for stream in [&mut stream, &mut late] {
        assert!(stream.rest().await.ends_with("5\r\nbegun\r\n0\r\n\r\n"));
    }
    let served = server.ended().await.expect("one signal only");
    assert!(served.drain_time >= ms(1500), "{served:?}");
    assert_eq!(served.requests_cut, 0);
}

#[tokio::test]
async fn the_last_line_says_how_many_requests_were_cut_on_which_listener() {
    let memory = Memory::default();
    let (subscriber, telemetry) = Telemetry::build(&options(Level::Critical), memory.clone()).unwrap();
    let _default = tracing::subscriber::set_default(subscriber);
    let server = Server::start(DrainArgs { requests_max: ms(200), ..at_once() }, LimitArgs::default()).await;
    let _first = held(&server).await;
    let _second = held(&server).await;
    assert_eq!(server.stop().await.requests_cut, 2);
    let line = last_line(&memory, &telemetry);
    assert_eq!((&line["requests_cut"], &line["cut_on"]), (&2.into(), &"public: 2".into()), "{line}");
    assert_eq!(line["aborted"], false);
}

#[tokio::test]
async fn the_last_line_names_no_listener_when_nothing_was_cut() {
    let memory = Memory::default();
    let (subscriber, telemetry) = Telemetry::build(&options(Level::Critical), memory.clone()).unwrap();
    let _default = tracing::subscriber::set_default(subscriber);
    Server::start(at_once(), LimitArgs::default()).await.stop().await;
    let line = last_line(&memory, &telemetry);
    assert_eq!((&line["requests_cut"], &line["cut_on"]), (&0.into(), &Value::Null), "{line}");
}

#[tokio::test]
async fn a_second_signal_aborts_and_the_last_line_says_what_it_cut() {
    let memory = Memory::default();
    let (subscriber, telemetry) = Telemetry::build(&options(Level::Critical), memory.clone()).unwrap();
    let _default = tracing::subscriber::set_default(subscriber);
    let forever =
        DrainArgs { min: ms(60_000), accept_max: ms(60_000), requests_max: ms(60_000), ..at_once() };
    let server = Server::start(forever, LimitArgs::default()).await;
    let mut client = held(&server).await;
    server.begin_drain().await;
    server.trigger.send("SIGINT");
    assert_eq!(server.ended().await, Err(Aborted { signal: "SIGINT" }));
    assert!(client.try_answer().await.is_none());
    let line = last_line(&memory, &telemetry);
    assert_eq!((&line["aborted"], &line["requests_cut"]), (&true.into(), &1.into()), "{line}");
}

#[tokio::test]
async fn a_stream_that_outlives_its_server_is_told_to_end() {
    let health = Health::new();
    let closing = health.closing();
    drop(health);
    within("the end", closing).await;
}

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

fn last_line(memory: &Memory, telemetry: &Telemetry) -> Value {
    let lines = lines(memory, telemetry);
    let last = lines.iter().rfind(|line| line["target"] == "lifecycle").expect("a lifecycle line");
    assert_eq!(last["message"], "stopped serving");
    last.clone()
}
