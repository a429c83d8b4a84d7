//! Each check is one scene; loom runs it in every order.

use model::{connection, sessions};

#[test]
fn unread_body_is_never_at_rest() {
    connection::unread_body_is_never_at_rest();
}

#[test]
fn late_holder_ends_no_other_body() {
    connection::late_holder_ends_no_other_body();
}

#[test]
fn close_lingers_for_an_unread_body() {
    connection::close_lingers_for_an_unread_body();
}

#[test]
fn trailer_is_known_with_the_end() {
    connection::trailer_is_known_with_the_end();
}

#[test]
fn spared_time_is_never_torn() {
    connection::spared_time_is_never_torn();
}

#[test]
fn fixed_limit_is_never_exceeded() {
    sessions::fixed_limit_is_never_exceeded();
}

#[test]
fn debt_is_paid_before_waiters() {
    sessions::debt_is_paid_before_waiters();
}

#[test]
fn changes_lose_and_make_no_permit() {
    sessions::changes_lose_and_make_no_permit();
}

#[test]
fn concurrent_changes_agree() {
    sessions::concurrent_changes_agree();
}

#[test]
fn close_wakes_all_waiters() {
    sessions::close_wakes_all_waiters();
}
