//! Protects the loopback listeners from pages of other sites that are open in an operator's browser.
//!
//! A page can make a browser send a request to a loopback listener, by a form, a link or a script. Such a request differs from an
//! operator's by headers that the browser adds and a page cannot forge:
//!
//! - A page that found this address under a name of its own (DNS rebinding) sends that name in `Host`.
//! - A browser since 2023 sends the site of origin in `Sec-Fetch-Site`, and any browser sends `Origin` with a form.
//! - An older browser may send neither. The page still cannot read a response, since no response allows another origin to, but a
//!   form of the page could post. So a POST needs a sign that no page can send to another origin without a preflight: a JSON
//!   body, or a header that forms do not have. For these, and for any method but GET, HEAD and POST, a browser sends a preflight
//!   `OPTIONS` first, which is refused: a `PUT` therefore needs no such sign.
//! - An image of such a page could make an older browser read the secrets, which would be recorded, or take the seats of the
//!   event stream. So a request that looks like a browser's and has no header about its origin needs the header too. A browser
//!   cannot be made to look like a tool: a page cannot change the `User-Agent` of embedded requests. `curl` works as before.

mod loopback;

use axum::extract::Request;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use chassis::Problem;
use http::header::{
    ACCEPT, ACCEPT_LANGUAGE, CONTENT_TYPE, COOKIE, HOST, ORIGIN, REFERER, USER_AGENT, X_CONTENT_TYPE_OPTIONS,
};
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use serde_json::{Value, json};

const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");
/// Any value is accepted: the presence of the header counts.
const REQUESTED_BY: HeaderName = HeaderName::from_static("x-requested-by");
const RESOURCE_POLICY: HeaderName = HeaderName::from_static("cross-origin-resource-policy");

/// Refuses a request that a page of another site sent or may have sent, or that reached this address under another name.
pub(crate) async fn same_site(request: Request, next: Next) -> Response {
    if let Err((status, detail)) = judge(request.method(), request.headers()) {
        return Problem::new(status).detail(detail).into_response();
    }
    let mut response = next.run(request).await;
    // An old browser that embeds a response into a page of another site must not use it.
    response.headers_mut().insert(RESOURCE_POLICY, HeaderValue::from_static("same-origin"));
    response.headers_mut().insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}

/// Describes the header for OpenAPI that a POST without a JSON body must have.
pub(crate) fn parameter() -> Value {
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
    if may_be_embedded(headers) && !is_deliberate(headers) {
        let detail = "a browser that sends no Sec-Fetch-Site may ask for a page of another site: use a newer one, or a tool \
            as curl, or send the header X-Requested-By, whatever its value";
        return Err((StatusCode::FORBIDDEN, detail));
    }
    Ok(())
}

fn names_loopback(headers: &HeaderMap) -> bool {
    headers.get(HOST).and_then(|host| host.to_str().ok()).is_some_and(loopback::is_loopback_host)
}

/// Returns true if a request to any listener comes from a user of this machine: addressed to a name of loopback, and not sent by
/// a page of another site.
pub(crate) fn is_local(headers: &HeaderMap) -> bool {
    names_loopback(headers) && is_own_site(headers)
}

/// Returns true if no header of a browser names another site. Another port of loopback is another site: its server may serve
/// pages of any author.
fn is_own_site(headers: &HeaderMap) -> bool {
    let own_fetch =
        headers.get_all(SEC_FETCH_SITE).iter().all(|site| site == "none" || site == "same-origin");
    let host = headers.get(HOST).map_or(&[][..], HeaderValue::as_bytes);
    let own_origin = |origin: &HeaderValue| origin.as_bytes().strip_prefix(b"http://") == Some(host);
    own_fetch && headers.get_all(ORIGIN).iter().all(own_origin)
}

/// Returns true if the request has headers that browsers send with embedded content, and tools do not send by default.
fn may_be_embedded(headers: &HeaderMap) -> bool {
    const BROWSERS: [&str; 2] = ["Mozilla/", "Opera/"];
    const EMBEDDED: [&str; 6] = ["image/", "text/html", "text/css", "video/", "audio/", "application/xhtml"];
    let names = |name: &HeaderName, words: &[&str]| {
        let text = headers.get_all(name).iter().map(|value| String::from_utf8_lossy(value.as_bytes()));
        text.into_iter().any(|text| words.iter().any(|word| text.contains(word)))
    };
    [ACCEPT_LANGUAGE, COOKIE, REFERER].iter().any(|name| headers.contains_key(name))
        || names(&USER_AGENT, &BROWSERS)
        || names(&ACCEPT, &EMBEDDED)
}

/// Returns true if the request has a sign that a page of another site cannot make a browser send.
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
    fn post_needs_header_impossible_for_cross_site_page() {
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
        // The form of curl; a browser sends a preflight before it.
        assert!(is_allowed(&Method::PUT, &[("content-type", "application/x-www-form-urlencoded")]));
    }

    #[test]
    fn foreign_origin_or_fetch_site_is_always_refused() {
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
    fn browser_without_fetch_metadata_needs_header_for_get() {
        for browser in [
            ("user-agent", "Mozilla/5.0 (X11; Linux x86_64; rv:60.0) Gecko/20100101 Firefox/60.0"),
            ("user-agent", "Opera/9.80 (Windows NT 6.1) Presto/2.12.388 Version/12.18"),
            ("accept", "image/webp,image/apng,image/*,*/*;q=0.8"),
            ("accept", "text/html,application/xhtml+xml,*/*;q=0.8"),
            ("accept-language", "de"),
            ("referer", "http://evil.example/"),
            ("cookie", "a=b"),
        ] {
            assert!(!is_allowed(&Method::GET, &[browser]), "{browser:?}");
            for sign in
                [("x-requested-by", "me"), ("sec-fetch-site", "none"), ("sec-fetch-site", "same-origin")]
            {
                assert!(is_allowed(&Method::GET, &[browser, sign]), "{browser:?} {sign:?}");
            }
            assert!(!is_allowed(&Method::GET, &[browser, ("sec-fetch-site", "cross-site")]), "{browser:?}");
        }
        for tool in [("user-agent", "curl/8.5.0"), ("accept", "*/*"), ("accept", "application/json")] {
            assert!(is_allowed(&Method::GET, &[tool]), "{tool:?}");
        }
    }

    #[test]
    fn only_same_origin_loopback_request_is_local() {
        let local = |headers: &[(&'static str, &'static str)]| {
            let headers = headers
                .iter()
                .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)));
            is_local(&headers.collect())
        };
        assert!(local(&[HERE]));
        assert!(local(&[("host", "[::1]:5000"), ("sec-fetch-site", "none")]));
        for headers in [
            &[][..],
            &[("host", "")],
            &[("host", "rebound.example:9091")],
            &[HERE, ("sec-fetch-site", "cross-site")],
            &[HERE, ("sec-fetch-site", "same-site")],
            &[HERE, ("origin", "http://evil.example")],
        ] {
            assert!(!local(headers), "{headers:?}");
        }
    }
}
