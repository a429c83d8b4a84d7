//! What the listeners answer. Routes read the context and write nothing.

mod answer;
mod below;
mod config;
mod context;
mod digests;
mod guard;
mod index;
mod log_level;
mod memory;
mod metrics;
mod openapi;
mod operations;

use std::sync::Arc;

use axum::Router;
use axum::middleware::from_fn;
use axum::routing::{MethodRouter, get, post};
use chassis::probes;
use serde_json::Value;

pub use context::Context;
pub(crate) use digests::Digests;
pub(crate) use memory::Memory;
pub(crate) use metrics::register_metrics;

/// The first path segments of the public routes; the path of `API_BASE_URL` may not begin with one.
pub(crate) const PUBLIC_NAMES: [&str; 4] = ["config", "healthz", "openapi.json", "readyz"];

/// One public route: how it is answered, and how that is described.
struct Route {
    path: &'static str,
    handler: MethodRouter<Arc<Context>>,
    summary: &'static str,
    /// Its answers, as an OpenAPI responses object.
    responses: Value,
}

fn public_routes(context: &Context) -> Vec<Route> {
    vec![
        Route {
            path: "/",
            handler: get(index::index),
            summary: "A page for a browser, a line of text for others",
            responses: index::responses(),
        },
        Route {
            path: "/config",
            handler: get(config::public),
            summary: "The settings in force, secrets masked unless exposed",
            responses: config::responses(),
        },
        Route {
            path: "/healthz",
            handler: get(answer::healthz),
            summary: "Whether the process answers",
            responses: openapi::healthz_responses(),
        },
        Route {
            path: "/readyz",
            handler: probes::readyz(context.health.clone()),
            summary: "Whether traffic is welcome",
            responses: openapi::readyz_responses(),
        },
        Route {
            path: "/openapi.json",
            handler: get(openapi::document),
            summary: "This description",
            responses: openapi::responses(),
        },
    ]
}

/// The public routes, at the root and below the path of `API_BASE_URL`.
pub fn public(context: &Arc<Context>) -> Router {
    let routes = public_routes(context)
        .into_iter()
        .fold(Router::new(), |router, route| router.route(route.path, route.handler))
        .with_state(Arc::clone(context));
    below::also_below_base_path(routes, Arc::clone(context))
}

/// What the admin listener answers besides the probes.
pub fn admin(context: &Arc<Context>) -> Router {
    Router::new()
        .route("/digests", get(digests::digests))
        .route("/metrics", context.telemetry.metrics().route())
        .with_state(Arc::clone(context))
}

/// What only someone with access to this machine's loopback may see.
pub fn operator(context: &Arc<Context>) -> Router {
    Router::new()
        .route("/config", get(config::operator))
        .route("/api/v1/status", get(operations::status))
        .route("/api/v1/fleet", get(operations::fleet))
        .route("/reload", post(operations::reload))
        .route("/log-level", get(log_level::get).put(log_level::set))
        .layer(from_fn(guard::same_site))
        .with_state(Arc::clone(context))
}
