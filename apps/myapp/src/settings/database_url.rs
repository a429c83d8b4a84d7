mod faults;

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

use super::authority::{NAME, PORT, ROOT_CERTIFICATES, host, loopback};

/// `sqlite:PATH` or `postgres://USER@HOST/DATABASE`, without a password.
///
/// A server beyond loopback must be reached with `sslmode=verify-full`: otherwise anyone who can edit the
/// configuration could have the password sent to another server.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct DatabaseUrl(String);

impl DatabaseUrl {
    /// Returns the URL as configured.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns one message for each fault of a text that the contract rejects, without the text.
    pub(crate) fn faults(text: &str) -> Vec<String> {
        faults::of(text)
    }

    /// Returns the path of an SQLite file; `None` for a server.
    pub fn sqlite_path(&self) -> Option<&str> {
        self.0.strip_prefix("sqlite:")
    }
}

impl JsonSchema for DatabaseUrl {
    fn schema_name() -> Cow<'static, str> {
        "DatabaseUrl".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let (host, loopback) = (host(), loopback());
        let port = format!("(?::{PORT})?");
        let query = |mode: &str| {
            format!("\\?(?:sslmode={mode}(?:&{ROOT_CERTIFICATES})?|{ROOT_CERTIFICATES}&sslmode={mode})")
        };
        let any_mode = query("(?:disable|prefer|require|verify-ca|verify-full)");
        let verified = query("verify-full");
        let server = format!(
            "postgres(?:ql)?://{NAME}@(?:{loopback}{port}/{NAME}(?:{any_mode})?|{host}{port}/{NAME}{verified})"
        );
        // Two slashes would begin a host in any other URL, and readers disagree whether the path after them is absolute.
        let file = "sqlite:/?[A-Za-z0-9_.-][A-Za-z0-9_./-]*";
        json_schema!({
            "type": "string",
            "maxLength": 2048,
            "pattern": format!("^(?:{file}|{server})$"),
            "x-conceal": true,
            "x-expected": "sqlite:PATH or postgres://USER@HOST/DATABASE, without a password and, \
                beyond loopback, with ?sslmode=verify-full",
        })
    }
}
