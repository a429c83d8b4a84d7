use std::sync::Arc;

use chassis::shutdown;
use chassis::telemetry::{Options, Telemetry};

use crate::app::App;
use crate::args::{DatabaseAuth, ServeArgs};
use crate::configuration::{self, Configuration, Environment};
use crate::database::{PodIdentity, TokenSource};

use super::{EXIT_FAILURE, EXIT_USAGE, complain};

/// Crates whose log lines follow `LOG_LEVEL` all the way down.
const OWN_CRATES: [&str; 2] = ["myapp", "live_config"];

/// Serves until drained. Nothing is bound before the whole configuration is valid.
pub(super) fn serve(args: &ServeArgs, environment: &Environment) -> u8 {
    let configuration = match configuration::read(args, environment) {
        Ok(configuration) => configuration,
        Err(problems) => return complain(EXIT_USAGE, problems),
    };
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return complain(EXIT_FAILURE, format_args!("no threads to serve with: {error}")),
    };
    let options =
        Options { level: configuration.loaded.settings.log_level.0, own_crates: OWN_CRATES.to_vec() };
    let telemetry = match Telemetry::install(&options) {
        Ok(telemetry) => telemetry,
        Err(error) => return complain(EXIT_FAILURE, error),
    };
    let _flush = telemetry.flush_on_drop();
    runtime.block_on(run(args, environment, configuration, &telemetry))
}

async fn run(
    args: &ServeArgs,
    environment: &Environment,
    configuration: Configuration,
    telemetry: &Telemetry,
) -> u8 {
    let signals = match shutdown::signals() {
        Ok(signals) => signals,
        Err(error) => return complain(EXIT_FAILURE, format_args!("signals cannot be heard: {error}")),
    };
    let data_directory = configuration::data_directory(args, environment);
    let tokens: Option<Arc<dyn TokenSource>> = match args.database_auth {
        DatabaseAuth::Password => None,
        DatabaseAuth::Iam => match PodIdentity::of(environment) {
            Ok(source) => Some(Arc::new(source)),
            Err(problem) => return complain(EXIT_USAGE, problem),
        },
    };
    let app = match App::build(args, configuration, &data_directory, tokens, telemetry).await {
        Ok(app) => app,
        Err(error) => return complain(EXIT_FAILURE, error),
    };
    match app.run(signals).await {
        Ok(_) => 0,
        Err(aborted) => complain(EXIT_FAILURE, aborted),
    }
}
