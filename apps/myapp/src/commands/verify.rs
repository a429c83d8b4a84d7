//! Asks every replica what it runs.

use crate::args::VerifyArgs;
use crate::fleet;

use super::{EXIT_FAILURE, complain, say};

pub(super) fn verify(args: &VerifyArgs) -> u8 {
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return complain(EXIT_FAILURE, error),
    };
    runtime.block_on(run(args))
}

async fn run(args: &VerifyArgs) -> u8 {
    let answers = match fleet::ask_all(&args.peers).await {
        Ok(answers) => answers,
        Err(error) => {
            return complain(EXIT_FAILURE, format_args!("{} cannot be resolved: {error}", args.peers));
        }
    };
    if answers.is_empty() {
        return complain(EXIT_FAILURE, format_args!("{} names no replica", args.peers));
    }
    let complaints = fleet::complaints(&answers, args.seal.as_deref());
    if complaints.is_empty() {
        say(format_args!("{} replicas agree", answers.len()))
    } else {
        complain(EXIT_FAILURE, complaints.join("\n"))
    }
}
