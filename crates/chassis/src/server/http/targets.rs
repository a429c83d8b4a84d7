//! Request targets that are served (RFC 9112, 3.2), and their maximum length.
//!
//! Nothing is normalised: `//`, `/./`, `%2e%2e` and `%00` remain as spelled, so that a path matches only the route that it
//! spells. A route may decode its own parameters.
//!
//! - origin-form: served.
//! - absolute-form: served as the origin-form that it contains; its authority replaces `Host`.
//! - asterisk-form: routed for `OPTIONS`; rejected for other methods.
//! - authority-form: rejected; `CONNECT` too, since this is no proxy.

use http::header::{HOST, HeaderValue};
use http::uri::{PathAndQuery, Scheme};
use http::{Method, Request, Uri};

use super::framing::is_host;
use super::reject::Rejection;
use crate::limits::LimitArgs;
use crate::server::record::reasons::RejectReason;

/// Rejects targets that are not served, and converts absolute-form to origin-form.
pub(crate) fn admit<B>(request: &mut Request<B>, limits: &LimitArgs) -> Result<(), Rejection> {
    if request.method() == Method::CONNECT {
        return Err(Rejection::new(RejectReason::Connect, "this server is no proxy"));
    }
    if length(request.uri()) > usize::try_from(limits.target_bytes).unwrap_or(usize::MAX) {
        return Err(Rejection::target_too_long(limits));
    }
    let uri = request.uri();
    if uri.path_and_query().is_some_and(|target| !target.as_str().is_ascii()) {
        return Err(Rejection::bad_request(
            "the request target must be ASCII, other characters percent-encoded",
        ));
    }
    if uri.scheme().is_some() {
        return to_origin_form(request);
    }
    let is_asterisk = request.method() == Method::OPTIONS && uri.path() == "*";
    if !(uri.path().starts_with('/') || is_asterisk) {
        return Err(Rejection::bad_request("the request target must be a path"));
    }
    Ok(())
}

/// Replaces `Host` by the authority of the target, which takes precedence (RFC 9112, 3.2.2). Routes that check the host read
/// `Host`, so the two must not differ.
fn to_origin_form<B>(request: &mut Request<B>) -> Result<(), Rejection> {
    let not_served = || {
        Rejection::bad_request("the request target must be a path or an http URI without user information")
    };
    let uri = request.uri();
    let is_web = matches!(uri.scheme(), Some(scheme) if *scheme == Scheme::HTTP || *scheme == Scheme::HTTPS);
    let authority = uri.authority().map(http::uri::Authority::as_str).filter(|text| is_host(text.as_bytes()));
    let host = authority.and_then(|text| HeaderValue::from_str(text).ok()).filter(|_| is_web);
    let host = host.ok_or_else(not_served)?;
    let target = uri.path_and_query().cloned().unwrap_or_else(|| PathAndQuery::from_static("/"));
    let target = Uri::try_from(spelled(&target)).map_err(|_| not_served())?;
    request.headers_mut().insert(HOST, host);
    *request.uri_mut() = target;
    Ok(())
}

/// Spells an empty path as `/` (RFC 9110, 4.2.3), also before a query.
fn spelled(target: &PathAndQuery) -> String {
    let text = target.as_str();
    if text.starts_with('/') { text.to_owned() } else { format!("/{text}") }
}

fn length(uri: &Uri) -> usize {
    let scheme = uri.scheme_str().map_or(0, |scheme| scheme.len() + "://".len());
    let authority = uri.authority().map_or(0, |authority| authority.as_str().len());
    scheme + authority + uri.path_and_query().map_or(0, |target| target.as_str().len())
}

#[cfg(test)]
mod tests {
    use http::{Method, Request};

    use super::{RejectReason, admit};
    use crate::limits::LimitArgs;

    fn admitted(method: Method, target: &str) -> Result<(String, Option<String>), RejectReason> {
        let mut request = Request::new(());
        *request.method_mut() = method;
        *request.uri_mut() = target.parse().expect("a target that hyper would parse");
        request.headers_mut().insert("host", "sent.example".parse().expect("a host"));
        admit(&mut request, &LimitArgs::default()).map_err(|rejection| rejection.reason)?;
        let host = request.headers().get("host").and_then(|host| host.to_str().ok()).map(str::to_owned);
        Ok((request.uri().to_string(), host))
    }

    #[test]
    fn path_is_served_as_spelled() {
        for path in ["/", "//", "//config", "/./config", "/%2e%2e/config", "/a?b=/../c", "/%00"] {
            let served = admitted(Method::GET, path);
            assert_eq!(served, Ok((path.to_owned(), Some("sent.example".to_owned()))));
        }
    }

    #[test]
    fn absolute_target_is_served_as_its_path() {
        for (target, path, host) in [
            ("http://target.example/config?a=b", "/config?a=b", "target.example"),
            ("https://target.example:8443", "/", "target.example:8443"),
            ("http://target.example?a=b", "/?a=b", "target.example"),
            ("http://target.example//x", "//x", "target.example"),
        ] {
            assert_eq!(
                admitted(Method::GET, target),
                Ok((path.to_owned(), Some(host.to_owned()))),
                "{target}"
            );
        }
    }

    #[test]
    fn target_without_a_path_is_rejected() {
        for target in ["ftp://target.example/", "http://user@target.example/", "target.example:80", "*"] {
            assert_eq!(admitted(Method::GET, target), Err(RejectReason::BadRequest), "{target}");
        }
        assert_eq!(admitted(Method::CONNECT, "target.example:80"), Err(RejectReason::Connect));
        assert!(admitted(Method::OPTIONS, "*").is_ok());
    }

    #[test]
    fn target_one_byte_too_long_is_rejected() {
        let longest = format!("/{}", "x".repeat(8191));
        assert!(admitted(Method::GET, &longest).is_ok());
        assert_eq!(admitted(Method::GET, &format!("{longest}x")), Err(RejectReason::TargetTooLong));
        let absolute = format!("http://target.example{longest}");
        assert_eq!(admitted(Method::GET, &absolute), Err(RejectReason::TargetTooLong));
    }
}
