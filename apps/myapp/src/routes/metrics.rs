//! Metrics of the configuration's state. Labels come from closed sets only.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::SystemTime;

use chassis::telemetry::Sample;
use live_config::State;
use serde_json::{Value, json};

use super::context::Context;
use crate::build_info;
use crate::cache::Cache;
use crate::fingerprint::is_weak;

/// Adds the metrics of the configuration to those of the process.
pub(crate) fn register_metrics(context: &Arc<Context>) {
    register_build(context);
    register_configuration(context);
    register_store(context);
    if let Some(cache) = &context.cache {
        register_cache(context, cache);
    }
}

/// A metric's callback that reads the context.
fn reading(context: &Arc<Context>, read: fn(&Context) -> Vec<Sample>) -> impl Fn() -> Vec<Sample> + use<> {
    let context = Arc::clone(context);
    move || read(&context)
}

/// Adds the metric that says which build runs. Its name begins with the program's, since the builds of all programs would share it.
fn register_build(context: &Context) {
    let labels =
        [("version", build_info::VERSION), ("commit", build_info::COMMIT), ("target", build_info::TARGET)];
    context.telemetry.metrics().info(
        "myapp_build",
        "Version, commit and target of this binary",
        labels.into(),
    );
}

fn register_configuration(context: &Arc<Context>) {
    let metrics = context.telemetry.metrics();
    let read = |read| reading(context, read);
    metrics.gauge("config_state", "1 for the state that holds, 0 for the others", read(states));
    metrics.counter("config_reload", "Reloads by outcome", read(reloads));
    metrics.gauge(
        "config_generation",
        "Configurations this process has run with",
        read(|context| vec![Sample::value(context.live.status().generation as f64)]),
    );
    metrics.gauge(
        "config_age_seconds",
        "Time since the configuration in force came into force",
        read(|context| {
            let age = SystemTime::now().duration_since(context.live.status().in_force_since);
            vec![Sample::value(age.unwrap_or_default().as_secs_f64())]
        }),
    );
    metrics.gauge(
        "secrets_exposed",
        "1 if the public listener shows secrets",
        read(|context| vec![Sample::value(f64::from(u8::from(context.expose_secrets)))]),
    );
    metrics.gauge(
        "secret_key_weak",
        "1 if SECRET_KEY can be guessed",
        read(|context| {
            let weak = is_weak(&context.live.load().settings.secret_key);
            vec![Sample::value(f64::from(u8::from(weak)))]
        }),
    );
}

/// Adds metrics of the history, the accesses and their database.
fn register_store(context: &Arc<Context>) {
    let metrics = context.telemetry.metrics();
    let read = |read| reading(context, read);
    metrics.counter(
        "history_records_dropped",
        "Records that were not kept, because too many waited or the database does not take them",
        read(|context| vec![Sample::value(context.store.dropped() as f64)]),
    );
    metrics.counter(
        "secret_reveals",
        "Looks at secrets that this replica recorded and answered",
        read(|context| vec![Sample::value(context.store.reveals() as f64)]),
    );
    metrics.gauge(
        "history_records_waiting",
        "Records that wait for the database",
        read(|context| vec![Sample::value(context.store.waiting() as f64)]),
    );
    metrics.gauge(
        "database_sessions",
        "Sessions with the database, with those being opened or closed",
        read(|context| vec![Sample::value(context.store.database().sessions() as f64)]),
    );
}

/// Adds the metrics of the cache, if one is configured.
fn register_cache(context: &Arc<Context>, cache: &Cache) {
    let metrics = context.telemetry.metrics();
    let read = cache.clone();
    metrics.counter(
        "cache_events",
        "Events of the configuration that went through the cache, by what became of them",
        move || {
            let counts = read.counts();
            let sample =
                |outcome, count: &AtomicU64| Sample::labelled("outcome", outcome, count.load(Relaxed) as f64);
            vec![
                sample("sent", &counts.sent),
                sample("lost", &counts.lost),
                sample("received", &counts.received),
                sample("refused", &counts.refused),
            ]
        },
    );
    let hears_all = cache.hears_all();
    metrics.gauge("cache_hears_all", "1 if this replica hears of all others", move || {
        vec![Sample::value(f64::from(u8::from(*hears_all.borrow())))]
    });
}

/// Describes the metrics response of the chassis for OpenAPI.
pub(super) fn responses() -> Value {
    let text = json!({ "schema": { "type": "string" } });
    let content = json!({ "application/openmetrics-text": text, "text/plain": text });
    json!({ "200": { "description": "Metrics, in the format that Accept prefers", "content": content } })
}

fn states(context: &Context) -> Vec<Sample> {
    let status = context.live.status();
    let holds = |state: State| f64::from(u8::from(state == status.state()));
    State::ALL.map(|state| Sample::labelled("state", state.as_str(), holds(state))).into()
}

fn reloads(context: &Context) -> Vec<Sample> {
    let reloads = context.live.status().reloads;
    vec![
        Sample::labelled("outcome", "committed", reloads.committed as f64),
        Sample::labelled("outcome", "rejected", reloads.rejected as f64),
        Sample::labelled("outcome", "rolled_back", reloads.rolled_back as f64),
    ]
}
