//! Clients that misbehave in all ways, again and again. Each waits for the reaction of the server, and fails the test without
//! it.

use std::net::SocketAddr;
use std::time::Instant;
use test_support::http::raw::{Client, get};

use super::HEADER_TIME;
use super::gauges::Metrics;
use crate::harness::ms;
use crate::hostile::bodies::trickle;
use crate::hostile::{answers, assert_refused};

const GET_PAGE: &str = "GET /page HTTP/1.1\r\nHost: test\r\n\r\n";

#[derive(Clone, Copy, Debug)]
pub(super) enum Offender {
    Idle,
    SlowHeader,
    SlowHeaderAfterAnIdle,
    SlowBody,
    SlowBodyUnderItsAnswer,
    SlowReader,
    Pipeline,
    EndlessBody,
    Flood,
    Malformed,
    HalfClosed,
    Reset,
    Panicking,
    TimedOut,
    Cancelled,
}

impl Offender {
    pub(super) const ALL: [Self; 15] = [
        Self::Idle,
        Self::SlowHeader,
        Self::SlowHeaderAfterAnIdle,
        Self::SlowBody,
        Self::SlowBodyUnderItsAnswer,
        Self::SlowReader,
        Self::Pipeline,
        Self::EndlessBody,
        Self::Flood,
        Self::Malformed,
        Self::HalfClosed,
        Self::Reset,
        Self::Panicking,
        Self::TimedOut,
        Self::Cancelled,
    ];

    /// Offends once, on new connections.
    pub(super) async fn offend(self, server: SocketAddr) {
        match self {
            Self::Idle => idle(server).await,
            Self::SlowHeader => slow_header(Client::connect(server).await).await,
            Self::SlowHeaderAfterAnIdle => {
                let mut client = Client::connect(server).await;
                assert_eq!(client.get("/memory").await.status, 200);
                slow_header(client).await;
            }
            Self::SlowBody => slow_body(server, "/echo", "Content-Length: 60000", "x").await,
            Self::SlowBodyUnderItsAnswer => {
                slow_body(server, "/streamed", "Transfer-Encoding: chunked", "1\r\nx\r\n").await;
            }
            Self::SlowReader => slow_reader(server).await,
            Self::Pipeline => pipeline(server).await,
            Self::EndlessBody => endless_body(server).await,
            Self::Flood => flood(server).await,
            Self::Malformed => malformed(server).await,
            Self::HalfClosed => half_closed(server).await,
            Self::Reset => reset(server).await,
            Self::Panicking => assert_eq!(get(server, "/panic").await.status, 500),
            Self::TimedOut => assert_eq!(get(server, "/held").await.status, 503),
            Self::Cancelled => cancelled(server).await,
        }
    }
}

async fn idle(server: SocketAddr) {
    let mut unused = Client::connect(server).await;
    let mut used = Client::connect(server).await;
    assert_eq!(used.get("/items/1").await.status, 200);
    unused.closed().await;
    used.closed().await;
}

async fn slow_header(mut client: Client) {
    let begun = Instant::now();
    client.send("GET / HTTP/1.1\r\nHost: te").await;
    client.closed().await;
    assert!(begun.elapsed() >= HEADER_TIME, "{:?}", begun.elapsed());
}

async fn slow_body(server: SocketAddr, path: &str, framing: &str, piece: &str) {
    let mut client = Client::connect(server).await;
    client.send(&format!("POST {path} HTTP/1.1\r\nHost: test\r\n{framing}\r\n\r\n")).await;
    trickle(&mut client, piece, Instant::now()).await;
    client.closed().await;
}

async fn slow_reader(server: SocketAddr) {
    let mut client = Client::connect(server).await;
    client.send(&GET_PAGE.repeat(200)).await;
    while client.read_a_byte().await && client.try_send("x").await.is_ok() {
        tokio::time::sleep(ms(20)).await;
    }
}

async fn pipeline(server: SocketAddr) {
    let mut client = Client::connect(server).await;
    let many = GET_PAGE.repeat(10_000);
    while client.try_send(&many).await.is_ok() {}
}

