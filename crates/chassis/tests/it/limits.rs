use std::time::Instant;

use chassis::LimitArgs;
use test_support::http::raw::{Client, get};
use tokio::time::sleep;

use crate::harness::{Server, at_once, ms};

/// A client that is silent for longer than any header may take; the silence itself is what the test is about.
async fn stays_idle() {
    sleep(ms(700)).await;
}

fn short_header() -> LimitArgs {
    LimitArgs { header_time: ms(300), ..LimitArgs::default() }
}

#[tokio::test]
async fn slow_header_is_cut_at_its_deadline() {
    let server = Server::start(at_once(), short_header()).await;
    let mut slow = Client::connect(server.public).await;
    let begun = Instant::now();
    slow.send("GET / HTTP/1.1\r\nHos").await;
    assert_eq!(get(server.public, "/").await.status, 200);
    slow.closed().await;
    assert!(begun.elapsed() >= ms(300), "{:?}", begun.elapsed());
    assert!(begun.elapsed() < ms(3000), "{:?}", begun.elapsed());
    assert_eq!(server.stop().await.connections_expired, 1);
}

#[tokio::test]
async fn trickling_header_does_not_move_the_deadline() {
    let server = Server::start(at_once(), short_header()).await;
    let mut slow = Client::connect(server.public).await;
    let begun = Instant::now();
    slow.send("GET / HTTP/1.1\r\nX: ").await;
    while slow.try_send("x").await.is_ok() {
        assert!(begun.elapsed() < ms(3000), "still open after {:?}", begun.elapsed());
        sleep(ms(20)).await;
    }
    assert!(begun.elapsed() >= ms(300), "{:?}", begun.elapsed());
}

#[tokio::test]
async fn slow_header_after_keep_alive_is_cut() {
    let server = Server::start(at_once(), short_header()).await;
    let mut client = Client::connect(server.public).await;
    assert_eq!(client.get("/").await.status, 200);
    stays_idle().await;
    let begun = Instant::now();
    client.send("GET / HTTP/1.1\r\n").await;
    client.closed().await;
    assert!(begun.elapsed() >= ms(300), "{:?}", begun.elapsed());
    assert!(begun.elapsed() < ms(3000), "{:?}", begun.elapsed());
}

#[tokio::test]
async fn an_idle_keep_alive_outlives_the_header_deadline() {
    let server = Server::start(at_once(), short_header()).await;
    let mut client = Client::connect(server.public).await;
    stays_idle().await;
    assert_eq!(client.get("/").await.status, 200);
    stays_idle().await;
    assert_eq!(client.get("/").await.status, 200);
}

#[tokio::test]
async fn idle_connection_is_closed_at_its_limit() {
    let limits = LimitArgs { idle_time: ms(600), ..LimitArgs::default() };
    let server = Server::start(at_once(), limits).await;
    let mut fresh = Client::connect(server.public).await;
    let mut used = Client::connect(server.public).await;
    assert_eq!(used.get("/").await.status, 200);
    let begun = Instant::now();
    used.closed().await;
    fresh.closed().await;
    assert!(begun.elapsed() >= ms(500), "{:?}", begun.elapsed());
    assert!(begun.elapsed() < ms(3000), "{:?}", begun.elapsed());
    assert_eq!(server.stop().await.connections_expired, 2);
}

#[tokio::test]
async fn a_busy_connection_outlives_its_idle_limit() {
    let limits = LimitArgs { idle_time: ms(1000), ..LimitArgs::default() };
    let server = Server::start(at_once(), limits).await;
    let mut client = Client::connect(server.public).await;
    let begun = Instant::now();
    while begun.elapsed() < ms(2000) {
        assert_eq!(client.get("/").await.status, 200);
        sleep(ms(50)).await;
    }
}

#[tokio::test]
async fn header_beyond_its_limits_is_rejected() {
    let limits = LimitArgs { header_bytes: 8192, header_count: 10, ..LimitArgs::default() };
    let server = Server::start(at_once(), limits).await;
    let many = "x: y\r\n".repeat(10);
    for fields in [format!("x: {}\r\n", "y".repeat(8192)), many] {
        let mut client = Client::connect(server.public).await;
        client.send(&format!("GET / HTTP/1.1\r\nHost: test\r\n{fields}\r\n")).await;
        assert_eq!(client.answer().await.status, 431);
    }
}

#[tokio::test]
async fn a_handler_beyond_its_time_is_answered_for() {
    let limits = LimitArgs { handler_time: ms(200), ..LimitArgs::default() };
    let server = Server::start(at_once(), limits).await;
    let answer = get(server.public, "/held").await;
    assert_eq!(answer.status, 503);
    assert_eq!(answer.header("content-type"), Some("application/problem+json"));
}

#[tokio::test]
async fn body_beyond_its_limit_is_rejected() {
    let limits = LimitArgs { body_bytes: 10, ..LimitArgs::default() };
    let server = Server::start(at_once(), limits).await;
    let announced = "Content-Length: 11\r\n\r\nhello world";
    let chunked = "Transfer-Encoding: chunked\r\n\r\n6\r\nhello \r\n5\r\nworld\r\n0\r\n\r\n";
    for (body, detail) in [(announced, "10 bytes at most"), (chunked, "length limit exceeded")] {
        let mut client = Client::connect(server.public).await;
        client.send(&format!("POST /echo HTTP/1.1\r\nHost: test\r\n{body}")).await;
        let answer = client.answer().await;
        assert_eq!(answer.status, 413, "{body}");
        assert!(answer.body.contains(detail), "{}", answer.body);
        assert_eq!(answer.header("content-type"), Some("application/problem+json"));
    }
    let mut client = Client::connect(server.public).await;
    client.send("POST /echo HTTP/1.1\r\nHost: test\r\nContent-Length: 10\r\n\r\nhello worl").await;
    assert_eq!(client.answer().await.body, "hello worl");
}

#[tokio::test]
async fn uploading_client_can_read_its_rejection() {
    let server = Server::start(at_once(), LimitArgs::default()).await;
    let mut client = Client::connect(server.public).await;
    let size = 8 << 20;
    client.send(&format!("POST /echo HTTP/1.1\r\nHost: test\r\nContent-Length: {size}\r\n\r\n")).await;
    client.send(&"x".repeat(size)).await;
    assert_eq!(client.answer().await.status, 413);
    client.closed().await;
}

#[tokio::test]
async fn a_client_that_reads_nothing_is_cut() {
    let limits = LimitArgs { write_stall: ms(300), ..LimitArgs::default() };
    let server = Server::start(at_once(), limits).await;
    let mut client = Client::connect(server.public).await;
    client.send("GET /large HTTP/1.1\r\nHost: test\r\n\r\n").await;
    client.first_byte().await;
    let served = server.stop().await;
    assert_eq!((served.connections_expired, served.requests_cut), (1, 0));
    assert!(served.drain_time < ms(5000), "{served:?}");
}
