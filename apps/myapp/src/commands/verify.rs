//! Queries the running configuration and the readiness of every replica.

use fleet::{Output, Verdict, VerifyArgs};

use crate::exit_code;

use super::output;

pub(super) fn verify(args: &VerifyArgs) -> u8 {
    let report = match fleet::verify(args) {
        Ok(report) => report,
        Err(error) => return output::fail(exit_code::FAILURE, error),
    };
    match (args.output, report.verdict) {
        (Output::Text, Verdict::Agree) => output::answer(report.agreement),
        (Output::Text, Verdict::Differ | Verdict::Unknown) => {
            output::fail(exit_code::FAILURE, report.lines().join("\n"))
        }
        (Output::Json, verdict) => {
            let success = output::answer(report.document());
            if verdict == Verdict::Agree { success } else { exit_code::FAILURE }
        }
    }
}
