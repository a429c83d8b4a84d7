//! Shapes by which one request is made to hold another (RFC 9112, 6 and 11.2): refused, or read in exactly one way. Never is
//! a second request read out of a body.
use test_support::http::raw::Client;

use super::{answers, assert_refused, is_served, server};

/// Body that would be answered too if it were read as a request.
const SMUGGLED: &str = "GET / HTTP/1.1\r\nHost: test\r\n\r\n";

fn post(fields: &str, body: &str) -> String {
    format!("POST /echo HTTP/1.1\r\nHost: test\r\n{fields}\r\n\r\n{body}{SMUGGLED}")
}

#[tokio::test]
async fn a_length_that_is_in_doubt_is_refused() {
    let server = server().await;
    for fields in [
        "Content-Length: 5\r\nContent-Length: 6",
        "Content-Length: 5, 6",
        "Content-Length: 5, 5",
        "Content-Length: +5",
        "Content-Length: -5",
        "Content-Length: 0x5",
        "Content-Length: 5 5",
        "Content-Length: 5.0",
        "Content-Length:",
        "Content-Length: 18446744073709551621",
        "Content-Length: 99999999999999999999999",
    ] {
        assert_refused(&answers(server.public, &post(fields, "hello")).await, 400, fields);
    }
    is_served(server.public).await;
}

#[tokio::test]
async fn a_coding_other_than_chunked_once_is_refused() {
    let server = server().await;
    for fields in [
        "Transfer-Encoding: identity",
        "Transfer-Encoding: gzip",
        "Transfer-Encoding: chunked, identity",
        "Transfer-Encoding: identity, chunked",
        "Transfer-Encoding: gzip, chunked",
        "Transfer-Encoding: chunked, chunked",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked",
        "Transfer-Encoding: identity\r\nTransfer-Encoding: chunked",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity",
        "Transfer-Encoding: xchunked",
        "Transfer-Encoding: \"chunked\"",
        "Transfer-Encoding: chunked;a=b",
        "Transfer-Encoding: chunked,",
        "Transfer-Encoding: \u{b}chunked",
        "Transfer-Encoding:",
        "Content-Length: 5\r\nTransfer-Encoding: gzip",
    ] {
        assert_refused(&answers(server.public, &post(fields, "0\r\n\r\n")).await, 400, fields);
    }
    is_served(server.public).await;
}

#[tokio::test]
async fn ambiguous_field_is_rejected() {
    let server = server().await;
    for fields in [
        "Transfer-Encoding : chunked",
        "Transfer-Encoding\t: chunked",
        " Transfer-Encoding: chunked",
        "X: a\r\n Transfer-Encoding: chunked",
        "X: a\r\n\tTransfer-Encoding: chunked",
        "Transfer-Encoding:\r\n chunked",
        "X: a\rTransfer-Encoding: chunked",
        "X: a\0b",
        "X\0: a",
        ": a",
        "X y: a",
    ] {
        assert_refused(&answers(server.public, &post(fields, "0\r\n\r\n")).await, 400, fields);
    }
    let folded_first = "POST /echo HTTP/1.1\r\n Host: test\r\nContent-Length: 0\r\n\r\n";
    assert_refused(&answers(server.public, folded_first).await, 400, "space before the first field");
}

#[tokio::test]
async fn coding_beside_length_ends_the_connection() {
    let server = server().await;
    let body = "3\r\nabc\r\n0\r\n\r\n";
    for fields in [
        "Content-Length: 3\r\nTransfer-Encoding: chunked",
        "Transfer-Encoding: chunked\r\nContent-Length: 3",
        "Transfer-Encoding: chunked\r\nContent-Length: 500",
        "Content-Length: 500\r\nTransfer-Encoding: chunked",
        "Content-Length: 0\r\nTransfer-Encoding: chunked\r\nConnection: keep-alive",
        "Transfer-Encoding: chunked\r\nContent-Length: not a number",
    ] {
        let answers = answers(server.public, &post(fields, body)).await;
        let [answer] = &answers[..] else { panic!("{fields}: one answer, not {answers:?}") };
        assert_eq!((answer.status, answer.body.as_str()), (200, "abc"), "{fields}");
        assert_eq!(answer.header("connection"), Some("close"), "{fields}");
    }
}

#[tokio::test]
async fn a_malformed_chunk_ends_the_connection() {
    let server = server().await;
    for body in [
        "0x5\r\nhello\r\n0\r\n\r\n",
        "+5\r\nhello\r\n0\r\n\r\n",
        "-5\r\nhello\r\n0\r\n\r\n",
        " 5\r\nhello\r\n0\r\n\r\n",
        "\r\nhello\r\n0\r\n\r\n",
        "g\r\nhello\r\n0\r\n\r\n",
        "5\nhello\r\n0\r\n\r\n",
        "5\rhello\r\n0\r\n\r\n",
        "5;a\nhello\r\n0\r\n\r\n",
        "5 5\r\nhello\r\n0\r\n\r\n",
        "5\r\nhello0\r\n\r\n",
        "5\r\nhello\n0\r\n\r\n",
        "5\r\nhello world\r\n0\r\n\r\n",
        "10000000000000000\r\nhello\r\n0\r\n\r\n",
        "fffffffffffffffff\r\nhello\r\n0\r\n\r\n",
        "0\n\r\n",
        "0\r\nX a\r\n\r\n",
    ] {
        let request = post("Transfer-Encoding: chunked", body);
        let read = answers(server.public, &request).await;
        assert!(read.len() <= 1, "{body:?}: {read:?}");
        assert!(read.iter().all(|answer| answer.status == 400), "{body:?}: {read:?}");
        let unread = answers(server.public, &request.replace("/echo", "/unread")).await;
        assert!(unread.len() <= 1, "{body:?}: {unread:?}");
    }
    is_served(server.public).await;
}

