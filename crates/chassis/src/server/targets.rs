//! Which request targets are served (RFC 9112, 3.2), and how long they may be.
//!
//! Nothing is normalised: `//`, `/./`, `%2e%2e` and `%00` stay as they are spelled, so that no path can match a route it
//! does not spell. What a route decodes of its own parameters is its own business.
//!
//! - origin-form: served.
//! - absolute-form: served as the origin-form it contains, its authority taking the place of `Host`.
//! - asterisk-form: goes to the routes for `OPTIONS`, which has none by itself; refused for other methods.
//! - authority-form: refused; `CONNECT` too, since this is no proxy.

use http::header::{HOST, HeaderValue};
use http::uri::{PathAndQuery, Scheme};
use http::{Method, Request, Uri};

use super::framing::is_host;
use super::reasons::Refused;
use super::refusal::Refusal;
use crate::LimitArgs;

impl Refusal {
    pub(super) fn target_too_long(limits: &LimitArgs) -> Self {
        let detail = format!("the request target may have {} bytes at most", limits.target_bytes);
        Self::new(Refused::TargetTooLong, detail)
    }
}

/// Refuses what is not served, and brings absolute-form into origin-form.
pub(super) fn admit<B>(request: &mut Request<B>, limits: &LimitArgs) -> Result<(), Refusal> {
    if request.method() == Method::CONNECT {
        return Err(Refusal::new(Refused::Connect, "this server is no proxy"));
    }
    if length(request.uri()) > usize::try_from(limits.target_bytes).unwrap_or(usize::MAX) {
        return Err(Refusal::target_too_long(limits));
    }
    let uri = request.uri();
    if uri.path_and_query().is_some_and(|target| !target.as_str().is_ascii()) {
        return Err(Refusal::bad_request(
            "the request target must be ASCII, other characters percent-encoded",
        ));
    }
    if uri.scheme().is_some() {
        return to_origin_form(request);
    }
    let is_asterisk = request.method() == Method::OPTIONS && uri.path() == "*";
    if !(uri.path().starts_with('/') || is_asterisk) {
        return Err(Refusal::bad_request("the request target must be a path"));
    }
    Ok(())
}

/// RFC 9112, 3.2.2: the authority of the target counts, not the one of `Host`. Routes that check whom a request is for
/// look at `Host`, so it must not be able to say something else.
fn to_origin_form<B>(request: &mut Request<B>) -> Result<(), Refusal> {
    let not_served =
        || Refusal::bad_request("the request target must be a path or an http URI without user information");
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

/// An empty path is `/` (RFC 9110, 4.2.3), also before a query.
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

    use super::{Refused, admit};
    use crate::LimitArgs;

    fn admitted(method: Method, target: &str) -> Result<(String, Option<String>), Refused> {
        let mut request = Request::new(());
        *request.method_mut() = method;
        *request.uri_mut() = target.parse().expect("a target that hyper would parse");
        request.headers_mut().insert("host", "sent.example".parse().expect("a host"));
        admit(&mut request, &LimitArgs::default()).map_err(|refusal| refusal.reason)?;
        let host = request.headers().get("host").and_then(|host| host.to_str().ok()).map(str::to_owned);
        Ok((request.uri().to_string(), host))
    }

    #[test]
    fn a_path_is_served_as_it_is_spelled() {
        for path in ["/", "//", "//config", "/./config", "/%2e%2e/config", "/a?b=/../c", "/%00"] {
            let served = admitted(Method::GET, path);
            assert_eq!(served, Ok((path.to_owned(), Some("sent.example".to_owned()))));
        }
    }

    #[test]
    fn an_absolute_target_is_served_as_its_path_for_its_own_host() {
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
    fn a_target_that_is_no_path_is_refused() {
        for target in ["ftp://target.example/", "http://user@target.example/", "target.example:80", "*"] {
            assert_eq!(admitted(Method::GET, target), Err(Refused::BadRequest), "{target}");
        }
        assert_eq!(admitted(Method::CONNECT, "target.example:80"), Err(Refused::Connect));
        assert!(admitted(Method::OPTIONS, "*").is_ok());
    }

    #[test]
    fn a_target_of_one_byte_too_many_is_refused() {
        let longest = format!("/{}", "x".repeat(8191));
        assert!(admitted(Method::GET, &longest).is_ok());
        assert_eq!(admitted(Method::GET, &format!("{longest}x")), Err(Refused::TargetTooLong));
        let absolute = format!("http://target.example{longest}");
        assert_eq!(admitted(Method::GET, &absolute), Err(Refused::TargetTooLong));
    }
}
