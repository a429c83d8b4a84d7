use std::fmt;
use std::pin::Pin;

use live_config::Secret;

/// Future returned by a token source.
pub type Pending<'a> = Pin<Box<dyn Future<Output = Result<Secret, NoToken>> + Send + 'a>>;

/// Creates short-lived credentials in place of a password. The source is called for each new session, so that no session is
/// opened with an expired token; an open session outlives its token.
pub trait TokenSource: Send + Sync {
    /// Creates a token that authenticates `user`, valid for as long as it takes to open a session.
    ///
    /// # Errors
    /// No token is available.
    fn token<'a>(&'a self, audience: Audience<'a>, user: &'a str) -> Pending<'a>;
}

/// The server that accepts a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Audience<'a> {
    /// An RDS database, identified by its address.
    Database {
        /// Host name as in the URL.
        host: &'a str,
        /// Port of the server.
        port: u16,
    },
    /// An ElastiCache cache, identified by the name of its replication group.
    Cache {
        /// Name in lower case.
        name: &'a str,
    },
}

/// No token can be created.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoToken;

impl NoToken {
    /// Reason code in metrics and responses.
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
