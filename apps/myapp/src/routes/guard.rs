//! Keeps pages of other sites, open in an operator's browser, away from what loopback shows.
//!
//! A page can make a browser send a request here, by a form, a link or a script. What tells it from one of the operator is
//! what the browser adds and a page cannot forge:
//!
//! - A page that found this address under a name of its own (rebinding) carries that name in `Host`.
//! - A browser since 2023 says in `Sec-Fetch-Site` where a request comes from, and any says so in `Origin` with a form.
//! - An older browser may say neither. It can read nothing here all the same, since no answer allows another origin to, but
//!   a form of such a page could post. So whoever posts shows what no page can send to another origin unasked: a body of
//!   JSON, or a header that forms do not have. For these, and for any method but GET, HEAD and POST, a browser asks first,
//!   by `OPTIONS`, and is refused: that is why a `PUT` needs no such sign.

use axum::extract::Request;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use chassis::Problem;
use http::header::{CONTENT_TYPE, HOST, ORIGIN, X_CONTENT_TYPE_OPTIONS};
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use serde_json::{Value, json};

const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");
/// Any value will do: that it is there is what counts.
const REQUESTED_BY: HeaderName = HeaderName::from_static("x-requested-by");
const RESOURCE_POLICY: HeaderName = HeaderName::from_static("cross-origin-resource-policy");

/// Refuses a request that a page of another site made or may have made, or that reached this address under another name.
pub(super) async fn same_site(request: Request, next: Next) -> Response {
    if let Err((status, detail)) = judge(request.method(), request.headers()) {
        return Problem::new(status).detail(detail).into_response();
    }
    let mut response = next.run(request).await;
    // An old browser that embeds an answer into a page of another site must not make anything of it.
    response.headers_mut().insert(RESOURCE_POLICY, HeaderValue::from_static("same-origin"));
    response.headers_mut().insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}

/// The header that a POST without a JSON body must have, as OpenAPI describes it.
pub(super) fn parameter() -> Value {
    json!({
        "name": "X-Requested-By",
        "in": "header",
        "required": true,
        "description": "Anything: that it is there shows that no page of another site asks",
        "schema": { "type": "string" },
    })
}

fn judge(method: &Method, headers: &HeaderMap) -> Result<(), (StatusCode, &'static str)> {
    if !names_loopback(headers) {
        let detail = "the Host header must name loopback, as in localhost:9091";
        return Err((StatusCode::MISDIRECTED_REQUEST, detail));
    }
    if !is_own_site(headers) {
        return Err((StatusCode::FORBIDDEN, "requests from pages of another site are refused"));
    }
    if *method == Method::POST && !is_deliberate(headers) {
        let detail = "a POST must have a body of JSON (Content-Type: application/json) or the header X-Requested-By, \
            whatever its value";
        return Err((StatusCode::FORBIDDEN, detail));
    }
    Ok(())
}

fn names_loopback(headers: &HeaderMap) -> bool {
    headers.get(HOST).and_then(|host| host.to_str().ok()).is_some_and(is_loopback_name)
}

/// A loopback name, with or without a port.
fn is_loopback_name(host: &str) -> bool {
    let is_port = |port: &str| port.chars().all(|c| c.is_ascii_digit());
    let name = host.rsplit_once(':').filter(|(_, port)| is_port(port)).map_or(host, |(name, _)| name);
    matches!(name, "localhost" | "127.0.0.1" | "[::1]")
}

/// Whether nothing that a browser adds speaks of another site. Another port of loopback is one: what listens there may
/// serve anyone's pages.
fn is_own_site(headers: &HeaderMap) -> bool {
    let own_fetch =
        headers.get_all(SEC_FETCH_SITE).iter().all(|site| site == "none" || site == "same-origin");
    let host = headers.get(HOST).map_or(&[][..], HeaderValue::as_bytes);
    let own_origin = |origin: &HeaderValue| origin.as_bytes().strip_prefix(b"http://") == Some(host);
    own_fetch && headers.get_all(ORIGIN).iter().all(own_origin)
}

/// Whether the request shows what a page of another site cannot make a browser send.
fn is_deliberate(headers: &HeaderMap) -> bool {
    let is_json = |text: &HeaderValue| {
        let essence = text.to_str().unwrap_or_default().split(';').next().unwrap_or_default();
        essence.trim().eq_ignore_ascii_case("application/json")
    };
    headers.contains_key(SEC_FETCH_SITE)
        || headers.contains_key(REQUESTED_BY)
        || headers.get(CONTENT_TYPE).is_some_and(is_json)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HERE: (&str, &str) = ("host", "localhost:9091");

    fn is_allowed(method: &Method, headers: &[(&'static str, &'static str)]) -> bool {
        let headers = [&[HERE], headers].concat();
        let headers = headers
            .into_iter()
            .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)));
        judge(method, &headers.collect()).is_ok()
    }

    #[test]
    fn a_post_needs_what_no_page_of_another_site_can_send() {
        for headers in [
            ("x-requested-by", "curl"),
            ("content-type", "application/json"),
            ("content-type", "Application/JSON; charset=utf-8"),
            ("sec-fetch-site", "same-origin"),
            ("sec-fetch-site", "none"),
        ] {
            assert!(is_allowed(&Method::POST, &[headers]), "{headers:?}");
        }
        for headers in [
            ("accept", "*/*"),
            ("content-type", "text/plain"),
            ("content-type", "text/plain; application/json"),
            ("content-type", "application/x-www-form-urlencoded"),
            ("content-type", "multipart/form-data; boundary=x"),
            ("origin", "http://localhost:9091"),
        ] {
            assert!(!is_allowed(&Method::POST, &[headers]), "{headers:?}");
        }
        assert!(is_allowed(&Method::GET, &[("accept", "*/*")]));
        // As curl sends it; a browser asks before it does.
        assert!(is_allowed(&Method::PUT, &[("content-type", "application/x-www-form-urlencoded")]));
    }

    #[test]
    fn what_a_browser_says_of_another_origin_is_held_against_every_request() {
        let deliberate = ("content-type", "application/json");
        for origin in [
            "null",
            "https://localhost:9091",
            "http://localhost:3000",
            "http://localhost",
            "http://a.example",
        ] {
            assert!(!is_allowed(&Method::GET, &[("origin", origin)]), "{origin}");
            assert!(!is_allowed(&Method::POST, &[("origin", origin), deliberate]), "{origin}");
        }
        assert!(is_allowed(&Method::POST, &[("origin", "http://localhost:9091"), deliberate]));
        for site in ["cross-site", "same-site", ""] {
            assert!(!is_allowed(&Method::GET, &[("sec-fetch-site", site)]), "{site}");
        }
        let both = [("sec-fetch-site", "same-origin"), ("origin", "http://a.example")];
        assert!(!is_allowed(&Method::POST, &both));
    }

    #[test]
    fn only_loopback_names_are_answered() {
        let named = |host: &'static str| {
            names_loopback(&HeaderMap::from_iter([(HOST, HeaderValue::from_static(host))]))
        };
        for host in ["localhost", "localhost:9091", "127.0.0.1:8080", "[::1]", "[::1]:9091"] {
            assert!(named(host), "{host}");
        }
        for host in
            ["", "evil.example", "localhost.evil.example:9091", "127.0.0.1.evil.example", "localhost:x"]
        {
            assert!(!named(host), "{host}");
        }
        assert!(!names_loopback(&HeaderMap::new()));
    }
}
