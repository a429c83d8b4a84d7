//! Clients that take their time.

use std::time::{Duration, Instant};

use chassis::LimitArgs;
use clap::{Args, FromArgMatches};
use test_support::http::raw::Client;

use super::is_served;
use crate::harness::{Server, at_once, ms};

#[tokio::test]
async fn hundreds_of_slow_headers_end_in_time() {
    let limits = LimitArgs { header_time: ms(1000), ..LimitArgs::default() };
    let server = Server::start(at_once(), limits).await;
    let mut slow = Vec::new();
    for number in 0..200 {
        let mut client = Client::connect(server.public).await;
        let (whole, begun) = ("GET / HTTP/1.1\r\nHost: test\r\n\r\n", "GET / HTTP/1.1\r\nHost: te");
        match number % 4 {
            0 => client.send(begun).await,
            // After an idle keep-alive.
            1 => {
                assert_eq!(client.get("/").await.status, 200);
                client.send(begun).await;
            }
            2 => {
                assert_eq!(client.get("/memory").await.status, 200);
                client.send(begun).await;
            }
            // Together with the request before it.
            _ => {
                client.send(&format!("{whole}{begun}")).await;
                assert_eq!(client.answer().await.status, 200);
            }
        }
        slow.push(client);
    }
    let begun = Instant::now();
    for client in &mut slow {
        is_served(server.public).await;
        client.closed().await;
    }
    assert!(begun.elapsed() < ms(10_000), "{:?}", begun.elapsed());
    assert_eq!(server.stop().await.connections_expired, 200);
}

/// The kernel wakes a writer only when a good part of its buffer is free, so a client cannot hold a connection by reading
/// a byte now and then.
#[tokio::test]
async fn a_client_that_reads_a_trickle_is_cut() {
    let limits = LimitArgs { write_stall: ms(500), ..LimitArgs::default() };
    let server = Server::start(at_once(), limits).await;
    let mut client = Client::connect(server.public).await;
    client.send("GET /large HTTP/1.1\r\nHost: test\r\n\r\n").await;
    let begun = Instant::now();
    // Writing on a connection that the server has cut fails.
    while client.read_a_byte().await && client.try_send("x").await.is_ok() {
        assert!(begun.elapsed() < ms(10_000), "still served after {:?}", begun.elapsed());
        tokio::time::sleep(ms(20)).await;
    }
    assert!(begun.elapsed() >= ms(500), "{:?}", begun.elapsed());
    is_served(server.public).await;
    assert_eq!(server.stop().await.connections_expired, 1);
}

#[test]
fn idle_limit_exceeds_common_load_balancers() {
    let flags = LimitArgs::augment_args(clap::Command::new("test")).get_matches_from(["test"]);
    let flags = LimitArgs::from_arg_matches(&flags).unwrap();
    assert_eq!(flags.idle_time, Duration::from_secs(75), "an AWS load balancer's is 60 s");
    assert_eq!(format!("{flags:?}"), format!("{:?}", LimitArgs::default()));
}
