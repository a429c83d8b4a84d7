//! The SBOM route, for scanners: present only if `--sbom` is set.

use axum::body::Body;
use axum::response::Response;
use axum::routing::get;
use http::HeaderValue;
use http::header::CONTENT_TYPE;
use serde_json::json;

use crate::routes::http::route::Route;
use crate::sbom::Sbom;

/// Media type of CycloneDX JSON, as registered with IANA.
const MEDIA_TYPE: &str = "application/vnd.cyclonedx+json";

pub(super) fn route(sbom: &Sbom) -> Route {
    let bytes = sbom.bytes();
    let answer = async move || {
        let mut response = Response::new(Body::from(bytes));
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(MEDIA_TYPE));
        response
    };
    let content = json!({ MEDIA_TYPE: { "schema": { "type": "object" } } });
    Route::of_get("/sbom", get(answer))
        .about("What this service is made of, as its build wrote it down")
        .answers(json!({ "200": { "description": "A CycloneDX document", "content": content } }))
}
