//! A listener: its address and routes as the service gives them, and the state that all of its connections share.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use tokio::sync::Notify;

#[cfg(feature = "fast-path")]
use super::fast::path::{FastPath, FastRoutes};
#[cfg(feature = "fast-path")]
use super::fast::record::FastListener;
use super::record::counters::Counters;
use crate::limits::LimitArgs;

/// Clients of a listener; decides its part in the drain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Clients of the service: watched by the drain, closed first.
    Traffic,
    /// Probes, metrics, operators: served until traffic has ended, closed last.
    Internal,
}

/// One address with its routes.
#[derive(Debug)]
pub struct Listener {
    pub(crate) name: &'static str,
    pub(crate) address: SocketAddr,
    pub(crate) router: Router,
    pub(crate) role: Role,
    pub(crate) probes: Vec<&'static str>,
    #[cfg(feature = "fast-path")]
    pub(crate) fast: Option<FastRoutes>,
}

impl Listener {
    /// A listener for clients of the service.
    #[must_use]
    pub fn traffic(name: &'static str, address: SocketAddr, router: Router) -> Self {
        Self::new(name, address, router, Role::Traffic)
    }

    /// A listener for probes, metrics and operators.
    #[must_use]
    pub fn internal(name: &'static str, address: SocketAddr, router: Router) -> Self {
        Self::new(name, address, router, Role::Internal)
    }

    fn new(name: &'static str, address: SocketAddr, router: Router, role: Role) -> Self {
        Self {
            name,
            address,
            router,
            role,
            probes: Vec::new(),
            #[cfg(feature = "fast-path")]
            fast: None,
        }
    }

    /// Names the paths that load balancers and orchestrators probe, each with its leading slash. The drain does not count
    /// such requests as traffic, also if a path is requested below a prefix.
    #[must_use]
    pub fn probes(mut self, paths: impl IntoIterator<Item = &'static str>) -> Self {
        self.probes.extend(paths);
        self
    }

    /// Answers `GET` requests of some `routes` from memory. `make` is called once for each connection. The router answers
    /// all other requests, and must be able to answer these as well.
    #[cfg(feature = "fast-path")]
    #[must_use]
    pub fn fast_path<P: FastPath + 'static>(
        mut self,
        routes: impl IntoIterator<Item = &'static str>,
        make: impl Fn() -> P + Send + Sync + 'static,
    ) -> Self {
        let routes = routes.into_iter().collect();
        self.fast = Some(FastRoutes { routes, make: Box::new(move || Box::new(make())) });
        self
    }
}

/// State that all connections of one listener share.
pub(crate) struct ListenerState {
    pub(crate) name: &'static str,
    pub(crate) role: Role,
    pub(crate) probes: Vec<&'static str>,
    pub(crate) limits: LimitArgs,
    pub(crate) counters: Arc<Counters>,
    #[cfg(feature = "fast-path")]
    pub(crate) fast: Option<FastListener>,
    pub(crate) router: Router,
    /// Notified when a connection that was to be evicted stays open.
    pub(crate) eviction_declined: Notify,
}

#[cfg(any(test, fuzzing))]
impl ListenerState {
    /// A listener without routes that logs nothing.
    pub(crate) fn silent() -> Self {
        Self {
            name: "public",
            role: Role::Traffic,
            probes: Vec::new(),
            limits: LimitArgs::default(),
            counters: Arc::new(Counters::new()),
            #[cfg(feature = "fast-path")]
            fast: None,
            router: Router::new(),
            eviction_declined: Notify::new(),
        }
    }
}
