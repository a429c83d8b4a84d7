//! Well-behaved clients; none of their requests may fail.

use std::net::SocketAddr;

use test_support::http::raw::{Client, get};
use test_support::http::strict::{Expected, Kind, Load, Server};

use crate::harness::ms;
use crate::hostile::child::DROPS;

/// Body of `/memory`, which names its source.
const MEMORY: &str = if cfg!(feature = "fast-path") { "from memory" } else { "from the router" };

/// Clients that keep their connections; far less idle than they may be.
pub(super) fn kept_alive(server: SocketAddr) -> Load {
    let kind = |name, path, expected, pause| Kind { name, path, expected, pause: ms(pause), clients: 2 };
    let kinds = [
        kind("fast path", "/memory", Expected::Body(MEMORY), 5),
        kind("routed", "/items/1", Expected::Body("item"), 5),
        kind("large", "/page", Expected::AnyBody, 20),
        kind("streamed", "/drops", Expected::AnyBody, 20),
        kind("seldom", "/told/1", Expected::Body("told"), 500),
    ];
    Load::start(&Server::Tcp(server), &kinds)
}

/// Clients that connect for each request.
#[derive(Clone, Copy, Debug)]
pub(super) enum Visitor {
    Reader,
    Uploader,
    Follower,
}

impl Visitor {
    pub(super) const ALL: [Self; 3] = [Self::Reader, Self::Uploader, Self::Follower];

    pub(super) async fn visit(self, server: SocketAddr) {
        match self {
            Self::Reader => {
                let answer = get(server, "/items/1").await;
                assert_eq!((answer.status, answer.body.as_str()), (200, "item"));
            }
            Self::Uploader => {
                upload(server, |body| format!("Content-Length: {}\r\n\r\n{body}", body.len())).await;
                upload(server, |body| {
                    format!("Transfer-Encoding: chunked\r\n\r\n{:x}\r\n{body}\r\n0\r\n\r\n", body.len())
                })
                .await;
            }
            Self::Follower => {
                let mut client = Client::connect(server).await;
                client.send("GET /drops HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n").await;
                let whole = client.rest().await;
                assert_eq!(whole.matches("drop\r\n").count(), DROPS, "{whole}");
                assert!(whole.ends_with("\r\n0\r\n\r\n"), "{whole}");
            }
        }
    }
}

async fn upload(server: SocketAddr, framed: impl Fn(&str) -> String) {
    let body = "x".repeat(32 << 10);
    let mut client = Client::connect(server).await;
    client.send(&format!("POST /echo HTTP/1.1\r\nHost: test\r\n{}", framed(&body))).await;
    let answer = client.answer().await;
    assert_eq!(answer.status, 200);
    assert!(answer.body == body, "{} bytes of another body", answer.body.len());
}
