use std::collections::BTreeSet;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::body::to_bytes;
use axum::{Router, body::Body, http::Request};
use chassis::Health;
use chassis::readiness::{CheckFailure, Class, Dependency, Readiness, State};
use chassis::telemetry::Telemetry;
use tokio::time::sleep;
use tower::ServiceExt;

use super::{Behaviour, Fake, JITTER, PERIOD, TIMEOUT, TIMING, rounds, start};

#[tokio::test(start_paused = true)]
async fn report_ages_until_the_next_check() {
    let fake = Fake::new(Behaviour::Works);
    let (_health, readiness, samplers) = start(vec![fake.dependency("database", Class::Required)]);
    let report = readiness.report().remove(0);
    assert_eq!((report.state, report.age, report.unchanged), (State::Unknown, None, None));

    let second = Duration::from_secs(1);
    sleep(second).await;
    let first = readiness.report().remove(0);
    sleep(second).await;
    let later = readiness.report().remove(0);
    assert_eq!(first.state, State::Up);
    assert_eq!(later.age.unwrap() - first.age.unwrap(), second);

    rounds(5).await;
    let report = readiness.report().remove(0);
    assert!(report.age.unwrap() <= PERIOD + JITTER, "{report:?}");
    assert!(report.unchanged.unwrap() > PERIOD * 5, "{report:?}");

    samplers.stop().await;
    sleep(PERIOD * 5).await;
    assert!(readiness.report()[0].age.unwrap() >= PERIOD * 5);
}

#[tokio::test(start_paused = true)]
async fn failure_is_reported_before_an_outage() {
    let fake = Fake::new(Behaviour::Works);
    let (_health, readiness, _samplers) = start(vec![fake.dependency("database", Class::Required)]);
    sleep(TIMEOUT).await;
    fake.behaves(Behaviour::Refuses);
    rounds(1).await;
    let report = readiness.report().remove(0);
    assert_eq!((report.state, report.reason), (State::Up, Some("refused")));
    assert!(report.age < report.unchanged, "{report:?}");
}

#[tokio::test(start_paused = true)]
async fn report_is_json_with_whole_milliseconds() {
    let fake = Fake::new(Behaviour::Hangs);
    let (_health, readiness, _samplers) = start(vec![fake.dependency("cache", Class::Degraded).own()]);
    let json = || serde_json::to_string(&readiness.report()).unwrap();
    assert_eq!(
        json(),
        r#"[{"name":"cache","class":"degraded","shared":false,"state":"unknown","reason":null,"code":null,"blocks_readiness":false,"age_ms":null,"unchanged_ms":null}]"#
    );
    sleep(TIMEOUT + Duration::from_millis(1500)).await;
    let json = json();
    assert!(
        json.contains(
            r#""state":"down","reason":"timed out","code":null,"blocks_readiness":false,"age_ms":1"#
        ),
        "{json}"
    );
}

#[tokio::test(start_paused = true)]
async fn metrics_report_each_checked_dependency() {
    let (works, hangs) = (Fake::new(Behaviour::Works), Fake::new(Behaviour::Hangs));
    let dependencies =
        vec![works.dependency("database", Class::Required), hangs.dependency("cache", Class::Degraded)];
    let (_health, readiness, _samplers) = start(dependencies);
    let telemetry = Telemetry::silent().unwrap();
    readiness.register(telemetry.metrics());
    let metrics = async || metrics(&telemetry).await;

    sleep(TIMEOUT / 2).await;
    let text = metrics().await;
    assert!(text.contains("dependency_up{dependency=\"database\"} 1\n"), "{text}");
    assert!(text.contains("dependency_check_age_seconds{dependency=\"database\"} "), "{text}");
    assert!(!text.contains("\"cache\""), "{text}");
    sleep(TIMEOUT).await;
    let text = metrics().await;
    assert!(text.contains("dependency_up{dependency=\"cache\"} 0\n"), "{text}");
    let down = "dependency_down_reason{dependency=\"cache\",reason=\"timed out\",code=\"\"} 1\n";
    assert!(text.contains(down) && text.matches("dependency_down_reason{").count() == 1, "{text}");
}

async fn metrics(telemetry: &Telemetry) -> String {
    let routes: Router = Router::new().route("/metrics", telemetry.metrics().route());
    let request = Request::get("/metrics").body(Body::empty()).unwrap();
    let response = routes.oneshot(request).await.unwrap();
    String::from_utf8(to_bytes(response.into_body(), usize::MAX).await.unwrap().to_vec()).unwrap()
}

#[tokio::test(start_paused = true)]
async fn invented_codes_make_no_time_series() {
    let (health, telemetry) = (Health::new(), Telemetry::silent().unwrap());
    let n_checks = AtomicUsize::new(0);
    let check = move || {
        let n = n_checks.fetch_add(1, Ordering::SeqCst);
        async move { Err(CheckFailure::new("other").code(&format!("{n:05}"))) }
    };
    let dependency = Dependency::new("database", Class::Required, check).timing(TIMING);
    let (readiness, _samplers) = Readiness::start(vec![dependency], &health).unwrap();
    readiness.register(telemetry.metrics());
    let mut codes = BTreeSet::new();
    for _ in 0..200 {
        rounds(1).await;
        let text = metrics(&telemetry).await;
        let (_, after) = text.split_once("reason=\"other\",code=\"").unwrap();
        codes.insert(after.split('"').next().unwrap().to_owned());
    }
    assert!((2..=33).contains(&codes.len()), "{codes:?}");
    let sentence = Fake::new(Behaviour::RefusesWith("the certificate is another server's"));
    let (_health, readiness, _samplers) = start(vec![sentence.dependency("database", Class::Required)]);
    rounds(1).await;
    assert_eq!(readiness.report()[0].code.as_deref(), Some("the certificate is another server's"));
    let telemetry = Telemetry::silent().unwrap();
    readiness.register(telemetry.metrics());
    assert!(metrics(&telemetry).await.contains("reason=\"refused\",code=\"\"} 1\n"));
}
