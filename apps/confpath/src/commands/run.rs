//! `confpath run`: a command under the agent.

use super::output::print_errors;
use crate::agent::process::{Blocked, NOT_EXECUTABLE};
use crate::agent::{self, NoStart};
use crate::args::RunArgs;

pub(super) fn run(args: RunArgs) -> u8 {
    // Before anything else: a signal that comes now waits.
    let signals = Blocked::new().map_err(|error| NoStart {
        problems: vec![format!("cannot run the command: {error}")],
        code: NOT_EXECUTABLE,
    });
    let ended = signals.and_then(|signals| agent::run(args, signals));
    ended.unwrap_or_else(|NoStart { problems, code }| {
        print_errors(problems);
        code
    })
}
