//! Announcement of a close: every response after which the connection is closed says so.

use std::net::SocketAddr;

use chassis::{DrainArgs, LimitArgs};
use test_support::http::raw::Client;
use test_support::wait::within;
use tokio::task::JoinSet;

use crate::harness::{DEADLINE, Server, at_once, ms};

const METHODS: [&str; 7] = ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH"];

const PATHS: [&str; 8] = ["/", "/memory", "/unread", "/echo", "/nowhere", "/panic", "/broken", "/streamed"];

/// Announcement of a body, the part that is sent at once, and the part that is sent after the response.
const BODIES: [(&str, &str, &str); 14] = [
    ("", "", ""),
    ("Content-Length: 0\r\n", "", ""),
    ("Content-Length: 5\r\n", "hello", ""),
    ("Content-Length: 5\r\n", "hel", "lo"),
    ("Content-Length: 5\r\n", "", "hello"),
    ("Content-Length: 1000\r\n", "0123456789", ""),
    ("Content-Length: 70000\r\n", "0123456789", ""),
    ("Expect: 100-continue\r\nContent-Length: 5\r\n", "", ""),
    ("Expect: 100-continue\r\nContent-Length: 70000\r\n", "", ""),
    ("Transfer-Encoding: chunked\r\n", "5\r\nhello\r\n0\r\n\r\n", ""),
    ("Transfer-Encoding: chunked\r\n", "5\r\nhello\r\n", "0\r\n\r\n"),
    ("Transfer-Encoding: chunked\r\n", "0\r\nX: a\r\n\r\n", ""),
    ("Transfer-Encoding: chunked\r\nContent-Length: 5\r\n", "5\r\nhello\r\n0\r\n\r\n", ""),
    ("Transfer-Encoding: gzip\r\n", "hello", ""),
];

/// The version, and what the client says of the connection.
const VERSIONS: [(&str, &str); 4] = [
    ("HTTP/1.1", ""),
    ("HTTP/1.1", "Connection: close\r\n"),
    ("HTTP/1.0", ""),
    ("HTTP/1.0", "Connection: keep-alive\r\n"),
];

/// Requests that the server refuses before a route sees them.
const REFUSED: [&str; 9] = [
    "GET /\r\n\r\n",
    "GET / HTTP/1.1\r\n\r\n",
    "GET / HTTP/1.0\r\nX : a\r\n\r\n",
    "GET / HTTP/1.1\r\nHost: [:::::]\r\n\r\n",
    "POST / HTTP/1.1\r\nHost: a\r\nHost: b\r\nContent-Length: 1000\r\n\r\n0123456789",
    "CONNECT a:80 HTTP/1.1\r\nHost: a:80\r\n\r\n",
    "GET * HTTP/1.1\r\nHost: test\r\n\r\n",
    "GET http://u@a/ HTTP/1.1\r\nHost: test\r\n\r\n",
    "GET ftp://a/ HTTP/1.0\r\n\r\n",
];

/// Sends a request and holds the answer's word against what becomes of the connection.
async fn check(address: SocketAddr, request: &str, rest: &str, is_head: bool) {
    let mut client = Client::connect(address).await;
    client.send(request).await;
    let mut head = client.head().await;
    while head.as_deref().is_some_and(|head| head.contains(" 100 ")) {
        head = client.head().await;
    }
    let Some(head) = head else { return };
    let says_close = head.contains("\r\nconnection: close\r\n");
    if says_close {
        client.closed().await;
        return;
    }
    if !is_head && head.contains("\r\ntransfer-encoding: chunked\r\n") {
        client.until("0\r\n\r\n").await;
    }
    // hyper asks for a body that is awaited by `Expect` only once a handler reads it.
    let is_awaited = request.contains("Expect") && request.contains("Length: 5\r\n");
    let _ = client.try_send(if is_awaited { "hello" } else { rest }).await;
    let _ = client.try_send("GET /host HTTP/1.1\r\nHost: marked\r\nConnection: close\r\n\r\n").await;
    let end = client.rest().await;
    assert!(end.ends_with("marked"), "closed without a word after {request:?}\n{head}{end}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_close_is_announced() {
    let limits = LimitArgs { handler_time: ms(300), ..LimitArgs::default() };
    let server = Server::start(at_once(), limits).await;
    let mut checks = JoinSet::new();
    let address = server.public;
    for path in PATHS {
        for method in METHODS {
            checks.spawn(async move {
                for (fields, begin, rest) in BODIES {
                    for (version, connection) in VERSIONS {
                        let request = format!(
                            "{method} {path} {version}\r\nHost: test\r\n{connection}{fields}\r\n{begin}"
                        );
                        check(address, &request, rest, method == "HEAD").await;
                    }
                }
            });
        }
    }
    for request in REFUSED {
        checks.spawn(async move { check(address, request, "", false).await });
    }
    let large = format!("GET / HTTP/1.1\r\nHost: test\r\nX: {}\r\n\r\n", "x".repeat(40 << 10));
    checks.spawn(async move { check(address, &large, "", false).await });
    let long = format!("GET /{} HTTP/1.1\r\nHost: test\r\n\r\n", "x".repeat(9 << 10));
    checks.spawn(async move { check(address, &long, "", false).await });
    while let Some(checked) = checks.join_next().await {
        checked.unwrap();
    }
}

/// Also where the version alone says it.
#[tokio::test]
async fn http_10_response_announces_its_persistence() {
    let server = Server::start(at_once(), LimitArgs::default()).await;
    for path in ["/", "/memory", "/nowhere"] {
        let mut client = Client::connect(server.public).await;
        client.send(&format!("GET {path} HTTP/1.0\r\n\r\n")).await;
        assert_eq!(client.answer().await.header("connection"), Some("close"), "{path}");
        client.closed().await;
        let mut client = Client::connect(server.public).await;
        for _ in 0..2 {
            client.send(&format!("GET {path} HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")).await;
            assert_eq!(client.answer().await.header("connection"), Some("keep-alive"), "{path}");
        }
    }
    // Its end is the end of the connection.
    let mut client = Client::connect(server.public).await;
    client.send("GET /stream HTTP/1.0\r\nConnection: keep-alive\r\n\r\n").await;
    let head = within(DEADLINE, "a head", client.head()).await.unwrap();
    assert!(head.contains("\r\nconnection: close\r\n"), "{head}");
}

#[tokio::test]
async fn every_response_of_a_drain_announces_close() {
    let drain = DrainArgs { min: ms(60_000), accept_max: ms(60_000), ..DrainArgs::default() };
    let server = Server::start(drain, LimitArgs::default()).await;
    let mut idle = Client::connect(server.public).await;
    assert_eq!(idle.get("/").await.header("connection"), None);
    server.begin_drain().await;
    for version in ["HTTP/1.1", "HTTP/1.0"] {
        for path in ["/", "/memory", "/nowhere", "/panic"] {
            let mut client = Client::connect(server.public).await;
            let fields = "Host: test\r\nConnection: keep-alive\r\n";
            client.send(&format!("GET {path} {version}\r\n{fields}\r\n")).await;
            assert_eq!(client.answer().await.header("connection"), Some("close"), "{path} {version}");
            client.closed().await;
        }
    }
}
