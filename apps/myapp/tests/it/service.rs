//! The application in this process, built and run by the two calls that `main` uses.

use std::net::SocketAddr;

use chassis::shutdown::{self, Trigger};
use chassis::telemetry::Telemetry;
use clap::Parser as _;
use myapp::app::App;
use myapp::args::Cli;
use myapp::configuration;
use myapp::store::Store;
use tempfile::TempDir;
use tokio::runtime::Runtime;
use tokio::task::JoinHandle;

/// A running application; stopped when dropped.
pub(crate) struct Service {
    pub(crate) public: SocketAddr,
    pub(crate) admin: SocketAddr,
    pub(crate) operator: SocketAddr,
    pub(crate) store: Store,
    stop: Trigger,
    run: Option<JoinHandle<()>>,
    pub(crate) runtime: Runtime,
    _data: TempDir,
}

impl Service {
    /// Starts with `flags`, and with `settings` as environment variables.
    pub(crate) fn start(flags: &[&str], settings: &[(&str, &str)]) -> Self {
        let data = tempfile::tempdir().unwrap();
        let ports = ["--listen=127.0.0.1:0", "--admin-listen=127.0.0.1:0", "--operator-listen=127.0.0.1:0"];
        let drain = ["--drain-min=0s", "--drain-quiet=0s"];
        let args = ["myapp"].iter().chain(&ports).chain(&drain).chain(flags);
        let args = Cli::try_parse_from(args).unwrap().serve;
        let environment = settings.iter().map(|(name, value)| (name.into(), value.into())).collect();
        let configuration =
            configuration::read(&args, &environment).unwrap_or_else(|problems| panic!("{problems}"));

        let telemetry = Telemetry::silent().unwrap();
        let runtime = Runtime::new().unwrap();
        let app = runtime.block_on(App::build(&args, configuration, data.path(), &telemetry)).unwrap();
        let address = |listener| app.address(listener).unwrap();
        let (public, admin, operator) = (address("public"), address("admin"), address("operator"));
        let store = app.store().clone();
        let (stop, signals) = shutdown::channel();
        let run = runtime.spawn(async move {
            app.run(signals).await.unwrap();
        });
        Self { public, admin, operator, store, stop, run: Some(run), runtime, _data: data }
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        self.stop.send("test");
        if let Some(run) = self.run.take() {
            // A failure of the application fails the test, unless it is failing already.
            let ended = self.runtime.block_on(run);
            assert!(ended.is_ok() || std::thread::panicking());
        }
    }
}
