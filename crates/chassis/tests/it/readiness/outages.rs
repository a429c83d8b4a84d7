//! Matrix of outages: class, kind, time and owner of the dependency, and the effect on the service.

use axum::body::Body;
use axum::middleware::from_fn_with_state;
use axum::routing::get;
use axum::{Router, http::Request};
use chassis::readiness::{Class, requires};
use tower::ServiceExt;

use super::{Behaviour, Fake, TIMING, rounds, start};

/// Kind of the outage, and the reason that is reported.
const OUTAGES: [(Behaviour, &str); 5] = [
    (Behaviour::Unreachable, "unreachable"),
    (Behaviour::Refuses, "refused"),
    (Behaviour::Slow, "timed out"),
    (Behaviour::Hangs, "timed out"),
    (Behaviour::Panics, "panicked"),
];

#[derive(Clone, Copy, Debug)]
enum Since {
    /// Before the replica started.
    Start,
    /// After the replica was ready.
    Later,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Whose {
    Shared,
    Own,
}

/// Readiness, and the status of a route that needs the dependency, during the outage.
#[rustfmt::skip]
const MATRIX: [(Class, Whose, Since, bool, u16); 12] = [
    (Class::Required,      Whose::Shared, Since::Start, false, 503),
    (Class::Required,      Whose::Shared, Since::Later, true,  503),
    (Class::Required,      Whose::Own,    Since::Start, false, 503),
    (Class::Required,      Whose::Own,    Since::Later, false, 503),
    (Class::Degraded,      Whose::Shared, Since::Start, true,  503),
    (Class::Degraded,      Whose::Shared, Since::Later, true,  503),
    (Class::Degraded,      Whose::Own,    Since::Start, true,  503),
    (Class::Degraded,      Whose::Own,    Since::Later, true,  503),
    (Class::Informational, Whose::Shared, Since::Start, true,  200),
    (Class::Informational, Whose::Shared, Since::Later, true,  200),
    (Class::Informational, Whose::Own,    Since::Start, true,  200),
    (Class::Informational, Whose::Own,    Since::Later, true,  200),
];

async fn status(routes: &Router, path: &str) -> u16 {
    let request = Request::get(path).body(Body::empty()).unwrap();
    routes.clone().oneshot(request).await.unwrap().status().as_u16()
}

#[tokio::test(start_paused = true)]
async fn outage_follows_the_policy_and_heals() {
    for (class, whose, since, ready, needing) in MATRIX {
        for (outage, reason) in OUTAGES {
            let case = format!("{class:?} {whose:?} {since:?} {outage:?}");
            let before = match since {
                Since::Start => outage,
                Since::Later => Behaviour::Works,
            };
            let fake = Fake::new(before);
            let mut dependency = fake.dependency("database", class);
            dependency.shared = whose == Whose::Shared;
            let (health, readiness, _samplers) = start(vec![dependency]);
            let database = readiness.dependency("database").unwrap();
            let routes = Router::new()
                .route("/needs", get(async || "from the database"))
                .route_layer(from_fn_with_state(database.clone(), requires))
                .route("/needs-not", get(async || "from memory"));
            let answers = async || {
                let alive = health.is_live() && health.is_started();
                (
                    health.is_ready(),
                    status(&routes, "/needs").await,
                    status(&routes, "/needs-not").await,
                    alive,
                )
            };

            assert_eq!(health.is_ready(), class != Class::Required, "{case}: before the first check");
            rounds(1).await;
            if matches!(since, Since::Later) {
                assert_eq!(answers().await, (true, 200, 200, true), "{case}: before");
            }
            fake.behaves(outage);
            rounds(TIMING.failures_to_down).await;
            assert_eq!(answers().await, (ready, needing, 200, true), "{case}: during");
            assert_eq!(database.report().reason, Some(reason), "{case}");

            fake.behaves(Behaviour::Works);
            rounds(TIMING.successes_to_up).await;
            assert_eq!(answers().await, (true, 200, 200, true), "{case}: after");
            assert_eq!(database.report().reason, None, "{case}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn one_unreached_dependency_makes_unready() {
    let (reached, never) = (Fake::new(Behaviour::Works), Fake::new(Behaviour::Hangs));
    let dependencies =
        vec![reached.dependency("database", Class::Required), never.dependency("cache", Class::Required)];
    let (health, _readiness, _samplers) = start(dependencies);
    rounds(2).await;
    assert!(!health.is_ready());
    never.behaves(Behaviour::Works);
    rounds(TIMING.successes_to_up).await;
    assert!(health.is_ready());
}

#[tokio::test(start_paused = true)]
async fn dependency_cannot_make_a_service_ready() {
    let fake = Fake::new(Behaviour::Works);
    let health = chassis::Health::new();
    let dependencies = vec![fake.dependency("database", Class::Required)];
    let (_readiness, _samplers) = chassis::readiness::Readiness::start(dependencies, &health).unwrap();
    rounds(2).await;
    assert!(!health.is_ready() && !health.is_started());
    health.mark_ready();
    assert!(health.is_ready());
}
