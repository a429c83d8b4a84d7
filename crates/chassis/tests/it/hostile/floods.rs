//! Floods against a server in a separate process whose memory and descriptors are measured.

use std::time::{Duration, Instant};
use test_support::http::raw::{Client, get};

use super::child::{ChildServer, allow_files};
use super::{answers, assert_refused, is_served, server};

/// Maximum in a debug build; the figures of a release build are in the documentation of its performance. Without the fast path
/// an idle connection holds hyper's buffers.
const KIB_PER_IDLE_CONNECTION: u64 = if cfg!(feature = "fast-path") { 8 } else { 16 };

#[tokio::test]
async fn a_flood_of_header_fields_is_refused() {
    let server = server().await;
    let fields = |number: usize| "X: a\r\n".repeat(number);
    let mut client = Client::connect(server.public).await;
    client.send(&format!("GET / HTTP/1.1\r\nHost: test\r\n{}\r\n", fields(99))).await;
    assert_eq!(client.answer().await.status, 200, "100 fields");
    for number in [100, 1000, 100_000] {
        let request = format!("GET / HTTP/1.1\r\nHost: test\r\n{}\r\n", fields(number));
        assert_refused(&answers(server.public, &request).await, 431, "too many fields");
    }
    let long = format!("GET / HTTP/1.1\r\nHost: test\r\nX: {}\r\n\r\n", "x".repeat(64 << 10));
    assert_refused(&answers(server.public, &long).await, 431, "a long field");
    is_served(server.public).await;
    assert_eq!(server.stop().await.requests_refused, 4);
}

#[tokio::test]
async fn endless_headers_cost_bounded_memory() {
    const CONNECTIONS: usize = 200;
    let server = ChildServer::start("").await;
    is_served(server.public).await;
    let before = server.resident_kib();
    let mut clients = Vec::new();
    for _ in 0..CONNECTIONS {
        let mut client = Client::connect(server.public).await;
        // Just below the limit: kept, until the deadline of the header.
        client.send(&format!("GET / HTTP/1.1\r\nX: {}", "x".repeat(31 << 10))).await;
        clients.push(client);
    }
    is_served(server.public).await;
    for client in &mut clients[..CONNECTIONS / 2] {
        client.send(&"x".repeat(1 << 20)).await;
        assert_refused(&client.answers("more").await, 431, "more");
    }
    is_served(server.public).await;
    let grown = server.resident_kib() - before;
    assert!(grown < 32 * 1024, "{CONNECTIONS} headers cost {grown} KiB");
}

#[tokio::test]
async fn unread_pipelining_ends_at_the_write_stall() {
    const CONNECTIONS: usize = 50;
    let server = ChildServer::start("--limit-write-stall=2s").await;
    is_served(server.public).await;
    let before = server.resident_kib();
    let many = "GET /page HTTP/1.1\r\nHost: test\r\n\r\n".repeat(10_000);
    let begun = Instant::now();
    let mut offenders = tokio::task::JoinSet::new();
    for _ in 0..CONNECTIONS {
        let mut client = Client::connect(server.public).await;
        let many = many.clone();
        // Sends for as long as the server takes it, which it does not for long, since nobody reads the answers.
        offenders.spawn(async move { while client.try_send(&many).await.is_ok() {} });
    }
    let mut most = 0;
    while !offenders.is_empty() {
        is_served(server.public).await;
        most = most.max(server.resident_kib().saturating_sub(before));
        while let Some(ended) = offenders.try_join_next() {
            ended.unwrap();
        }
    }
    assert!(begun.elapsed() >= Duration::from_secs(2), "{:?}", begun.elapsed());
    assert!(most < 32 * 1024, "{CONNECTIONS} pipelines cost {most} KiB");
    is_served(server.public).await;
}

#[tokio::test]
async fn ten_thousand_idle_connections_leave_others_served() {
    const LIMIT: u64 = 10_000;
    allow_files(LIMIT + 1000);
    let server = ChildServer::start("").await;
    let mut healthy = Client::connect(server.public).await;
    assert_eq!(healthy.get("/").await.status, 200);
    let before = server.resident_kib();
    let mut idle = Vec::new();
    for number in 1..LIMIT {
        let mut client = Client::connect(server.public).await;
        // Every other one after a request, as a keep-alive idles.
        if number % 2 == 0 {
            assert_eq!(client.get("/").await.status, 200);
        }
        idle.push(client);
        // Connections are accepted in their order, so this waits until the kernel's queue is empty. Were it full, the
        // kernel would have further ones wait for seconds.
        if number % 500 == 0 {
            is_served(server.public).await;
        }
    }
    assert_eq!(healthy.get("/").await.status, 200, "a healthy client beside the offenders");
    let grown = server.resident_kib() - before;
    assert!(grown < LIMIT * KIB_PER_IDLE_CONNECTION, "{LIMIT} idle connections cost {grown} KiB");
    for path in ["/livez", "/readyz"] {
        assert_eq!(get(server.admin, path).await.status, 200, "{path}");
    }
    for _ in 0..100 {
        let begun = Instant::now();
        assert_eq!(get(server.public, "/readyz").await.status, 200);
        assert!(begun.elapsed() < Duration::from_secs(1), "{:?}", begun.elapsed());
    }
    server.logs(&["the longest idle is closed for each new one", "\"connections\":10000"]).await;
    assert_eq!(healthy.get("/").await.status, 200, "one that is used stays");
    let metrics = get(server.admin, "/metrics").await.body;
    let closed = |reason: &str| format!("http_server_connections_closed_total{{reason=\"{reason}\"}} ");
    assert!(!metrics.contains(&format!("{}0\n", closed("evicted"))), "{metrics}");
    assert!(
        metrics.contains(&closed("evicted")) && metrics.contains(&format!("{}0\n", closed("idle"))),
        "{metrics}"
    );
}

#[tokio::test]
async fn clients_cannot_exhaust_the_probes_descriptors() {
    let server = ChildServer::with_files("", 64).await;
    let mut healthy = Client::connect(server.public).await;
    assert_eq!(healthy.get("/").await.status, 200);
    let mut strangers = Vec::new();
    for _ in 0..100 {
        strangers.push(Client::connect(server.public).await);
    }
    server.logs(&["the longest idle is closed for each new one"]).await;
    for _ in 0..10 {
        assert_eq!(get(server.admin, "/livez").await.status, 200, "on a new connection");
    }
    drop(strangers);
    is_served(server.public).await;
    let lines = server.stop();
    assert!(lines.iter().any(|line| line.contains("fewer connections than configured")), "{lines:#?}");
    assert!(!lines.iter().any(|line| line.contains("accept failed")), "{lines:#?}");
}

#[tokio::test]
async fn process_recovers_from_lack_of_descriptors() {
    // Fewer than the process needs beside the connections that it may have.
    let server = ChildServer::with_files("", 24).await;
    let mut offenders = Vec::new();
    for _ in 0..100 {
        offenders.push(Client::connect(server.public).await);
        offenders.push(Client::connect(server.admin).await);
    }
    server.logs(&["accept failed"]).await;
    for path in ["/livez", "/readyz"] {
        assert_eq!(get(server.admin, path).await.status, 200, "a loop that waits for descriptors makes room");
    }
    assert_eq!(get(server.public, "/").await.status, 200);
    drop(offenders);
    is_served(server.public).await;
    assert_eq!(get(server.admin, "/readyz").await.status, 200);
}
