//! Games with the request target.
use test_support::http::raw::{Client, get};

use super::{answers, assert_refused, is_served, server};

#[tokio::test]
async fn path_matches_only_the_spelled_route() {
    let server = server().await;
    for path in [
        "//",
        "//items/1",
        "/items//1",
        "/./items/1",
        "/x/../items/1",
        "/%2e%2e/items/1",
        "/x/%2e%2e/items/1",
        "/items/1/",
        "/%69tems/1",
        "/items%2f1",
        "/%00",
        "/items/1/%00",
        "/ITEMS/1",
        "/items/1;x",
        "/..",
    ] {
        let status = get(server.public, path).await.status;
        // A parameter takes any one segment, so only the spelling of the fixed part can be wrong.
        let expected = if path == "/items/1;x" { 200 } else { 404 };
        assert_eq!(status, expected, "{path}");
    }
}

#[tokio::test]
async fn bytes_that_no_target_may_hold_are_refused() {
    let server = server().await;
    for target in ["/\0", "/a\0b", "/a\tb", "/ä\u{7f}", "/a\"b\u{1}", "a/b"].into_iter().chain([
        "/\u{e4}",
        "/memory\u{e4}",
        "/?\u{e4}",
        "/\u{20ac}",
        "http://test/\u{e4}",
        "http://\u{e4}/",
    ]) {
        let request = format!("GET {target} HTTP/1.1\r\nHost: test\r\n\r\n");
        assert_refused(&answers(server.public, &request).await, 400, &request);
    }
    is_served(server.public).await;
}

#[tokio::test]
async fn target_has_8_kib_at_most() {
    let server = server().await;
    let longest = format!("/?{}", "x".repeat(8190));
    let mut client = Client::connect(server.public).await;
    assert_eq!(client.get(&longest).await.status, 200);
    let request = format!("GET {longest}x HTTP/1.1\r\nHost: test\r\n\r\n");
    assert_refused(&answers(server.public, &request).await, 414, "8193 bytes");
    assert_eq!(client.get("/").await.status, 200, "a healthy client beside the offender");
    assert_eq!(server.stop().await.requests_refused, 1);
}

#[tokio::test]
async fn an_absolute_target_is_served_as_its_path() {
    let server = server().await;
    let mut client = Client::connect(server.public).await;
    for (target, status) in [("http://test/", 200), ("http://test", 200), ("http://other/nowhere", 404)] {
        client.send(&format!("GET {target} HTTP/1.1\r\nHost: test\r\n\r\n")).await;
        assert_eq!(client.answer().await.status, status, "{target}");
    }
}

#[tokio::test]
async fn absolute_target_overrides_host() {
    let server = server().await;
    let mut client = Client::connect(server.public).await;
    client.send("GET http://target.example/host HTTP/1.1\r\nHost: sent.example\r\n\r\n").await;
    assert_eq!(client.answer().await.body, "target.example");
}

#[tokio::test]
async fn no_tunnel_is_opened() {
    let server = server().await;
    let smuggled = "GET / HTTP/1.1\r\nHost: test\r\n\r\n";
    for request in [
        format!("CONNECT test:80 HTTP/1.1\r\nHost: test:80\r\n\r\n{smuggled}"),
        format!("CONNECT / HTTP/1.1\r\nHost: test\r\n\r\n{smuggled}"),
        format!("CONNECT http://test/ HTTP/1.1\r\nHost: test\r\n\r\n{smuggled}"),
    ] {
        let answers = answers(server.public, &request).await;
        assert_refused(&answers, 405, &request);
        assert_eq!(answers[0].header("allow"), Some(""), "{request}");
    }
    is_served(server.public).await;
}

#[tokio::test]
async fn other_forms_are_refused() {
    let server = server().await;
    for target in
        ["test:80", "?a=b", "?", "#x", "items/1", "*", "ftp://test/", "http://user@test/", "//user@test:x"]
    {
        let request = format!("GET {target} HTTP/1.1\r\nHost: test\r\n\r\n");
        let mut client = Client::connect(server.public).await;
        client.send(&request).await;
        let expected = if target.starts_with('/') { 404 } else { 400 };
        assert_eq!(client.answer().await.status, expected, "{request}");
    }
}
