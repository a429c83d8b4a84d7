//! Clients of a Service that connect to its own address, so that no proxy between them and a pod retries their requests.

use std::net::SocketAddr;
use std::time::Duration;

use k8s_openapi::api::core::v1::Service;
use test_support::http::strict::{Connection, Expected, Kind, Load, Server};
use tokio::time::{sleep, timeout};

/// For a Service of a cluster on this machine to be reached: its rules follow the pods within a second or two.
const REACHABLE: Duration = Duration::from_secs(10);

const BETWEEN_TRIES: Duration = Duration::from_millis(20);

/// Clients that request `path`: without pause, seldom, and on connections that idle for long.
pub fn usual(path: &'static str) -> [Kind; 4] {
    [
        kind("without pause", path, 0, 2),
        kind("every 4 s", path, 4, 4),
        kind("every 11 s", path, 11, 4),
        kind("long idle", path, 29, 4),
    ]
}

/// Clients with a common name that request `path`, each with a pause of `seconds` after an answer.
pub fn kind(name: &'static str, path: &'static str, seconds: u64, clients: usize) -> Kind {
    Kind { name, path, expected: Expected::AnyBody, pause: Duration::from_secs(seconds), clients }
}

/// Starts clients once the server answers the first of them. None where the cluster's addresses lead nowhere from this machine, as
/// those of a cluster in containers or a virtual machine.
pub async fn start(server: &Server, kinds: &[Kind]) -> Option<Load> {
    let path = kinds.first()?.path;
    // Not only connected to: where the cluster has no rule for the address yet, a network outside may answer in its place.
    let reached = async {
        while !answers(server, path).await {
            sleep(BETWEEN_TRIES).await;
        }
    };
    timeout(REACHABLE, reached).await.ok()?;
    Some(Load::start(server, kinds))
}

/// A Service by the address that the cluster gave it.
pub fn server(service: &Service) -> Option<Server> {
    address(service).map(Server::Tcp)
}

async fn answers(server: &Server, path: &str) -> bool {
    match Connection::open(server).await {
        Ok(mut connection) => connection.get(path).await.is_ok(),
        Err(_) => false,
    }
}

fn address(service: &Service) -> Option<SocketAddr> {
    let spec = service.spec.as_ref()?;
    let port = spec.ports.as_ref()?.first()?.port;
    Some(SocketAddr::new(spec.cluster_ip.as_ref()?.parse().ok()?, u16::try_from(port).ok()?))
}