#[tokio::test]
async fn a_coding_in_http_1_0_is_refused() {
    let server = server().await;
    let request = format!(
        "POST /echo HTTP/1.0\r\nHost: test\r\nConnection: keep-alive\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n{SMUGGLED}"
    );
    assert_refused(&answers(server.public, &request).await, 400, "HTTP/1.0 with a coding");
}

#[tokio::test]
async fn a_request_is_for_exactly_one_host() {
    let server = server().await;
    for fields in [
        "",
        "Host: a\r\nHost: b\r\n",
        "Host: a\r\nHost: a\r\n",
        "Host: a b\r\n",
        "Host: u@a\r\n",
        "Host: a/b\r\n",
        "Host: [:::::]\r\n",
        "Host: [1]\r\n",
        "Host: [.]\r\n",
        "Host: [::1\r\n",
        "Host: ::1\r\n",
        "Host: [::1]x\r\n",
        "Host: [::1%25eth0]\r\n",
        "Host: [::1.2.3]\r\n",
        "Host: [v1.a]\r\n",
        "Host: [127.0.0.1]\r\n",
        "Host: [1:2:3:4:5:6:7:8:9]\r\n",
        "Host: a:b\r\n",
        "Host: a:65536\r\n",
        "Host: a:99999\r\n",
        "Host: [::1]:65536\r\n",
        "Host: a:+80\r\n",
        "Host: a:80:80\r\n",
        "Host: :80\r\n",
        "Host: a\tb\r\n",
        "Host: a%zz\r\n",
        "Host: a\\b\r\n",
        "Host: a,b\r\n",
        "Host: a?b\r\n",
        "Host: a#b\r\n",
        "Host: \u{e4}.example\r\n",
        "Host: \u{ff41}\r\n",
        "Host: http://a\r\n",
    ] {
        for address in [server.public, server.admin] {
            for path in ["/", "/memory", "/readyz"] {
                let request = format!("GET {path} HTTP/1.1\r\n{fields}\r\n{SMUGGLED}");
                assert_refused(&answers(address, &request).await, 400, fields);
                let alone = format!("GET {path} HTTP/1.1\r\n{fields}\r\n");
                assert_refused(&answers(address, &alone).await, 400, fields);
            }
        }
    }
    for host in ["a", "a:", "a:65535", "a_b.c-d", "A.", "[::1]", "[::ffff:127.0.0.1]:80", "127.1", ""] {
        let mut client = Client::connect(server.public).await;
        client.send(&format!("GET /host HTTP/1.1\r\nHost: {host}\r\n\r\n")).await;
        assert_eq!(client.answer().await.body, host);
    }
    let old = answers(server.public, &format!("GET / HTTP/1.0\r\n\r\n{SMUGGLED}")).await;
    assert_eq!(old.iter().map(|answer| answer.status).collect::<Vec<_>>(), [200], "HTTP/1.0 has no Host");
}

/// RFC 9112, 2.2 allows a lone LF as the end of a line, and 6.3 the same length twice. Both have one reading only.
#[tokio::test]
async fn unambiguous_oddities_are_served() {
    let server = server().await;
    let mut client = Client::connect(server.public).await;
    for request in [
        "POST /echo HTTP/1.1\nHost: test\nContent-Length: 5\n\nhello",
        "POST /echo HTTP/1.1\r\nHost: test\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\nhello",
        "POST /echo HTTP/1.1\r\nHost: test\r\nContent-Length: 0005\r\n\r\nhello",
        "\r\n\r\nPOST /echo HTTP/1.1\r\nHost: test\r\nContent-Length: 5\r\n\r\nhello",
        "POST /echo HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: ChUnKeD\r\n\r\n5 ;a=b\r\nhello\r\n0\r\n\r\n",
        "POST /echo HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: chunked\r\n\r\n05\r\nhello\r\n000\r\n\r\n",
    ] {
        client.send(request).await;
        let answer = client.answer().await;
        assert_eq!((answer.status, answer.body.as_str()), (200, "hello"), "{request}");
        assert_eq!(client.get("/").await.body, "hello", "after {request}");
    }
}

#[tokio::test]
async fn a_trailer_becomes_no_field_of_the_request() {
    let server = server().await;
    let request = "POST /host HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: chunked\r\nTrailer: Host\r\n\r\n\
                   0\r\nHost: other\r\nContent-Length: 500\r\nTransfer-Encoding: gzip\r\n\r\n";
    assert_eq!(answers(server.public, request).await[0].body, "test");
}

/// hyper takes for a trailer what a server that goes by LF takes for the next request. There is one answer, and no
/// further request whose answer could be taken for another's.
#[tokio::test]
async fn trailer_ends_the_connection() {
    let server = server().await;
    for trailer in ["X: a\r\n\r\n", "\n", "X: a\n\n", "X: a\n\r\n", "X: a\n\r\n\r\n"] {
        for path in ["/echo", "/unread", "/streamed", "/nowhere"] {
            let request = post("Transfer-Encoding: chunked", &format!("0\r\n{trailer}"));
            let request = format!("{}{SMUGGLED}", request.replace("/echo", path));
            let answers = answers(server.public, &request).await;
            assert!(answers.len() <= 1, "{path} {trailer:?}: {answers:?}");
        }
    }
    is_served(server.public).await;
}

#[tokio::test]
async fn http_2_and_http_09_are_rejected() {
    let server = server().await;
    let preface = answers(server.public, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").await;
    assert!(preface.is_empty(), "{preface:?}");
    assert_refused(&answers(server.public, "GET /\r\n").await, 400, "HTTP/0.9");
    is_served(server.public).await;
}
