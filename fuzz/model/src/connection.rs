//! Checks of the connection state: one side is the connection's task, the other the holder of a request's body.

use loom::sync::Arc;
use loom::thread;

use crate::phase::Phase;
use crate::reasons::Closed;
use crate::time::Instant;
use crate::{LIMITS, explore};

/// A connection whose request has a body that another thread holds.
fn in_upload() -> Arc<Phase> {
    let phase = Phase::new();
    phase.bytes_came();
    phase.request_begins();
    phase.upload_begins(false);
    Arc::new(phase)
}

fn answered(phase: &Phase) {
    phase.request_ends(Instant::now());
    phase.flushed();
}

fn reason(phase: &Phase) -> Option<Closed> {
    phase.deadline(&LIMITS).map(|(_, reason)| reason)
}

/// A body that is dropped unread elsewhere while its request is answered: the answer announces the end of the connection, which
/// never counts as being at rest. At rest, the rest of the body would be read as a request.
pub fn unread_body_is_never_at_rest() {
    explore(|| {
        let phase = in_upload();
        let holder = drops_unread(&phase);
        assert!(phase.is_last(), "the answer does not say that the connection ends");
        answered(&phase);
        assert!(!phase.is_at_rest(), "the rest of a body would be read as a request");
        holder.join().expect("the holder ends");
        assert!(!phase.is_at_rest());
        assert!(phase.must_linger(), "the client would see a reset in place of its answer");
        assert_eq!(reason(&phase), Some(Closed::Linger));
    });
}

/// A body whose end another thread reports while its request is answered: the next request of the connection, if it is
/// admitted, has the deadline and the doubt of its own body.
pub fn late_holder_ends_no_other_body() {
    explore(|| {
        let phase = in_upload();
        let holder = {
            let phase = Arc::clone(&phase);
            thread::spawn(move || phase.upload_ends(false))
        };
        if !phase.is_last() {
            answered(&phase);
            phase.bytes_came();
            phase.request_begins();
            phase.upload_begins(true);
            holder.join().expect("the holder ends");
            assert_eq!(reason(&phase), Some(Closed::BodyTimeout), "a body may take any time");
            answered(&phase);
            assert!(phase.is_last() && !phase.is_at_rest(), "the rest of a body would be read as a request");
        }
    });
}

/// A trailer that another thread finds is visible to the thread that finds the end of the body.
pub fn trailer_is_known_with_the_end() {
    explore(|| {
        let phase = in_upload();
        let holder = {
            let phase = Arc::clone(&phase);
            thread::spawn(move || phase.upload_ends(true))
        };
        assert!(phase.is_last(), "a request after a trailer may be out of step with its answer");
        answered(&phase);
        assert!(!phase.is_at_rest());
        holder.join().expect("the holder ends");
    });
}

/// Whichever side is first, an answered connection has a deadline, and one with an unread body lingers.
pub fn close_lingers_for_an_unread_body() {
    explore(|| {
        let phase = in_upload();
        let holder = drops_unread(&phase);
        answered(&phase);
        phase.must_linger();
        assert!(reason(&phase).is_some(), "an answered connection has no deadline");
        holder.join().expect("the holder ends");
        assert!(phase.must_linger());
        assert_eq!(reason(&phase), Some(Closed::Linger));
    });
}

/// The listener sees each connection state with the time of that same state.
pub fn spared_time_is_never_torn() {
    explore(|| {
        let phase = Arc::new(Phase::new());
        let listener = {
            let phase = Arc::clone(&phase);
            thread::spawn(move || (phase.spare(), phase.ask_to_leave()).0)
        };
        let untouched = phase.spare();
        phase.bytes_came();
        phase.request_begins();
        phase.request_ends(Instant::now());
        let idle = phase.spare();
        phase.bytes_came();
        let seen = listener.join().expect("the listener ends");
        assert!(seen.is_none() || seen == untouched || seen == idle, "{seen:?}");
        assert!(phase.is_asked_to_leave());
        phase.stay();
        assert!(!phase.is_asked_to_leave());
    });
}

fn drops_unread(phase: &Arc<Phase>) -> thread::JoinHandle<()> {
    let phase = Arc::clone(phase);
    thread::spawn(move || phase.upload_left())
}
