//! `confpath verify`: every replica, and what it runs.

use fleet::{Output, Verdict, VerifyArgs};

use super::output::{print, print_errors};
use crate::exit_code;

pub(super) fn verify(args: &VerifyArgs) -> u8 {
    let report = match fleet::verify(args) {
        Ok(report) => report,
        Err(error) => {
            print_errors([format!("cannot start the async runtime: {error}")]);
            return exit_code::UNKNOWN;
        }
    };
    match (args.output, report.verdict) {
        (Output::Json, _) => print([report.document()]),
        (Output::Text, Verdict::Agree) => print([report.agreement]),
        (Output::Text, Verdict::Differ | Verdict::Unknown) => print_errors(report.lines()),
    }
    match report.verdict {
        Verdict::Agree => exit_code::VALID,
        Verdict::Differ => exit_code::INVALID,
        Verdict::Unknown => exit_code::UNKNOWN,
    }
}
