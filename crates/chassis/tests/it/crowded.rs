//! Listeners at their limit of connections: who has to go, who stays, and that a newcomer is answered at once.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use chassis::LimitArgs;
use test_support::http::raw::{Client, get};
use test_support::wait::within;
use tokio::task::JoinSet;

use crate::harness::{DEADLINE, Server, at_once, ms};

const REQUEST: &str = "GET / HTTP/1.1\r\nHost: test\r\n\r\n";

fn few(connections: u32) -> LimitArgs {
    LimitArgs { connections, ..LimitArgs::default() }
}

/// Holds connections open without end: one that is closed is replaced at once.
fn flood(address: SocketAddr, path: &'static str, connections: usize, begin: &'static str) -> JoinSet<()> {
    let mut flood = JoinSet::new();
    for number in 0..connections {
        flood.spawn(async move {
            loop {
                let Ok(mut client) = Client::try_connect(address).await else { continue };
                // Every other one has been used, as a keep-alive.
                if begin.is_empty() && number % 2 == 0 {
                    let _ = client.try_send(&format!("GET {path} HTTP/1.1\r\nHost: test\r\n\r\n")).await;
                }
                let _ = client.try_send(begin).await;
                client.closed_some_time().await;
            }
        });
    }
    flood
}

#[tokio::test]
async fn idle_flood_never_blocks_a_probe() {
    for begin in ["", "GET /livez HTTP/1.1\r\nHo"] {
        let server = Server::start(at_once(), few(3)).await;
        let _admin = flood(server.admin, "/livez", 8, begin);
        let _public = flood(server.public, "/", 8, begin);
        for round in 0..20 {
            for (address, path) in
                [(server.admin, "/livez"), (server.admin, "/readyz"), (server.public, "/readyz")]
            {
                let begun = Instant::now();
                assert_eq!(get(address, path).await.status, 200, "{path}");
                let took = begun.elapsed();
                assert!(took < ms(1000), "{path}, round {round} of {begin:?}: {took:?}");
            }
        }
    }
}

#[tokio::test]
async fn longest_idle_connection_is_evicted() {
    let server = Server::start(at_once(), few(3)).await;
    let mut never_used = Client::connect(server.public).await;
    let mut second = Client::connect(server.public).await;
    assert_eq!(second.get("/").await.status, 200);
    let mut third = Client::connect(server.public).await;
    assert_eq!(third.get("/memory").await.status, 200);
    assert_eq!(second.get("/").await.status, 200);

    let mut fourth = Client::connect(server.public).await;
    assert_eq!(fourth.get("/").await.status, 200);
    never_used.closed().await;
    assert_eq!(second.get("/").await.status, 200);

    let mut fifth = Client::connect(server.public).await;
    assert_eq!(fifth.get("/").await.status, 200);
    third.closed().await;
    assert_eq!(second.get("/").await.status, 200);
    assert_eq!(fourth.get("/").await.status, 200);
    let served = server.stop().await;
    assert_eq!((served.connections_evicted, served.connections_expired), (2, 0));
}

#[tokio::test]
async fn request_in_flight_is_never_evicted() {
    let server = Server::start(at_once(), few(1)).await;
    let mut first = Client::connect(server.public).await;
    first.send("GET /held HTTP/1.1\r\nHost: test\r\n\r\n").await;
    server.gate.entered().await;
    let mut second = Client::connect(server.public).await;
    second.send(REQUEST).await;
    assert_eq!(get(server.admin, "/livez").await.status, 200, "each listener has its own connections");
    tokio::time::sleep(ms(300)).await;
    assert!(second.is_silent(), "nobody could go");
    server.gate.open();
    assert_eq!(first.answer().await.status, 200);
    assert_eq!(second.answer().await.status, 200);
    assert!(server.stop().await.accept_pauses >= 1);
}

#[tokio::test]
async fn endless_header_is_evicted_if_nothing_is_idle() {
    let server = Server::start(at_once(), few(2)).await;
    let mut held = Client::connect(server.public).await;
    held.send("GET /held HTTP/1.1\r\nHost: test\r\n\r\n").await;
    server.gate.entered().await;
    let mut slow = Client::connect(server.public).await;
    slow.send("GET / HTTP/1.1\r\nHo").await;
    let begun = Instant::now();
    assert_eq!(get(server.public, "/").await.status, 200);
    assert!(begun.elapsed() < ms(1000), "{:?}", begun.elapsed());
    slow.closed().await;
    server.gate.open();
    assert_eq!(held.answer().await.status, 200);
}

/// Such clients hold a connection for `limit-write-stall`, which is longer than a kubelet waits for three probes.
#[tokio::test]
async fn unread_response_is_evicted_last() {
    let server = Server::start(at_once(), few(1)).await;
    let mut offender = Client::connect(server.public).await;
    offender.send("GET /large HTTP/1.1\r\nHost: test\r\n\r\n").await;
    offender.first_byte().await;
    let begun = Instant::now();
    assert_eq!(get(server.public, "/").await.status, 200);
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
    assert_eq!(server.stop().await.connections_evicted, 1);
}

/// Clients that continue to send requests on their own connections lose no response, whichever connection is evicted.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn request_during_eviction_is_answered_or_not_begun() {
    let server = Server::start(at_once(), few(4)).await;
    let mut clients = JoinSet::new();
    for _ in 0..8 {
        let address = server.public;
        clients.spawn(async move {
            let (mut answered, mut reconnected) = (0, 0);
            while answered < 200 {
                let mut client = Client::connect(address).await;
                // The first request of a connection that was accepted is always answered.
                for path in ["/memory", "/", "/memory"] {
                    if client.try_send(&format!("GET {path} HTTP/1.1\r\nHost: test\r\n\r\n")).await.is_err() {
                        break;
                    }
                    let answer = within(DEADLINE, "an answer or the end", client.try_answer()).await;
                    let Some(answer) = answer else { break };
                    assert_eq!(answer.status, 200);
                    answered += 1;
                }
                reconnected += 1;
            }
            reconnected
        });
    }
    while let Some(ended) = clients.join_next().await {
        assert!(ended.unwrap() > 0);
    }
    assert_eq!(server.stop().await.requests_cut, 0);
}
