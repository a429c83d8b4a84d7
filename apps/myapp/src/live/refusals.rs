//! Refusals of a database or a cache, in the same words for both.

use std::fmt::Display;

use live_config::Refusal;
use thiserror::Error;

use crate::backend::{Host, NoToken};

/// Command for a change that a running process must not apply.
const RESTART: &str = "kubectl rollout restart deploy/NAME";

/// A setting that the flags of this process do not permit.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("{setting}: {message}")]
pub struct NotPermitted {
    /// The setting.
    pub setting: &'static str,
    /// The reason and the remedy, as a lower-case fragment.
    pub message: String,
}

impl From<NotPermitted> for Refusal {
    fn from(NotPermitted { setting, message }: NotPermitted) -> Self {
        Self::permanent(message).about(setting)
    }
}

/// Names that a refusal of a backend contains.
pub(super) struct Names {
    /// The setting that names the server.
    pub(super) url: &'static str,
    /// The flag that names the one permitted host, without the dashes.
    pub(super) host_flag: &'static str,
    /// The flag that selects the kind of credential, without the dashes.
    pub(super) auth_flag: &'static str,
}

/// A rejected credential: the setting concerned, if one is, and the message. A server does not report whether the user or the
/// password is wrong.
#[derive(Clone, Copy)]
pub(super) struct Rejected {
    pub(super) setting: Option<&'static str>,
    pub(super) message: &'static str,
}

impl Names {
    /// A refusal of the server's URL.
    pub(super) fn refused(&self, message: impl Into<String>) -> NotPermitted {
        NotPermitted { setting: self.url, message: message.into() }
    }

    /// A change of the server's URL that only a restart brings into force; `why` says so.
    pub(super) fn needs_restart(&self, why: &str) -> Refusal {
        self.refused(format!("{why}: {RESTART}")).into()
    }

    /// Refuses a host beyond loopback, unless it is the `wired` one.
    pub(super) fn permit(&self, host: &Host, wired: Option<&Host>) -> Result<(), NotPermitted> {
        let flag = self.host_flag;
        match wired {
            _ if host.is_loopback() => Ok(()),
            Some(wired) if wired == host => Ok(()),
            Some(_) => Err(self.refused(format!("names another host than --{flag}"))),
            None => Err(self.refused(format!(
                "names a server beyond loopback, and --{flag} is not given: only the host named there (or by MYAPP_{}) is \
                given the credential",
                flag.to_uppercase().replace('-', "_")
            ))),
        }
    }

    /// Builds the refusal for a server's `error` with its reason `code`. Every error of a server may pass without a change of the
    /// settings, and is therefore transient: a full server, a role that is altered later, a renewed certificate, the cache of a
    /// pooler.
    pub(super) fn refusal(&self, error: impl Display, code: &str, rejected: Option<Rejected>) -> Refusal {
        match rejected {
            Some(Rejected { setting, message }) => {
                Refusal { setting, ..Refusal::transient(format!("{message} ({code})")) }
            }
            None if code == NoToken::CODE => Refusal::transient(format!("--{}: {error}", self.auth_flag)),
            None => Refusal::transient(error.to_string()).about(self.url),
        }
    }
}
