//! A light, bounded load of requests, each on a connection of its own, that remembers every failure.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use http_body_util::{BodyExt as _, Empty};
use hyper::body::Bytes;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval, timeout};

use super::wait::DEADLINE;

const CLIENTS: usize = 4;
/// Each client's pace; together 200 requests a second.
const PACE: Duration = Duration::from_millis(20);
/// Whatever happens, a client ends after so many.
const MOST_REQUESTS: usize = 6_000;
/// Longer than any answer of a healthy service takes, shorter than what a user would call an answer.
const PATIENCE: Duration = Duration::from_secs(5);

/// What became of the requests.
#[derive(Debug, Default)]
pub struct Tally {
    pub answered: usize,
    /// Why, for each request that was not answered with 200.
    pub failures: Vec<String>,
}

/// Clients at work.
pub struct Load {
    stop: Arc<AtomicBool>,
    clients: JoinSet<Tally>,
}

impl Load {
    /// Starts to ask for `path` once it is answered for the first time: a node takes a moment to open a new port.
    pub async fn start(target: SocketAddr, path: &'static str) -> Self {
        let mut pace = interval(PACE);
        let answered = async {
            while ask(target, path).await.is_err() {
                pace.tick().await;
            }
        };
        let in_time = timeout(DEADLINE, answered).await;
        in_time.unwrap_or_else(|_| panic!("{target} has not answered once in {} s", DEADLINE.as_secs()));
        let stop = Arc::new(AtomicBool::new(false));
        let clients = (0..CLIENTS).map(|_| run(target, path, Arc::clone(&stop))).collect();
        Self { stop, clients }
    }

    /// Lets each client finish its request.
    pub async fn stop(self) -> Tally {
        self.stop.store(true, Ordering::Relaxed);
        let tallies = self.clients.join_all().await;
        tallies.into_iter().fold(Tally::default(), |mut sum, tally| {
            sum.answered += tally.answered;
            sum.failures.extend(tally.failures);
            sum
        })
    }
}

async fn run(target: SocketAddr, path: &'static str, stop: Arc<AtomicBool>) -> Tally {
    let mut pace = interval(PACE);
    pace.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut tally = Tally::default();
    for _ in 0..MOST_REQUESTS {
        pace.tick().await;
        if stop.load(Ordering::Relaxed) {
            break;
        }
        match timeout(PATIENCE, ask(target, path)).await {
            Ok(Ok(())) => tally.answered += 1,
            Ok(Err(reason)) => tally.failures.push(reason),
            Err(_) => tally.failures.push(format!("no answer within {} s", PATIENCE.as_secs())),
        }
    }
    tally
}

async fn ask(target: SocketAddr, path: &str) -> Result<(), String> {
    let stream = TcpStream::connect(target).await.map_err(|error| format!("connecting: {error}"))?;
    let handshake = http1::handshake(TokioIo::new(stream)).await;
    let (mut sender, connection) = handshake.map_err(|error| format!("handshake: {error}"))?;
    let connection = tokio::spawn(connection);
    let request = http::Request::get(path).header("host", target.to_string()).body(Empty::<Bytes>::new());
    let request = request.map_err(|error| format!("request: {error}"))?;
    let response = sender.send_request(request).await.map_err(|error| format!("sending: {error}"))?;
    let status = response.status();
    response.into_body().collect().await.map_err(|error| format!("reading: {error}"))?;
    connection.abort();
    if status == http::StatusCode::OK { Ok(()) } else { Err(format!("answered {status}")) }
}
