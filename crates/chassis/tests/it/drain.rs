use std::time::Instant;

use chassis::shutdown;
use chassis::{DrainArgs, LimitArgs};
use test_support::http::raw::{Client, get};
use test_support::wait::within;
use tokio::time::sleep;

use crate::harness::{DEADLINE, Server, at_once, ms};

/// Accepts until a second signal, in effect: no budget ends within a test.
fn patient() -> DrainArgs {
    DrainArgs { min: ms(60_000), quiet: ms(60_000), accept_max: ms(60_000), requests_max: ms(60_000) }
}

#[tokio::test]
async fn late_request_is_answered_and_counted() {
    let server = Server::start(at_least(1500), LimitArgs::default()).await;
    server.begin_drain().await;
    let mut late = Client::connect(server.public).await;
    let answer = late.get("/").await;
    assert_eq!((answer.status, answer.header("connection")), (200, Some("close")));
    late.closed().await;
    let served = server.ended().await.expect("one signal only");
    assert_eq!(served.late_arrivals, 1);
    assert_eq!(served.requests_cut, 0);
}

#[tokio::test]
async fn drain_closes_kept_alive_connections() {
    let server = Server::start(patient(), LimitArgs::default()).await;
    let mut early = Client::connect(server.public).await;
    assert_eq!(early.get("/").await.header("connection"), None);
    server.begin_drain().await;
    assert_eq!(early.get("/").await.header("connection"), Some("close"));
    early.closed().await;
}

#[tokio::test]
async fn first_signal_ends_readiness_but_not_liveness() {
    let server = Server::start(patient(), LimitArgs::default()).await;
    assert_eq!(get(server.public, "/readyz").await.status, 200);
    server.begin_drain().await;
    for address in [server.public, server.admin] {
        let answer = get(address, "/readyz").await;
        assert_eq!((answer.status, answer.body.as_str()), (503, "{\"status\":\"not ready\"}\n"));
    }
    assert_eq!(get(server.admin, "/livez").await.status, 200);
}

#[tokio::test]
async fn request_in_flight_finishes_during_the_drain() {
    let server = Server::start(at_once(), LimitArgs::default()).await;
    let mut client = Client::connect(server.public).await;
    client.send("GET /held HTTP/1.1\r\nHost: test\r\n\r\n").await;
    server.gate.entered().await;
    server.begin_drain().await;
    server.refuses_traffic().await;
    assert_eq!(get(server.admin, "/livez").await.status, 200);
    server.gate.open();
    let answer = client.answer().await;
    assert_eq!((answer.status, answer.body.as_str()), (200, "released"));
    let admin = server.admin;
    assert_eq!(server.ended().await.expect("one signal only").requests_cut, 0);
    assert!(Client::try_connect(admin).await.is_err());
}

#[tokio::test]
async fn request_beyond_its_budget_is_cut() {
    for budget in [ms(200), ms(1500)] {
        let drain = DrainArgs { requests_max: budget, ..at_once() };
        let server = Server::start(drain, LimitArgs::default()).await;
        let mut client = Client::connect(server.public).await;
        client.send("GET /held HTTP/1.1\r\nHost: test\r\n\r\n").await;
        server.gate.entered().await;
        let served = server.stop().await;
        assert_eq!(served.requests_cut, 1);
        assert!(served.drain_time >= budget && served.drain_time < budget + ms(3000), "{served:?}");
        assert!(client.try_answer().await.is_none());
    }
}

#[tokio::test]
async fn a_large_answer_under_way_is_not_torn() {
    let server = Server::start(at_once(), LimitArgs::default()).await;
    let mut client = Client::connect(server.public).await;
    client.send("GET /large HTTP/1.1\r\nHost: test\r\n\r\n").await;
    client.first_byte().await;
    server.begin_drain().await;
    server.refuses_traffic().await;
    assert_eq!(client.answer().await.body.len(), 64 << 20);
    assert_eq!(server.ended().await.expect("one signal only").requests_cut, 0);
}

#[tokio::test]
async fn an_idle_connection_is_closed_when_accepting_stops() {
    let server = Server::start(at_once(), LimitArgs::default()).await;
    let mut idle = Client::connect(server.public).await;
    assert_eq!(idle.get("/").await.status, 200);
    let served = server.stop().await;
    idle.closed().await;
    assert_eq!(served.connections_expired, 0, "closed, not waited for");
}

#[tokio::test]
async fn silent_connection_does_not_delay_the_drain() {
    let server = Server::start(at_once(), LimitArgs::default()).await;
    let mut mute = Client::connect(server.public).await;
    assert_eq!(get(server.public, "/").await.status, 200, "accepted after the mute one");
    let served = server.stop().await;
    mute.closed().await;
    assert!(served.drain_time < ms(5000), "{served:?}");
}

