//! The application: bound first, then run. `main` and the in-process tests use the same two calls.

use std::fs::{self, DirBuilder};
use std::io;
use std::net::SocketAddr;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::pin::Pin;
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
use crate::cache::Cache;
use crate::configuration::{Configuration, Wiring};
use crate::database::Database;
use crate::dependencies::Policy;
use crate::live;
#[cfg(feature = "fast-path")]
use crate::routes::Memory;
use crate::routes::{self, Context};
use crate::settings::Settings;
use crate::store::{self, Bounds, Store, Writer};

/// Longest time that records may take to be kept after the last request was answered.
const FLUSH_TIMEOUT: Duration = Duration::from_secs(2);

/// Everything bound, nothing served yet.
pub struct App {
    bound: Bound,
    health: Health,
    context: Arc<Context>,
    driver: Driver<Settings>,
    samplers: Samplers,
    writer: Writer,
    recording: Pin<Box<dyn Future<Output = ()> + Send>>,
}

/// Why the application cannot serve here, although its configuration is valid.
#[derive(Debug, Error)]
pub enum BuildError {
    /// The place for the SQLite file cannot be written.
    #[error("data directory {} cannot be written: {source}; mount a writable volume there or choose another \
        with --data-dir", path.display())]
    DataDirectory {
        /// The directory.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The settings name a database or a cache that this process may not use.
    #[error("{0}")]
    Backend(String),
    /// What the service depends on is not told in a sane way: a defect, which a test rules out.
    #[error(transparent)]
    Dependency(#[from] InvalidDependency),
    /// Addresses that cannot be had.
    #[error(transparent)]
    Bind(#[from] BindErrors),
}

impl App {
    /// Binds all listeners and makes sure that data can be kept.
    ///
    /// # Errors
    /// What this machine does not allow.
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
        let database = Database::new(&configuration.loaded.settings, wiring.database, store::schema())
            .map_err(BuildError::Backend)?;
        let cache = Cache::new(&configuration.loaded.settings, wiring.cache);
        let cache = cache.map_err(BuildError::Backend)?;
        let (readiness, samplers) =
            Readiness::start(policy.dependencies(&database, cache.as_ref()), &health)?;
        readiness.register(telemetry.metrics());
        let (store, writer) = Store::new(database, &replica(), Bounds::default());
        let (live, driver, recording) = live::start(configuration, telemetry, &store, cache.clone());
        let context = Context::new(live, store, cache, health.clone(), readiness, telemetry.clone(), args);
        let context = Arc::new(context);
        routes::register_metrics(&context);
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
        Ok(Self { bound, health, context, driver, samplers, writer, recording: Box::pin(recording) })
    }

    /// The address a listener got: `public`, `admin` or `operator`.
    pub fn address(&self, listener: &str) -> Option<SocketAddr> {
        self.bound.address(listener)
    }

    /// History and accesses, as the routes see them.
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
        // Before the driver, so that nothing happens untold.
        let (feed, cache) = (&self.context.feed, &self.context.cache);
        let publisher = cache.clone();
        tasks.spawn(feed.clone().follow(self.context.live.events(), move |told| {
            publisher.iter().for_each(|cache| cache.publish(told));
        }));
        if let Some(cache) = cache {
            tasks.spawn(cache.clone().run(feed.clone()));
        }
        tasks.spawn(live::log_events(self.context.live.clone()));
        tasks.spawn(self.driver.run());
        tasks.spawn(self.writer.run());
        tasks.spawn(self.recording);
        tasks.spawn(self.context.store.database().clone().tend());
        tasks.spawn(live::reload_on_hangup(self.context.live.clone()));
        self.health.mark_started();
        self.health.mark_ready();
        // The tasks end with `tasks`: nothing changes any more once the last request is answered.
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

/// The name of this machine, which in a pod is the pod's.
fn replica() -> String {
    let name = fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    name.trim().to_owned()
}

/// Creates the directory and a file in it, so that a read-only mount is known now and not at the first record.
fn prove_writable(directory: &Path) -> io::Result<()> {
    // For this user only, as are the folders above it that are not there yet.
    DirBuilder::new().recursive(true).mode(0o700).create(directory)?;
    let probe = directory.join(format!(".write-probe-{}", std::process::id()));
    fs::write(&probe, b"")?;
    match fs::remove_file(probe) {
        // Another application in this process removed it, as tests run several.
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        removed => removed,
    }
}
