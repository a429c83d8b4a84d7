//! Bodies where none is expected, and bodies that do not end.

use std::time::Instant;

use chassis::LimitArgs;
use test_support::http::raw::Client;

use super::{answers, assert_refused, is_served, server};
use crate::harness::{Server, at_once, ms};

const SMUGGLED: &str = "GET / HTTP/1.1\r\nHost: test\r\n\r\n";

#[tokio::test]
async fn body_of_get_is_never_a_request() {
    let server = server().await;
    let length = SMUGGLED.len();
    let sized = format!("Content-Length: {length}\r\n\r\n{SMUGGLED}");
    let chunked = format!("Transfer-Encoding: chunked\r\n\r\n{length:x}\r\n{SMUGGLED}\r\n0\r\n\r\n");
    for body in [sized, chunked] {
        let request = format!("GET / HTTP/1.1\r\nHost: test\r\n{body}{SMUGGLED}");
        let answers = answers(server.public, &request).await;
        let [answer] = &answers[..] else { panic!("one answer, not {answers:?}") };
        assert_eq!((answer.status, answer.header("connection")), (200, Some("close")), "unread, so closed");
    }
}

#[tokio::test]
async fn long_body_is_rejected_for_every_method() {
    let server = server().await;
    for method in ["GET", "DELETE", "OPTIONS"] {
        let request = format!("{method} / HTTP/1.1\r\nHost: test\r\nContent-Length: 65537\r\n\r\n{SMUGGLED}");
        let answers = answers(server.public, &request).await;
        assert_eq!(answers.iter().map(|answer| answer.status).collect::<Vec<_>>(), [413], "{method}");
    }
    assert_eq!(server.stop().await.requests_refused, 3);
}

#[tokio::test]
async fn long_body_is_rejected_before_continue() {
    let server = server().await;
    let head = "POST /echo HTTP/1.1\r\nHost: test\r\nExpect: 100-continue\r\nContent-Length: 1000000\r\n\r\n";
    let answers = answers(server.public, head).await;
    assert_eq!(answers.iter().map(|answer| answer.status).collect::<Vec<_>>(), [413]);
}

#[tokio::test]
async fn slow_body_is_answered_at_the_deadline() {
    let limits = LimitArgs { handler_time: ms(500), ..LimitArgs::default() };
    let server = Server::start(at_once(), limits).await;
    let mut slow = Client::connect(server.public).await;
    let begun = Instant::now();
    slow.send("POST /echo HTTP/1.1\r\nHost: test\r\nContent-Length: 60000\r\n\r\n").await;
    trickle(&mut slow, "x", begun).await;
    let answers = slow.answers("a trickle").await;
    assert_eq!(answers.iter().map(|answer| answer.status).collect::<Vec<_>>(), [503]);
    assert!(begun.elapsed() >= ms(500) && begun.elapsed() < ms(5000), "{:?}", begun.elapsed());
    is_served(server.public).await;
    let served = server.stop().await;
    assert_eq!(served.requests_refused, 1);
}

#[tokio::test]
async fn slow_body_under_a_response_is_cut() {
    let limits = LimitArgs { handler_time: ms(500), ..LimitArgs::default() };
    let server = Server::start(at_once(), limits).await;
    let mut slow = Client::connect(server.public).await;
    let begun = Instant::now();
    slow.send("POST /streamed HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: chunked\r\n\r\n").await;
    trickle(&mut slow, "1\r\nx\r\n", begun).await;
    slow.closed().await;
    assert!(begun.elapsed() >= ms(1000) && begun.elapsed() < ms(6000), "{:?}", begun.elapsed());
    is_served(server.public).await;
    assert_eq!(server.stop().await.connections_expired, 1);
}

/// Sends a little again and again until the server no longer takes it or has answered, as a slow client would.
pub(super) async fn trickle(client: &mut Client, bytes: &str, begun: Instant) {
    while begun.elapsed() < ms(3000) && client.try_send(bytes).await.is_ok() {
        tokio::time::sleep(ms(20)).await;
    }
}

#[tokio::test]
async fn endless_unread_body_ends_the_connection() {
    let server = server().await;
    let mut client = Client::connect(server.public).await;
    let begun = Instant::now();
    client.send("POST /unread HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: chunked\r\n\r\n").await;
    let chunk = format!("4000\r\n{}\r\n", "x".repeat(0x4000));
    while client.try_send(&chunk).await.is_ok() {
        assert!(begun.elapsed() < ms(10_000), "still taken after {:?}", begun.elapsed());
    }
    is_served(server.public).await;
}

#[tokio::test]
async fn floods_around_the_chunks_are_bounded() {
    let server = server().await;
    let many = |text: &str, times: usize| text.repeat(times);
    for (body, what) in [
        (format!("5;{}\r\nhello\r\n0\r\n\r\n", many("x", 64 << 10)), "one long extension"),
        (format!("{}0\r\n\r\n", many("1;aaaaaaaa\r\nx\r\n", 4000)), "an extension on every chunk"),
        (format!("0\r\n{}\r\n", many("X: a\r\n", 101)), "too many trailers"),
        (format!("0\r\nX: {}\r\n\r\n", many("x", 64 << 10)), "a long trailer"),
        (format!("{}\r\nhello\r\n0\r\n\r\n", many("0", 64 << 10)), "a long size"),
    ] {
        let request = format!(
            "POST /echo HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: chunked\r\n\r\n{body}{SMUGGLED}"
        );
        let answers = answers(server.public, &request).await;
        let statuses: Vec<_> = answers.iter().map(|answer| answer.status).collect();
        assert!(statuses.is_empty() || statuses == [400], "{what}: {statuses:?}");
    }
    is_served(server.public).await;
}

#[tokio::test]
async fn an_unread_body_leaves_the_refusal_readable() {
    let server = server().await;
    let body = "x".repeat(1 << 20);
    let request = format!("POST / HTTP/1.1\r\nContent-Length: {}\r\n\r\n{body}", body.len());
    assert_refused(&answers(server.public, &request).await, 400, "no Host");
}
