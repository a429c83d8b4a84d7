//! Checks of the connection state: one side is the connection's task, the other whoever holds a request's body.

use loom::sync::Arc;
use loom::thread;

use crate::server::record::reasons::CloseReason;
use crate::time::Instant;
use crate::tracker::ConnectionState;
use crate::{LIMITS, explore};

/// A connection whose request has a body that another thread holds.
fn in_upload() -> Arc<ConnectionState> {
    let state = ConnectionState::new();
    state.bytes_received();
    state.request_started();
    state.upload_started(false);
    Arc::new(state)
}

fn answered(state: &ConnectionState) {
    state.request_finished(Instant::now());
    state.flushed();
}

fn reason(state: &ConnectionState) -> Option<CloseReason> {
    state.deadline(&LIMITS).map(|(_, reason)| reason)
}

/// A body that is dropped unread elsewhere while its request is answered: the answer says that the connection ends, which never
/// counts as being at rest, where the rest of the body would be taken for a request.
pub fn unread_body_is_never_at_rest() {
    explore(|| {
        let state = in_upload();
        let holder = drops_unread(&state);
        assert!(state.must_close(), "the answer does not say that the connection ends");
        answered(&state);
        assert!(!state.is_at_rest(), "the rest of a body would be read as a request");
        holder.join().expect("the holder ends");
        assert!(!state.is_at_rest());
        assert!(state.start_lingering(), "the client would see a reset in place of its answer");
        assert_eq!(reason(&state), Some(CloseReason::Linger));
    });
}

/// A body whose end is told by another thread while its request is answered: the next request of the connection, if it is let in,
/// has the deadline and the doubt of its own body.
pub fn late_holder_ends_no_other_body() {
    explore(|| {
        let state = in_upload();
        let holder = {
            let state = Arc::clone(&state);
            thread::spawn(move || state.upload_finished(false))
        };
        if !state.must_close() {
            answered(&state);
            state.bytes_received();
            state.request_started();
            state.upload_started(true);
            holder.join().expect("the holder ends");
            assert_eq!(reason(&state), Some(CloseReason::BodyTimeout), "a body may take any time");
            answered(&state);
            assert!(
                state.must_close() && !state.is_at_rest(),
                "the rest of a body would be read as a request"
            );
        }
    });
}

/// A trailer that another thread finds is known to whoever finds that the body is over.
pub fn trailer_is_known_with_the_end() {
    explore(|| {
        let state = in_upload();
        let holder = {
            let state = Arc::clone(&state);
            thread::spawn(move || state.upload_finished(true))
        };
        assert!(state.must_close(), "a request after a trailer may be out of step with its answer");
        answered(&state);
        assert!(!state.is_at_rest());
        holder.join().expect("the holder ends");
    });
}

/// Whichever side is first, an answered connection has a deadline, and one with an unread body lingers.
pub fn close_lingers_for_an_unread_body() {
    explore(|| {
        let state = in_upload();
        let holder = drops_unread(&state);
        answered(&state);
        state.start_lingering();
        assert!(reason(&state).is_some(), "an answered connection has no deadline");
        holder.join().expect("the holder ends");
        assert!(state.start_lingering());
        assert_eq!(reason(&state), Some(CloseReason::Linger));
    });
}

/// What the listener sees of a connection is a step and its own time.
pub fn spared_time_is_never_torn() {
    explore(|| {
        let state = Arc::new(ConnectionState::new());
        let listener = {
            let state = Arc::clone(&state);
            thread::spawn(move || (state.evictable(), state.request_eviction()).0)
        };
        let untouched = state.evictable();
        state.bytes_received();
        state.request_started();
        state.request_finished(Instant::now());
        let idle = state.evictable();
        state.bytes_received();
        let seen = listener.join().expect("the listener ends");
        assert!(seen.is_none() || seen == untouched || seen == idle, "{seen:?}");
        assert!(state.is_eviction_requested());
        state.decline_eviction();
        assert!(!state.is_eviction_requested());
    });
}

fn drops_unread(state: &Arc<ConnectionState>) -> thread::JoinHandle<()> {
    let state = Arc::clone(state);
    thread::spawn(move || state.upload_abandoned())
}
