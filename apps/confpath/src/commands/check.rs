//! `confpath check`: the verdict on all sources together.

use super::output::{print, print_errors};
use crate::args::{CheckArgs, Output};
use crate::contract_file::{self, ContractFault};
use crate::origin::Problem;
use crate::report::{json, text};
use crate::verdict::{Verdict, judge};
use crate::{exit_code, sources};

pub(super) fn check(args: &CheckArgs) -> u8 {
    let contract = match contract_file::read(&args.contract) {
        Ok(contract) => contract,
        Err(ContractFault::Unreadable(problem)) => {
            return report_fault(args, &[problem], exit_code::UNKNOWN);
        }
        Err(ContractFault::Wrong(problems)) => return report_fault(args, &problems, exit_code::USAGE),
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

/// Reports why there is no contract to check by.
fn report_fault(args: &CheckArgs, problems: &[Problem], code: u8) -> u8 {
    match args.output {
        Output::Text => print_errors(problems.iter().map(text::contract_problem)),
        Output::Json => print(json::problems(problems)),
    }
    code
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
