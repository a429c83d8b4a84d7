//! Time limits of sessions and of work on them.

use std::time::Duration;

/// Time limit for opening a session.
pub(super) const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// Time limit for the wait for a session.
pub(super) const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(5);
/// Time limit for one statement, enforced by the server.
pub(super) const STATEMENT_TIMEOUT: Duration = Duration::from_secs(5);
/// Time limit for one unit of work on a session. Longer than a statement's, so that the server ends the statement first: a
/// session that is silent for longer has lost its server.
pub const MAX_WORK_TIME: Duration = Duration::from_secs(6);
/// Time limit for a check of a server. A little longer than the caller waits for a check, so that its failure is a timeout for
/// the caller, and the other sessions are tested right after it.
pub(super) const CHECK_TIMEOUT: Duration = Duration::from_millis(2500);
/// Time after which an idle session is closed.
pub(super) const MAX_IDLE_TIME: Duration = Duration::from_secs(300);
/// Age at which a session is replaced: its host name may resolve to another server by then.
pub(super) const MAX_SESSION_AGE: Duration = Duration::from_secs(30 * 60);
/// Time limit for closing all sessions.
pub(super) const CLOSE_TIMEOUT: Duration = Duration::from_secs(2);
