//! The target of a session: server, credential and database.

use std::path::PathBuf;
use std::sync::Arc;

use live_config::Secret;

use crate::backend::{Host, NotPermitted, TokenSource};
use crate::settings::{CacheAddress, Settings};

/// A server and the credential for it. The type has no `Debug`, so that no secret is logged.
pub(super) struct Target {
    pub(super) host: Host,
    pub(super) port: u16,
    pub(super) database: u16,
    pub(super) tls: bool,
    pub(super) root_certificates: Option<PathBuf>,
    /// User name; empty for the server's default user.
    pub(super) user: Arc<Secret>,
    pub(super) credential: Credential,
}

#[derive(Clone)]
pub(super) enum Credential {
    /// `CACHE_PASSWORD`; empty if the server requires none.
    Password(Arc<Secret>),
    /// A short-lived token, created for each session.
    Token {
        source: Arc<dyn TokenSource>,
        /// The replication group that accepts the token.
        cache: String,
    },
}

/// Connection options fixed for the life of the process.
#[derive(Clone)]
pub struct Wiring {
    /// The one host beyond loopback that may receive the credential; `None` permits no other host.
    pub host: Option<Host>,
    /// Token authentication in place of `CACHE_PASSWORD`.
    pub tokens: Option<TokenAuth>,
    /// Prefix of the name of each key, so that releases may share a server.
    pub prefix: String,
}

/// Token authentication: the source and the audience of tokens.
#[derive(Clone)]
pub struct TokenAuth {
    /// Source of the tokens.
    pub source: Arc<dyn TokenSource>,
    /// The replication group of ElastiCache.
    pub cache: String,
}

impl Wiring {
    /// Returns `Ok` if the wiring permits the cache that `settings` name.
    ///
    /// # Errors
    /// The reason for the refusal, with the name of the setting.
    pub(crate) fn leads_to_cache_of(&self, settings: &Settings) -> Result<(), NotPermitted> {
        Target::of(settings, self).map(|_| ())
    }
}

impl Target {
    /// Builds the target that `settings` name; `None` if they name no cache.
    ///
    /// # Errors
    /// The reason for the refusal, with the name of the setting.
    pub(super) fn of(settings: &Settings, wiring: &Wiring) -> Result<Option<Self>, NotPermitted> {
        let Some(url) = &settings.cache_url else { return Ok(None) };
        let CacheAddress { user, host, port, database, tls, root_certificates } =
            url.address().ok_or_else(|| refused("is not of the form redis://HOST or rediss://HOST"))?;
        may_be_given_the_credential(&host, tls, wiring.host.as_ref())?;
        let secret_user = settings.cache_user.expose();
        let user = if secret_user.is_empty() { user } else { secret_user.to_owned() };
        let credential = match &wiring.tokens {
            // ElastiCache accepts tokens over TLS only.
            Some(_) if !tls => return Err(refused("--cache-auth=iam needs rediss://")),
            Some(_) if user.is_empty() => {
                return Err(refused("names no user, and --cache-auth=iam makes a token for one"));
            }
            Some(TokenAuth { source, cache }) => {
                Credential::Token { source: Arc::clone(source), cache: cache.clone() }
            }
            None => Credential::Password(Arc::new(settings.cache_password.expose().to_owned().into())),
        };
        let user = Arc::new(user.into());
        Ok(Some(Self { host, port, database, tls, root_certificates, user, credential }))
    }

    /// Returns the reason why a running process must not change from `self` to `next`; `None` if it may. Otherwise anyone who can
    /// edit the configuration could have the credential sent to another server.
    pub(super) fn refuses(&self, next: &Self) -> Option<&'static str> {
        let is_same = (&self.host, self.port) == (&next.host, next.port);
        (!is_same).then_some("another host needs a restart")
    }

    /// Returns true if sessions opened for `self` are valid for `other` as well.
    pub(super) fn is_same(&self, other: &Self) -> bool {
        (&self.host, self.port, self.database, self.tls, &self.root_certificates)
            == (&other.host, other.port, other.database, other.tls, &other.root_certificates)
            && self.user.expose() == other.user.expose()
            && self.credential.is_same(&other.credential)
    }

    /// Describes a rejected credential.
    /// Returns the setting concerned, if one is, and the message.
    pub(super) fn refused_credential(&self) -> (Option<&'static str>, &'static str) {
        match &self.credential {
            Credential::Token { .. } => (None, "--cache-auth: the cache refuses the token for its user"),
            Credential::Password(_) if self.user.is_empty() => {
                (Some("CACHE_PASSWORD"), "the cache refuses it")
            }
            Credential::Password(_) => {
                (Some("CACHE_PASSWORD"), "the cache refuses it for the user of CACHE_USER")
            }
        }
    }
}

impl Credential {
    fn is_same(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Password(one), Self::Password(other)) => one.expose() == other.expose(),
            (Self::Token { source: one, .. }, Self::Token { source: other, .. }) => Arc::ptr_eq(one, other),
            _ => false,
        }
    }
}

fn may_be_given_the_credential(host: &Host, tls: bool, wired: Option<&Host>) -> Result<(), NotPermitted> {
    if host.is_loopback() {
        return Ok(());
    }
    // The contract requires TLS too; sending a credential is worth a second check.
    if !tls {
        return Err(refused("a server beyond loopback needs rediss://"));
    }
    match wired {
        Some(wired) if wired == host => Ok(()),
        Some(_) => Err(refused("names another host than --cache-host")),
        None => Err(refused(
            "names a server beyond loopback, and --cache-host is not given: only the host named there \
            (or by MYAPP_CACHE_HOST) is given the credential",
        )),
    }
}

fn refused(message: &str) -> NotPermitted {
    NotPermitted::new("CACHE_URL", message)
}
