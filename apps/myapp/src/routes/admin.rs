//! The admin listener: probes, metrics and digests for the machines around the service.

mod sbom;

use std::sync::Arc;

use axum::Router;
use chassis::probes;
use serde_json::{Value, json};

use super::context::Context;
use super::digests;
use super::http::openapi::{self, Guard};
use super::http::route::{self, Route};

/// Builds the admin routes: probes, metrics and digests for the machines around the service.
pub fn admin(context: &Arc<Context>) -> Router {
    route::router(openapi::described(admin_routes(context), Guard::None, |_| "/"), context)
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
            .answers(metrics_responses()),
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

/// Describes the metrics response of the chassis for OpenAPI.
fn metrics_responses() -> Value {
    let text = json!({ "schema": { "type": "string" } });
    let content = json!({ "application/openmetrics-text": text, "text/plain": text });
    json!({ "200": { "description": "Metrics, in the format that Accept prefers", "content": content } })
}
