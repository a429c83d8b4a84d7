//! The application in this process, built and run by the two calls that `main` uses.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use chassis::shutdown::{self, Trigger};
use chassis::telemetry::Telemetry;
use clap::Parser as _;
use myapp::app::App;
use myapp::args::Cli;
use myapp::backend::TokenSource;
use myapp::configuration;
use myapp::live::{CacheWiring, DatabaseWiring, Wiring};
use myapp::readiness_policy::Policy;
use myapp::store::Store;
use test_support::http::raw::blocking::get;
use test_support::wait::until;
use tokio::runtime::Runtime;
use tokio::task::JoinHandle;

use crate::DEADLINE;
use crate::databases::{Kind, borrowed};
use crate::mount::Mount;
use crate::process::PORTS;

/// A running application; stopped when dropped.
pub(crate) struct Service {
    pub(crate) public: SocketAddr,
    pub(crate) admin: SocketAddr,
    pub(crate) operator: SocketAddr,
    pub(crate) store: Store,
    stop: Trigger,
    run: Option<JoinHandle<()>>,
    pub(crate) runtime: Runtime,
}

impl Service {
    /// Starts on the database of `kind` with `flags`, and with `settings` as environment variables, which override the database's
    /// own.
    pub(crate) fn start(kind: &Kind, flags: &[&str], settings: &[(&str, &str)]) -> Self {
        let own = kind.settings();
        let settings = [borrowed(&own), settings.to_vec()].concat();
        Self::run(kind.data_directory(), flags, &settings, None)
    }

    /// Starts with the settings in `mount`, which point to the database of `kind`.
    pub(crate) fn mounted(kind: &Kind, mount: &Mount) -> Self {
        Self::run(kind.data_directory(), &[&mount.flag()], &[], None)
    }

    /// Starts with the given inputs only, without a data directory. `tokens` replace the password.
    pub(crate) fn as_told(
        flags: &[&str],
        settings: &[(&str, &str)],
        tokens: Option<Arc<dyn TokenSource>>,
    ) -> Self {
        Self::run(Path::new("/proc/none"), flags, settings, tokens)
    }

    /// Starts with an SQLite file in `data_directory`.
    pub(crate) fn with_data(data_directory: &Path, flags: &[&str]) -> Self {
        Self::run(data_directory, flags, &[], None)
    }

    /// Waits until the service is ready: a server has to be reached first.
    pub(crate) fn until_ready(&self) {
        until(DEADLINE, "ready", || get(self.public, "/readyz"), |seen| seen.status == 200);
    }

    fn run(
        data_directory: &Path,
        flags: &[&str],
        settings: &[(&str, &str)],
        tokens: Option<Arc<dyn TokenSource>>,
    ) -> Self {
        let drain = ["--drain-min=0s", "--drain-quiet=0s"];
        let args = ["myapp"].iter().chain(&PORTS).chain(&drain).chain(flags);
        let args = Cli::try_parse_from(args).unwrap().serve;
        let environment = settings.iter().map(|(name, value)| (name.into(), value.into())).collect();
        let configuration =
            configuration::read(&args, &environment).unwrap_or_else(|problems| panic!("{problems}"));

        let data_directory = data_directory.to_path_buf();
        let database = DatabaseWiring { data_directory, host: args.database_host.clone(), tokens };
        let prefix = args.cache_prefix.clone();
        let cache = CacheWiring { host: args.cache_host.clone(), tokens: None, prefix };
        let wiring = Wiring { database, cache };
        let policy = Policy::of(&configuration.loaded.settings);
        let telemetry = Telemetry::silent().unwrap();
        let runtime = Runtime::new().unwrap();
        let app = runtime.block_on(App::build(&args, configuration, wiring, policy, &telemetry)).unwrap();
        let address = |listener| app.address(listener).unwrap();
        let (public, admin, operator) = (address("public"), address("admin"), address("operator"));
        let store = app.store().clone();
        let (stop, signals) = shutdown::channel();
        let run = runtime.spawn(async move {
            app.run(signals).await.unwrap();
        });
        Self { public, admin, operator, store, stop, run: Some(run), runtime }
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        self.stop.send("test");
        if let Some(run) = self.run.take() {
            // A failure of the application fails the test, unless the test is failing already.
            let ended = self.runtime.block_on(run);
            assert!(ended.is_ok() || std::thread::panicking());
        }
    }
}
