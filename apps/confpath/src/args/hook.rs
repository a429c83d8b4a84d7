//! Hooks of a service: a command, a call of a server on loopback, a signal.

use std::ffi::OsString;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::str::FromStr;

use http::Uri;
use rustix::process::Signal;

/// Signals by which services read their configuration again.
const SIGNALS: [(&str, Signal); 4] =
    [("HUP", Signal::HUP), ("USR1", Signal::USR1), ("USR2", Signal::USR2), ("WINCH", Signal::WINCH)];

/// An HTTP server on loopback, and a path of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Endpoint {
    pub(crate) address: SocketAddr,
    /// Host and port as they were given.
    pub(crate) authority: String,
    /// Path with query.
    pub(crate) path: String,
}

/// The hook that may refuse a change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum PrepareHook {
    /// A program with its arguments.
    Command(Vec<OsString>),
    Http(Endpoint),
}

/// The hook that learns of a change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum NotifyHook {
    Signal(Signal),
    Http(Endpoint),
}

/// The way in which a service acknowledges a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Ack {
    /// CMD answers the notification with 2xx
    Response,
    /// CMD writes the digest into OUT/ack
    File,
}

impl FromStr for Endpoint {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let uri: Uri = text.parse().map_err(|error| format!("is no URL: {error}"))?;
        let authority = uri.authority().ok_or("must be http://127.0.0.1:PORT/PATH")?;
        if uri.scheme_str() != Some("http") || authority.as_str().contains('@') {
            return Err("must be http://127.0.0.1:PORT/PATH".into());
        }
        let host = authority.host().trim_start_matches('[').trim_end_matches(']');
        let ip = match host.parse::<IpAddr>() {
            Ok(ip) => ip,
            Err(_) if host.eq_ignore_ascii_case("localhost") => Ipv4Addr::LOCALHOST.into(),
            Err(_) => return Err("must name 127.0.0.1, [::1] or localhost".into()),
        };
        if !ip.is_loopback() {
            return Err("must be on loopback: the call names what changes".into());
        }
        let path = uri.path_and_query().map_or("/", |path| path.as_str()).to_owned();
        let address = SocketAddr::new(ip, authority.port_u16().unwrap_or(80));
        Ok(Self { address, authority: authority.to_string(), path })
    }
}

impl FromStr for PrepareHook {
    type Err = String;

    /// A URL, a JSON array of words, or the path of a program.
    fn from_str(text: &str) -> Result<Self, String> {
        if text.contains("://") {
            return text.parse().map(Self::Http);
        }
        let words: Vec<String> = if text.starts_with('[') {
            serde_json::from_str(text).map_err(|error| format!("is no JSON array of words: {error}"))?
        } else {
            vec![text.to_owned()]
        };
        match words.first() {
            Some(program) if !program.is_empty() => {
                Ok(Self::Command(words.into_iter().map(OsString::from).collect()))
            }
            Some(_) | None => Err("names no program".into()),
        }
    }
}

impl FromStr for NotifyHook {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let Some(name) = text.strip_prefix("signal:") else {
            return text.parse().map(Self::Http);
        };
        let name = name.strip_prefix("SIG").unwrap_or(name);
        let known = SIGNALS.into_iter().find(|(known, _)| *known == name);
        known.map(|(_, signal)| Self::Signal(signal)).ok_or_else(|| {
            format!("must be one of {}", SIGNALS.map(|(name, _)| format!("signal:{name}")).join(", "))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn endpoint(text: &str) -> Result<String, String> {
        text.parse().map(|endpoint: Endpoint| format!("{} {}", endpoint.address, endpoint.path))
    }

    #[test]
    fn only_servers_on_loopback_are_called() {
        assert_eq!(endpoint("http://127.0.0.1:8080/-/reload?x=1").unwrap(), "127.0.0.1:8080 /-/reload?x=1");
        assert_eq!(endpoint("http://[::1]:80").unwrap(), "[::1]:80 /");
        assert_eq!(endpoint("http://localhost/x").unwrap(), "127.0.0.1:80 /x");
        for other in [
            "http://10.0.0.1/x",
            "http://example.org/",
            "https://127.0.0.1/",
            "http://a@127.0.0.1/",
            "/x",
            "",
        ] {
            assert!(endpoint(other).is_err(), "{other}");
        }
    }

    #[test]
    fn prepare_takes_words_without_a_shell() {
        let words = |text: &str| match text.parse() {
            Ok(PrepareHook::Command(words)) => words,
            other => panic!("{other:?}"),
        };
        assert_eq!(words("/bin/check it"), ["/bin/check it"]);
        assert_eq!(words(r#"["/bin/check", "a b", "$C"]"#), ["/bin/check", "a b", "$C"]);
        for wrong in ["", "[]", "[1]", "[\"\"]", "http://10.0.0.1/"] {
            assert!(wrong.parse::<PrepareHook>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn notification_is_known_signal_or_call() {
        assert_eq!("signal:SIGHUP".parse(), Ok(NotifyHook::Signal(Signal::HUP)));
        assert!(matches!("http://127.0.0.1:1/".parse(), Ok(NotifyHook::Http(_))));
        for wrong in ["signal:KILL", "signal:", "HUP", "/bin/true"] {
            assert!(wrong.parse::<NotifyHook>().is_err(), "{wrong}");
        }
    }
}
