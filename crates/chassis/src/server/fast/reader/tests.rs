use std::future::poll_fn;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::task::Poll;

use axum::body::Bytes;
use http::StatusCode;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};
use tokio::sync::watch;

use super::{FastPathReader, ReadOutcome};
use crate::limits::LimitArgs;
use crate::response::StaticResponse;
use crate::server::connection::tracker::ConnectionState;
use crate::server::drain::stage::Stage;
use crate::server::fast::path::{FastPath, FastResponse, FastRoutes};
use crate::server::fast::record::FastListener;
use crate::server::http::requests::Requests;
use crate::server::listener::ListenerState;
use crate::server::record::reasons::CloseReason;
use crate::server::record::request::RequestRecorder;
use crate::telemetry::Telemetry;

const REQUEST: &[u8] = b"GET /memory HTTP/1.1\r\nHost: test\r\n\r\n";

struct Memory;

impl FastPath for Memory {
    fn get(&mut self, path: &str) -> Option<FastResponse> {
        let response =
            StaticResponse { status: StatusCode::OK, headers: &[], body: Bytes::from_static(b"body") };
        (path == "/memory").then_some(FastResponse { route: 0, response })
    }
}

/// A reader that has received a request, with space for a few bytes on their way to its client; and its state.
fn reader(
    space: usize,
    stage: &watch::Sender<Stage>,
) -> (FastPathReader<DuplexStream>, DuplexStream, Arc<ConnectionState>) {
    let (server, client) = duplex(space);
    let routes = FastRoutes { routes: vec!["/memory"], make: Box::new(|| Box::new(Memory)) };
    let telemetry = Telemetry::silent().expect("a thread can be started");
    let recorder = Arc::new(RequestRecorder::new("public", telemetry));
    let fast = Some(FastListener::new(routes, recorder));
    let listener = Arc::new(ListenerState { fast, ..ListenerState::silent() });
    let state = Arc::new(ConnectionState::new());
    let peer = SocketAddr::from((Ipv4Addr::LOCALHOST, 1));
    let requests = Requests::new(listener, Arc::clone(&state), stage.subscribe(), peer);
    (FastPathReader::new(server, requests, Bytes::from_static(REQUEST)), client, state)
}

#[tokio::test]
async fn slow_client_gets_the_whole_response() {
    let stage = watch::Sender::new(Stage::Serving);
    let (mut reader, mut client, state) = reader(7, &stage);
    let waits = poll_fn(|cx| Poll::Ready(reader.poll(cx).is_pending())).await;
    assert!(waits && state.has_request(), "most of the response waits for its client");
    let (_, reason) = state.deadline(&LimitArgs::default()).expect("a deadline");
    assert_eq!(reason, CloseReason::WriteStall);

    reader.shut_down();
    let serve = async {
        assert!(matches!(poll_fn(|cx| reader.poll(cx)).await, ReadOutcome::Ended));
        drop(reader);
    };
    let mut text = String::new();
    let read = async { client.read_to_string(&mut text).await.expect("text") };
    tokio::join!(serve, read);
    assert!(text.starts_with("HTTP/1.1 200 OK\r\n") && text.ends_with("\r\n\r\nbody"), "{text}");
    assert!(state.is_at_rest());
}

#[tokio::test]
async fn other_requests_are_left_to_hyper_unchanged() {
    let stage = watch::Sender::new(Stage::Serving);
    let (mut reader, mut client, _) = reader(1024, &stage);
    let mut head = [0; 15];
    let read = async {
        client.read_exact(&mut head).await.expect("the response to the request before");
        client.write_all(b"GET /other HTTP").await.expect("space");
    };
    let outcome = tokio::join!(poll_fn(|cx| reader.poll(cx)), read).0;
    assert!(matches!(outcome, ReadOutcome::ForHyper(bytes) if bytes == "GET /other HTTP"));
}
