//! The application: bound first, then run. `main` and the in-process tests use the same two calls.

use std::fs::{self, DirBuilder};
use std::io;
use std::net::SocketAddr;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use chassis::readiness::{InvalidDependency, Readiness, Samplers};
use chassis::shutdown::{Aborted, Signals};
use chassis::telemetry::{LIFECYCLE, Telemetry};
use chassis::{BindErrors, Bound, Builder, DrainReport, Health, Listener};
use live_config::Driver;
use thiserror::Error;
use tokio::task::JoinSet;

use crate::args::ServeArgs;
use crate::build_info;
use crate::cache::Cache;
use crate::configuration::Configuration;
use crate::database::Database;
use crate::live::{self, NotPermitted, Wiring};
use crate::readiness_policy::Policy;
#[cfg(feature = "fast-path")]
use crate::routes::Memory;
use crate::routes::{self, Context};
use crate::settings::Settings;
use crate::store::{self, Bounds, Store, Writer};

/// Time limit for writing the pending records after the last response.
const FLUSH_TIMEOUT: Duration = Duration::from_secs(2);

/// An application with all listeners bound and no request served yet.
pub struct App {
    bound: Bound,
    health: Health,
    context: Arc<Context>,
    driver: Driver<Settings>,
    samplers: Samplers,
    writer: Writer,
}

/// The application cannot serve on this machine, although its configuration is valid.
#[derive(Debug, Error)]
pub enum BuildError {
    /// The directory of the SQLite file cannot be written.
    #[error("data directory {} cannot be written: {source}; mount a writable volume there or choose another \
        with --data-dir", path.display())]
    DataDirectory {
        /// The directory.
        path: PathBuf,
        /// The error of the operating system.
        source: io::Error,
    },
    /// The settings name a database or a cache that this process may not use.
    #[error("{0}")]
    Backend(#[from] NotPermitted),
    /// The description of a dependency is invalid: a defect, which a test rules out.
    #[error(transparent)]
    Dependency(#[from] InvalidDependency),
    /// Addresses that cannot be bound.
    #[error(transparent)]
    Bind(#[from] BindErrors),
}

impl App {
    /// Binds all listeners and checks that the data directory can be written.
    ///
    /// # Errors
    /// The directory, the backend or the addresses that cannot be used on this machine.
    pub async fn build(
        args: &ServeArgs,
        configuration: Configuration,
        wiring: Wiring,
        policy: Policy,
        telemetry: &Telemetry,
    ) -> Result<Self, BuildError> {
        if configuration.loaded.settings.database_url.is_none() {
            let path = wiring.database.data_directory.clone();
            prove_writable(&path).map_err(|source| BuildError::DataDirectory { path, source })?;
        }
        let health = Health::new();
        let settings = &configuration.loaded.settings;
        let target = wiring.database.target(settings)?;
        let database = Database::new(target, settings.max_connections, store::schema());
        let cache = wiring.cache.target(settings)?.map(|target| Cache::new(target, &wiring.cache.prefix));
        let (readiness, samplers) =
            Readiness::start(policy.dependencies(&database, cache.as_ref()), &health)?;
        let metrics = telemetry.metrics();
        readiness.register(metrics);
        let (store, writer) = Store::new(database, &replica(), Bounds::default());
        let (live, driver) = live::start(configuration, telemetry, wiring, &store, cache.clone());
        build_info::register_metrics(metrics);
        live::register_metrics(&live, args.expose_secrets, metrics);
        store.register_metrics(metrics);
        cache.iter().for_each(|cache| cache.register_metrics(metrics));
        let context = Context::new(live, store, cache, health.clone(), readiness, telemetry.clone(), args);
        let context = Arc::new(context);
        let public = Listener::traffic("public", args.listen, routes::public(&context))
            .probes(["/healthz", "/readyz"]);
        #[cfg(feature = "fast-path")]
        let public = public.fast_path(Memory::ROUTES, Memory::maker(&context));
        let bound = Builder::new(args.drain.clone(), args.limits.clone(), health.clone(), telemetry.clone())
            .listener(public)
            .listener(Listener::internal("admin", args.admin_listen, routes::admin(&context)))
            .listener(Listener::internal("operator", args.operator_listen, routes::operator(&context)))
            .bind()
            .await?;
        Ok(Self { bound, health, context, driver, samplers, writer })
    }

    /// Returns the bound address of a listener: `public`, `admin` or `operator`.
    pub fn address(&self, listener: &str) -> Option<SocketAddr> {
        self.bound.address(listener)
    }

    /// Returns the store of history and accesses that the routes use.
    pub fn store(&self) -> &Store {
        &self.context.store
    }

    /// Serves until drained.
    ///
    /// # Errors
    /// A second signal ended the drain.
    pub async fn run(self, signals: Signals) -> Result<DrainReport, Aborted> {
        self.context.announce();
        let mut tasks = JoinSet::new();
        // Started before the driver, so that no event is lost.
        let (feed, cache) = (&self.context.feed, &self.context.cache);
        let consumers = live::Consumers::new(feed.clone(), cache.clone(), self.context.store.clone());
        tasks.spawn(consumers.run(self.context.live.clone(), self.context.live.events()));
        if let Some(cache) = cache {
            tasks.spawn(cache.clone().run(feed.clone()));
        }
        tasks.spawn(self.driver.run());
        tasks.spawn(self.writer.run());
        tasks.spawn(self.context.store.database().clone().maintain());
        tasks.spawn(live::reload_on_hangup(self.context.live.clone()));
        self.health.mark_started();
        self.health.mark_ready();
        // The tasks end with `tasks`: the configuration does not change after the response to the last request.
        let served = self.bound.serve(signals).await?;
        self.samplers.stop().await;
        let store = &self.context.store;
        if !store.flush(FLUSH_TIMEOUT).await {
            tracing::warn!(target: LIFECYCLE, records = store.waiting(), "stopped before all records were kept");
        }
        store.database().close().await;
        Ok(served)
    }
}

/// Returns the host name, which in a pod is the pod's name.
fn replica() -> String {
    let name = fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    name.trim().to_owned()
}

/// Creates the directory and a file in it, so that a read-only mount is detected at startup and not at the first record.
fn prove_writable(directory: &Path) -> io::Result<()> {
    // Accessible to this user only, as are the parent directories that have to be created.
    DirBuilder::new().recursive(true).mode(0o700).create(directory)?;
    let probe = directory.join(format!(".write-probe-{}", std::process::id()));
    fs::write(&probe, b"")?;
    match fs::remove_file(probe) {
        // Another application in this process removed the file; tests run several.
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        removed => removed,
    }
}
