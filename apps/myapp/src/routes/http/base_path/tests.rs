use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use axum::body::Body;
use axum::routing::get;
use chassis::Health;
use chassis::readiness::Readiness;
use chassis::telemetry::Telemetry;
use clap::Parser as _;
use http::StatusCode;
use live_config::{Driver, Loaded, Sources, Timing};
use test_support::kubelet_volume::KubeletVolume;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};
use tower::ServiceExt as _;

use super::*;
use crate::args::Cli;
use crate::database::{Database, Target};
use crate::settings;
use crate::store::{self, Bounds, Store};

const RELOADS: usize = 200;

#[test]
fn only_whole_segments_count_as_below() {
    let stripped = |path: &str, base| without_base(&path.parse().unwrap(), base).map(|uri| uri.to_string());
    assert_eq!(stripped("/api/config?x=1", "/api").as_deref(), Some("/config?x=1"));
    assert_eq!(stripped("/api", "/api").as_deref(), Some("/"));
    assert_eq!(stripped("/api/", "/api").as_deref(), Some("/"));
    assert_eq!(stripped("/apiary", "/api"), None);
    assert_eq!(stripped("/config", "/api"), None);
    assert_eq!(stripped("/config", ""), None);
}

/// Writes two settings that both contain the generation, as the kubelet does.
fn swap(directory: &Path, number: usize) {
    let (base, connections) = (format!("/g{number}"), (number + 1).to_string());
    let files = [("config/API_BASE_URL", base), ("config/MAX_CONNECTIONS", connections)];
    KubeletVolume::new(directory).write(&files).unwrap();
}

/// Reads one setting, waits, and reads the other: 500 if they are of two generations.
async fn torn(in_force: InForce) -> StatusCode {
    let base = in_force.text("API_BASE_URL").to_owned();
    sleep(Duration::from_millis(3)).await;
    let number: usize = in_force.text("MAX_CONNECTIONS").parse().unwrap();
    if base == format!("/g{}", number - 1) { StatusCode::OK } else { StatusCode::INTERNAL_SERVER_ERROR }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn request_sees_one_generation_during_reloads() {
    let directory = tempfile::tempdir().unwrap();
    swap(directory.path(), 0);
    let sources = Sources::default().directory(directory.path()).fallback("SECRET_KEY", "k".into());
    let contract = settings::contract().unwrap();
    let loaded = Loaded::read(&contract, &sources).unwrap_or_else(|problems| panic!("{problems}"));
    let timing = Timing { debounce: Duration::from_millis(1), observe: Duration::ZERO, ..Timing::default() };
    let database = Database::new(Target::Sqlite("unused.db".into()), 10, store::schema());
    let (store, _) = Store::new(database, "test", Bounds::default());
    let (live, driver) = Driver::new(contract, sources, loaded, Vec::new(), timing);
    let args = Cli::try_parse_from(["myapp"]).unwrap().serve;
    let telemetry = Telemetry::silent().unwrap();
    let health = Health::new();
    let (readiness, _) = Readiness::start(Vec::new(), &health).unwrap();
    let context = Arc::new(Context::new(live.clone(), store, None, health, readiness, telemetry, &args));
    let routes = Router::new().route("/torn", get(torn)).with_state(Arc::clone(&context));
    let service = also_below_base_path(routes, context);

    let (done, answered) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
    let mut tasks = JoinSet::new();
    for _ in 0..8 {
        let (service, done, answered) = (service.clone(), Arc::clone(&done), Arc::clone(&answered));
        tasks.spawn(async move {
            while !done.load(Ordering::Relaxed) {
                let request = Request::get("/torn").body(Body::empty()).unwrap();
                let status = service.clone().oneshot(request).await.unwrap().status();
                assert_eq!(status, StatusCode::OK, "two generations in one request");
                answered.fetch_add(1, Ordering::Relaxed);
            }
        });
    }
    let driver = tokio::spawn(driver.run());
    for number in 1..=RELOADS {
        swap(directory.path(), number);
        let base = format!("/g{number}");
        while live.load().settings.api_base_url.as_str() != base {
            timeout(Duration::from_secs(10), live.reload()).await.unwrap();
        }
    }
    done.store(true, Ordering::Relaxed);
    while let Some(ended) = tasks.join_next().await {
        ended.unwrap();
    }
    driver.abort();
    assert!(live.status().generation > RELOADS as u64);
    assert!(answered.load(Ordering::Relaxed) > RELOADS, "{answered:?} answers");
}
