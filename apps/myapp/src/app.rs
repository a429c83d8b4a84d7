//! The application: bound first, then run. `main` and the in-process tests use the same two calls.

use std::fs;
use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use chassis::shutdown::{Aborted, Signals};
use chassis::telemetry::Telemetry;
use chassis::{BindErrors, Bound, Builder, Listener, Served};
use chassis::{Health, probes};
use live_config::Driver;
use thiserror::Error;
use tokio::task::JoinSet;

use crate::args::ServeArgs;
use crate::routes::{self, Context, Memory};
use crate::settings::Settings;
use crate::{configuration::Configuration, live};

/// Everything bound, nothing served yet.
pub struct App {
    bound: Bound,
    health: Health,
    context: Arc<Context>,
    driver: Driver<Settings>,
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
        data_directory: &Path,
        telemetry: &Telemetry,
    ) -> Result<Self, BuildError> {
        if configuration.loaded.settings.database_url.is_none() {
            prove_writable(data_directory)
                .map_err(|source| BuildError::DataDirectory { path: data_directory.to_path_buf(), source })?;
        }
        let health = Health::new();
        let (live, driver) = live::start(configuration, telemetry);
        let context = Arc::new(Context::new(live, health.clone(), telemetry.clone(), args));
        routes::register_metrics(&context);
        let public = Listener::traffic("public", args.listen, routes::public(&context))
            .probes(["/healthz", "/readyz"])
            .fast_path(Memory::ROUTES, {
                let context = Arc::clone(&context);
                move || Memory::new(Arc::clone(&context))
            });
        let bound = Builder::new(args.drain.clone(), args.limits.clone(), health.clone(), telemetry.clone())
            .listener(public)
            .listener(Listener::internal(
                "admin",
                args.admin_listen,
                probes::router(health.clone()).merge(routes::admin(&context)),
            ))
            .listener(Listener::internal("operator", args.operator_listen, routes::operator(&context)))
            .bind()
            .await?;
        Ok(Self { bound, health, context, driver })
    }

    /// The address a listener got: `public`, `admin` or `operator`.
    pub fn address(&self, listener: &str) -> Option<SocketAddr> {
        self.bound.address(listener)
    }

    /// Serves until drained.
    ///
    /// # Errors
    /// A second signal ended the drain.
    pub async fn run(self, signals: Signals) -> Result<Served, Aborted> {
        self.context.announce();
        let mut tasks = JoinSet::new();
        tasks.spawn(self.driver.run());
        tasks.spawn(live::log_events(self.context.live.clone()));
        tasks.spawn(live::reload_on_hangup(self.context.live.clone()));
        self.health.mark_started();
        self.health.mark_ready();
        // The tasks end with `tasks`: nothing changes any more once the last request is answered.
        self.bound.serve(signals).await
    }
}

/// Creates the directory and a file in it, so that a read-only mount is known now and not at the first record.
fn prove_writable(directory: &Path) -> io::Result<()> {
    fs::create_dir_all(directory)?;
    let probe = directory.join(format!(".write-probe-{}", std::process::id()));
    fs::write(&probe, b"")?;
    fs::remove_file(probe)
}
