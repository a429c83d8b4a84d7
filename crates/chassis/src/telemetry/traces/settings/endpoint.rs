//! Endpoint of the collector.

use http::Uri;
use http::uri::{PathAndQuery, Scheme};

use super::variables::Variables;

const FOR_TRACES: &str = "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT";
const FOR_ALL: &str = "OTEL_EXPORTER_OTLP_ENDPOINT";

/// Reads the endpoint; `None` if no variable names a valid one. The variable for traces is used unchanged; the one for all
/// signals gets the path of traces appended.
pub(super) fn read(variables: &mut Variables<'_>) -> Option<Uri> {
    if let Some(text) = variables.text(FOR_TRACES) {
        return accepted(variables, FOR_TRACES, &text);
    }
    let text = variables.text(FOR_ALL)?;
    accepted(variables, FOR_ALL, &text).and_then(|base| below(variables, base))
}

fn below(variables: &mut Variables<'_>, base: Uri) -> Option<Uri> {
    if base.query().is_some() {
        variables.refuse(FOR_ALL, "must have no query, since a path is added to it");
        return None;
    }
    let path = format!("{}/v1/traces", base.path().trim_end_matches('/'));
    let mut parts = base.into_parts();
    parts.path_and_query = PathAndQuery::try_from(path).ok();
    Uri::from_parts(parts).ok()
}

/// Validates an endpoint. Notes do not show it: it could contain a user and a password.
fn accepted(variables: &mut Variables<'_>, name: &str, text: &str) -> Option<Uri> {
    let problem = match text.parse::<Uri>() {
        Ok(uri) if uri.scheme() == Some(&Scheme::HTTPS) => {
            "asks for TLS, which is not built in: name a collector in the pod or the cluster by http:// and let it \
             forward over TLS"
        }
        Ok(uri) if uri.scheme() != Some(&Scheme::HTTP) || uri.host().is_none_or(str::is_empty) => {
            "must be a URL like http://collector:4318"
        }
        Ok(uri) if has_unusable_port(&uri) => "must have a port from 1 to 65535",
        Ok(uri) if uri.authority().is_some_and(|authority| authority.as_str().contains('@')) => {
            "must hold no user or password: send them by OTEL_EXPORTER_OTLP_HEADERS"
        }
        Ok(uri) => return Some(uri),
        Err(_) => "must be a URL like http://collector:4318",
    };
    variables.refuse(name, problem);
    None
}

/// True for a port that is not valid: `Uri` accepts any digits, and its client then uses port 80.
fn has_unusable_port(uri: &Uri) -> bool {
    let (host, authority) = (uri.host().unwrap_or_default(), uri.authority().map_or("", |it| it.as_str()));
    let is_given = authority.rsplit_once('@').map_or(authority, |(_, rest)| rest).len() > host.len();
    is_given && uri.port_u16().is_none_or(|port| port == 0)
}
