//! The public listener: the page, the settings without their secrets, and two probes.

mod index;
#[cfg(feature = "fast-path")]
mod memory;

use std::sync::Arc;

use axum::Router;
use chassis::probes;

use super::config;
use super::context::Context;
use super::http::openapi::{self, Guard};
use super::http::route::{self, Route};
use super::http::{base_path, response};
#[cfg(feature = "fast-path")]
pub(crate) use memory::Memory;

/// Builds the public routes, at the root and below the path of `API_BASE_URL`.
pub fn public(context: &Arc<Context>) -> Router {
    let described =
        openapi::described(public_routes(context), Guard::None, |in_force| in_force.text("API_BASE_URL"));
    base_path::also_below_base_path(route::router(described, context), Arc::clone(context))
}

fn public_routes(context: &Context) -> Vec<Route> {
    vec![
        Route::get("/", index::index)
            .about("A page for a browser, a line of text for others")
            .answers(index::responses()),
        Route::get("/config", config::public)
            .about("The settings in force, secrets masked unless exposed")
            .answers(config::responses()),
        Route::get("/healthz", response::healthz)
            .about("Whether the process answers")
            .answers(openapi::yes("The process answers", "ok")),
        Route::of_get("/readyz", probes::readyz(context.health.clone()))
            .about("Whether traffic is welcome")
            .answers(openapi::yes_or_no("Traffic is welcome", "ready")),
    ]
}
