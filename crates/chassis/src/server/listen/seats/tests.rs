use std::sync::Arc;
use std::task::Waker;
use std::time::{Duration, Instant as Clock};

use tokio::task::Id;

use super::{Seat, Seats, evictable};
use crate::server::connection::tracker::ConnectionState;

/// A connection and its task.
async fn seat(seats: &mut Seats) -> (Id, Arc<Seat>) {
    let seat = Arc::new(Seat::new(Arc::new(ConnectionState::new())));
    let id: Id = tokio::spawn(std::future::ready(())).id();
    seats.take(id, Arc::clone(&seat));
    (id, seat)
}

/// Connections whose tasks have run.
async fn running(seats: &mut Seats, number: usize) -> Vec<(Id, Arc<Seat>)> {
    let mut all = Vec::new();
    for _ in 0..number {
        let (id, seat) = seat(seats).await;
        seat.register(Waker::noop());
        all.push((id, seat));
    }
    all
}

fn is_evicted((_, seat): &(Id, Arc<Seat>)) -> bool {
    seat.state().is_eviction_requested()
}

#[tokio::test]
async fn connections_are_evicted_in_their_order() {
    let mut seats = Seats::default();
    let all = running(&mut seats, 100).await;
    for number in 0..100 {
        assert!(seats.evict_one());
        assert!(is_evicted(&all[number]), "number {number}");
        assert!(all[number + 1..].iter().all(|seat| !is_evicted(seat)), "number {number}");
        seats.leave(all[number].0);
    }
}

#[tokio::test]
async fn connection_used_since_the_scan_stays() {
    let mut seats = Seats::default();
    let all = running(&mut seats, 20).await;
    assert!(seats.evict_one() && is_evicted(&all[0]));
    seats.leave(all[0].0);
    all[1].1.state().request_started();
    all[1].1.state().request_finished(tokio::time::Instant::now());
    all[2].1.state().request_started();
    assert!(seats.evict_one() && is_evicted(&all[3]));
    assert!(!is_evicted(&all[1]) && !is_evicted(&all[2]));
}

#[tokio::test]
async fn connection_that_has_not_run_stays() {
    let mut seats = Seats::default();
    let (_, new) = seat(&mut seats).await;
    assert!(!seats.evict_one());
    new.register(Waker::noop());
    assert!(seats.evict_one());
}

#[tokio::test(start_paused = true)]
async fn response_may_be_unread_for_a_second() {
    let state = ConnectionState::new();
    state.write_blocked();
    assert_eq!(evictable(&state), None);
    tokio::time::advance(Duration::from_secs(1)).await;
    assert!(evictable(&state).is_some());
}

/// The number of checks per new client is bounded, however many connections there are.
#[tokio::test]
async fn ten_thousand_evictions_take_little_time() {
    let mut seats = Seats::default();
    let all = running(&mut seats, 10_000).await;
    let begun = Clock::now();
    for (id, _) in &all[..5000] {
        assert!(seats.evict_one());
        seats.leave(*id);
    }
    // A scan per eviction would be 50 million checks.
    assert!(begun.elapsed() < Duration::from_secs(2), "{:?}", begun.elapsed());
}
