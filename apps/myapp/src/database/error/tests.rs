use super::from_drivers::of_sqlstate;
use super::*;

#[test]
fn answered_sqlstate_is_protocol_error_not_unreachable() {
    for code in ["08P01", "08004", "08006", "0A000"] {
        assert_eq!(of_sqlstate(code), Reason::Protocol, "{code}");
    }
}

#[test]
fn every_failure_has_a_code() {
    assert_eq!(DatabaseError::of(Reason::Timeout).code.as_deref(), Some("timeout"));
    assert_eq!(DatabaseError::of(Reason::Timeout).to_string(), "the database did not answer in time");
    let other = DatabaseError::with(Reason::Timeout, "connect_timeout");
    assert_eq!(other.to_string(), "the database did not answer in time (connect_timeout)");
}
