//! A light, bounded load of requests on a Service that records every failure.
//!
//! The load goes through the API server's proxy, which picks among the endpoints and holds connections to them open, as a load
//! balancer does; so it reaches the Service of any cluster, and no request leaves this machine when the cluster is on it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime};

use humantime::format_rfc3339_millis;
use kube::Client;
use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval, timeout};

use super::wait::DEADLINE;

const CLIENTS: usize = 4;
/// Each client's pace; together 200 requests a second.
const PACE: Duration = Duration::from_millis(20);
/// Limit of requests for each client.
const MAX_REQUESTS: usize = 6_000;
/// Longer than any answer of a healthy service takes, and shorter than a user would wait.
const PATIENCE: Duration = Duration::from_secs(5);

/// Results of the requests.
#[derive(Debug, Default)]
pub struct Tally {
    pub answered: usize,
    /// Time and reason of each request that was not answered with a success; the time can be looked up in the logs.
    pub failures: Vec<String>,
}

/// Clients at work.
pub struct Load {
    stop: Arc<AtomicBool>,
    clients: JoinSet<Tally>,
}

impl Load {
    /// Starts to request a path of the API server after its first successful answer: the server takes a moment to know the
    /// endpoints of a new Service.
    pub async fn start(client: &Client, uri: &str) -> Self {
        let mut pace = interval(PACE);
        let answered = async {
            while ask(client, uri).await.is_err() {
                pace.tick().await;
            }
        };
        let in_time = timeout(DEADLINE, answered).await;
        in_time.unwrap_or_else(|_| panic!("{uri} has not answered once in {} s", DEADLINE.as_secs()));
        let stop = Arc::new(AtomicBool::new(false));
        let clients = (0..CLIENTS).map(|_| run(client.clone(), uri.to_owned(), Arc::clone(&stop))).collect();
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

async fn run(client: Client, uri: String, stop: Arc<AtomicBool>) -> Tally {
    let mut pace = interval(PACE);
    pace.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut tally = Tally::default();
    for _ in 0..MAX_REQUESTS {
        pace.tick().await;
        if stop.load(Ordering::Relaxed) {
            break;
        }
        let asked = SystemTime::now();
        let outcome = timeout(PATIENCE, ask(&client, &uri)).await;
        let outcome = outcome.unwrap_or_else(|_| Err(format!("no answer within {} s", PATIENCE.as_secs())));
        match outcome {
            Ok(()) => tally.answered += 1,
            Err(reason) => tally.failures.push(format!("{}: {reason}", format_rfc3339_millis(asked))),
        }
    }
    tally
}

async fn ask(client: &Client, uri: &str) -> Result<(), String> {
    let request = http::Request::get(uri).body(Vec::new()).map_err(|error| error.to_string())?;
    client.request_text(request).await.map(drop).map_err(|error| error.to_string())
}
