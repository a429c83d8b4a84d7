use std::pin::Pin;

use live_config::Secret;

use super::Unavailable;

/// What a source's step returns.
pub type Pending<'a> = Pin<Box<dyn Future<Output = Result<Secret, Unavailable>> + Send + 'a>>;

/// Makes credentials that end soon, in place of `DB_PASSWORD`. It is asked for each session, so that none is opened with
/// one that grew old; a session itself outlives the token it was opened with.
pub trait TokenSource: Send + Sync {
    /// A token that lets `user` in at `host` and `port`, for as long as it takes to open a session.
    ///
    /// # Errors
    /// None can be had.
    fn token<'a>(&'a self, host: &'a str, port: u16, user: &'a str) -> Pending<'a>;
}
