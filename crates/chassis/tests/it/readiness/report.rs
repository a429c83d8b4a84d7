use std::time::Duration;

use axum::body::to_bytes;
use axum::{Router, body::Body, http::Request};
use chassis::readiness::{Class, State};
use chassis::telemetry::{Level, Options, Telemetry};
use tokio::time::sleep;
use tower::ServiceExt;

use super::{Behaviour, Fake, JITTER, PERIOD, TIMEOUT, rounds, start};
use crate::telemetry::{Memory, lines};

#[tokio::test(start_paused = true)]
async fn what_is_known_of_a_dependency_gets_older_until_the_next_check() {
    let fake = Fake::new(Behaviour::Works);
    let (_health, readiness, samplers) = start(vec![fake.dependency("database", Class::Required)]);
    let report = readiness.report()[0];
    assert_eq!((report.state, report.age, report.unchanged), (State::Unknown, None, None));

    let second = Duration::from_secs(1);
    sleep(second).await;
    let first = readiness.report()[0];
    sleep(second).await;
    let later = readiness.report()[0];
    assert_eq!(first.state, State::Up);
    assert_eq!(later.age.unwrap() - first.age.unwrap(), second);

    rounds(5).await;
    let report = readiness.report()[0];
    assert!(report.age.unwrap() <= PERIOD + JITTER, "{report:?}");
    assert!(report.unchanged.unwrap() > PERIOD * 5, "{report:?}");

    samplers.stop().await;
    sleep(PERIOD * 5).await;
    assert!(readiness.report()[0].age.unwrap() >= PERIOD * 5);
}

#[tokio::test(start_paused = true)]
async fn a_failure_is_shown_before_it_is_an_outage() {
    let fake = Fake::new(Behaviour::Works);
    let (_health, readiness, _samplers) = start(vec![fake.dependency("database", Class::Required)]);
    sleep(TIMEOUT).await;
    fake.behaves(Behaviour::Refuses);
    rounds(1).await;
    let report = readiness.report()[0];
    assert_eq!((report.state, report.reason), (State::Up, Some("refused")));
    assert!(report.age < report.unchanged, "{report:?}");
}

#[tokio::test(start_paused = true)]
async fn a_report_is_json_with_closed_sets_and_whole_milliseconds() {
    let fake = Fake::new(Behaviour::Hangs);
    let (_health, readiness, _samplers) = start(vec![fake.dependency("cache", Class::Degraded).own()]);
    let json = || serde_json::to_string(&readiness.report()).unwrap();
    assert_eq!(
        json(),
        r#"[{"name":"cache","class":"degraded","shared":false,"state":"unknown","reason":null,"age_ms":null,"unchanged_ms":null}]"#
    );
    sleep(TIMEOUT + Duration::from_millis(1500)).await;
    let json = json();
    assert!(json.contains(r#""state":"down","reason":"timed out","age_ms":1"#), "{json}");
}

#[tokio::test(start_paused = true)]
async fn metrics_tell_which_dependency_is_up_once_it_is_known() {
    let (works, hangs) = (Fake::new(Behaviour::Works), Fake::new(Behaviour::Hangs));
    let dependencies =
        vec![works.dependency("database", Class::Required), hangs.dependency("cache", Class::Degraded)];
    let (_health, readiness, _samplers) = start(dependencies);
    let telemetry = Telemetry::silent().unwrap();
    readiness.register(telemetry.metrics());
    let metrics = async || {
        let routes: Router = Router::new().route("/metrics", telemetry.metrics().route());
        let request = Request::get("/metrics").body(Body::empty()).unwrap();
        let response = routes.oneshot(request).await.unwrap();
        String::from_utf8(to_bytes(response.into_body(), usize::MAX).await.unwrap().to_vec()).unwrap()
    };

    sleep(TIMEOUT / 2).await;
    let text = metrics().await;
    assert!(text.contains("dependency_up{dependency=\"database\"} 1\n"), "{text}");
    assert!(text.contains("dependency_check_age_seconds{dependency=\"database\"} "), "{text}");
    assert!(!text.contains("\"cache\""), "{text}");
    sleep(TIMEOUT).await;
    let text = metrics().await;
    assert!(text.contains("dependency_up{dependency=\"cache\"} 0\n"), "{text}");
}

#[tokio::test(start_paused = true)]
async fn the_log_tells_of_changes_once_and_why() {
    let outage = async || {
        let fake = Fake::new(Behaviour::Works);
        let (_health, _readiness, _samplers) = start(vec![fake.dependency("database", Class::Required)]);
        for behaviour in [Behaviour::Works, Behaviour::Refuses, Behaviour::Works] {
            fake.behaves(behaviour);
            rounds(5).await;
        }
    };
    // Once unheard: a place that logs for the first time asks the subscriber of its own thread only, which may be that
    // of another test, and keeps to the answer until there is a new subscriber.
    outage().await;
    let memory = Memory::default();
    let options = Options { level: Level::Info, own_crates: Vec::new() };
    let (subscriber, telemetry) = Telemetry::build(&options, memory.clone()).unwrap();
    let _guard = tracing::subscriber::set_default(subscriber);
    outage().await;
    let told = lines(&memory, &telemetry);
    let told: Vec<_> = told
        .iter()
        .map(|line| ["level", "message", "dependency", "reason"].map(|field| line[field].as_str()))
        .collect();
    let up = [Some("INFO"), Some("dependency is up"), Some("database"), None];
    let down = [Some("WARN"), Some("dependency is down"), Some("database"), Some("refused")];
    assert_eq!(told, [up, down, up]);
}
