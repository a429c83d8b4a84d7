//! The public answers whose bytes are ready: no routing, no future, no serialisation.

use std::sync::Arc;

use axum::body::Bytes;
use chassis::{FastAnswer, FastPath, probes};
use http::Response;
use live_config::Reader;

use super::answer;
use super::config;
use super::context::{Context, InForce};
use crate::settings::Settings;

const CONFIG: usize = 0;
const HEALTHZ: usize = 1;
const READYZ: usize = 2;

/// Of one connection: it keeps `/config` as it was answered last, until the configuration changes.
pub(crate) struct Memory {
    context: Arc<Context>,
    reader: Reader<Settings>,
    /// The document, and the generation it shows.
    config: Option<(u64, Bytes)>,
}

impl Memory {
    /// What it answers; the router answers the same.
    pub(crate) const ROUTES: [&str; 3] = ["/config", "/healthz", "/readyz"];

    pub(crate) fn new(context: Arc<Context>) -> Self {
        Self { reader: context.live.reader(), context, config: None }
    }

    fn config(&mut self) -> Option<Response<Bytes>> {
        let snapshot = self.reader.snapshot();
        match &self.config {
            Some((generation, bytes)) if *generation == snapshot.generation => {
                Some(config::answer(bytes.clone()))
            }
            _ => {
                let bytes = config::bytes(&InForce(Arc::clone(snapshot)), self.context.expose_secrets)?;
                self.config = Some((snapshot.generation, bytes.clone()));
                Some(config::answer(bytes))
            }
        }
    }
}

impl FastPath for Memory {
    fn get(&mut self, path: &str) -> Option<FastAnswer> {
        let route = Self::ROUTES.iter().position(|route| *route == path)?;
        let response = match route {
            CONFIG => self.config().inspect(|_| self.context.store.count_anonymous())?,
            HEALTHZ => answer::healthz_bytes(),
            READYZ => probes::ready_answer(&self.context.health),
            _ => return None,
        };
        Some(FastAnswer { route, response })
    }
}
