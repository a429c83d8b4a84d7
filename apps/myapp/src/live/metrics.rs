//! Metrics of the configuration's state. Labels come from closed sets only.

use std::time::SystemTime;

use chassis::telemetry::{Metrics, Sample};
use live_config::{Live, State};

use crate::fingerprint::is_weak;
use crate::settings::Settings;

/// Adds the metrics of the configuration. `exposes_secrets` is true if the public listener shows secrets.
pub(crate) fn register_metrics(live: &Live<Settings>, exposes_secrets: bool, metrics: &Metrics) {
    let read = |read: fn(&Live<Settings>) -> Vec<Sample>| {
        let live = live.clone();
        move || read(&live)
    };
    metrics.gauge("config_state", "1 for the state that holds, 0 for the others", read(states));
    metrics.counter("config_reload", "Reloads by outcome", read(reloads));
    metrics.gauge(
        "config_generation",
        "Configurations this process has run with",
        read(|live| vec![Sample::value(live.status().generation as f64)]),
    );
    metrics.gauge(
        "config_age_seconds",
        "Time since the configuration in force came into force",
        read(|live| {
            let age = SystemTime::now().duration_since(live.status().in_force_since);
            vec![Sample::value(age.unwrap_or_default().as_secs_f64())]
        }),
    );
    metrics.gauge("secrets_exposed", "1 if the public listener shows secrets", move || {
        vec![Sample::value(f64::from(u8::from(exposes_secrets)))]
    });
    metrics.gauge(
        "secret_key_weak",
        "1 if SECRET_KEY can be guessed",
        read(|live| vec![Sample::value(f64::from(u8::from(is_weak(&live.load().settings.secret_key))))]),
    );
}

fn states(live: &Live<Settings>) -> Vec<Sample> {
    let status = live.status();
    let holds = |state: State| f64::from(u8::from(state == status.state()));
    State::ALL.map(|state| Sample::labelled("state", state.as_str(), holds(state))).into()
}

fn reloads(live: &Live<Settings>) -> Vec<Sample> {
    let outcomes = live.status().reloads.by_outcome();
    outcomes.map(|(outcome, count)| Sample::labelled("outcome", outcome, count as f64)).into()
}
