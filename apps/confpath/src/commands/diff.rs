//! `confpath diff`: a running release against a coming one.

use std::path::Path;

use contract::Contract;

use super::output::{Failure, failure, print, print_errors};
use crate::args::{DiffArgs, DiffOutput};
use crate::contract_file;
use crate::diff::{Diff, Order, Release, Side, compare};
use crate::exit_code;
use crate::origin::{Given, Problem};
use crate::report::{diff, json, text};
use crate::sources::objects::Stream;

pub(super) fn diff(args: &DiffArgs) -> u8 {
    let Some((old_contract, new_contract)) = args.contracts() else { return exit_code::USAGE };
    let (old_contract, new_contract) = match contracts(old_contract, new_contract) {
        Ok(contracts) => contracts,
        Err((problems, code)) => {
            report_fault(args, &problems, text::contract_problem);
            return code;
        }
    };
    let mut unread = Given::default();
    let mut read = |path: &Path| Stream::read(path, &mut unread).into_iter().collect::<Vec<_>>();
    let (old, new) = (read(&args.old), read(&args.new));
    if !unread.problems.is_empty() {
        report_fault(args, &unread.problems, text::problem);
        return exit_code::UNKNOWN;
    }
    let namespace = args.namespace.as_deref();
    let (old, new) = (Release::new(&old, namespace), Release::new(&new, namespace));
    let old = Side { contract: &old_contract, release: &old };
    let new = Side { contract: &new_contract, release: &new };
    let outcome = compare(old, new);
    report(args, &outcome);
    match outcome.compatibility.order {
        Order::Any | Order::ConfigurationFirst | Order::ImageFirst => exit_code::VALID,
        Order::Steps { .. } | Order::None { .. } | Order::Refused => exit_code::INVALID,
    }
}

/// Reads both contracts.
///
/// # Errors
/// Every problem of both, with the exit code.
fn contracts(old: &Path, new: &Path) -> Result<(Contract, Contract), Failure> {
    let (old_outcome, new_outcome) = (contract_file::read(old), contract_file::read(new));
    let mut problems = Vec::new();
    let mut code = exit_code::USAGE;
    let mut contract = |outcome| match outcome {
        Ok(contract) => Some(contract),
        Err(unusable) => {
            let (more, its_code) = failure(unusable);
            problems.extend(more);
            if its_code == exit_code::UNKNOWN {
                code = its_code;
            }
            None
        }
    };
    let old_contract = contract(old_outcome);
    // One file may be the contract of both images.
    let new_contract = if old == new && old_contract.is_none() { None } else { contract(new_outcome) };
    old_contract.zip(new_contract).ok_or((problems, code))
}

/// Reports why there is nothing to compare.
fn report_fault(args: &DiffArgs, problems: &[Problem], line: fn(&Problem) -> String) {
    match args.output {
        DiffOutput::Text | DiffOutput::Markdown => print_errors(problems.iter().map(line)),
        DiffOutput::Json => print(json::problems(problems)),
    }
}

fn report(args: &DiffArgs, outcome: &Diff<'_>) {
    match args.output {
        DiffOutput::Text => print(diff::text::report(outcome)),
        DiffOutput::Markdown => print(diff::markdown::report(outcome)),
        DiffOutput::Json => print(diff::json::report(outcome)),
    }
}
