use std::convert::Infallible;
use std::sync::Arc;

use axum::extract::{FromRef, FromRequestParts};
use chassis::Health;
use chassis::readiness::Readiness;
use chassis::telemetry::{LIFECYCLE, Telemetry};
use http::request::Parts;
use live_config::{Live, Snapshot, Text};

use crate::args::ServeArgs;
use crate::build_info;
use crate::cache::Cache;
use crate::feed::Feed;
use crate::live;
use crate::sbom::Sbom;
use crate::settings::Settings;
use crate::store::Store;

/// State shared by all routes.
pub struct Context {
    /// The configuration in force.
    pub live: Live<Settings>,
    /// History and accesses.
    pub store: Store,
    /// Recent configuration events.
    pub(crate) feed: Feed,
    /// The cache through which replicas exchange events, if one is configured.
    pub(crate) cache: Option<Cache>,
    pub(crate) health: Health,
    pub(crate) readiness: Readiness,
    pub(crate) telemetry: Telemetry,
    /// True if the public listener shows secrets.
    pub(crate) expose_secrets: bool,
    /// Host and port that resolve to the admin listeners of all replicas.
    pub(crate) peers: Option<String>,
    /// The SBOM, if it is to be served.
    pub(crate) sbom: Option<Sbom>,
}

impl Context {
    /// Creates a context around the configuration in force.
    pub(crate) fn new(
        live: Live<Settings>,
        store: Store,
        cache: Option<Cache>,
        health: Health,
        readiness: Readiness,
        telemetry: Telemetry,
        args: &ServeArgs,
    ) -> Self {
        let ServeArgs { expose_secrets, peers, sbom, .. } = args;
        let feed = Feed::new(store.replica());
        Self {
            live,
            store,
            feed,
            cache,
            health,
            readiness,
            telemetry,
            expose_secrets: *expose_secrets,
            peers: peers.clone(),
            sbom: sbom.clone(),
        }
    }

    /// Logs the configuration in force, and findings that need attention.
    pub fn announce(&self) {
        let snapshot = self.live.snapshot();
        tracing::info!(
            target: LIFECYCLE,
            version = build_info::VERSION,
            commit = build_info::COMMIT,
            release = snapshot.sums.release_state().as_str(),
            running = snapshot.sums.mounted,
            watching = ?self.live.status().watching,
            "configuration in force"
        );
        if self.expose_secrets {
            tracing::warn!(target: LIFECYCLE, "secrets are shown unmasked on the public listener");
        }
        live::warn_of_weak_key(&snapshot.settings);
    }
}

/// The configuration snapshot of a request: the request sees one generation, however long it takes.
#[derive(Clone)]
pub(crate) struct InForce(pub(crate) Arc<Snapshot<Settings>>);

impl InForce {
    /// Returns the text of a setting, secrets included; empty if it has no value.
    pub(crate) fn text(&self, key: &str) -> &str {
        match self.0.values.get(key).map(|value| &value.text) {
            Some(Text::Plain(text)) => text,
            Some(Text::Secret(secret)) => secret.expose(),
            None => "",
        }
    }
}

impl<S: Send + Sync> FromRequestParts<S> for InForce
where
    Arc<Context>: FromRef<S>,
{
    type Rejection = Infallible;

    /// On the public listener the snapshot was taken before routing; on the others it is taken now.
    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Infallible> {
        let taken = parts.extensions.get::<Self>().cloned();
        Ok(taken.unwrap_or_else(|| Self(Arc::<Context>::from_ref(state).live.snapshot())))
    }
}
