//! The routes of the listeners. Routes read the context and write nothing.

mod accesses;
mod answer;
mod base_path;
mod config;
mod context;
mod cursor;
mod digests;
mod events;
mod guard;
mod history;
mod index;
mod listing;
mod log_level;
#[cfg(feature = "fast-path")]
mod memory;
mod metrics;
mod openapi;
mod operations;
mod query;
mod route;
mod sbom;

use std::sync::Arc;

use axum::Router;
use axum::middleware::from_fn;
use chassis::probes;

use crate::dependencies::DATABASE;

pub use context::Context;
#[cfg(fuzzing)]
pub(crate) use cursor::Cursors;
#[cfg(feature = "fast-path")]
pub(crate) use memory::Memory;
pub(crate) use metrics::register_metrics;
use openapi::Guard;
use route::Route;

fn public_routes(context: &Context) -> Vec<Route> {
    vec![
        Route::get("/", index::index)
            .about("A page for a browser, a line of text for others")
            .answers(index::responses()),
        Route::get("/config", config::public)
            .about("The settings in force, secrets masked unless exposed")
            .answers(config::responses()),
        Route::get("/healthz", answer::healthz)
            .about("Whether the process answers")
            .answers(openapi::yes("The process answers", "ok")),
        Route::of_get("/readyz", probes::readyz(context.health.clone()))
            .about("Whether traffic is welcome")
            .answers(openapi::yes_or_no("Traffic is welcome", "ready")),
    ]
}

fn admin_routes(context: &Context) -> Vec<Route> {
    let mut routes = vec![
        Route::get("/digests", digests::digests)
            .about("State and digests of this replica")
            .answers(digests::responses()),
        Route::of_get("/livez", probes::livez(context.health.clone()))
            .about("Whether the process can go on")
            .answers(openapi::yes_or_no("It can", "live")),
        Route::of_get("/metrics", context.telemetry.metrics().route())
            .about("Metrics for Prometheus")
            .answers(metrics::responses()),
        Route::of_get("/readyz", probes::readyz(context.health.clone()))
            .about("Whether traffic is welcome")
            .answers(openapi::yes_or_no("Traffic is welcome", "ready")),
        Route::of_get("/startupz", probes::startupz(context.health.clone()))
            .about("Whether start-up is over")
            .answers(openapi::yes_or_no("It is over", "started")),
    ];
    routes.extend(context.sbom.as_ref().map(sbom::route));
    routes
}

fn operator_routes(context: &Context) -> Vec<Route> {
    let database = || context.readiness.dependency(DATABASE);
    vec![
        Route::get(accesses::PATH, accesses::accesses)
            .needs(database())
            .about("Who read the settings")
            .takes(accesses::described_parameters())
            .answers(accesses::responses())
            .refuses(&[400, 503]),
        Route::get("/api/v1/events", events::events)
            .about("What happens to the configuration of this replica, as it happens")
            .takes(events::parameters())
            .answers(events::responses())
            .refuses(&[503]),
        Route::get("/api/v1/fleet", operations::fleet)
            .about("All replicas, as each tells of itself")
            .answers(operations::fleet_responses())
            .refuses(&[404, 503]),
        Route::get(history::PATH, history::history)
            .needs(database())
            .about("How the settings changed")
            .takes(history::described_parameters())
            .answers(history::responses())
            .refuses(&[400, 503]),
        Route::get("/api/v1/status", operations::status)
            .about("This replica in full")
            .answers(operations::status_responses()),
        Route::get("/config", config::operator)
            .needs(database())
            .about("The settings in force with their secrets; recorded before it is answered")
            .answers(config::responses())
            .refuses(&[503]),
        Route::get("/log-level", log_level::get)
            .about("The log level, and until when it holds")
            .answers(log_level::responses()),
        Route::put("/log-level", log_level::set)
            .about("Sets the log level for a while")
            .reads(log_level::body())
            .answers(log_level::responses())
            .refuses(&[422]),
        Route::post("/reload", operations::reload)
            .about("Looks at the mounted directory now, and tells what became of it")
            .answers(digests::responses())
            .refuses(&[503]),
    ]
}

/// Builds the public routes, at the root and below the path of `API_BASE_URL`.
pub fn public(context: &Arc<Context>) -> Router {
    let described =
        openapi::described(public_routes(context), Guard::None, |in_force| in_force.text("API_BASE_URL"));
    base_path::also_below_base_path(route::router(described, context), Arc::clone(context))
}

/// Builds the admin routes: probes, metrics and digests for the machines around the service.
pub fn admin(context: &Arc<Context>) -> Router {
    route::router(openapi::described(admin_routes(context), Guard::None, |_| "/"), context)
}

/// Builds the operator routes, which only users with access to this machine's loopback can reach.
pub fn operator(context: &Arc<Context>) -> Router {
    let described = openapi::described(operator_routes(context), Guard::SameSite, |_| "/");
    route::router(described, context).layer(from_fn(guard::same_site))
}
