//! The admin listener: digests, metrics and probes, under the names that a service on `live-config` has.

use std::net::SocketAddr;
use std::time::{Duration, SystemTime};

use axum::Router;
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use chassis::shutdown::Signals;
use chassis::telemetry::{Metrics, Sample, Telemetry};
use chassis::{BindErrors, Bound, Builder, DrainArgs, LimitArgs, Listener, probes};
use fleet::Digests;
use http::StatusCode;
use http::header::CONTENT_TYPE;
use live_config::State;

use crate::agent::status::AgentStatus;

/// A bound admin listener.
pub(crate) struct Admin(Bound);

impl Admin {
    /// Binds the listener. It answers for as long as CMD may take to stop.
    ///
    /// # Errors
    /// The address cannot be bound.
    pub(crate) async fn bind(
        address: SocketAddr,
        status: &AgentStatus,
        telemetry: &Telemetry,
        stop_timeout: Duration,
    ) -> Result<Self, BindErrors> {
        register_metrics(status, telemetry.metrics());
        let drain = DrainArgs { min: stop_timeout, accept_max: stop_timeout, ..DrainArgs::default() };
        let health = status.readiness.health().clone();
        let (digests, readiness) = (status.clone(), status.readiness.clone());
        let router = Router::new()
            .route("/digests", get(async move || json(&digests.digests().await)))
            .route("/metrics", telemetry.metrics().route())
            .route("/livez", probes::livez(health.clone()))
            .route("/readyz", get(async move || probes::readyz_response(readiness.is_ready().await)))
            .route("/startupz", probes::startupz(health.clone()));
        let builder = Builder::new(drain, LimitArgs::default(), health, telemetry.clone());
        builder.listener(Listener::internal("admin", address, router)).bind().await.map(Self)
    }

    /// Answers until dropped; from the first of `signals` on, it is not ready.
    pub(crate) async fn serve(self, signals: Signals) {
        // An end by a second signal is that of the whole process.
        let _ = self.0.serve(signals).await;
    }
}

fn json(digests: &Digests) -> Response {
    match serde_json::to_string(digests) {
        Ok(text) => ([(CONTENT_TYPE, "application/json")], text + "\n").into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

fn register_metrics(status: &AgentStatus, metrics: &Metrics) {
    let read = |read: fn(&AgentStatus) -> Vec<Sample>| {
        let status = status.clone();
        move || read(&status)
    };
    metrics.gauge(
        "config_state",
        "1 for the state that holds, 0 for the others",
        read(|status| {
            let present = status.state();
            let holds = |state: State| f64::from(u8::from(state == present));
            State::ALL.map(|state| Sample::labelled("state", state.as_str(), holds(state))).into()
        }),
    );
    metrics.counter(
        "config_reload",
        "Reloads by outcome",
        read(|status| {
            let reloads = status.live.status().reloads;
            reloads
                .by_outcome()
                .map(|(outcome, count)| Sample::labelled("outcome", outcome, count as f64))
                .into()
        }),
    );
    metrics.gauge(
        "config_generation",
        "Configurations this process has run with",
        read(|status| vec![Sample::value(status.live.status().generation as f64)]),
    );
    metrics.gauge(
        "config_age_seconds",
        "Time since the configuration in force came into force",
        read(|status| {
            let age = SystemTime::now().duration_since(status.live.status().in_force_since);
            vec![Sample::value(age.unwrap_or_default().as_secs_f64())]
        }),
    );
}
