//! The query of every replica over its admin listener.

use std::collections::BTreeSet;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use http::{HeaderMap, Request, StatusCode};
use http_body_util::{BodyExt as _, Empty, Limited};
use hyper::body::Bytes;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use thiserror::Error;
use tokio::net::{TcpStream, lookup_host};
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::replica::Digests;

/// Time limit for a replica's answer; after it the replica counts as not answering.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(5);
/// Replicas that are queried at a time: each one costs a file descriptor and an answer in memory.
const MAX_CONCURRENT: usize = 128;
const MAX_RESPONSE_BYTES: usize = 64 * 1024;
/// Limit of all answers together, many times what a thousand replicas say.
const MAX_TOTAL_BYTES: usize = 16 * 1024 * 1024;

/// The address of a replica, and its answer.
pub type Answer = (SocketAddr, Result<Digests, QueryError>);

/// The reason why a replica gave no answer.
#[derive(Debug, Error)]
pub enum QueryError {
    /// No answer within the time limit.
    #[error("no answer within {} s", REQUEST_TIMEOUT.as_secs())]
    Silent,
    /// No connection.
    #[error("cannot be reached: {0}")]
    Unreachable(#[from] io::Error),
    /// An answer that is no HTTP.
    #[error("does not speak HTTP: {0}")]
    Protocol(#[from] hyper::Error),
    /// An answer other than 200.
    #[error("answered {0}")]
    Status(StatusCode),
    /// An answer that holds no digests.
    #[error("gave no digests: {0}")]
    Content(Box<dyn std::error::Error + Send + Sync>),
    /// An answer beyond the limit of all answers.
    #[error("its answer is left out: all answers together have more than {} MiB", MAX_TOTAL_BYTES >> 20)]
    Excess,
}

/// Queries all replicas that `peers` (HOST:PORT) resolves to; sorted by address. At most 128 are queried at a time, and at most 16 MiB
/// of answers are kept. Each request has `headers`, such as the context of the caller's trace.
///
/// # Errors
/// The name does not resolve.
pub async fn query_all(peers: &str, headers: &HeaderMap) -> io::Result<Vec<Answer>> {
    query_each(of_one_family(lookup_host(peers).await?), headers).await
}

async fn query_each(replicas: BTreeSet<SocketAddr>, headers: &HeaderMap) -> io::Result<Vec<Answer>> {
    let mut waiting = replicas.into_iter();
    let mut asking = JoinSet::new();
    let ask = |asking: &mut JoinSet<_>, replica: SocketAddr| {
        let headers = headers.clone();
        asking.spawn(async move {
            let answer =
                timeout(REQUEST_TIMEOUT, query(replica, headers)).await.unwrap_or(Err(QueryError::Silent));
            (replica, answer)
        });
    };
    waiting.by_ref().take(MAX_CONCURRENT).for_each(|replica| ask(&mut asking, replica));
    let mut answers = Vec::new();
    let mut n_left = MAX_TOTAL_BYTES;
    while let Some(ended) = asking.join_next().await {
        let (replica, answer) = ended?;
        answers.push((replica, answer.and_then(|answer| keep(answer, &mut n_left))));
        if let Some(replica) = waiting.next() {
            ask(&mut asking, replica);
        }
    }
    answers.sort_by_key(|(replica, _)| *replica);
    Ok(answers)
}

/// Returns the digests if they are within the limit of all answers, of which `n_left` bytes are left.
fn keep((digests, n_bytes): (Digests, usize), n_left: &mut usize) -> Result<Digests, QueryError> {
    *n_left = n_left.checked_sub(n_bytes).ok_or(QueryError::Excess)?;
    Ok(digests)
}

/// Returns each replica once: behind a dual-stack Service every pod has an address of each family.
fn of_one_family(addresses: impl Iterator<Item = SocketAddr>) -> BTreeSet<SocketAddr> {
    let (ipv4, ipv6): (BTreeSet<_>, BTreeSet<_>) = addresses.partition(SocketAddr::is_ipv4);
    if ipv4.is_empty() { ipv6 } else { ipv4 }
}

/// Returns the digests of a replica, with the length of its answer in bytes.
async fn query(replica: SocketAddr, headers: HeaderMap) -> Result<(Digests, usize), QueryError> {
    let stream = TcpStream::connect(replica).await?;
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    let connection = tokio::spawn(connection);
    let request = Request::get("/digests").header("host", host_of(replica)).body(Empty::<Bytes>::new());
    let mut request = request.map_err(|error| QueryError::Content(error.into()))?;
    request.headers_mut().extend(headers);
    let response = sender.send_request(request).await?;
    if response.status() != StatusCode::OK {
        return Err(QueryError::Status(response.status()));
    }
    let body = Limited::new(response.into_body(), MAX_RESPONSE_BYTES)
        .collect()
        .await
        .map_err(QueryError::Content)?;
    connection.abort();
    let body = body.to_bytes();
    let digests = serde_json::from_slice(&body).map_err(|error| QueryError::Content(error.into()))?;
    Ok((digests, body.len()))
}

/// Formats the address for the `Host` header: without the zone of a link-local address, which is local to this machine.
fn host_of(replica: SocketAddr) -> String {
    SocketAddr::new(replica.ip(), replica.port()).to_string()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpListener;
    use tokio::sync::watch;

    use super::*;
    use crate::replica::tests::digests;

    /// A replica that answers once as many queries wait as `full` says, or all are there. Counts open queries and their maximum.
    async fn replica(
        listener: TcpListener,
        open: Arc<[AtomicUsize; 2]>,
        full: watch::Sender<bool>,
        seal: String,
    ) {
        let (mut stream, _) = listener.accept().await.unwrap();
        let n_open = open[0].fetch_add(1, Ordering::SeqCst) + 1;
        open[1].fetch_max(n_open, Ordering::SeqCst);
        full.send_if_modified(|full| {
            !*full && {
                *full = n_open >= MAX_CONCURRENT;
                *full
            }
        });
        full.subscribe().wait_for(|full| *full).await.unwrap();
        let n_read = stream.read(&mut [0; 1024]).await.unwrap();
        assert!(n_read > 0);
        let body = serde_json::to_string(&digests(&seal, "matches")).unwrap();
        let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", body.len());
        open[0].fetch_sub(1, Ordering::SeqCst);
        stream.write_all(format!("{head}{body}").as_bytes()).await.unwrap();
    }

    #[tokio::test]
    async fn queries_at_a_time_are_bounded() {
        const N: usize = 300;
        let open = Arc::new([const { AtomicUsize::new(0) }; 2]);
        let full = watch::Sender::new(false);
        let mut replicas = BTreeSet::new();
        let mut serving = JoinSet::new();
        for n in 0..N {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            replicas.insert(listener.local_addr().unwrap());
            serving.spawn(replica(listener, open.clone(), full.clone(), n.to_string()));
        }
        let answers = query_each(replicas.clone(), &HeaderMap::new()).await.unwrap();
        assert!(answers.iter().map(|(replica, _)| replica).eq(&replicas), "each once, in order");
        let seals: BTreeSet<_> =
            answers.into_iter().map(|(_, answer)| answer.unwrap().running.unwrap()).collect();
        assert_eq!(seals.len(), N);
        assert_eq!(open[1].load(Ordering::SeqCst), MAX_CONCURRENT);
    }

    #[test]
    fn pod_with_two_families_is_one_replica() {
        let of = |addresses: &[&str]| -> Vec<String> {
            let addresses = addresses.iter().map(|address| address.parse().unwrap());
            of_one_family(addresses).iter().map(ToString::to_string).collect()
        };
        assert_eq!(of(&["[fd00::2]:9090", "10.0.0.2:9090", "[fd00::3]:9090"]), ["10.0.0.2:9090"]);
        assert_eq!(of(&["[fd00::3]:9090", "[fd00::2]:9090"]), ["[fd00::2]:9090", "[fd00::3]:9090"]);
    }

    #[test]
    fn answers_beyond_the_total_are_left_out() {
        let mut n_left = 10;
        let mut keep = |n_bytes| keep((digests("a", "matches"), n_bytes), &mut n_left).is_ok();
        assert!(keep(6) && !keep(5) && keep(4) && !keep(1));
    }
}
