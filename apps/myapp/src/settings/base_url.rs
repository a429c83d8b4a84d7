use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

use super::authority::{PORT, ipv6};

/// First path segments of the public routes; the path of a base URL may not begin with them.
pub(crate) const RESERVED_NAMES: [&str; 4] = ["config", "healthz", "openapi.json", "readyz"];

/// A path, or an http(s) URL. No user, query, fragment, percent-encoding or dot segment: every proxy and client
/// reads the remaining characters in the same way.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct BaseUrl(String);

impl BaseUrl {
    /// Returns the URL or path as configured.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns the path without a trailing slash: empty for the root, else `/like/this`.
    pub fn path(&self) -> &str {
        let after_scheme = self.0.split_once("://").map_or(self.0.as_str(), |(_, rest)| rest);
        after_scheme.find('/').map_or("", |start| after_scheme[start..].trim_end_matches('/'))
    }
}

impl Default for BaseUrl {
    fn default() -> Self {
        Self("/".into())
    }
}

impl JsonSchema for BaseUrl {
    fn schema_name() -> Cow<'static, str> {
        "BaseUrl".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        // A segment of unreserved characters (RFC 3986, 2.3), other than `.` and `..`.
        let segment =
            r"(?:[A-Za-z0-9_~-][A-Za-z0-9._~-]*|\.[A-Za-z0-9_~-][A-Za-z0-9._~-]*|\.\.[A-Za-z0-9._~-]+)";
        let path = format!("(?:/{segment})+/?");
        let name = "[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?";
        let host = format!(r"(?:{name}(?:\.{name})*|\[{}\])", ipv6());
        let reserved = RESERVED_NAMES.map(|name| name.replace('.', r"\.")).join("|");
        json_schema!({
            "type": "string",
            "maxLength": 2048,
            "pattern": format!("^(?:/|{path}|https?://{host}(?::{PORT})?(?:/|{path})?)$"),
            "not": {
                "pattern": format!("^(?:https?://[^/]*)?/(?:{reserved})(?:/|$)"),
                "description": format!("must not begin with the name of a route ({})", RESERVED_NAMES.join(", ")),
            },
            "x-expected": "a path such as / or /api, or an http(s) URL, without query, .. or %",
        })
    }
}
