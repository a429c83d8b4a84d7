//! `confpath run`: a command under the agent.

use std::io;

use super::output::{failure, print_errors, print_problems};
use crate::agent::mask::Masks;
use crate::agent::process::{Blocked, Launch, NOT_EXECUTABLE, Output, Processes, Stop, Supervisor};
use crate::args::{self, RunArgs, Source};
use crate::report::text;
use crate::verdict::{Verdict, judge};
use crate::{contract_file, exit_code, sources};

pub(super) fn run(args: RunArgs) -> u8 {
    // Before anything else: a signal that comes now waits.
    let signals = match Blocked::new() {
        Ok(signals) => signals,
        Err(error) => return cannot_run(&error),
    };
    match valid(&args) {
        Ok(verdict) => launch(args, &verdict, signals).unwrap_or_else(|error| cannot_run(&error)),
        Err(code) => code,
    }
}

/// Returns the configuration, or the exit code once every problem is printed.
fn valid(args: &RunArgs) -> Result<Verdict, u8> {
    let contract = contract_file::read(&args.contract).map_err(|unusable| {
        let (problems, code) = failure(unusable);
        print_problems(args::Output::Text, &problems);
        code
    })?;
    let given = sources::read(&contract, &[Source::Directory(args.config_dir.clone())]);
    let verdict = judge(&contract, given, |_| false);
    print_errors(verdict.problems.iter().map(text::problem));
    print_errors(verdict.unknown.iter().map(text::unknown));
    match (verdict.is_unreadable, verdict.problems.is_empty()) {
        (true, _) => Err(exit_code::UNKNOWN),
        (false, false) => Err(exit_code::USAGE),
        (false, true) => Ok(verdict),
    }
}

fn launch(args: RunArgs, verdict: &Verdict, signals: Blocked) -> io::Result<u8> {
    let output = if args.mask_output { Output::masked(masks(verdict)?) } else { Output::Inherited };
    let launch = Launch { command: args.command, environment: Vec::new() };
    let stop = Stop { timeout: args.stop_timeout, is_for_group: args.signal_group };
    // On this thread, which lives as long as the process: children end with the thread that starts them.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let processes = Processes::adopting_orphans()?;
        let signals = signals.received(processes.clone())?;
        let supervisor = Supervisor::start(processes, launch, stop, output)?;
        Ok(supervisor.run(signals).await.code())
    })
}

fn masks(verdict: &Verdict) -> io::Result<Masks> {
    let masks = Masks::new().map_err(io::Error::other)?;
    let secrets = verdict.settings.iter().filter(|setting| setting.is_secret);
    let secrets = secrets.map(|setting| (setting.key.as_str(), setting.value.text.expose()));
    let too_short = masks.add(secrets).map_err(io::Error::other)?;
    print_errors(too_short.into_iter().map(|key| {
        format!("{key}: is not masked in the output: it has fewer than 4 characters; choose a longer one")
    }));
    Ok(masks)
}

fn cannot_run(error: &io::Error) -> u8 {
    print_errors([format!("cannot run the command: {error}")]);
    NOT_EXECUTABLE
}
