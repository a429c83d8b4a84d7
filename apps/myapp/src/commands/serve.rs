use std::time::Duration;

use chassis::telemetry::{LIFECYCLE, Options, Telemetry};
use chassis::{UnknownVariable, shutdown};

use crate::app::App;
use crate::args::ServeArgs;
use crate::configuration::{Configuration, Environment};
use crate::exit_code;
use crate::live::Wiring;
use crate::readiness_policy::Policy;

use super::inputs::{StartupInputs, unknown_variables};
use super::{output, private};

/// Crates whose log lines follow `LOG_LEVEL` at every level.
const OWN_CRATES: [&str; 2] = ["myapp", "live_config"];

/// Time limit for sending the last spans, within the slack between the drain's budget and the grace period of a pod.
const FLUSH_TRACES: Duration = Duration::from_secs(1);

/// Serves until drained. No listener is bound before the whole configuration is valid.
pub(super) fn serve(args: &ServeArgs, environment: &Environment) -> u8 {
    // Before any secret is read.
    let private = private::keep_memory_private();
    let StartupInputs { configuration, wiring, traces } = match StartupInputs::read(args, environment) {
        Ok(read) => read,
        Err(problems) => return output::fail(exit_code::USAGE, problems),
    };
    let runtime = match threads().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            return output::fail(exit_code::FAILURE, format_args!("cannot start the async runtime: {error}"));
        }
    };
    let options =
        Options { level: configuration.loaded.settings.log_level.0, own_crates: OWN_CRATES.to_vec() };
    let telemetry = match Telemetry::install(&options) {
        Ok(telemetry) => telemetry,
        Err(error) => return output::fail(exit_code::FAILURE, error),
    };
    let _flush = telemetry.flush_on_drop();
    if let Err(error) = private {
        tracing::warn!(target: LIFECYCLE, %error, "core dumps cannot be switched off: one would hold the secrets in force");
    }
    for UnknownVariable { name, nearest } in unknown_variables(environment, &configuration.contract) {
        tracing::warn!(target: LIFECYCLE, variable = name, did_you_mean = nearest, "unknown variable ignored");
    }
    runtime.block_on(async {
        traces.log();
        traces.settings.into_iter().for_each(|settings| telemetry.export_traces(settings));
        let code = run(args, configuration, wiring, &telemetry).await;
        telemetry.flush_traces(FLUSH_TRACES).await;
        code
    })
}

/// Builds a single-threaded runtime on one processor: several threads, or the multi-thread scheduler, would only take turns on
/// it. Measured with 512 connections: the slowest 1 % of requests wait seven times as long under that scheduler.
fn threads() -> tokio::runtime::Builder {
    match std::thread::available_parallelism() {
        Ok(processors) if processors.get() == 1 => tokio::runtime::Builder::new_current_thread(),
        _ => tokio::runtime::Builder::new_multi_thread(),
    }
}

async fn run(args: &ServeArgs, configuration: Configuration, wiring: Wiring, telemetry: &Telemetry) -> u8 {
    let signals = match shutdown::signals() {
        Ok(signals) => signals,
        Err(error) => {
            return output::fail(exit_code::FAILURE, format_args!("cannot install signal handlers: {error}"));
        }
    };
    let policy = Policy::of(&configuration.loaded.settings);
    let app = match App::build(args, configuration, wiring, policy, telemetry).await {
        Ok(app) => app,
        Err(error) => return output::fail(exit_code::FAILURE, error),
    };
    if let Some(address) = app.address("public") {
        output::greet(address);
    }
    match app.run(signals).await {
        Ok(_) => 0,
        Err(aborted) => output::fail(exit_code::FAILURE, aborted),
    }
}
