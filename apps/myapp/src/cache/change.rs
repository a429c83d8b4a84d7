//! A change of the cache's settings, as a participant in the transaction of a reload.

use std::sync::Arc;

use live_config::{Changes, Committed, Participant, Prepared, Refusal, Snapshot, Step};

use super::session::Session;
use super::target::Target;
use super::{Cache, Reason, Shared, Unavailable};
use crate::backend::{NoToken, NotPermitted};
use crate::settings::Settings;

/// The cache as participant in a change of the settings. Present even without a cache, so that a cache named later is refused and
/// not taken for used.
pub(crate) struct CacheChange(pub(crate) Option<Cache>);

impl Participant<Settings> for CacheChange {
    fn name(&self) -> &'static str {
        "cache"
    }

    fn prepare(
        &self,
        next: Arc<Snapshot<Settings>>,
        _: &Changes,
    ) -> Step<Result<Box<dyn Prepared>, Refusal>> {
        let cache = self.0.clone();
        Box::pin(async move {
            let change = match cache {
                None if next.settings.cache_url.is_none() => None,
                None => return Err(needs_restart("a cache where there was none needs a restart")),
                Some(cache) => prepared(cache, &next.settings).await?,
            };
            Ok(Box::new(Change(change)) as Box<dyn Prepared>)
        })
    }
}

/// The target to be activated or, after activation, the previous target; `None` if the open sessions stay valid.
struct Change(Option<(Cache, Arc<Target>)>);

/// Opens a session with the new target before anything changes.
async fn prepared(cache: Cache, settings: &Settings) -> Result<Option<(Cache, Arc<Target>)>, Refusal> {
    let target = Target::of(settings, &cache.shared.wiring)?;
    let Some(target) = target else {
        return Err(needs_restart("a process that has used a cache needs a restart to be without one"));
    };
    let current = cache.target();
    if let Some(why) = current.refuses(&target) {
        return Err(needs_restart(why));
    }
    if current.is_same(&target) {
        return Ok(None);
    }
    let target = Arc::new(target);
    Session::open(&target).await.map_err(|error| refusal(&error, &target))?;
    Ok(Some((cache, target)))
}

impl Change {
    fn swap(&mut self) {
        if let Some((cache, target)) = &mut self.0 {
            let Shared { target: in_force, .. } = &*cache.shared;
            *target = in_force.send_replace(Arc::clone(target));
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

fn needs_restart(why: &str) -> Refusal {
    NotPermitted::needs_restart("CACHE_URL", why).into()
}

/// Builds the refusal. Every error of the cache may pass without a change of the settings, and is therefore transient.
fn refusal(error: &Unavailable, target: &Target) -> Refusal {
    match (error.reason, error.code.as_str()) {
        (Reason::Authentication, code) => {
            let (setting, message) = target.refused_credential();
            Refusal { setting, ..Refusal::transient(format!("{message} ({code})")) }
        }
        (_, NoToken::CODE) => Refusal::transient(format!("--cache-auth: {error}")),
        _ => Refusal::transient(error.to_string()).about("CACHE_URL"),
    }
}
