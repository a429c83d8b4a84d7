//! Asks every replica what it runs.

use std::time::Duration;

use tokio::time::{Instant, sleep};

use crate::args::VerifyArgs;
use crate::fleet;

use super::{EXIT_FAILURE, complain, say};

/// Time between two rounds of questions.
const PAUSE: Duration = Duration::from_secs(1);

pub(super) fn verify(args: &VerifyArgs) -> u8 {
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return complain(EXIT_FAILURE, error),
    };
    runtime.block_on(async {
        let deadline = Instant::now() + args.within;
        loop {
            match ask(args).await {
                Ok(replicas) => return say(format_args!("{replicas} replicas agree")),
                Err(no) if no.is_final || Instant::now() >= deadline => {
                    return complain(EXIT_FAILURE, no.reasons);
                }
                Err(_) => sleep(PAUSE).await,
            }
        }
    })
}

/// Why the answer is no, for now or for good.
struct No {
    reasons: String,
    is_final: bool,
}

/// The number of replicas, if they agree.
async fn ask(args: &VerifyArgs) -> Result<usize, No> {
    let not_yet = |reasons: String| No { reasons, is_final: false };
    let answers = fleet::ask_all(&args.peers, None).await;
    let answers = answers.map_err(|error| not_yet(format!("{} cannot be resolved: {error}", args.peers)))?;
    if answers.is_empty() {
        return Err(not_yet(format!("{} names no replica", args.peers)));
    }
    let complaints = fleet::complaints(&answers, args.seal.as_deref());
    if complaints.is_empty() {
        return Ok(answers.len());
    }
    let reasons: Vec<String> = complaints.iter().map(ToString::to_string).collect();
    Err(No { reasons: reasons.join("\n"), is_final: complaints.iter().any(|complaint| complaint.is_final) })
}
