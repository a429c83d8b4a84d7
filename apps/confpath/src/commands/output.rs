//! Output of the commands: answers on standard output, problems on standard error.

use std::io::Write as _;

use crate::args::Output;
use crate::drift::Verdict;
use crate::exit_code;
use crate::input::Unusable;
use crate::origin::Problem;
use crate::program::Missing;
use crate::refusal::{Unreadable, WrongInput};
use crate::report::{json, text};

/// The problems that end a command, and its exit code.
pub(super) type Failure = (Vec<Problem>, u8);

/// The failure of a command that depends on a file.
pub(super) fn failure(unusable: Unusable) -> Failure {
    match unusable {
        Unusable::Unreadable(problem) => (vec![problem], exit_code::UNKNOWN),
        Unusable::Wrong(problems) => (problems, exit_code::USAGE),
    }
}

/// Prints why a command has no result.
pub(super) fn print_problems(output: Output, problems: &[Problem]) {
    match output {
        Output::Text => print_errors(problems.iter().map(text::contract_problem)),
        Output::Json => print(json::problems(problems)),
    }
}

/// Prints lines to standard output, even if the reader has closed the pipe.
pub(super) fn print(lines: impl IntoIterator<Item = String>) {
    let mut stdout = std::io::stdout().lock();
    for line in lines {
        let _ = writeln!(stdout, "{line}");
    }
}

/// Prints lines to standard error.
pub(super) fn print_errors(lines: impl IntoIterator<Item = String>) {
    let mut stderr = std::io::stderr().lock();
    for line in lines {
        let _ = writeln!(stderr, "confpath: {line}");
    }
}

/// Prints an error with all its causes, and returns the exit code: `otherwise` where the error has none of its own.
pub(super) fn print_chain(error: &anyhow::Error, otherwise: u8) -> u8 {
    print_errors(format!("{error:#}").lines().map(text::one_line));
    if error.is::<WrongInput>() {
        exit_code::USAGE
    } else if error.is::<Missing>() || error.is::<Unreadable>() {
        exit_code::UNKNOWN
    } else {
        otherwise
    }
}

/// Says how a comparison has ended, whose table has been printed, and returns the exit code.
pub(super) fn verdict(verdict: Verdict) -> u8 {
    let (line, code) = match verdict {
        Verdict::Same => return exit_code::VALID,
        Verdict::Differs => ("not everything is the same: see the table", exit_code::INVALID),
        Verdict::Unknown => ("cannot tell if everything is the same: see the table", exit_code::UNKNOWN),
    };
    print_errors([line.to_owned()]);
    code
}
