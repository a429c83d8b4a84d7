use std::collections::BTreeSet;
use std::time::Duration;

use axum::Router;
use axum::middleware::from_fn_with_state;
use axum::response::IntoResponse;
use axum::routing::get;
use chassis::readiness::{Class, Timing, requires};
use chassis::telemetry::Telemetry;
use chassis::{Builder, Health, LimitArgs, Listener, Problem, shutdown};
use http::StatusCode;
use test_support::http::raw::get as fetch;
use test_support::wait::until_async;

use super::{Behaviour, Fake, PERIOD, TIMING, rounds, start};
use crate::harness::{DEADLINE, LOOPBACK, at_once};

fn retry_after(problem: Problem) -> u64 {
    let response = problem.into_response();
    assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
    response.headers()["retry-after"].to_str().unwrap().parse().unwrap()
}

#[tokio::test(start_paused = true)]
async fn retry_after_is_random_within_two_periods() {
    for (period, expected) in [(PERIOD, 10..=20), (Duration::from_millis(1500), 2..=4)] {
        let fake = Fake::new(Behaviour::Refuses);
        let timing = Timing { period, ..TIMING };
        let dependency = fake.dependency("database", Class::Required).timing(timing);
        let (_health, readiness, _samplers) = start(vec![dependency]);
        rounds(1).await;
        let database = readiness.dependency("database").unwrap();
        let waits: BTreeSet<u64> = (0..1000).map(|_| retry_after(database.guard().unwrap_err())).collect();
        assert_eq!(waits, expected.collect());
    }
}

#[tokio::test(start_paused = true)]
async fn route_is_served_before_the_first_check() {
    let fake = Fake::new(Behaviour::Hangs);
    let (_health, readiness, _samplers) = start(vec![fake.dependency("database", Class::Required)]);
    let database = readiness.dependency("database").unwrap();
    assert!(database.guard().is_ok());
    rounds(1).await;
    assert!(database.guard().is_err());
    assert!(readiness.dependency("cache").is_none());
}

#[tokio::test]
async fn rejected_route_has_retry_after() {
    let fake = Fake::new(Behaviour::Refuses);
    let (_, readiness, _samplers) = start(vec![fake.dependency("database", Class::Required)]);
    let database = readiness.dependency("database").unwrap();
    until_async(DEADLINE, "the first check", async || database.guard().is_err(), |failed| *failed).await;
    let public = Router::new()
        .route("/needs", get(async || "from the database"))
        .route_layer(from_fn_with_state(database, requires))
        .route("/needs-not", get(async || "from memory"));
    let bound = Builder::new(at_once(), LimitArgs::default(), Health::new(), Telemetry::silent().unwrap())
        .listener(Listener::traffic("public", LOOPBACK, public))
        .bind()
        .await
        .unwrap();
    let address = bound.address("public").unwrap();
    let (_trigger, signals) = shutdown::channel();
    tokio::spawn(bound.serve(signals));

    let refused = fetch(address, "/needs").await;
    assert_eq!(refused.status, 503);
    assert_eq!(refused.header("content-type"), Some("application/problem+json"));
    let wait: u64 = refused.header("retry-after").unwrap().parse().unwrap();
    assert!((10..=20).contains(&wait), "{wait}");
    assert!(!refused.body.contains("database"), "{}", refused.body);
    assert_eq!(fetch(address, "/needs-not").await.status, 200);
}

#[test]
fn a_wait_is_rounded_up_to_seconds() {
    for (milliseconds, seconds) in [(0, 0), (1, 1), (1000, 1), (1001, 2)] {
        let problem = Problem::new(StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(retry_after(problem.retry_after(Duration::from_millis(milliseconds))), seconds);
    }
    let response = Problem::new(StatusCode::SERVICE_UNAVAILABLE).into_response();
    assert!(response.headers().get("retry-after").is_none());
}
