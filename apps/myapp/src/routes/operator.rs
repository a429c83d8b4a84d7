//! The operator listener: the state of all replicas, their history, secrets on record, and the requests that change state.

mod accesses;
mod events;
mod fleet;
mod history;
mod log_level;
mod reload;
mod status;

use std::sync::Arc;

use axum::Router;
use axum::middleware::from_fn;

use super::context::Context;
use super::http::openapi::{self, Guard};
use super::http::route::{self, Route};
use super::http::same_site;
use super::{config, digests};
use crate::readiness_policy::DATABASE;

/// Builds the operator routes, which only users with access to this machine's loopback can reach.
pub fn operator(context: &Arc<Context>) -> Router {
    let described = openapi::described(operator_routes(context), Guard::SameSite, |_| "/");
    route::router(described, context).layer(from_fn(same_site::same_site))
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
        Route::get("/api/v1/fleet", fleet::fleet)
            .about("All replicas, as each tells of itself")
            .answers(fleet::responses())
            .refuses(&[404, 503]),
        Route::get(history::PATH, history::history)
            .needs(database())
            .about("How the settings changed")
            .takes(history::described_parameters())
            .answers(history::responses())
            .refuses(&[400, 503]),
        Route::get("/api/v1/status", status::status)
            .about("This replica in full")
            .answers(status::responses()),
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
        Route::post("/reload", reload::reload)
            .about("Looks at the mounted directory now, and tells what became of it")
            .answers(digests::responses())
            .refuses(&[503]),
    ]
}
