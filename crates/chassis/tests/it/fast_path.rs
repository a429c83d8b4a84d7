//! Answers from memory, which hyper never sees, and their turns with those that it makes.

use std::time::Duration;

use chassis::LimitArgs;
use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use test_support::http::raw::{Answer, Client};

use crate::harness::{Server, at_once};

const PLAIN: &str = "GET /memory HTTP/1.1\r\nHost: test\r\n\r\n";

async fn server() -> Server {
    Server::start(at_once(), LimitArgs::default()).await
}

#[tokio::test]
async fn simple_request_is_answered_from_memory() {
    let server = server().await;
    let mut client = Client::connect(server.public).await;
    for before in ["", "GET / HTTP/1.1\r\nHost: test\r\n\r\n", "HEAD /gone HTTP/1.1\r\nHost: test\r\n\r\n"] {
        client.send(before).await;
        if before.starts_with("GET") {
            assert_eq!(client.answer().await.body, "hello");
        } else if before.starts_with("HEAD") {
            client.until("\r\n\r\n").await;
            client.taken();
        }
        client.send(PLAIN).await;
        assert_eq!(client.answer().await.body, "from memory", "after {before:?}");
    }
}

#[tokio::test]
async fn unusual_request_is_routed() {
    let server = server().await;
    let long = format!("GET /memory HTTP/1.1\r\nHost: test\r\nX: {}\r\n\r\n", "x".repeat(5000));
    for text in [
        "GET /memory?a HTTP/1.1\r\nHost: test\r\n\r\n",
        "GET /memory HTTP/1.0\r\nHost: test\r\n\r\n",
        "GET http://test/memory HTTP/1.1\r\nHost: test\r\n\r\n",
        "GET /memory HTTP/1.1\r\nHost: test\r\nContent-Length: 0\r\n\r\n",
        "GET /memory HTTP/1.1\r\nHost: test\r\nContent-Length: 4\r\n\r\nbody",
        "GET /memory HTTP/1.1\r\nHost: test\r\nConnection: close, keep-alive\r\n\r\n",
        "\r\nGET /memory HTTP/1.1\r\nHost: test\r\n\r\n",
        &long,
    ] {
        let mut client = Client::connect(server.public).await;
        client.send(text).await;
        assert_eq!(client.answer().await.body, "from the router", "{text:.80?}");
    }
}

#[tokio::test]
async fn response_from_memory_equals_hypers_bytes() {
    let server = server().await;
    let head = async |fields: &str| {
        let mut client = Client::connect(server.public).await;
        client.send(&format!("GET /both HTTP/1.1\r\nHost: test\r\nX-Request-Id: same\r\n{fields}\r\n")).await;
        client.until("stout\"]").await;
        let text = client.taken();
        let date = text.lines().find(|line| line.starts_with("date: ")).expect("a date").to_owned();
        // The second may have turned between the two.
        assert_eq!(date.len(), "date: Sat, 31 Jan 2026 12:34:56 GMT".len());
        (text.replace(&date, "date"), client)
    };
    for fields in ["", "Connection: close\r\n"] {
        let (memory, mut client) = head(fields).await;
        let (hyper, _) = head(&format!("{fields}Content-Length: 0\r\n")).await;
        assert_eq!(memory, hyper);
        assert!(memory.starts_with("HTTP/1.1 418 I'm a teapot\r\n"), "{memory}");
        if !fields.is_empty() {
            client.closed().await;
        }
    }
}

#[tokio::test]
async fn drain_closes_after_a_response_from_memory() {
    let server = Server::start(
        chassis::DrainArgs { min: Duration::from_secs(10), ..chassis::DrainArgs::default() },
        LimitArgs::default(),
    )
    .await;
    let mut client = Client::connect(server.public).await;
    assert_eq!(client.get("/memory").await.header("connection"), None);
    server.begin_drain().await;
    let answer = client.get("/memory").await;
    assert_eq!((answer.body.as_str(), answer.header("connection")), ("from memory", Some("close")));
    client.closed().await;
}

