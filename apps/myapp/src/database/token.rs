use std::pin::Pin;
use std::time::SystemTime;

use live_config::Secret;

use super::Unavailable;

/// What proves to the server who asks, for a while.
pub struct Token {
    /// Sent as the password.
    pub text: Secret,
    /// From then on the server refuses it.
    pub ends: SystemTime,
}

/// What a source's step returns.
pub type Pending<'a> = Pin<Box<dyn Future<Output = Result<Token, Unavailable>> + Send + 'a>>;

/// Makes credentials that end soon, in place of `DB_PASSWORD`.
pub trait TokenSource: Send + Sync {
    /// A token for `user` at `host` and `port` that still holds for long enough to open a session with it.
    ///
    /// # Errors
    /// None can be had.
    fn token<'a>(&'a self, host: &'a str, port: u16, user: &'a str) -> Pending<'a>;
}
