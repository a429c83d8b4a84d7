//! A change of the cache's settings, as a part of the transaction that a reload is.

use std::sync::Arc;

use live_config::{Changes, Committed, Participant, Prepared, Refusal, Snapshot, Step};

use super::session::Session;
use super::target::Target;
use super::{Cache, Reason, Shared, Unavailable};
use crate::backend::NoToken;
use crate::settings::Settings;

/// The command that takes a change that a running process must not take.
const RESTART: &str = "kubectl rollout restart deploy/NAME";

/// The cache in a change of the settings; also where there is none, so that one is not taken for used that is named later.
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

/// What is to come into force or, once it has, what served before; nothing where the sessions serve on.
struct Change(Option<(Cache, Arc<Target>)>);

/// Opens a session in the new way before anything changes.
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
    Refusal::permanent(format!("{why}: {RESTART}")).about("CACHE_URL")
}

/// Whatever the cache says may pass without a change of the settings.
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
