//! Settings, reload and cache meet here: the cache that the settings name, the permission to use it, and its part in a change.

use std::sync::Arc;

use live_config::{Changes, Committed, Participant, Prepared, Refusal, Snapshot, Step};

use super::refusals::{Names, NotPermitted, Rejected};
use crate::backend::{Host, TokenSource};
use crate::cache::{Cache, CacheError, Credential, Reason, Replacement, Target};
use crate::settings::{CacheAddress, Settings};

const NAMES: Names = Names { url: "CACHE_URL", host_flag: "cache-host", auth_flag: "cache-auth" };

/// Connection options of the cache, fixed for the life of the process.
#[derive(Clone)]
pub struct CacheWiring {
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

impl CacheWiring {
    /// Builds the target that `settings` name; `None` if they name no cache.
    ///
    /// # Errors
    /// The reason why this process may not use it, with the name of the setting.
    pub(crate) fn target(&self, settings: &Settings) -> Result<Option<Target>, NotPermitted> {
        let Some(url) = &settings.cache_url else { return Ok(None) };
        let CacheAddress { user, host, port, database, tls, root_certificates } =
            url.address().ok_or_else(|| NAMES.refused("is not of the form redis://HOST or rediss://HOST"))?;
        // The contract requires TLS too; sending a credential is worth a second check.
        if !host.is_loopback() && !tls {
            return Err(NAMES.refused("a server beyond loopback needs rediss://"));
        }
        NAMES.permit(&host, self.host.as_ref())?;
        let secret_user = settings.cache_user.expose();
        let user = if secret_user.is_empty() { user } else { secret_user.to_owned() };
        let credential = match &self.tokens {
            // ElastiCache accepts tokens over TLS only.
            Some(_) if !tls => return Err(NAMES.refused("--cache-auth=iam needs rediss://")),
            Some(_) if user.is_empty() => {
                return Err(NAMES.refused("names no user, and --cache-auth=iam makes a token for one"));
            }
            Some(TokenAuth { source, cache }) => {
                Credential::Token { source: Arc::clone(source), cache: cache.clone() }
            }
            None => Credential::Password(Arc::new(settings.cache_password.expose().to_owned().into())),
        };
        let user = Arc::new(user.into());
        Ok(Some(Target { host, port, database, tls, root_certificates, user, credential }))
    }
}

/// The cache as participant in a change of the settings. Present even without a cache, so that a cache named later is refused and
/// not taken for used.
pub(super) struct CacheChange {
    pub(super) cache: Option<Cache>,
    pub(super) wiring: CacheWiring,
}

impl Participant<Settings> for CacheChange {
    fn name(&self) -> &'static str {
        "cache"
    }

    fn prepare(
        &self,
        next: Arc<Snapshot<Settings>>,
        _: &Changes,
    ) -> Step<Result<Box<dyn Prepared>, Refusal>> {
        let (cache, wiring) = (self.cache.clone(), self.wiring.clone());
        Box::pin(async move {
            let change = match cache {
                None if next.settings.cache_url.is_none() => None,
                None => return Err(NAMES.needs_restart("a cache where there was none needs a restart")),
                Some(cache) => Some(prepared(&cache, wiring.target(&next.settings)?).await?),
            };
            Ok(Box::new(Change(change)) as Box<dyn Prepared>)
        })
    }
}

/// `None` without a cache.
struct Change(Option<Replacement>);

async fn prepared(cache: &Cache, target: Option<Target>) -> Result<Replacement, Refusal> {
    let Some(target) = target else {
        return Err(NAMES.needs_restart("a process that has used a cache needs a restart to be without one"));
    };
    let current = cache.target();
    // Otherwise anyone who can edit the configuration could have the credential sent to another server.
    if (&current.host, current.port) != (&target.host, target.port) {
        return Err(NAMES.needs_restart("another host needs a restart"));
    }
    let rejected = rejected_credential(&target);
    cache.prepare(target).await.map_err(|error| refusal(&error, rejected))
}

impl Change {
    fn swap(&mut self) {
        if let Some(replacement) = &mut self.0 {
            replacement.swap();
        }
    }
}

impl Prepared for Change {
    fn commit(mut self: Box<Self>) -> Box<dyn Committed> {
        self.swap();
        self
    }
}

impl Committed for Change {
    fn roll_back(mut self: Box<Self>) {
        self.swap();
    }
}

fn rejected_credential(target: &Target) -> Rejected {
    let setting = Some("CACHE_PASSWORD");
    match &target.credential {
        Credential::Token { .. } => {
            Rejected { setting: None, message: "--cache-auth: the cache refuses the token for its user" }
        }
        Credential::Password(_) if target.user.is_empty() => {
            Rejected { setting, message: "the cache refuses it" }
        }
        Credential::Password(_) => {
            Rejected { setting, message: "the cache refuses it for the user of CACHE_USER" }
        }
    }
}

fn refusal(error: &CacheError, rejected: Rejected) -> Refusal {
    let rejected = (error.reason == Reason::Authentication).then_some(rejected);
    NAMES.refusal(error, &error.code, rejected)
}
