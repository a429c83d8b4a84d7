//! A service with quick, slow and endless answers, to be stopped behind a load balancer.
//!
//! It logs to standard output; the lines with the message `listening` contain its addresses.

use std::error::Error;
use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use chassis::telemetry::{Level, Options, Telemetry};
use chassis::{Builder, DrainArgs, Health, LimitArgs, Listener, probes, shutdown};
use clap::Parser;
use http::header::CONTENT_TYPE;
use http_body_util::channel::{Channel, Sender};
use tokio::time::{interval, sleep};

/// Time of the slow response.
const SLOW: Duration = Duration::from_millis(800);
/// Time of the slower response: longer than the drain accepts, and shorter than the time after it.
const SLOWER: Duration = Duration::from_secs(8);
/// Between two events of the endless answer.
const TICK: Duration = Duration::from_millis(200);

/// Answers `/quick`, `/slow`, `/slower` and `/events`.
#[derive(Parser)]
struct Args {
    /// Address for clients
    #[arg(long, default_value = "127.0.0.1:0")]
    listen: SocketAddr,
    /// Address for probes
    #[arg(long, default_value = "127.0.0.1:0")]
    admin_listen: SocketAddr,
    #[command(flatten)]
    drain: DrainArgs,
    #[command(flatten)]
    limits: LimitArgs,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let args = Args::parse();
    let telemetry = Telemetry::install(&Options { level: Level::Error, own_crates: vec!["drained"] })?;
    let _flush = telemetry.flush_on_drop();
    let health = Health::new();
    let bound = Builder::new(args.drain, args.limits, health.clone(), telemetry.clone())
        .listener(Listener::traffic("public", args.listen, public(health.clone())).probes(["/readyz"]))
        .listener(Listener::internal("admin", args.admin_listen, probes::router(health.clone())))
        .bind()
        .await?;
    let signals = shutdown::signals()?;
    health.mark_started();
    health.mark_ready();
    bound.serve(signals).await?;
    Ok(())
}

fn public(health: Health) -> Router {
    Router::new()
        .route("/readyz", probes::readyz(health.clone()))
        .route("/quick", get(async || "quick\n"))
        .route("/slow", get(async || after(SLOW, "slow\n").await))
        .route("/slower", get(async || after(SLOWER, "slower\n").await))
        .route("/events", get(async move || events(health.drain_requested())))
}

async fn after(time: Duration, answer: &'static str) -> &'static str {
    sleep(time).await;
    answer
}

/// Server-sent events until the server closes, and then a whole end: the client comes back, and to another process.
fn events(closing: impl Future<Output = ()> + Send + 'static) -> Response {
    let (sender, body) = Channel::<Bytes>::new(1);
    tokio::spawn(async move {
        tokio::select! {
            () = tick(sender) => {}
            () = closing => {}
        }
    });
    ([(CONTENT_TYPE, "text/event-stream")], Body::new(body)).into_response()
}

/// Returns when the client is gone.
async fn tick(mut sender: Sender<Bytes>) {
    let mut ticks = interval(TICK);
    loop {
        ticks.tick().await;
        if sender.send_data(Bytes::from_static(b"data: tick\n\n")).await.is_err() {
            return;
        }
    }
}
