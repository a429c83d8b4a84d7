//! `OPTIONS`, and what 405 says is allowed.

use chassis::LimitArgs;
use test_support::http::raw::{Answer, Client};

use crate::harness::{Server, at_once};

async fn asked(server: &Server, method: &str, path: &str) -> Answer {
    let mut client = Client::connect(server.public).await;
    client.send(&format!("{method} {path} HTTP/1.1\r\nHost: test\r\n\r\n")).await;
    client.answer().await
}

#[tokio::test]
async fn options_of_a_route_are_its_methods() {
    let server = Server::start(at_once(), LimitArgs::default()).await;
    for (path, methods) in
        [("/", "GET,HEAD"), ("/memory", "GET,HEAD"), ("/items/1", "GET,HEAD"), ("/echo", "POST")]
    {
        let answer = asked(&server, "OPTIONS", path).await;
        assert_eq!((answer.status, answer.header("allow")), (204, Some(methods)), "{path}");
        assert_eq!((answer.header("content-type"), answer.header("content-length")), (None, None), "{path}");
        assert!(answer.header("x-request-id").is_some());
        let refused = asked(&server, "PATCH", path).await;
        assert_eq!((refused.status, refused.header("allow")), (405, Some(methods)), "{path}");
        assert_eq!(refused.header("content-type"), Some("application/problem+json"));
    }
    assert_eq!(asked(&server, "OPTIONS", "/nowhere").await.status, 404);
    let own = asked(&server, "OPTIONS", "/host").await;
    assert_eq!((own.status, own.body.as_str()), (200, "test"), "a route may answer by itself");
}

/// RFC 9110, 9.3.7: a question to the server, not to a route.
#[tokio::test]
async fn options_of_the_server_are_no_routes() {
    let server = Server::start(at_once(), LimitArgs::default()).await;
    let mut client = Client::connect(server.public).await;
    client.send("OPTIONS * HTTP/1.1\r\nHost: test\r\n\r\n").await;
    let answer = client.answer().await;
    assert_eq!((answer.status, answer.header("allow")), (204, None));
    assert_eq!(client.get("/").await.status, 200, "the connection lives on");
}
