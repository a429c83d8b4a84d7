//! Queries the running configuration and the readiness of every replica.

use std::collections::BTreeSet;
use std::time::Duration;

use tokio::time::{Instant, sleep};

use crate::args::VerifyArgs;
use crate::exit_code;
use crate::fleet::{self, Answer, ConvergenceError, Unready};

use super::output;

/// Pause between two rounds of queries.
const PAUSE: Duration = Duration::from_secs(1);

pub(super) fn verify(args: &VerifyArgs) -> u8 {
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return output::fail(exit_code::FAILURE, error),
    };
    runtime.block_on(async {
        // No deadline if the time exceeds the range of the clock.
        let deadline = Instant::now().checked_add(args.within);
        let is_over = || deadline.is_some_and(|deadline| Instant::now() >= deadline);
        loop {
            match query(args).await {
                Ok(agreement) => return output::answer(agreement),
                Err(not) if not.is_final || is_over() => {
                    return output::fail(exit_code::FAILURE, not.reasons.join("\n"));
                }
                Err(_) => sleep(PAUSE).await,
            }
        }
    })
}

/// Reasons of a negative result, temporary or permanent; one line for each.
struct NotConverged {
    reasons: Vec<String>,
    is_final: bool,
}

/// Returns one line about the replicas, if they agree and are ready.
async fn query(args: &VerifyArgs) -> Result<String, NotConverged> {
    let not_yet = |reason: String| NotConverged { reasons: vec![reason], is_final: false };
    let answers = fleet::query_all(&args.peers, None).await;
    let answers = answers.map_err(|error| not_yet(format!("{} cannot be resolved: {error}", args.peers)))?;
    if answers.is_empty() {
        return Err(not_yet(format!("{} names no replica", args.peers)));
    }
    judge(args, &answers)
}

fn judge(args: &VerifyArgs, answers: &[Answer]) -> Result<String, NotConverged> {
    let convergence_errors = fleet::convergence_errors(answers, args.seal.as_deref());
    let unready = fleet::unready(answers);
    let mut agreement = format!("{} replicas agree", answers.len());
    if !unready.is_empty() {
        let reasons: BTreeSet<String> = unready.iter().map(Unready::shown_reason).collect();
        let reasons = reasons.into_iter().take(3).collect::<Vec<_>>().join("; ");
        agreement.push_str(&format!(", {} are not ready: {reasons}", unready.len()));
    }
    let mut reasons: Vec<String> = convergence_errors.iter().map(ConvergenceError::to_string).collect();
    if !args.configuration_only && !unready.is_empty() {
        reasons.extend(unready.iter().map(Unready::to_string));
        reasons.extend(convergence_errors.is_empty().then(|| agreement.clone()));
    }
    let n_found = fleet::n_staying(answers);
    if n_found < args.replicas {
        reasons.push(format!("{n_found} replicas were found, {} are expected", args.replicas));
    }
    if reasons.is_empty() {
        return Ok(agreement);
    }
    Err(NotConverged {
        reasons,
        is_final: convergence_errors.iter().any(|convergence_error| convergence_error.is_final),
    })
}
