//! Peers that close one half of the connection and keep the other.

use chassis::LimitArgs;
use test_support::http::raw::Client;

use super::{assert_refused, is_served, server};
use crate::harness::{Server, at_once, ms};

#[tokio::test]
async fn half_closed_idle_peer_ends_at_once() {
    let server = server().await;
    let mut client = Client::connect(server.public).await;
    client.half_close().await;
    client.closed().await;
    let mut used = Client::connect(server.public).await;
    assert_eq!(used.get("/").await.status, 200);
    used.half_close().await;
    used.closed().await;
    assert_eq!(server.stop().await.connections_expired, 0, "not by a deadline");
}

#[tokio::test]
async fn half_closed_header_ends_at_once() {
    let server = server().await;
    let mut client = Client::connect(server.public).await;
    client.send("GET / HTTP/1.1\r\nHos").await;
    client.half_close().await;
    assert!(client.answers("half a header").await.is_empty());
    is_served(server.public).await;
    assert_eq!(server.stop().await.connections_expired, 0, "not by a deadline");
}

#[tokio::test]
async fn half_closed_body_ends_at_once() {
    let server = server().await;
    let mut client = Client::connect(server.public).await;
    client.send("POST /echo HTTP/1.1\r\nHost: test\r\nContent-Length: 10\r\n\r\nhello").await;
    client.half_close().await;
    let answers = client.answers("half a body").await;
    assert!(answers.iter().all(|answer| answer.status == 400) && answers.len() <= 1, "{answers:?}");
    is_served(server.public).await;
    assert_eq!(server.stop().await.connections_expired, 0, "not by a deadline");
}

#[tokio::test]
async fn rejection_reaches_a_half_closed_peer() {
    let server = server().await;
    let mut client = Client::connect(server.public).await;
    client.send("GET /\r\n\r\n").await;
    client.half_close().await;
    assert_refused(&client.answers("a malformed request").await, 400, "a malformed request");
}

/// A peer that is gone and one that half-closes look the same: the work for it is dropped.
#[tokio::test]
async fn request_of_a_gone_peer_is_dropped() {
    let limits = LimitArgs { handler_time: ms(600_000), ..LimitArgs::default() };
    let server = Server::start(at_once(), limits).await;
    let mut client = Client::connect(server.public).await;
    client.send("GET /held HTTP/1.1\r\nHost: test\r\n\r\n").await;
    server.gate.entered().await;
    client.half_close().await;
    client.closed().await;
    is_served(server.public).await;
    assert_eq!(server.stop().await.requests_cut, 0);
}

/// A server detects a peer that lost power only by its own deadlines.
#[tokio::test]
async fn vanished_peer_ends_at_its_deadline() {
    let limits =
        LimitArgs { idle_time: ms(500), header_time: ms(400), write_stall: ms(400), ..LimitArgs::default() };
    let server = Server::start(at_once(), limits).await;
    let mut idle = Client::connect(server.public).await;
    let mut in_header = Client::connect(server.public).await;
    in_header.send("GET /").await;
    let mut in_answer = Client::connect(server.public).await;
    in_answer.send("GET /large HTTP/1.1\r\nHost: test\r\n\r\n").await;
    in_answer.first_byte().await;
    is_served(server.public).await;
    idle.closed().await;
    in_header.closed().await;
    in_answer.closed().await;
    assert_eq!(server.stop().await.connections_expired, 3);
}
