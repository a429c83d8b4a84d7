//! One life of the agent, from its inputs to its exit code.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use chassis::shutdown::Trigger;
use chassis::telemetry::{Level, Options, Telemetry};
use chassis::{BindErrors, Health, shutdown};
use live_config::{Driver, Timing};
use rustix::process::Signal;
use thiserror::Error;
use tokio::task::JoinSet;

use crate::agent::admin::Admin;
use crate::agent::hooks::Hooks;
use crate::agent::lines::{log_events, log_watching};
use crate::agent::mask::Masks;
use crate::agent::process::{
    Blocked, Exit, Launch, NOT_EXECUTABLE, Output, Processes, Signals, Stop, Supervisor,
};
use crate::agent::readiness::Readiness;
use crate::agent::start::{NoStart, Start};
use crate::agent::status::AgentStatus;
use crate::agent::transaction::{Parts, Transaction};
use crate::agent::turns::Turns;
use crate::args::RunArgs;

/// Lines about the configuration are written at every level; those of probes are not.
const LEVEL: Level = Level::Warn;
/// Crates whose log lines follow the level.
const OWN_CRATES: [&str; 2] = ["confpath", "live_config"];
/// Time from a change of a file to the look at it: the kubelet swaps a volume by one rename.
const DEBOUNCE: Duration = Duration::from_millis(10);
/// Time beyond the limits of the hooks after which the engine decides without them.
const SLACK: Duration = Duration::from_secs(60);

/// Reason for which an agent with valid inputs cannot run.
#[derive(Debug, Error)]
enum RunError {
    #[error("cannot run the command: {0}")]
    System(#[from] io::Error),
    #[error("--out: the configuration cannot be written: {0}")]
    Out(io::Error),
    #[error(transparent)]
    Logging(#[from] chassis::telemetry::InstallError),
    #[error("--admin-listen: {0}")]
    Bind(#[from] BindErrors),
}

/// Runs CMD with the configuration until it ends; returns the exit code.
///
/// # Errors
/// Every problem of the inputs, or of this machine.
pub(crate) fn run(args: RunArgs, signals: Blocked) -> Result<u8, NoStart> {
    let start = Start::read(&args)?;
    let ended = begin(args, start, signals);
    ended.map_err(|error| NoStart { problems: vec![error.to_string()], code: NOT_EXECUTABLE })
}

fn begin(args: RunArgs, start: Start, signals: Blocked) -> Result<u8, RunError> {
    let options = Options { level: LEVEL, own_crates: OWN_CRATES.to_vec() };
    let telemetry = Telemetry::install_on_stderr(&options)?;
    let _flush = telemetry.flush_on_drop();
    // On this thread, which lives as long as the process: children end with the thread that starts them.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(live(args, start, signals, &telemetry))
}

async fn live(args: RunArgs, start: Start, signals: Blocked, telemetry: &Telemetry) -> Result<u8, RunError> {
    let processes = Processes::adopting_orphans()?;
    let signals = signals.received(processes.clone())?;
    let Start { contract, delivered, sources, loaded, store } = start;
    let flags = &args.delivery;
    let health = Health::new();
    let (readiness, turns) = (Readiness::of(flags, health.clone()), Turns::of(flags));
    let parts = Parts {
        hooks: Hooks::of(flags, store.ack(), processes.clone()),
        store,
        contract,
        environment: flags.environment,
        masks: args.mask_output.then(Masks::new).transpose().map_err(io::Error::other)?,
        readiness: readiness.clone(),
        turns: turns.clone(),
    };
    let (live, driver) = Driver::new(delivered, sources, loaded, Vec::new(), timing(&args));
    let transaction = Transaction::begin(parts, live.snapshot()).map_err(RunError::Out)?;
    let driver = driver.participant(Arc::new(transaction.clone()));
    let status = AgentStatus { live: live.clone(), transaction: transaction.clone(), readiness };
    let mut tasks = JoinSet::new();
    let (stopping, stop_signals) = shutdown::channel();
    if let Some(address) = flags.admin_listen {
        let admin = Admin::bind(address, &status, telemetry, args.stop_timeout).await?;
        tasks.spawn(admin.serve(stop_signals));
    }
    tasks.spawn(log_events(live.events(), turns));
    tasks.spawn(log_watching(live.watch_status()));
    let cmd = start_cmd(&args, processes, &transaction)?;
    health.mark_started();
    transaction.await_first();
    tasks.spawn(driver.run());
    let exit = match cmd {
        Some(cmd) => {
            let asked = cmd.stopping();
            tasks.spawn(async move {
                asked.notified().await;
                stopping.send("SIGTERM");
            });
            cmd.run(signals).await
        }
        None => stopped(signals, &stopping).await,
    };
    Ok(exit.code())
}

fn timing(args: &RunArgs) -> Timing {
    let flags = &args.delivery;
    Timing {
        debounce: DEBOUNCE,
        prepare: flags.prepare_timeout + flags.drain + SLACK,
        observe: flags.ack_timeout + args.stop_timeout + flags.ready_timeout + SLACK,
        ..Timing::default()
    }
}

/// Starts CMD with the first generation; `None` in a sidecar.
fn start_cmd(
    args: &RunArgs,
    processes: Processes,
    transaction: &Transaction,
) -> io::Result<Option<Supervisor>> {
    if args.command.is_empty() {
        return Ok(None);
    }
    let launch = Launch { command: args.command.clone(), environment: transaction.variables() };
    let stop = Stop { timeout: args.stop_timeout, is_for_group: args.signal_group };
    let output = transaction.masks().map_or(Output::Inherited, |masks| Output::masked(masks.clone()));
    let cmd = Supervisor::start(processes, launch, stop, output)?;
    transaction.attach(cmd.handle());
    Ok(Some(cmd))
}

/// Waits for a stop signal, which is all that ends a sidecar.
async fn stopped(mut signals: Signals, stopping: &Trigger) -> Exit {
    loop {
        if let Signal::TERM | Signal::INT = signals.next().await.signal {
            stopping.send("SIGTERM");
            return Exit::Code(0);
        }
    }
}
