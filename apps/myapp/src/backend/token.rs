use std::fmt;
use std::pin::Pin;

use live_config::Secret;

/// What a source's step returns.
pub type Pending<'a> = Pin<Box<dyn Future<Output = Result<Secret, NoToken>> + Send + 'a>>;

/// Makes credentials that end soon, in place of a password. It is asked for each session, so that none is opened with one
/// that grew old; a session itself outlives the token it was opened with.
pub trait TokenSource: Send + Sync {
    /// A token that lets `user` in, for as long as it takes to open a session.
    ///
    /// # Errors
    /// None can be had.
    fn token<'a>(&'a self, audience: Audience<'a>, user: &'a str) -> Pending<'a>;
}

/// Who takes a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Audience<'a> {
    /// A database of RDS, by its address.
    Database {
        /// As the URL names it.
        host: &'a str,
        /// The server's.
        port: u16,
    },
    /// A cache of ElastiCache, by the name of its replication group.
    Cache {
        /// In lower case.
        name: &'a str,
    },
}

/// No token can be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoToken;

impl NoToken {
    /// As metrics and answers have it.
    pub(crate) const CODE: &'static str = "pod_identity";
    pub(crate) const SENTENCE: &'static str =
        "the agent of EKS Pod Identity gives no credentials to make a token with";
}

impl fmt::Display for NoToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(Self::SENTENCE)
    }
}

impl std::error::Error for NoToken {}