/// One of the requests that clients mix on a connection, by the bytes it takes and the answer it must get.
#[derive(Clone, Debug)]
enum Asked {
    Memory,
    Routed,
    Missing,
    Sent(String),
    Chunked(String),
    Old,
}

impl Asked {
    fn any() -> impl Strategy<Value = Self> {
        // Bodies that would be answered too, were they taken for requests.
        let body = || prop_oneof!["[a-z]{0,40}", Just(PLAIN.to_owned()), Just(PLAIN.repeat(3))];
        prop_oneof![
            3 => Just(Self::Memory),
            1 => Just(Self::Routed),
            1 => Just(Self::Missing),
            1 => body().prop_map(Self::Sent),
            1 => body().prop_map(Self::Chunked),
            1 => Just(Self::Old),
        ]
    }

    fn text(&self, id: usize) -> String {
        let head =
            |line: &str, fields: &str| format!("{line}\r\nHost: test\r\nX-Request-Id: {id}\r\n{fields}\r\n");
        match self {
            Self::Memory => head("GET /memory HTTP/1.1", ""),
            Self::Routed => head("GET / HTTP/1.1", "Connection: keep-alive\r\n"),
            Self::Missing => head("GET /gone HTTP/1.1", ""),
            Self::Sent(body) => {
                head("POST /echo HTTP/1.1", &format!("Content-Length: {}\r\n", body.len())) + body
            }
            Self::Chunked(body) if body.is_empty() => {
                head("POST /echo HTTP/1.1", "Transfer-Encoding: chunked\r\n") + "0\r\n\r\n"
            }
            Self::Chunked(body) => {
                let head = head("POST /echo HTTP/1.1", "Transfer-Encoding: chunked\r\n");
                format!("{head}{:x}\r\n{body}\r\n0\r\n\r\n", body.len())
            }
            Self::Old => head("GET / HTTP/1.0", "Connection: keep-alive\r\n"),
        }
    }

    fn is_answered_by(&self, id: usize, answer: &Answer) -> bool {
        let is_right = match self {
            // A request that is not alone in what has come goes to the router.
            Self::Memory => ["from memory", "from the router"].contains(&answer.body.as_str()),
            Self::Routed | Self::Old => answer.body == "hello",
            Self::Missing => answer.status == 404,
            Self::Sent(body) | Self::Chunked(body) => answer.body == *body,
        };
        is_right && answer.header("x-request-id") == Some(&id.to_string())
    }
}

/// Whoever reads a connection, no byte of one request is ever taken for a part of another: each answer is that of its request,
/// in their order, however the bytes arrive.
#[test]
fn switching_readers_loses_no_byte() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let server = runtime.block_on(server());
    let cases = (prop::collection::vec(Asked::any(), 1..12), prop::collection::vec(1..400usize, 1..20));
    let ordinary = proptest::test_runner::Config { cases: 100, ..Default::default() };
    let checked = TestRunner::new(ordinary).run(&cases, |(asked, lengths)| {
        runtime.block_on(check(&server, &asked, &lengths));
        Ok(())
    });
    checked.unwrap();
}

async fn check(server: &Server, asked: &[Asked], lengths: &[usize]) {
    let text: String = asked.iter().enumerate().map(|(id, one)| one.text(id)).collect();
    let mut client = Client::connect(server.public).await;
    let mut rest = text.as_str();
    for length in lengths {
        let (part, after) = rest.split_at(rest.len().min(*length));
        client.send(part).await;
        // Else the kernel may hand over two parts as one.
        tokio::time::sleep(Duration::from_millis(1)).await;
        rest = after;
    }
    client.send(rest).await;
    for (id, one) in asked.iter().enumerate() {
        let answer = client.answer().await;
        assert!(one.is_answered_by(id, &answer), "{one:?}, number {id}: {answer:?}");
    }
    tokio::time::sleep(Duration::from_millis(1)).await;
    assert!(client.is_silent(), "an answer to a request that nobody sent");
    assert_eq!(client.get("/memory").await.body, "from memory");
}
