mod faults;

use std::borrow::Cow;
use std::path::{Path, PathBuf};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

use super::authority::{NAME, PORT, ROOT_CERTIFICATES, host, loopback};
use crate::backend::Host;

const DEFAULT_PORT: u16 = 6379;

/// `redis://HOST` or `rediss://HOST`, optionally with user, port and database number, and without a password.
///
/// A server beyond loopback must be reached by `rediss`: otherwise anyone who can edit the configuration could have the password
/// sent to another server.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct CacheUrl(String);

/// The parts of a [`CacheUrl`].
pub(crate) struct CacheAddress {
    /// User name; empty for the server's default user.
    pub(crate) user: String,
    pub(crate) host: Host,
    pub(crate) port: u16,
    pub(crate) database: u16,
    pub(crate) tls: bool,
    pub(crate) root_certificates: Option<PathBuf>,
}

impl CacheUrl {
    /// Parses the parts; `None` for a URL that the contract does not accept.
    pub(crate) fn address(&self) -> Option<CacheAddress> {
        let (scheme, rest) = self.0.split_once("://")?;
        let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
        let (user, rest) = rest.split_once('@').unwrap_or(("", rest));
        let (authority, database) = rest.split_once('/').unwrap_or((rest, ""));
        let (host, port) = match authority.rsplit_once(':') {
            // The last colon of an IPv6 address without a port is inside the brackets.
            Some((host, port)) if !port.ends_with(']') => (host, port.parse().ok()?),
            _ => (authority, DEFAULT_PORT),
        };
        Some(CacheAddress {
            user: user.to_owned(),
            host: host.parse().ok()?,
            port,
            database: if database.is_empty() { 0 } else { database.parse().ok()? },
            tls: match scheme {
                "redis" => false,
                "rediss" => true,
                _ => return None,
            },
            root_certificates: query.strip_prefix("sslrootcert=").map(|path| Path::new(path).to_path_buf()),
        })
    }

    /// Returns one message for each fault of a text that the contract rejects, without the text.
    pub(crate) fn faults(text: &str) -> Vec<String> {
        faults::of(text)
    }
}

impl JsonSchema for CacheUrl {
    fn schema_name() -> Cow<'static, str> {
        "CacheUrl".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let user = format!("(?:{NAME}@)?");
        let number = "(?:0|[1-9][0-9]{0,3})";
        let place = format!("(?::{PORT})?(?:/{number}?)?");
        let roots = format!(r"(?:\?{ROOT_CERTIFICATES})?");
        let (host, loopback) = (host(), loopback());
        json_schema!({
            "type": "string",
            "maxLength": 2048,
            "pattern": format!("^(?:redis://{user}{loopback}{place}|rediss://{user}{host}{place}{roots})$"),
            "x-conceal": true,
            "x-expected": "redis://HOST or, beyond loopback, rediss://HOST, as in rediss://cache.example:6379/0, \
                without a password",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::contract;

    #[test]
    fn cache_url_yields_address_database_and_tls() {
        let address = |text: &str| CacheUrl(text.into()).address().unwrap();
        let full = address("rediss://app@cache.example:6380/3?sslrootcert=/etc/ca.pem");
        assert_eq!(full.user, "app");
        assert_eq!((full.host.to_string().as_str(), full.port, full.database), ("cache.example", 6380, 3));
        assert!(full.tls);
        assert_eq!(full.root_certificates.as_deref(), Some(Path::new("/etc/ca.pem")));
        for short in ["redis://localhost", "redis://localhost/", "redis://localhost:6379/0"] {
            let short = address(short);
            assert_eq!(short.user, "");
            assert_eq!((short.port, short.database, short.tls), (DEFAULT_PORT, 0, false));
        }
        assert_eq!(address("rediss://[::1]:99").port, 99);
    }

    #[test]
    fn each_wrong_part_is_named() {
        for (url, faults) in [
            ("", &["it is empty"][..]),
            ("memcached://a", &["begins with neither"]),
            ("redis://:hush@localhost", &["contains a password", "the user is empty"]),
            ("redis://a b@localhost", &["the user has another character"]),
            (
                "redis://app:hush@cache.example/x?db=1",
                &["contains a password", "must be rediss://", "the number of the database", "the query"],
            ),
            ("redis://cache.example", &["must be rediss://"]),
            ("rediss://", &["the host is empty"]),
            ("rediss://a,b", &["several hosts"]),
            ("rediss://cache:0", &["the port"]),
            ("rediss://cache/-1", &["the number of the database"]),
            ("rediss://cache/10000", &["the number of the database"]),
            ("rediss://cache?sslrootcert=ca.pem", &["sslrootcert"]),
            ("redis://localhost?sslrootcert=/ca.pem", &["sslrootcert is for rediss://"]),
        ] {
            let found = CacheUrl::faults(url);
            assert_eq!(found.len(), faults.len(), "{url}: {found:?}");
            assert!(found.iter().zip(faults).all(|(found, fault)| found.contains(fault)), "{url}: {found:?}");
            let violations = contract().unwrap().key("CACHE_URL").unwrap().violations(url);
            assert!(!violations.is_empty() && !violations.concat().contains("hush"), "{url}: {violations:?}");
        }
    }
}
