use super::{Closed, Instant, LINGER, Phase, Place, STEPS, Spare};
use crate::LimitArgs;

fn reason(phase: &Phase) -> Option<Closed> {
    phase.deadline(&LimitArgs::default()).map(|(_, reason)| reason)
}

#[test]
fn each_step_of_a_connection_ends_for_a_reason_of_its_own() {
    let phase = Phase::new();
    assert_eq!(reason(&phase), Some(Closed::Idle));
    phase.bytes_came();
    assert_eq!(reason(&phase), Some(Closed::HeaderTimeout));
    phase.request_begins();
    assert_eq!(reason(&phase), None, "the handler has a deadline of its own");
    phase.upload_begins(false);
    assert_eq!(reason(&phase), Some(Closed::BodyTimeout));
    phase.upload_ends(false);
    phase.write_blocks();
    assert_eq!(reason(&phase), Some(Closed::WriteStall));
    phase.write_moves();
    phase.answer_ready(Instant::now());
    assert_eq!(reason(&phase), None, "it is not out yet");
    phase.flushed();
    assert_eq!(reason(&phase), Some(Closed::Idle));
    phase.upload_left();
    assert!(phase.must_linger());
    assert_eq!(reason(&phase), Some(Closed::Linger));
}

#[test]
fn a_connection_is_at_rest_only_when_nothing_of_a_request_is_under_way() {
    let phase = Phase::new();
    assert!(!phase.is_at_rest(), "its first request may be on its way");
    phase.bytes_came();
    assert!(!phase.is_at_rest());
    phase.request_begins();
    assert!(!phase.is_at_rest());
    phase.request_ends(Instant::now());
    assert!(!phase.is_at_rest(), "the answer is known, not sent");
    phase.write_blocks();
    phase.flushed();
    assert!(!phase.is_at_rest(), "the last write did not go through");
    phase.write_moves();
    assert!(phase.is_at_rest());
    phase.upload_begins(false);
    assert!(!phase.is_at_rest(), "a body comes though its request is answered");
    phase.upload_ends(false);
    assert!(phase.is_at_rest());
    phase.upload_ends(true);
    assert!(!phase.is_at_rest());
    phase.upload_ends(false);
    phase.upload_left();
    assert!(!phase.is_at_rest(), "what comes is still that body");
}

#[test]
fn a_slow_body_is_answered_before_it_is_cut() {
    let begun = Instant::now();
    let phase = Phase::new();
    phase.request_begins();
    phase.upload_begins(false);
    let limits = LimitArgs::default();
    let (deadline, _) = phase.deadline(&limits).expect("a deadline");
    assert!(phase.instant(deadline) >= begun + limits.handler_time + LINGER);
}

#[test]
fn a_place_is_read_as_it_was_written() {
    for step in STEPS {
        let place = Place::new(step, 75_000_000_000);
        assert_eq!((place.step(), place.time()), (step, 75_000_000_000));
    }
}

#[test]
fn what_all_requests_look_at_is_as_long_as_one_cache_line() {
    let counts = 2 * size_of::<usize>();
    assert!(counts + size_of::<Phase>() <= 64, "{}", size_of::<Phase>());
}

#[test]
fn limits_without_end_are_deadlines_far_away() {
    let limits = LimitArgs { idle_time: std::time::Duration::MAX, ..LimitArgs::default() };
    let (deadline, _) = Phase::new().deadline(&limits).expect("a deadline");
    assert!(deadline < super::NEVER);
}

#[test]
fn only_a_connection_without_a_request_in_flight_can_be_spared() {
    let phase = Phase::new();
    let kind = || phase.spare().map(|(kind, _)| kind);
    assert_eq!(kind(), Some(Spare::Idle));
    phase.bytes_came();
    assert_eq!(kind(), None, "its request may be whole");
    assert_eq!(reason(&phase), Some(Closed::HeaderTimeout));
    assert_eq!(kind(), Some(Spare::Header));
    phase.request_begins();
    assert_eq!(kind(), None);
    phase.write_blocks();
    assert_eq!(kind(), Some(Spare::Stalled));
    phase.write_moves();
    phase.answer_ready(Instant::now());
    assert_eq!(kind(), None);
    phase.flushed();
    assert_eq!(kind(), Some(Spare::Idle));
    phase.upload_left();
    assert!(phase.must_linger());
    assert_eq!(kind(), Some(Spare::Lingering));
}
