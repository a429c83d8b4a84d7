use super::{CloseReason, ConnectionState, EvictionRank, Instant};
use crate::limits::LimitArgs;
use crate::server::connection::state::LINGER_TIME;

fn reason(state: &ConnectionState) -> Option<CloseReason> {
    state.deadline(&LimitArgs::default()).map(|(_, reason)| reason)
}

#[test]
fn each_state_has_its_own_close_reason() {
    let state = ConnectionState::new();
    assert_eq!(reason(&state), Some(CloseReason::Idle));
    state.bytes_received();
    assert_eq!(reason(&state), Some(CloseReason::HeaderTimeout));
    state.request_started();
    assert_eq!(reason(&state), None, "the handler has a deadline of its own");
    state.upload_started(false);
    assert_eq!(reason(&state), Some(CloseReason::BodyTimeout));
    state.upload_finished(false);
    state.write_blocked();
    assert_eq!(reason(&state), Some(CloseReason::WriteStall));
    state.write_progressed();
    state.response_ready(Instant::now());
    assert_eq!(reason(&state), None, "the response is not sent yet");
    state.flushed();
    assert_eq!(reason(&state), Some(CloseReason::Idle));
    state.upload_abandoned();
    assert!(state.start_lingering());
    assert_eq!(reason(&state), Some(CloseReason::Linger));
}

#[test]
fn connection_at_rest_has_no_request() {
    let state = ConnectionState::new();
    assert!(!state.is_at_rest(), "its first request may be on its way");
    state.bytes_received();
    assert!(!state.is_at_rest());
    state.request_started();
    assert!(!state.is_at_rest());
    state.request_finished(Instant::now());
    assert!(!state.is_at_rest(), "the answer is known, not sent");
    state.write_blocked();
    state.flushed();
    assert!(!state.is_at_rest(), "the last write did not go through");
    state.write_progressed();
    assert!(state.is_at_rest());
    state.upload_started(false);
    assert!(!state.is_at_rest(), "a body comes though its request is answered");
    state.upload_finished(false);
    assert!(state.is_at_rest());
    state.upload_finished(true);
    assert!(!state.is_at_rest());
    state.upload_finished(false);
    state.upload_abandoned();
    assert!(!state.is_at_rest(), "what comes is still that body");
}

#[test]
fn slow_body_is_answered_before_the_cut() {
    let begun = Instant::now();
    let state = ConnectionState::new();
    state.request_started();
    state.upload_started(false);
    let limits = LimitArgs::default();
    let (deadline, _) = state.deadline(&limits).expect("a deadline");
    assert!(state.instant(deadline) >= begun + limits.handler_time + LINGER_TIME);
}

#[test]
fn state_fits_one_cache_line() {
    let counts = 2 * size_of::<usize>();
    assert!(counts + size_of::<ConnectionState>() <= 64, "{}", size_of::<ConnectionState>());
}

#[test]
fn unlimited_time_is_a_distant_deadline() {
    let limits = LimitArgs { idle_time: std::time::Duration::MAX, ..LimitArgs::default() };
    let (deadline, _) = ConnectionState::new().deadline(&limits).expect("a deadline");
    assert!(deadline < super::NEVER);
}

#[test]
fn connection_with_a_request_is_never_evicted() {
    let state = ConnectionState::new();
    let kind = || state.evictable().map(|(kind, _)| kind);
    assert_eq!(kind(), Some(EvictionRank::Idle));
    state.bytes_received();
    assert_eq!(kind(), None, "its request may be whole");
    assert_eq!(reason(&state), Some(CloseReason::HeaderTimeout));
    assert_eq!(kind(), Some(EvictionRank::Header));
    state.request_started();
    assert_eq!(kind(), None);
    state.write_blocked();
    assert_eq!(kind(), Some(EvictionRank::Stalled));
    state.write_progressed();
    state.response_ready(Instant::now());
    assert_eq!(kind(), None);
    state.flushed();
    assert_eq!(kind(), Some(EvictionRank::Idle));
    state.upload_abandoned();
    assert!(state.start_lingering());
    assert_eq!(kind(), Some(EvictionRank::Lingering));
}
