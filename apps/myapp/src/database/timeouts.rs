//! Time limits of sessions and of work on them.

use std::time::Duration;

/// Longest time to open a session in.
pub(super) const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// Longest time to wait for a session in.
pub(super) const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(5);
/// Longest time one statement may take, as told to the server.
pub(super) const STATEMENT_TIMEOUT: Duration = Duration::from_secs(5);
/// Longest time one piece of work may hold a session. Longer than a statement's, so that the server ends it first: a session that
/// is silent for longer has lost its server.
pub const LONGEST_WORK: Duration = Duration::from_secs(6);
/// The same for a check of a server. A little longer than a check is waited for, so that its failure is a timeout for whoever
/// waits, and the other sessions are tried right after it.
pub(super) const LONGEST_CHECK: Duration = Duration::from_millis(2500);
/// Sessions that nobody used for so long are closed.
pub(super) const LONGEST_IDLE: Duration = Duration::from_secs(300);
/// Sessions that were opened so long ago are replaced: a name may lead to another server by then.
pub(super) const LONGEST_LIFE: Duration = Duration::from_secs(30 * 60);
/// Longest time to say goodbye to all sessions in.
pub(super) const CLOSE_TIMEOUT: Duration = Duration::from_secs(2);
