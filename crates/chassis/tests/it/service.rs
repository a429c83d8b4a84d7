//! The builder of a service, with the steps that it performs by itself.

use std::net::SocketAddr;
use std::process::Stdio;

use axum::Router;
use axum::extract::{ConnectInfo, Request};
use axum::middleware::from_fn_with_state;
use axum::routing::get;
use chassis::readiness::{Class, Dependency, requires};
use chassis::shutdown::{self, Trigger};
use chassis::telemetry::Telemetry;
use chassis::{DrainReport, Service, ServiceBuilder, ServiceError};
use hyper::upgrade::OnUpgrade;
use test_support::http::raw::{Client, get as fetch};
use test_support::wait::{until_async, within};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::Command;
use tokio::task::JoinHandle;

use crate::harness::{DEADLINE, LOOPBACK, at_once};

struct Running {
    public: SocketAddr,
    admin: SocketAddr,
    trigger: Trigger,
    served: JoinHandle<DrainReport>,
}

fn builder() -> ServiceBuilder {
    let telemetry = Telemetry::silent().expect("a thread can be started");
    Service::builder("test", "1.0.0").telemetry(telemetry).drain(at_once())
}

async fn run(service: ServiceBuilder) -> Running {
    let started = service.admin(LOOPBACK, Router::new()).start().await.expect("port 0 can always be bound");
    let [public, admin] = ["public", "admin"].map(|name| started.address(name).expect("a listener"));
    let (trigger, signals) = shutdown::channel();
    let served = tokio::spawn(async move { started.serve(signals).await.expect("one signal only") });
    Running { public, admin, trigger, served }
}

async fn client_address(ConnectInfo(client): ConnectInfo<SocketAddr>) -> String {
    client.to_string()
}

#[tokio::test]
async fn service_has_probes_and_metrics_and_drains() {
    let routes = Router::new().route("/", get(async || "hello"));
    let running = run(builder().public(LOOPBACK, routes)).await;
    assert_eq!(fetch(running.public, "/").await.body, "hello");
    for probe in ["/livez", "/readyz", "/startupz"] {
        assert_eq!(fetch(running.admin, probe).await.status, 200, "{probe}");
    }
    let metrics = fetch(running.admin, "/metrics").await.body;
    assert!(metrics.contains("http_server_request_duration_seconds_count"), "{metrics}");
    running.trigger.send("SIGTERM");
    let report = within(DEADLINE, "the drain", running.served).await.expect("no panic");
    assert_eq!((report.requests_cut, report.connections > 0), (0, true));
}

#[tokio::test]
async fn unreachable_dependency_blocks_readiness_and_routes() {
    let database = Dependency::new("database", Class::Required, async || Err("refused".into()));
    let running = run(builder().depends_on(database).public_with(LOOPBACK, |parts| {
        let database = parts.readiness.dependency("database").expect("declared above");
        Router::new().route("/", get(async || "hello")).route_layer(from_fn_with_state(database, requires))
    }))
    .await;
    let metrics = async || fetch(running.admin, "/metrics").await.body;
    let is_down = |metrics: &String| metrics.contains("dependency_up{dependency=\"database\"} 0");
    until_async(DEADLINE, "the first check", metrics, is_down).await;
    assert_eq!(fetch(running.admin, "/readyz").await.status, 503);
    assert_eq!(fetch(running.public, "/").await.status, 503);
}

#[tokio::test]
async fn handler_knows_the_clients_address() {
    let running = run(builder().public(LOOPBACK, Router::new().route("/", get(client_address)))).await;
    let answer = fetch(running.public, "/").await;
    let client: SocketAddr = answer.body.parse().expect("an address");
    assert!(client.ip().is_loopback() && client.port() != running.public.port(), "{client}");
}

#[tokio::test]
async fn ipv4_client_has_an_ipv4_address() {
    let routes = Router::new().route("/", get(client_address));
    let unspecified = SocketAddr::from((std::net::Ipv6Addr::UNSPECIFIED, 0));
    let running = run(builder().public(unspecified, routes)).await;
    let public = SocketAddr::from((std::net::Ipv4Addr::LOCALHOST, running.public.port()));
    assert!(fetch(public, "/").await.body.starts_with("127.0.0.1:"));
}

/// A handler that finds `OnUpgrade` would respond with 101, and wait for a connection that it never gets.
#[tokio::test]
async fn upgrade_is_not_offered_to_a_handler() {
    let handler = async |request: Request| request.extensions().get::<OnUpgrade>().is_some().to_string();
    let running = run(builder().public(LOOPBACK, Router::new().route("/", get(handler)))).await;
    let mut client = Client::connect(running.public).await;
    client.send("GET / HTTP/1.1\r\nHost: test\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n").await;
    let answer = client.answer().await;
    assert_eq!((answer.status, answer.body.as_str()), (200, "false"));
    assert_eq!(client.get("/").await.status, 200, "the connection remains open");
}

#[tokio::test]
async fn faults_of_a_service_are_errors() {
    let check = || Dependency::new("twice", Class::Required, async || Ok(()));
    let twice = builder().depends_on(check()).depends_on(check()).start().await;
    assert!(matches!(twice, Err(ServiceError::Dependency(_))));
    let running = run(builder().public(LOOPBACK, Router::new())).await;
    let taken = builder().public(running.public, Router::new()).start().await;
    assert!(matches!(taken, Err(ServiceError::Bind(_))));
}

/// Cargo gives a test the paths of a crate's programs, but not of its examples.
async fn example(name: &str) -> String {
    let built = Command::new(env!("CARGO"))
        .args(["build", "--package", "chassis", "--example", name, "--message-format", "json"])
        .stderr(Stdio::inherit())
        .output();
    let output = built.await.expect("cargo runs").stdout;
    let messages = String::from_utf8(output).expect("text");
    let mut paths = messages.lines().filter_map(|line| {
        let message: serde_json::Value = serde_json::from_str(line).ok()?;
        message["executable"].as_str().map(str::to_owned)
    });
    paths.next_back().expect("the example builds")
}

/// The builds take longer than any other wait of these tests.
#[tokio::test]
async fn examples_build_and_one_serves_until_sigterm() {
    for name in ["hello", "dependency", "client_address"] {
        example(name).await;
    }
    let mut child = Command::new(example("flags").await)
        .args(["--listen", "127.0.0.1:0"])
        .env("GREETER_DRAIN_MIN", "0s")
        .env("GREETER_DRAIN_QUIET", "0s")
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .expect("cargo has just built it");
    let mut lines = BufReader::new(child.stdout.take().expect("a pipe")).lines();
    let address: SocketAddr = within(DEADLINE, "the address", async {
        loop {
            let line = lines.next_line().await.expect("text").expect("the address before the end");
            let line: serde_json::Value = serde_json::from_str(&line).expect("JSON");
            if line["message"] == "listening" {
                return line["address"].as_str().expect("text").parse().expect("an address");
            }
        }
    })
    .await;
    assert_eq!(fetch(address, "/").await.body, "hello\n");
    let pid = child.id().and_then(|id| rustix::process::Pid::from_raw(i32::try_from(id).ok()?));
    rustix::process::kill_process(pid.expect("a process"), rustix::process::Signal::TERM).expect("it runs");
    let mut last = String::new();
    while let Some(line) = within(DEADLINE, "the end", lines.next_line()).await.expect("text") {
        last = line;
    }
    assert!(last.contains("stopped serving") || last.contains("spans flushed"), "{last}");
    assert!(within(DEADLINE, "the exit", child.wait()).await.expect("a status").success());
}