async fn endless_body(server: SocketAddr) {
    let mut client = Client::connect(server).await;
    client.send("POST /unread HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: chunked\r\n\r\n").await;
    let chunk = format!("4000\r\n{}\r\n", "x".repeat(0x4000));
    while client.try_send(&chunk).await.is_ok() {}
}

async fn flood(server: SocketAddr) {
    let fields = format!("GET / HTTP/1.1\r\nHost: test\r\n{}\r\n", "X: a\r\n".repeat(1000));
    assert_refused(&answers(server, &fields).await, 431, "many fields");
    let target = format!("GET /{} HTTP/1.1\r\nHost: test\r\n\r\n", "a".repeat(9000));
    assert_refused(&answers(server, &target).await, 414, "a long target");
    let body = "POST /echo HTTP/1.1\r\nHost: test\r\nContent-Length: 1000000\r\n\r\n";
    assert_eq!(answers(server, body).await[0].status, 413, "a long body");
}

async fn malformed(server: SocketAddr) {
    for request in [
        "\u{16}\u{3}\u{1}\0\u{5}hello\r\n\r\n",
        "GET / HTTP/1.1\r\nno colon\r\n\r\n",
        "GET /\r\n\r\n",
        "POST /echo HTTP/1.1\r\nHost: test\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello",
        "POST /echo HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
    ] {
        assert_refused(&answers(server, request).await, 400, request);
    }
    let tunnel = "CONNECT test:443 HTTP/1.1\r\nHost: test:443\r\n\r\n";
    assert_refused(&answers(server, tunnel).await, 405, tunnel);
}

async fn half_closed(server: SocketAddr) {
    for begun in
        ["", "GET / HTTP/1.1\r\nHos", "POST /echo HTTP/1.1\r\nHost: test\r\nContent-Length: 10\r\n\r\nhello"]
    {
        let mut client = Client::connect(server).await;
        client.send(begun).await;
        client.half_close().await;
        client.closed().await;
    }
}

async fn reset(server: SocketAddr) {
    let mut reader = Client::connect(server).await;
    reader.send(&GET_PAGE.repeat(50)).await;
    reader.first_byte().await;
    reader.reset();
    let mut writer = Client::connect(server).await;
    writer.send("POST /echo HTTP/1.1\r\nHost: test\r\nContent-Length: 10\r\n\r\nhello").await;
    writer.reset();
    let mut follower = Client::connect(server).await;
    follower.send("GET /drops HTTP/1.1\r\nHost: test\r\n\r\n").await;
    follower.first_byte().await;
    follower.reset();
}

/// Some leave before their request is read, others while it is held.
async fn cancelled(server: SocketAddr) {
    let mut client = Client::connect(server).await;
    client.send("GET /held HTTP/1.1\r\nHost: test\r\n\r\n").await;
    tokio::time::sleep(ms(fastrand::u64(0..100))).await;
}

/// Asserts that each deadline was reached, each rejection occurred, and the collector was away at times.
pub(super) fn assert_noticed(metrics: &Metrics) {
    for reason in ["idle", "header_timeout", "body_timeout", "write_stall", "linger"] {
        let label = format!("reason=\"{reason}\"");
        assert!(metrics.sum("http_server_connections_closed_total", &[&label]) > 0, "{reason}");
    }
    for reason in
        ["bad_request", "connect", "target_too_long", "header_too_large", "body_too_large", "handler_timeout"]
    {
        let label = format!("reason=\"{reason}\"");
        assert!(metrics.sum("http_server_requests_refused_total", &[&label]) > 0, "{reason}");
    }
    for (route, status) in [("/panic", 500), ("/held", 503), ("/held", 0)] {
        let labels = [format!("http_route=\"{route}\""), format!("http_response_status_code=\"{status}\"")];
        let labels = labels.each_ref().map(String::as_str);
        assert!(metrics.sum("http_server_request_duration_seconds_count", &labels) > 0, "{labels:?}");
    }
    for name in ["otel_spans_exported_total", "otel_spans_failed_total"] {
        assert!(metrics.sum(name, &[]) > 0, "{name}");
    }
}
