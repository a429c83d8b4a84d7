use std::sync::mpsc;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use chassis::Health;
use chassis::readiness::{
    CheckResult, Class, Dependency, InvalidDependency, Readiness, State, TIMED_OUT, Timing,
};
use test_support::wait::within;
use tokio::time::{Instant, sleep};

use crate::harness::DEADLINE;

use super::{Behaviour, Fake, JITTER, PERIOD, TIMEOUT, TIMING, rounds, start};

#[tokio::test(start_paused = true)]
async fn results_that_alternate_change_nothing() {
    let fake = Fake::new(Behaviour::Works);
    let (health, readiness, _samplers) = start(vec![fake.dependency("disk", Class::Required).own()]);
    rounds(1).await;
    for _ in 0..20 {
        for behaviour in [Behaviour::Hangs, Behaviour::Refuses, Behaviour::Works] {
            fake.behaves(behaviour);
            let n_before = fake.begun().len();
            within(DEADLINE, "the next check", async {
                while fake.begun().len() == n_before {
                    sleep(JITTER).await;
                }
            })
            .await;
            sleep(TIMEOUT).await;
            assert!(health.is_ready());
        }
    }
    assert_eq!(readiness.report()[0].state, State::Up);
}

#[tokio::test(start_paused = true)]
async fn first_check_is_immediate_and_later_ones_periodic() {
    let fake = Fake::new(Behaviour::Works);
    let started = Instant::now();
    let (_health, _readiness, _samplers) = start(vec![fake.dependency("database", Class::Required)]);
    rounds(200).await;
    let begun = fake.begun();
    assert!(begun[0] - started < JITTER);
    let pauses: Vec<Duration> = begun.windows(2).map(|pair| pair[1] - pair[0]).collect();
    let (shortest, longest) = (*pauses.iter().min().unwrap(), *pauses.iter().max().unwrap());
    // Timers fire on whole milliseconds.
    let tick = Duration::from_millis(2);
    assert!(PERIOD - JITTER <= shortest && longest <= PERIOD + JITTER + tick, "{shortest:?} {longest:?}");
    assert!(shortest < PERIOD - JITTER / 2 && PERIOD + JITTER / 2 < longest, "{shortest:?} {longest:?}");
}

#[tokio::test(start_paused = true)]
async fn hanging_check_is_dropped_at_its_timeout() {
    let (hangs, works) = (Fake::new(Behaviour::Hangs), Fake::new(Behaviour::Works));
    let dependencies =
        vec![hangs.dependency("cache", Class::Degraded), works.dependency("database", Class::Required)];
    let (health, _readiness, _samplers) = start(dependencies);
    sleep(TIMEOUT / 2).await;
    assert!(health.is_ready());
    assert_eq!(hangs.n_running(), 1);
    sleep(TIMEOUT).await;
    assert_eq!(hangs.n_running(), 0);
    sleep(PERIOD * 100).await;
    assert!((85..=115).contains(&works.begun().len()), "{}", works.begun().len());
    assert_eq!(hangs.most_running(), 1);
}

/// Wakes a worker: one that is blocked may be the one that would have looked at the timers.
async fn other_work() {
    tokio::spawn(async {}).await.unwrap();
}

/// Real time: a thread that is blocked is not waited for by virtual time.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn blocking_check_is_not_started_again() {
    let (release, blocked) = mpsc::channel::<()>();
    let (blocked, n_begun) = (Arc::new(Mutex::new(blocked)), Arc::new(Mutex::new(0)));
    let check = {
        let n_begun = Arc::clone(&n_begun);
        move || {
            let (blocked, n_begun) = (Arc::clone(&blocked), Arc::clone(&n_begun));
            async move {
                *n_begun.lock().unwrap() += 1;
                // Only one at a time blocks: with no worker left, this test could not even fail.
                if let Ok(blocked) = blocked.try_lock() {
                    let _ = blocked.recv();
                }
                Ok(())
            }
        }
    };
    let quick = Duration::from_millis(20);
    let timing = Timing { period: quick, timeout: quick, jitter: quick / 2, ..TIMING };
    let dependency = Dependency::new("database", Class::Required, check).timing(timing);
    let (health, readiness, samplers) = start(vec![dependency]);

    let report = within(DEADLINE, "later rounds than the first that failed", async {
        loop {
            let report = readiness.report().remove(0);
            if report.unchanged > report.age.map(|age| age + quick * 4) {
                break report;
            }
            other_work().await;
        }
    })
    .await;
    assert_eq!((report.state, report.reason), (State::Down, Some(TIMED_OUT)));
    assert_eq!(*n_begun.lock().unwrap(), 1);
    assert!(health.is_live() && !health.is_ready());

    drop(release);
    within(DEADLINE, "the dependency to be up", async {
        while !health.is_ready() {
            other_work().await;
        }
    })
    .await;
    within(DEADLINE, "the samplers to stop", samplers.stop()).await;
}

#[tokio::test(start_paused = true)]
async fn panicking_check_fails_and_is_repeated() {
    let check = || -> std::future::Ready<CheckResult> { panic!("before there is a future") };
    let (_health, readiness, _samplers) =
        start(vec![Dependency::new("cache", Class::Degraded, check).timing(TIMING)]);
    for _ in 0..3 {
        rounds(1).await;
        let report = readiness.report().remove(0);
        assert_eq!((report.state, report.reason), (State::Down, Some("panicked")));
        assert!(report.age.unwrap() <= PERIOD + JITTER, "{report:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn stopped_samplers_leave_readiness_unchanged() {
    for stops in [true, false] {
        let fake = Fake::new(Behaviour::Works);
        let (health, _readiness, samplers) = start(vec![fake.dependency("database", Class::Required)]);
        rounds(1).await;
        fake.behaves(Behaviour::Hangs);
        within(DEADLINE, "a check that hangs", async {
            while fake.n_running() == 0 {
                sleep(JITTER).await;
            }
        })
        .await;
        if stops {
            samplers.stop().await;
            assert_eq!(fake.n_running(), 0);
        } else {
            drop(samplers);
        }
        let n_begun = fake.begun().len();
        rounds(5).await;
        assert_eq!((fake.n_running(), fake.begun().len()), (0, n_begun));
        assert!(health.is_ready());
    }
}

#[tokio::test(start_paused = true)]
async fn invalid_dependencies_are_rejected() {
    let name = "database";
    let zero = Duration::ZERO;
    for (timings, expected) in [
        (vec![TIMING, TIMING], InvalidDependency::NameTwice { name }),
        (vec![Timing { period: zero, ..TIMING }], InvalidDependency::NoPeriod { name }),
        (vec![Timing { timeout: zero, ..TIMING }], InvalidDependency::NoTimeout { name }),
        (vec![Timing { jitter: PERIOD, ..TIMING }], InvalidDependency::JitterTooLong { name }),
    ] {
        let health = Health::new();
        health.mark_ready();
        let fake = Fake::new(Behaviour::Works);
        let dependencies =
            timings.into_iter().map(|timing| fake.dependency(name, Class::Required).timing(timing));
        let error = Readiness::start(dependencies.collect(), &health).unwrap_err();
        assert_eq!(error, expected);
        rounds(1).await;
        assert!(health.is_ready() && fake.begun().is_empty());
    }
}
