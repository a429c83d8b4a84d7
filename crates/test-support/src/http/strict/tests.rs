use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;

use super::Expected::{AnyBody, Body, Stream};
use super::{Expected, Kind, Load, Server, Tally};

const WHOLE: &str = "HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nbody";
const LAST: &str = "HTTP/1.1 200 OK\r\ncontent-length: 4\r\nconnection: close\r\n\r\nbody";
const CHUNKED: &str = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n4\r\nbody\r\n0\r\n\r\n";

#[tokio::test]
async fn anything_but_complete_good_answer_is_failure() {
    for (answer, expected, words) in [
        ("HTTP/1.1 503 No\r\ncontent-length: 0\r\n\r\n", Body("body"), "status 503"),
        ("HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nelse", Body("body"), "another body"),
        ("HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nbody", AnyBody, "end of file"),
        ("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n4\r\nbody\r\n", Stream, "unexpected EOF"),
        ("HTTP/1.1 200 OK\r\n", AnyBody, "closed before message completed"),
        ("", AnyBody, "closed before message completed"),
    ] {
        let tally = tally(&[&[answer]], expected).await;
        let [failure] = &tally.failures[..] else { panic!("{answer:?}: {tally}, {:?}", tally.failures) };
        assert!(failure.contains(words) && failure.starts_with("kind, after 0."), "{answer:?}: {failure}");
    }
}

#[tokio::test]
async fn a_reset_is_a_failure() {
    let tally = tally(&[&[RESET]], AnyBody).await;
    let [failure] = &tally.failures[..] else { panic!("{tally}, {:?}", tally.failures) };
    assert!(failure.contains("reset"), "{failure}");
}

#[tokio::test]
async fn kept_connection_counts_all_complete_answers() {
    let tally = tally(&[&[WHOLE, CHUNKED, LAST]], Body("body")).await;
    assert!(tally.answered("kind") >= 4, "{tally}");
    assert_eq!((tally.failures.len(), tally.told_to_close, tally.closed_idle), (0, 1, 0), "{tally}");
}

#[tokio::test]
async fn idle_connection_close_is_counted_not_failed() {
    let told = tally(&[&[WHOLE, LAST], &[WHOLE, LAST]], Body("body")).await;
    assert_eq!((told.failures.len(), told.told_to_close, told.closed_idle), (0, 2, 0), "{told}");

    let kind = Kind { pause: Duration::from_millis(100), ..kind(Body("body")) };
    let closed = tally_of(&[&[WHOLE], &[WHOLE]], kind).await;
    assert_eq!((closed.failures.len(), closed.told_to_close, closed.closed_idle), (0, 0, 2), "{closed}");
}

#[tokio::test]
async fn a_stream_that_ends_whole_is_an_answer() {
    let tally = tally(&[&[CHUNKED], &[CHUNKED]], Stream).await;
    assert!(tally.answered("kind") >= 2 && tally.failures.is_empty(), "{tally}: {:?}", tally.failures);
}

#[tokio::test]
async fn refused_connection_counts_as_failure() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let tally = Load::start(&Server::Tcp(address), &[kind(AnyBody)]).stop().await;
    assert!(tally.failures[0].contains("refused"), "{:?}", tally.failures);
}

#[tokio::test]
async fn a_named_server_is_asked_under_its_host() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let server = Server::Named { address, host: "shop.test".to_owned() };
    let load = Load::start(&server, &[kind(AnyBody)]);
    let (mut stream, _) = listener.accept().await.unwrap();
    let mut request = Vec::new();
    while !request.ends_with(b"\r\n\r\n") {
        stream.read_buf(&mut request).await.unwrap();
    }
    assert!(String::from_utf8(request).unwrap().contains("host: shop.test\r\n"));
    drop(load);
}

/// In place of an answer: the connection is reset.
const RESET: &str = "reset";

fn kind(expected: Expected) -> Kind {
    Kind { name: "kind", path: "/", expected, pause: Duration::ZERO, clients: 1 }
}

async fn tally(connections: &[&[&'static str]], expected: Expected) -> Tally {
    tally_of(connections, kind(expected)).await
}

/// Tally of one client of a server that gives these answers on its first connections, closing each after its last answer, and
/// whole answers without end on the next connection.
async fn tally_of(connections: &[&[&'static str]], kind: Kind) -> Tally {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let server = Server::Tcp(listener.local_addr().unwrap());
    let connections: Vec<_> = connections.iter().map(|answers| answers.to_vec()).collect();
    let (all_given, given) = oneshot::channel();
    let serving = tokio::spawn(async move {
        for answers in connections {
            let (stream, _) = listener.accept().await.unwrap();
            give(stream, answers.into_iter()).await;
        }
        let (stream, _) = listener.accept().await.unwrap();
        all_given.send(()).unwrap();
        give(stream, std::iter::repeat(WHOLE)).await;
        drop(listener);
    });
    let load = Load::start(&server, &[kind]);
    let is_given = tokio::time::timeout(Duration::from_secs(20), given).await;
    is_given.expect("the client comes back after each connection").unwrap();
    let tally = load.stop().await;
    serving.abort();
    tally
}

async fn give(mut stream: TcpStream, answers: impl Iterator<Item = &'static str>) {
    for answer in answers {
        let mut request = Vec::new();
        while !request.ends_with(b"\r\n\r\n") {
            if stream.read_buf(&mut request).await.unwrap_or(0) == 0 {
                return;
            }
        }
        if answer == RESET {
            // Closing for good at once, which is what a lingering time of zero means, resets.
            return stream.set_zero_linger().unwrap();
        }
        stream.write_all(answer.as_bytes()).await.unwrap();
    }
}
