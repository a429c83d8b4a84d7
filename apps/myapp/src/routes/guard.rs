//! Keeps pages of other sites, open in an operator's browser, away from what loopback shows.

use axum::extract::Request;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use chassis::Problem;
use http::header::{HOST, ORIGIN};
use http::{HeaderMap, StatusCode};

/// Refuses a request that a page of another site made, or that reached this address under another name (rebinding).
pub(super) async fn same_site(request: Request, next: Next) -> Response {
    if !names_loopback(request.headers()) {
        let detail = "the Host header must name loopback, as in localhost:9091";
        return Problem::new(StatusCode::MISDIRECTED_REQUEST).detail(detail).into_response();
    }
    if !is_own_site(request.headers()) {
        let detail = "requests from pages of another site are refused";
        return Problem::new(StatusCode::FORBIDDEN).detail(detail).into_response();
    }
    next.run(request).await
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

/// Browsers say where a request comes from (Fetch Metadata, and `Origin` with every POST to another site); what says
/// nothing is no page.
fn is_own_site(headers: &HeaderMap) -> bool {
    let own_fetch = headers.get("sec-fetch-site").is_none_or(|site| site == "none" || site == "same-origin");
    let origin = headers.get(ORIGIN).map(|origin| origin.to_str().unwrap_or_default());
    own_fetch && origin.is_none_or(|origin| origin.strip_prefix("http://").is_some_and(is_loopback_name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_loopback_names_are_answered() {
        let named = |host: &'static str| {
            names_loopback(&HeaderMap::from_iter([(HOST, http::HeaderValue::from_static(host))]))
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
