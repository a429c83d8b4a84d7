//! Requests that the protocol layer refuses are answered, counted and logged like all others.

use super::{answers, assert_refused, child::ChildServer, is_served, server};

#[tokio::test]
async fn unparsable_request_gets_a_counted_problem() {
    let server = server().await;
    for request in [
        "\u{16}\u{3}\u{1}\0\u{5}hello\r\n\r\n",
        "GET / HTTP/1.1\r\nno colon\r\n\r\n",
        "GET / HTTP/9.9\r\n\r\n",
        "GET /\r\n\r\n",
        "GET /a b HTTP/1.1\r\n\r\n",
        "G@T / HTTP/1.1\r\nHost: test\r\n\r\n",
    ] {
        assert_refused(&answers(server.public, request).await, 400, request);
    }
    is_served(server.public).await;
    assert_eq!(server.stop().await.requests_refused, 6);
}

#[tokio::test]
async fn rejection_leaves_earlier_responses_whole() {
    let server = server().await;
    let good = "POST /echo HTTP/1.1\r\nHost: test\r\nContent-Length: 5\r\n\r\nhello";
    let answers = answers(server.public, &format!("{good}{good}{good}\0\r\n\r\n")).await;
    let (refused, served) = answers.split_last().expect("answers");
    assert_eq!(served.len(), 3);
    assert!(served.iter().all(|answer| (answer.status, answer.body.as_str()) == (200, "hello")));
    assert_refused(std::slice::from_ref(refused), 400, "the last");
}

#[tokio::test]
async fn rejection_reaches_a_sending_client() {
    let server = server().await;
    let flood = "x".repeat(4 << 20);
    let header = format!("GET / HTTP/1.1\r\nHost: test\r\nX: {flood}");
    assert_refused(&answers(server.public, &header).await, 431, "a header of 4 MiB");
    let no_host = format!("GET / HTTP/1.1\r\n\r\n{flood}");
    assert_refused(&answers(server.public, &no_host).await, 400, "4 MiB after no host");
}

#[tokio::test]
async fn rejection_is_logged_without_client_data() {
    let server = ChildServer::start("").await;
    let marked = "GET / HTTP/1.1\r\nHost: test\r\nmarked-by-client\r\n\r\n";
    let refused = answers(server.public, marked).await;
    assert_refused(&refused, 400, marked);
    let id = refused[0].header("x-request-id").unwrap();
    server.logs(&["request refused", "\"reason\":\"bad_request\"", "\"status\":400", id]).await;
    let connect = "CONNECT marked-by-client:443 HTTP/1.1\r\nHost: marked-by-client:443\r\n\r\n";
    assert_refused(&answers(server.public, connect).await, 405, connect);
    server.logs(&["request refused", "\"reason\":\"connect\""]).await;
    let lines = server.stop();
    assert_eq!(lines.iter().filter(|line| line.contains("request refused")).count(), 2, "{lines:#?}");
    assert!(!lines.iter().any(|line| line.contains("marked-by-client")), "{lines:#?}");
}