#[tokio::test]
async fn request_that_was_arriving_is_answered() {
    let server = Server::start(at_once(), LimitArgs::default()).await;
    let mut fresh = Client::connect(server.public).await;
    let mut begun = Client::connect(server.public).await;
    assert_eq!(begun.get("/").await.status, 200, "accepted, and after the fresh one");
    let mut held = Client::connect(server.public).await;
    held.send("GET /held HTTP/1.1\r\nHost: test\r\n\r\n").await;
    begun.send("GET / HTTP/1.1\r\n").await;
    server.gate.entered().await;
    server.begin_drain().await;
    server.refuses_traffic().await;
    begun.send("Host: test\r\n\r\n").await;
    for answer in [fresh.get("/").await, begun.answer().await] {
        assert_eq!((answer.status, answer.header("connection")), (200, Some("close")));
    }
    server.gate.open();
    assert_eq!(server.ended().await.expect("one signal only").requests_cut, 0);
}

#[tokio::test]
async fn connections_in_the_backlog_are_answered() {
    let server = Server::start(at_once(), LimitArgs::default()).await;
    assert_eq!(get(server.public, "/").await.status, 200);
    // Without an await the server cannot accept them before it takes the signal.
    let waiting: Vec<_> = (0..20).map(|_| Client::connect_blocking(server.public)).collect();
    let _mute = Client::connect_blocking(server.public);
    server.trigger.send("SIGTERM");
    for mut client in waiting {
        assert_eq!(client.get("/").await.status, 200);
    }
    let served = server.ended().await.expect("one signal only");
    assert!(served.drain_time < ms(5000), "the mute one holds up the drain: {served:?}");
}

#[tokio::test]
async fn accepting_goes_on_for_the_least_time() {
    for least in [ms(200), ms(700)] {
        let drain = at_least(least.as_millis().try_into().unwrap());
        let served = Server::start(drain, LimitArgs::default()).await.stop().await;
        assert!(served.drain_time >= least && served.drain_time < least + ms(3000), "{served:?}");
    }
}

#[tokio::test]
async fn traffic_prolongs_accepting_up_to_the_most_time() {
    for most in [ms(1000), ms(1700)] {
        let drain = DrainArgs { quiet: ms(800), ..at_most(most.as_millis().try_into().unwrap()) };
        let server = Server::start(drain, LimitArgs::default()).await;
        let n_answered = request_until_refused(&server, "/").await;
        let served = server.ended().await.expect("one signal only");
        assert!(served.drain_time >= most && served.drain_time < most + ms(3000), "{served:?}");
        assert_eq!(served.late_arrivals, n_answered);
    }
}

#[tokio::test]
async fn probes_do_not_prolong_accepting() {
    for path in ["/readyz", "/below/readyz"] {
        let drain = DrainArgs { quiet: ms(500), ..at_most(30_000) };
        let server = Server::start(drain, LimitArgs::default()).await;
        request_until_refused(&server, path).await;
        let served = server.ended().await.expect("one signal only");
        assert!(served.drain_time < ms(5000), "{path}: {served:?}");
        assert_eq!(served.late_arrivals, 0, "{path}");
    }
}

#[tokio::test]
async fn signals_of_the_operating_system_arrive_by_name() {
    let mut signals = shutdown::signals().expect("handlers can be set");
    for (flag, name) in [("-TERM", "SIGTERM"), ("-INT", "SIGINT")] {
        let own_id = std::process::id().to_string();
        let status = std::process::Command::new("kill").args([flag, &own_id]).status();
        assert!(status.expect("kill is there").success());
        assert_eq!(within(DEADLINE, "the signal", signals.next()).await, name);
    }
}

/// No quiet time, and `least` in any case.
fn at_least(least: u64) -> DrainArgs {
    DrainArgs { min: ms(least), accept_max: ms(30_000), ..at_once() }
}

/// No least time, no quiet time, and `most` at the longest.
fn at_most(most: u64) -> DrainArgs {
    DrainArgs { accept_max: ms(most), ..at_once() }
}

/// Asks on a new connection every 50 ms from the stop signal on; returns how many requests were answered.
async fn request_until_refused(server: &Server, path: &str) -> u64 {
    server.begin_drain().await;
    let begun = Instant::now();
    let mut n_answered = 0;
    while let Ok(mut client) = Client::try_connect(server.public).await {
        client.send(&format!("GET {path} HTTP/1.1\r\nHost: test\r\n\r\n")).await;
        n_answered += u64::from(client.try_answer().await.is_some());
        assert!(begun.elapsed() < ms(15_000), "still accepting after {:?}", begun.elapsed());
        sleep(ms(50)).await;
    }
    n_answered
}
