use chassis::LimitArgs;
use test_support::http::raw::{Answer, Client, get};

use crate::harness::{INTERNALS, Server, at_once};

async fn server() -> Server {
    Server::start(at_once(), LimitArgs::default()).await
}

/// The document without its request id, which must be the one of the header.
fn document(answer: &Answer) -> String {
    assert_eq!(answer.header("content-type"), Some("application/problem+json"));
    let id = answer.header("x-request-id").expect("every answer has an id");
    let id_field = format!(",\"request_id\":\"{id}\"");
    assert!(answer.body.contains(&id_field), "{}", answer.body);
    answer.body.replace(&id_field, "")
}

#[tokio::test]
async fn an_unknown_path_is_a_problem() {
    let answer = get(server().await.public, "/nowhere").await;
    assert_eq!(answer.status, 404);
    assert_eq!(document(&answer), "{\"type\":\"about:blank\",\"title\":\"Not Found\",\"status\":404}\n");
}

#[tokio::test]
async fn wrong_method_is_a_problem_with_allow() {
    let mut client = Client::connect(server().await.public).await;
    client.send("DELETE / HTTP/1.1\r\nHost: test\r\n\r\n").await;
    let answer = client.answer().await;
    assert_eq!((answer.status, answer.header("allow")), (405, Some("GET,HEAD")));
    assert_eq!(
        document(&answer),
        "{\"type\":\"about:blank\",\"title\":\"Method Not Allowed\",\"status\":405}\n"
    );
}

#[tokio::test]
async fn client_problem_says_what_to_change() {
    let answer = get(server().await.public, "/wrong").await;
    assert_eq!(answer.status, 409);
    assert!(document(&answer).contains("\"detail\":\"say something else\""), "{}", answer.body);
}

#[tokio::test]
async fn server_problem_hides_internals() {
    let server = server().await;
    for path in ["/broken", "/broken-text", "/panic"] {
        let answer = get(server.public, path).await;
        assert!(answer.status >= 500, "{path}");
        assert!(!document(&answer).contains(INTERNALS), "{path}: {}", answer.body);
        assert!(!answer.body.contains("detail"), "{path}: {}", answer.body);
    }
}

#[tokio::test]
async fn panic_ends_neither_connection_nor_server() {
    let server = server().await;
    let mut client = Client::connect(server.public).await;
    assert_eq!(client.get("/panic").await.status, 500);
    assert_eq!(client.get("/").await.status, 200);
    assert_eq!(get(server.public, "/").await.status, 200);
    assert_eq!(get(server.admin, "/livez").await.status, 200);
}

#[tokio::test]
async fn every_response_has_its_own_request_id() {
    let server = server().await;
    let mut seen = Vec::new();
    for path in ["/", "/", "/nowhere", "/panic", "/readyz"] {
        let answer = get(server.public, path).await;
        let id = answer.header("x-request-id").expect("an id").to_owned();
        assert!(id.len() == 32 && id.bytes().all(|byte| byte.is_ascii_hexdigit()), "{id}");
        assert!(!seen.contains(&id));
        seen.push(id);
    }
}

#[tokio::test]
async fn valid_id_of_the_client_is_retained() {
    let server = server().await;
    let longest = "x".repeat(64);
    let too_long = "x".repeat(65);
    let cases = [
        ("Az09._-", true),
        (longest.as_str(), true),
        (too_long.as_str(), false),
        ("", false),
        ("a b", false),
        ("a\"b", false),
        ("ä", false),
    ];
    for (sent, kept) in cases {
        let mut client = Client::connect(server.public).await;
        client.send(&format!("GET / HTTP/1.1\r\nHost: test\r\nX-Request-Id: {sent}\r\n\r\n")).await;
        let answer = client.answer().await;
        assert_eq!(answer.header("x-request-id") == Some(sent), kept, "{sent:?}");
    }
}
