//! Public responses whose bytes are prepared: no routing, no future, no serialisation.

use std::sync::{Arc, Mutex, PoisonError};

use axum::body::Bytes;
use chassis::{FastPath, FastResponse, StaticResponse, probes};
use live_config::Snapshot;

use crate::routes::config;
use crate::routes::context::{Context, InForce};
use crate::routes::http::response;
use crate::settings::Settings;

const CONFIG: usize = 0;
const HEALTHZ: usize = 1;
const READYZ: usize = 2;

/// Prepared responses of one connection. Caches the last `/config` response, secrets masked, until the configuration changes.
/// Holds no snapshot: an idle connection would keep a replaced secret in memory.
pub(crate) struct Memory {
    context: Arc<Context>,
    shared: Arc<Documents>,
    config: Option<Document>,
}

/// The `/config` document shared by all connections: with many of them, a copy for each would not fit the processor's cache.
#[derive(Default)]
struct Documents(Mutex<Option<Document>>);

#[derive(Clone)]
struct Document {
    /// Generation of the configuration in the document.
    generation: u64,
    bytes: Bytes,
}

impl Documents {
    fn of(&self, snapshot: &Arc<Snapshot<Settings>>) -> Option<Document> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.as_ref().is_none_or(|document| document.generation != snapshot.generation) {
            let bytes = config::bytes(&InForce(Arc::clone(snapshot)), false)?;
            *kept = Some(Document { generation: snapshot.generation, bytes });
        }
        kept.clone()
    }
}

impl Memory {
    /// Paths of the prepared responses; the router returns the same responses.
    pub(crate) const ROUTES: [&str; 3] = ["/config", "/healthz", "/readyz"];

    /// Returns the constructor that is called for each connection.
    pub(crate) fn maker(context: &Arc<Context>) -> impl Fn() -> Self + Send + Sync + 'static {
        let (context, shared) = (Arc::clone(context), Arc::<Documents>::default());
        move || Self { context: Arc::clone(&context), shared: Arc::clone(&shared), config: None }
    }

    /// Returns `None` if secrets are shown: the document then depends on the request, so the router builds it for each request,
    /// and it is not cached.
    fn config(&mut self) -> Option<StaticResponse> {
        if self.context.expose_secrets {
            return None;
        }
        let snapshot = self.context.live.load();
        if self.config.as_ref().is_none_or(|document| document.generation != snapshot.generation) {
            self.config = Some(self.shared.of(&snapshot)?);
        }
        self.config.as_ref().map(|document| config::answer(document.bytes.clone()))
    }
}

impl FastPath for Memory {
    fn get(&mut self, path: &str) -> Option<FastResponse> {
        let route = Self::ROUTES.iter().position(|route| *route == path)?;
        let answer = match route {
            CONFIG => self.config().inspect(|_| self.context.store.count_anonymous())?,
            HEALTHZ => response::healthz_answer(),
            READYZ => probes::readyz_response(self.context.health.is_ready()),
            _ => return None,
        };
        Some(FastResponse { route, response: answer })
    }
}
