//! The configuration's state for Prometheus (text format 0.0.4). Labels come from closed sets only.

use std::fmt::Write as _;
use std::sync::Arc;
use std::time::SystemTime;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::header::CONTENT_TYPE;
use live_config::Status;

use super::context::Context;

const STATES: [&str; 6] = ["rejected", "rolled_back", "drifted", "pinned", "applying", "converged"];

pub(super) async fn metrics(State(context): State<Arc<Context>>) -> Response {
    let text = render(&context.live.status(), context.expose_secrets, SystemTime::now());
    ([(CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], text).into_response()
}

fn render(status: &Status, exposed: bool, now: SystemTime) -> String {
    let mut text = String::new();
    let mut family = |name: &str, kind: &str, help: &str, samples: &[(String, f64)]| {
        // Writing to a String cannot fail.
        let _ = writeln!(text, "# HELP {name} {help}\n# TYPE {name} {kind}");
        for (labels, value) in samples {
            let _ = writeln!(text, "{name}{labels} {value}");
        }
    };
    let plain = |value: f64| [(String::new(), value)];

    let state =
        STATES.map(|state| (format!("{{state=\"{state}\"}}"), f64::from(u8::from(state == status.word()))));
    family("config_state", "gauge", "1 for the state that holds, 0 for the others.", &state);
    family(
        "config_generation",
        "gauge",
        "Configurations this process has run with.",
        &plain(status.generation as f64),
    );
    let reloads = status.reloads;
    let outcomes = [
        ("committed", reloads.committed),
        ("rejected", reloads.rejected),
        ("rolled_back", reloads.rolled_back),
    ];
    let outcomes = outcomes.map(|(outcome, count)| (format!("{{outcome=\"{outcome}\"}}"), count as f64));
    family("config_reload_total", "counter", "Reloads by outcome.", &outcomes);
    let age = now.duration_since(status.in_force_since).unwrap_or_default().as_secs_f64();
    family(
        "config_age_seconds",
        "gauge",
        "Time since the configuration in force came into force.",
        &plain(age),
    );
    let exposed = f64::from(u8::from(exposed));
    family("secrets_exposed", "gauge", "1 if the public listener shows secrets.", &plain(exposed));
    text
}
