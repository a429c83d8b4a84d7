//! Attacks of clients, each beside a healthy client that must still be served.

mod bodies;
mod child;
mod floods;
mod half_open;
mod refusals;
mod slow;
mod smuggling;
mod soak;
mod targets;

use std::net::SocketAddr;

use chassis::LimitArgs;
use test_support::http::raw::{Answer, Client, get};

use crate::harness::{Server, at_once};

async fn server() -> Server {
    Server::start(at_once(), LimitArgs::default()).await
}

/// Sends `bytes` on a connection of their own and returns every answer until the server has closed it.
async fn answers(address: SocketAddr, bytes: &str) -> Vec<Answer> {
    let mut client = Client::connect(address).await;
    client.send(bytes).await;
    client.answers(bytes).await
}

async fn is_served(address: SocketAddr) {
    assert_eq!(get(address, "/").await.status, 200, "a healthy client beside the offender");
}

/// The one answer of a refusal: a complete problem document, after which the connection is closed.
fn assert_refused(answers: &[Answer], status: u16, what: &str) {
    let [answer] = answers else { panic!("{what}: one answer, not {answers:?}") };
    assert_eq!(answer.status, status, "{what}");
    assert_eq!(answer.header("content-type"), Some("application/problem+json"), "{what}");
    assert_eq!(answer.header("connection"), Some("close"), "{what}");
    let id = answer.header("x-request-id").expect("every answer has an id");
    assert!(answer.body.contains(&format!("\"status\":{status},")), "{what}: {}", answer.body);
    assert!(answer.body.contains(&format!("\"request_id\":\"{id}\"")), "{what}: {}", answer.body);
}
