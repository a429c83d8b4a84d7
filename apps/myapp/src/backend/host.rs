//! Server hosts: equality of spellings, and detection of this machine.

use std::fmt;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::str::FromStr;

use tokio::net::lookup_host;

/// A host name or an address. Case, a trailing dot, brackets and the spelling of an address make no difference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Host {
    /// An IP address; an IPv4-mapped IPv6 address is stored as IPv4.
    Address(IpAddr),
    /// A host name in lower case.
    Name(String),
}

/// Never resolved: a resolver could return the address of another machine.
const LOCALHOST: &str = "localhost";

impl Host {
    /// Returns true if the host names this machine and nothing else.
    pub(crate) fn is_loopback(&self) -> bool {
        match self {
            Self::Address(address) => address.is_loopback(),
            Self::Name(name) => name == LOCALHOST,
        }
    }

    /// Returns the addresses to connect to, in order. A loopback host has loopback addresses, whatever a resolver returns.
    ///
    /// # Errors
    /// The name cannot be resolved.
    pub(crate) async fn addresses(&self, port: u16) -> io::Result<Vec<SocketAddr>> {
        let local = [IpAddr::from(Ipv4Addr::LOCALHOST), IpAddr::from(Ipv6Addr::LOCALHOST)];
        match self {
            Self::Address(address) => Ok(vec![SocketAddr::new(*address, port)]),
            Self::Name(name) if name == LOCALHOST => {
                Ok(local.into_iter().map(|address| SocketAddr::new(address, port)).collect())
            }
            Self::Name(name) => Ok(lookup_host((name.as_str(), port)).await?.collect()),
        }
    }
}

impl FromStr for Host {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let bare = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(text);
        if let Ok(address) = bare.parse::<IpAddr>() {
            return Ok(Self::Address(address.to_canonical()));
        }
        let name = text.strip_suffix('.').unwrap_or(text);
        let is_label = |label: &str| {
            !label.is_empty()
                && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
        };
        if name.split('.').all(is_label) {
            Ok(Self::Name(name.to_ascii_lowercase()))
        } else {
            Err("must be the name or the address of one host, as in db.example.com: no port, scheme, user or path"
                .into())
        }
    }
}

/// Formats the host as in a certificate: without brackets and without a trailing dot.
impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Address(address) => address.fmt(f),
            Self::Name(name) => name.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn host(text: &str) -> Host {
        text.parse().unwrap()
    }

    #[test]
    fn spellings_of_one_host_are_equal() {
        for (one, other) in [
            ("db.example.org", "DB.Example.ORG."),
            ("[::1]", "0:0:0:0:0:0:0:1"),
            ("127.0.0.1", "[::ffff:127.0.0.1]"),
            ("10.0.0.7", "::ffff:a00:7"),
        ] {
            assert_eq!(host(one), host(other));
        }
        assert_ne!(host("db.example.org"), host("db.example.org.evil"));
    }

    #[test]
    fn only_this_machine_is_loopback() {
        for near in
            ["localhost", "LocalHost.", "127.0.0.1", "127.8.9.10", "::1", "[0:0::1]", "::ffff:127.0.0.2"]
        {
            assert!(host(near).is_loopback(), "{near}");
        }
        for far in
            ["0.0.0.0", "::", "localhost.example.org", "a.localhost", "127.1", "128.0.0.1", "::ffff:1.2.3.4"]
        {
            assert!(!host(far).is_loopback(), "{far}");
        }
    }

    #[test]
    fn a_host_is_no_more_than_a_host() {
        for text in [
            "",
            ".",
            "a..b",
            "db:5432",
            "[::1]:5432",
            "a,b",
            "app@db",
            "postgres://db",
            "db/x",
            "[db]",
            " db",
            "dé",
        ] {
            assert!(text.parse::<Host>().is_err(), "{text}");
        }
    }

    #[tokio::test]
    async fn localhost_is_asked_of_no_resolver() {
        let addresses = host("localhost").addresses(7).await.unwrap();
        assert!(addresses.len() == 2 && addresses.iter().all(|address| address.ip().is_loopback()));
    }
}
