//! What a session connects to.

use std::path::PathBuf;
use std::sync::Arc;

use live_config::Secret;

use crate::backend::{Host, NotPermitted, TokenSource};
use crate::settings::{CacheAddress, Settings};

/// A server, and how to be let in. It has no `Debug`.
pub(super) struct Target {
    pub(super) host: Host,
    pub(super) port: u16,
    pub(super) database: u16,
    pub(super) tls: bool,
    pub(super) root_certificates: Option<PathBuf>,
    /// Empty for the server's default user.
    pub(super) user: Arc<Secret>,
    pub(super) credential: Credential,
}

#[derive(Clone)]
pub(super) enum Credential {
    /// `CACHE_PASSWORD`; empty where the server asks for none.
    Password(Arc<Secret>),
    /// A token that ends soon, made anew for each session.
    Token {
        source: Arc<dyn TokenSource>,
        /// The replication group that takes it.
        cache: String,
    },
}

/// How the process is let in, as wired for its life.
#[derive(Clone)]
pub struct Wiring {
    /// The one host beyond loopback that is given the credential; none is where it is `None`.
    pub host: Option<Host>,
    /// Makes tokens in place of `CACHE_PASSWORD`.
    pub tokens: Option<TokenAuth>,
    /// Begins the name of each key, so that releases may share a server.
    pub prefix: String,
}

/// Tokens, and who takes them.
#[derive(Clone)]
pub struct TokenAuth {
    /// Makes them.
    pub source: Arc<dyn TokenSource>,
    /// The replication group of ElastiCache.
    pub cache: String,
}

impl Wiring {
    /// Whether it lets the process use the cache that `settings` name.
    ///
    /// # Errors
    /// A reason why not, that names the setting.
    pub(crate) fn leads_to_cache_of(&self, settings: &Settings) -> Result<(), NotPermitted> {
        Target::of(settings, self).map(|_| ())
    }
}

impl Target {
    /// What `settings` name; `None` where they name no cache.
    ///
    /// # Errors
    /// A reason why it must not be, that names the setting.
    pub(super) fn of(settings: &Settings, wiring: &Wiring) -> Result<Option<Self>, NotPermitted> {
        let Some(url) = &settings.cache_url else { return Ok(None) };
        let CacheAddress { user, host, port, database, tls, root_certificates } =
            url.address().ok_or_else(|| refused("is not of the form redis://HOST or rediss://HOST"))?;
        may_be_given_the_credential(&host, tls, wiring.host.as_ref())?;
        let secret_user = settings.cache_user.expose();
        let user = if secret_user.is_empty() { user } else { secret_user.to_owned() };
        let credential = match &wiring.tokens {
            // The server takes one over TLS only.
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

    /// Why a running process must not go from `self` to `next`; `None` where it may. Whoever can edit the configuration could
    /// otherwise have the credential sent elsewhere.
    pub(super) fn refuses(&self, next: &Self) -> Option<&'static str> {
        let is_same = (&self.host, self.port) == (&next.host, next.port);
        (!is_same).then_some("another host needs a restart")
    }

    /// Whether sessions opened for `self` serve `other` as well.
    pub(super) fn is_same(&self, other: &Self) -> bool {
        (&self.host, self.port, self.database, self.tls, &self.root_certificates)
            == (&other.host, other.port, other.database, other.tls, &other.root_certificates)
            && self.user.expose() == other.user.expose()
            && self.credential.is_same(&other.credential)
    }

    /// Says that the cache takes no credential like this one.
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
    // The contract says so too; a credential is worth a second look.
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
