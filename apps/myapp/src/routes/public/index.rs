//! The front page: HTML for a browser, one line for any other client.

use std::sync::Arc;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::HeaderMap;
use http::header::{
    ACCEPT, CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, VARY, X_CONTENT_TYPE_OPTIONS,
};
use live_config::Text;
use serde_json::{Value, json};

use crate::routes::config::SHOWN;
use crate::routes::context::{Context, InForce};

const PAGE: &str = include_str!("../../../pages/index.html");
const STYLE: &str = include_str!("../../../pages/index.css");

/// Permits nothing but the page's own style sheet, identified by its digest: no script, no frame, no other host.
const POLICY: &str = "default-src 'none'; style-src 'sha256-Ss9bxA/eKv3HfBXxhspFFPJOPAaCZOQNh19zepPnAUc='; base-uri 'none'; \
    form-action 'none'; frame-ancestors 'none'";

pub(super) async fn index(
    State(context): State<Arc<Context>>,
    in_force: InForce,
    headers: HeaderMap,
) -> Response {
    if wants_html(&headers) {
        let headers = [
            (CONTENT_TYPE, "text/html; charset=utf-8"),
            (CONTENT_SECURITY_POLICY, POLICY),
            (X_CONTENT_TYPE_OPTIONS, "nosniff"),
            (CACHE_CONTROL, "no-store"),
            (VARY, "accept"),
        ];
        (headers, page(&context, &in_force)).into_response()
    } else {
        let line = concat!(
            "myapp ",
            env!("CARGO_PKG_VERSION"),
            ": see /config, /healthz, /readyz and /openapi.json\n"
        );
        ([(CONTENT_TYPE, "text/plain; charset=utf-8"), (VARY, "accept")], line).into_response()
    }
}

pub(super) fn responses() -> Value {
    json!({ "200": {
        "description": "The front page",
        "content": {
            "text/html": { "schema": { "type": "string" } },
            "text/plain": { "schema": { "type": "string" } },
        },
    } })
}

/// Returns true for a browser: browsers name `text/html`; tools accept any type.
fn wants_html(headers: &HeaderMap) -> bool {
    headers.get_all(ACCEPT).iter().any(|accept| accept.to_str().is_ok_and(|text| text.contains("text/html")))
}

fn page(context: &Context, in_force: &InForce) -> String {
    let ready = context.health.is_ready();
    let warning = if context.expose_secrets {
        r#"<p class="warning" role="status">Secrets are shown unmasked at /config to requests for a name of loopback.</p>"#
    } else {
        ""
    };
    let base = in_force.0.settings.api_base_url.path();
    PAGE.replace("{{style}}", STYLE)
        .replace("{{version}}", env!("CARGO_PKG_VERSION"))
        .replace("{{ready}}", if ready { "ready" } else { "not ready" })
        .replace("{{release}}", &escaped(context.live.status().state().as_str()))
        .replace("{{warning}}", warning)
        .replace("{{settings}}", &settings(in_force))
        .replace("{{base}}", &escaped(base))
}

/// Renders one row for each setting of `/config`: its value, unless it is a secret, and the kind of its source.
fn settings(in_force: &InForce) -> String {
    let row = |key: &str| {
        let value = in_force.0.values.get(key);
        let shown = match value.map(|value| &value.text) {
            Some(Text::Plain(text)) => escaped(text),
            Some(Text::Secret(_)) => r#"<span class="secret">secret</span>"#.into(),
            None => r#"<span class="secret">not given</span>"#.into(),
        };
        let origin = value.map_or("", |value| value.origin.kind());
        format!("<tr><th scope=\"row\">{key}</th><td>{shown}</td><td>{origin}</td></tr>\n")
    };
    SHOWN.map(row).concat()
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests;
