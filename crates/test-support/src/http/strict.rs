//! HTTP clients for tests of a server's stop: they never retry, and count every failure.
//!
//! A reset, a body that ends too early, any status but 200 and silence are all failures. A connection that the server closes
//! between two requests is no failure, since no request was lost with it; it is counted, so that a test can rule it out.

mod connection;
mod load;
mod tally;
#[cfg(test)]
mod tests;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

pub use connection::{Connection, Failure};
pub use load::Load;
pub use tally::Tally;

/// Target of a client's connections.
#[derive(Clone, Debug)]
pub enum Server {
    /// A socket in the file system.
    Unix(PathBuf),
    /// An address.
    Tcp(SocketAddr),
    /// An address behind which a proxy picks the service by the request's `Host`.
    Named {
        /// Address of the proxy.
        address: SocketAddr,
        /// Value of the header `Host`.
        host: String,
    },
}

impl Server {
    /// Value of the header `Host`.
    fn host(&self) -> &str {
        match self {
            Self::Unix(_) | Self::Tcp(_) => "test",
            Self::Named { host, .. } => host,
        }
    }
}

/// Clients that do the same.
#[derive(Clone, Copy, Debug)]
pub struct Kind {
    /// Name in the [`Tally`].
    pub name: &'static str,
    /// Path and query of each request.
    pub path: &'static str,
    /// Definition of a whole answer.
    pub expected: Expected,
    /// Pause between an answer and the next request.
    pub pause: Duration,
    /// Number of clients, each with a connection of its own.
    pub clients: usize,
}

/// Definition of a whole answer, besides status 200.
#[derive(Clone, Copy, Debug)]
pub enum Expected {
    /// This body.
    Body(&'static str),
    /// Any body that comes to its end.
    AnyBody,
    /// A body that continues until the server stops and is complete then; the next one is requested on a new connection.
    Stream,
}
