//! The service in a process of its own, with another readiness policy than that of its database: this test binary, started again
//! with variables that make it serve.

use std::process::Command;

use chassis::readiness::Class;
use chassis::shutdown;
use chassis::telemetry::{Options, Telemetry};
use clap::Parser as _;
use myapp::app::App;
use myapp::args::Cli;
use myapp::configuration;
use myapp::live::Wiring;
use myapp::readiness_policy::Policy;

use crate::process::PORTS;

/// A process with this variable serves as a replica.
const POLICY: &str = "MYAPP_TEST_POLICY";
const CLASSES: [(&str, Class); 3] =
    [("required", Class::Required), ("degraded", Class::Degraded), ("informational", Class::Informational)];

/// The line that precedes the log of a replica.
pub(super) const PREAMBLE: &str = "running 1 test";

/// Returns the command for a replica with `policy` and these settings.
pub(super) fn command(policy: Policy, settings: &[(&str, &str)]) -> Command {
    let (class, _) = CLASSES.into_iter().find(|(_, class)| *class == policy.class).unwrap();
    let shared = if policy.shared { "shared" } else { "own" };
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", "only_postgres::replica::serves", "--ignored", "--nocapture", "--quiet"]);
    command.env_clear().envs(settings.iter().copied()).env(POLICY, format!("{class} {shared}"));
    command
}

#[test]
#[ignore = "the body of a replica; the outage matrix starts it"]
fn serves() {
    let Ok(policy) = std::env::var(POLICY) else { return };
    let (class, shared) = policy.split_once(' ').unwrap();
    let (_, class) = CLASSES.into_iter().find(|(name, _)| *name == class).unwrap();
    let policy = Policy { class, shared: shared == "shared" };
    let args = Cli::try_parse_from(["myapp"].iter().chain(&PORTS)).unwrap().serve;
    let environment = std::env::vars_os().collect();
    let configuration =
        configuration::read(&args, &environment).unwrap_or_else(|problems| panic!("{problems}"));
    let settings = &configuration.loaded.settings;
    let wiring = Wiring::of(&args, &environment, settings).unwrap();
    let options = Options { level: settings.log_level.0, own_crates: vec!["myapp", "live_config"] };
    let telemetry = Telemetry::install(&options).unwrap();
    let _flush = telemetry.flush_on_drop();
    tokio::runtime::Runtime::new().unwrap().block_on(async {
        let app = App::build(&args, configuration, wiring, policy, &telemetry).await.unwrap();
        app.run(shutdown::signals().unwrap()).await.unwrap();
    });
}
