//! Two processes behind a real proxy that learns late of what happens to them. No client may notice.
//!
//! Each proxy goes through each delay once; `PROXY_CYCLES=17` asks for 17 stops and starts behind each,
//! in five minutes.

#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "a broken expectation of a helper fails its test as one in the test itself does"
)]

mod cycles;
mod haproxy;
mod load;
mod nginx;
mod process;
mod proxy;

use std::time::Duration;

use crate::cycles::Pair;
use crate::haproxy::{Connections, HaProxy, Requests};
use crate::nginx::Nginx;
use crate::proxy::Proxy;

/// From the moment a process is not ready any more to that in which the proxy sends it nothing new.
const DELAYS: [Duration; 4] =
    [Duration::ZERO, Duration::from_secs(1), Duration::from_secs(5), Duration::from_secs(10)];

/// Above each of the delays. A balancer that hands on connections asks for it: clients that have none left and come back
/// seldom cannot be told from clients that have moved.
const LONG_WINDOW: [&str; 2] = ["--drain-min", "11s"];

/// Closes at once, as a server without a drain does.
const NO_WINDOW: [&str; 6] = ["--drain-min", "0s", "--drain-quiet", "0s", "--drain-accept-max", "0s"];

#[tokio::test]
#[ignore = "needs haproxy: cargo xtask test proxy"]
async fn haproxy_in_http_mode_loses_no_request() {
    loses_nothing::<HaProxy<Requests>>(&[]).await;
}

#[tokio::test]
#[ignore = "needs haproxy: cargo xtask test proxy"]
async fn haproxy_in_tcp_mode_loses_no_request() {
    loses_nothing::<HaProxy<Connections>>(&LONG_WINDOW).await;
}

#[tokio::test]
#[ignore = "needs nginx: cargo xtask test proxy"]
async fn nginx_loses_no_request_in_stops_and_starts() {
    loses_nothing::<Nginx>(&[]).await;
}

#[tokio::test]
#[ignore = "needs haproxy and nginx: cargo xtask test proxy"]
async fn immediate_close_loses_requests() {
    loses_requests::<HaProxy<Requests>>().await;
    loses_requests::<HaProxy<Connections>>().await;
    loses_requests::<Nginx>().await;
}

#[expect(clippy::print_stdout, reason = "the figures of a long run are worth reading")]
async fn loses_nothing<P: Proxy>(flags: &'static [&'static str]) {
    let n_cycles = n_cycles();
    let mut pair = Pair::<P>::start(flags).await;
    let load = load::start(&pair.front());
    for (cycle, delay) in (0..n_cycles).zip(DELAYS.iter().cycle()) {
        // Each process meets each delay.
        let end = pair.cycle((cycle + cycle / DELAYS.len()) % 2, *delay).await;
        end.assert_orderly();
        // Clients that keep their connections may all be elsewhere already.
        if P::KEEPS_CLIENTS && !delay.is_zero() {
            end.assert_late_arrivals();
        }
    }
    let tally = load.stop().await;
    println!("{}: {n_cycles} stops and starts, {tally}", P::NAME);
    load::assert_unnoticed(&tally, n_cycles, P::KEEPS_CLIENTS);
}

/// Shows that the clients notice: what the tests claim is not true of every server.
async fn loses_requests<P: Proxy>() {
    let mut pair = Pair::<P>::start(&NO_WINDOW).await;
    let load = load::start(&pair.front());
    pair.cycle(0, Duration::from_secs(1)).await;
    let tally = load.stop().await;
    assert!(!tally.failures.is_empty(), "{}: {tally}", P::NAME);
}

fn n_cycles() -> usize {
    match std::env::var("PROXY_CYCLES") {
        Ok(number) => number.parse().expect("PROXY_CYCLES is a number"),
        Err(_) => DELAYS.len(),
    }
}
