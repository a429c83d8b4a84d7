//! `confpath check`: the verdict on all sources together.

use super::output::{failure, print, print_errors, print_problems};
use crate::args::{CheckArgs, Output};
use crate::contract_file;
use crate::report::{json, text};
use crate::verdict::{Verdict, judge};
use crate::{exit_code, sources};

pub(super) fn check(args: &CheckArgs) -> u8 {
    let contract = match contract_file::read(&args.contract) {
        Ok(contract) => contract,
        Err(unusable) => {
            let (problems, code) = failure(unusable);
            print_problems(args.output, &problems);
            return code;
        }
    };
    let given = sources::read(&contract, &args.sources);
    let verdict = judge(&contract, given, |key| key.secret && args.without_secrets);
    report(args, &verdict);
    match (verdict.is_unreadable, verdict.problems.is_empty()) {
        (true, _) => exit_code::UNKNOWN,
        (false, false) => exit_code::INVALID,
        (false, true) => exit_code::VALID,
    }
}

fn report(args: &CheckArgs, verdict: &Verdict) {
    match args.output {
        Output::Json => print(json::verdict(verdict)),
        Output::Text => {
            print_errors(verdict.problems.iter().map(text::problem));
            print_errors(verdict.unknown.iter().map(text::unknown));
            if verdict.problems.is_empty() {
                print(text::table(verdict));
            }
        }
    }
}
