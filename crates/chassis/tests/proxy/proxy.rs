//! Interface of a proxy for the tests.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use test_support::http::strict::{Connection, Server};
use test_support::wait::until_async;
use tokio::process::{Child, Command};

use crate::process::DEADLINE;

/// A proxy in front of two servers, without retries and health checks.
///
/// It ends with its value.
pub(crate) trait Proxy: Sized {
    const NAME: &str;
    /// True if the proxy owns its clients' connections, so that a stop behind it never closes one.
    const KEEPS_CLIENTS: bool;

    /// Starts the proxy with its files in `folder`, in front of the servers at these addresses.
    async fn start(folder: &Path, servers: [SocketAddr; 2]) -> Self;

    /// Sends nothing new to a server (0 or 1) from now on; what is under way goes on.
    async fn leave_out(&self, server: usize);

    /// Sends requests to it again.
    async fn take_back(&self, server: usize);
}

/// The socket on which a proxy with this folder serves. No port: none can be reserved for it.
pub(crate) fn front(folder: &Path) -> PathBuf {
    folder.join("front")
}

/// Writes the configuration, starts the program on it, and waits until it serves.
pub(crate) async fn run(program: &str, arguments: &[&str], folder: &Path, configuration: &str) -> Child {
    let file = folder.join("configuration");
    std::fs::write(&file, configuration).expect("the folder can be written");
    let mut child = Command::new(program)
        .args(arguments)
        .arg(&file)
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .unwrap_or_else(|error| panic!("{program}: {error}"));
    let server = Server::Unix(front(folder));
    let refusal = async || Connection::open(&server).await.err();
    tokio::select! {
        _ = until_async(DEADLINE, program, refusal, Option::is_none) => child,
        ended = child.wait() => panic!("{program} ended at once: {ended:?}"),
    }
}
