//! Order in which a full listener evicts its connections.

use tokio::time::Instant;

/// Rank of a connection that may be evicted; the lowest is evicted first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum EvictionRank {
    /// Between two requests, or before the first.
    Idle,
    /// The last response is sent, and the client still sends.
    Lingering,
    /// Within a request header.
    Header,
    /// The client reads nothing of a response.
    Stalled,
}

/// Rank, and the time since which the connection has had it.
pub(crate) type Evictable = (EvictionRank, Instant);
