use chassis::telemetry::Telemetry;
use chassis::{Builder, DrainArgs, Health, LimitArgs, Listener, probes, shutdown};
use test_support::http::raw::get;

use crate::harness::LOOPBACK;

#[tokio::test]
async fn started_ready_and_live_are_separate_probes() {
    let health = Health::new();
    let bound = Builder::new(
        DrainArgs::default(),
        LimitArgs::default(),
        health.clone(),
        Telemetry::silent().unwrap(),
    )
    .listener(Listener::internal("admin", LOOPBACK, probes::router(health.clone())))
    .bind()
    .await
    .unwrap();
    let admin = bound.address("admin").unwrap();
    let (_trigger, signals) = shutdown::channel();
    tokio::spawn(bound.serve(signals));

    let statuses = async || {
        let mut statuses = [0; 3];
        for (status, path) in statuses.iter_mut().zip(["/livez", "/startupz", "/readyz"]) {
            *status = get(admin, path).await.status;
        }
        statuses
    };
    assert_eq!(statuses().await, [200, 503, 503]);
    health.mark_started();
    assert_eq!(statuses().await, [200, 200, 503]);
    health.mark_ready();
    assert_eq!(statuses().await, [200, 200, 200]);

    let answer = get(admin, "/readyz").await;
    assert_eq!(answer.body, "{\"status\":\"ready\"}\n");
    assert_eq!(answer.header("content-type"), Some("application/json"));
}
