use std::sync::Arc;
use std::task::Waker;
use std::time::{Duration, Instant as Clock};

use tokio::task::Id;

use super::{Seat, Seats, spared};
use crate::server::phase::Phase;

/// A connection, and its task.
async fn seat(seats: &mut Seats) -> (Id, Arc<Seat>) {
    let seat = Arc::new(Seat::new(Arc::new(Phase::new())));
    let id: Id = tokio::spawn(std::future::ready(())).id();
    seats.take(id, Arc::clone(&seat));
    (id, seat)
}

/// So many connections whose tasks have run.
async fn running(seats: &mut Seats, number: usize) -> Vec<(Id, Arc<Seat>)> {
    let mut all = Vec::new();
    for _ in 0..number {
        let (id, seat) = seat(seats).await;
        seat.register(Waker::noop());
        all.push((id, seat));
    }
    all
}

fn is_asked((_, seat): &(Id, Arc<Seat>)) -> bool {
    seat.phase().is_asked_to_leave()
}

#[tokio::test]
async fn each_look_finds_those_that_go_next_in_their_order() {
    let mut seats = Seats::default();
    let all = running(&mut seats, 100).await;
    for number in 0..100 {
        assert!(seats.ask_one());
        assert!(is_asked(&all[number]), "number {number}");
        assert!(all[number + 1..].iter().all(|seat| !is_asked(seat)), "number {number}");
        seats.leave(all[number].0);
    }
}

#[tokio::test]
async fn a_connection_that_was_used_since_the_last_look_is_not_asked() {
    let mut seats = Seats::default();
    let all = running(&mut seats, 20).await;
    assert!(seats.ask_one() && is_asked(&all[0]));
    seats.leave(all[0].0);
    all[1].1.phase().request_begins();
    all[1].1.phase().request_ends(tokio::time::Instant::now());
    all[2].1.phase().request_begins();
    assert!(seats.ask_one() && is_asked(&all[3]));
    assert!(!is_asked(&all[1]) && !is_asked(&all[2]));
}

#[tokio::test]
async fn a_connection_that_has_not_run_yet_is_left_alone() {
    let mut seats = Seats::default();
    let (_, new) = seat(&mut seats).await;
    assert!(!seats.ask_one());
    new.register(Waker::noop());
    assert!(seats.ask_one());
}

#[tokio::test(start_paused = true)]
async fn an_answer_may_be_unread_for_a_second() {
    let phase = Phase::new();
    phase.write_blocks();
    assert_eq!(spared(&phase), None);
    tokio::time::advance(Duration::from_secs(1)).await;
    assert!(spared(&phase).is_some());
}

/// A newcomer costs a bounded number of looks, however many connections there are.
#[tokio::test]
async fn ten_thousand_connections_go_one_by_one_in_little_time() {
    let mut seats = Seats::default();
    let all = running(&mut seats, 10_000).await;
    let begun = Clock::now();
    for (id, _) in &all[..5000] {
        assert!(seats.ask_one());
        seats.leave(*id);
    }
    // Looked for one by one it would be 50 million looks.
    assert!(begun.elapsed() < Duration::from_secs(2), "{:?}", begun.elapsed());
}
