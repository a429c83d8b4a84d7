//! `confpath generate`: writes what follows from the contract, or says what differs.

use std::path::Path;

use super::output::{Failure, failure, print, print_errors, print_problems};
use crate::args::{GenerateArgs, Output};
use crate::contract_file;
use crate::exit_code;
use crate::generate::{self, FileState, Targets};
use crate::project::Project;

pub(super) fn generate(args: &GenerateArgs) -> u8 {
    match run(args) {
        Ok(code) => code,
        Err((problems, code)) => {
            print_problems(args.output, &problems);
            code
        }
    }
}

fn run(args: &GenerateArgs) -> Result<u8, Failure> {
    let project = Project::read(&args.project).map_err(failure)?;
    let root = args.project.parent().unwrap_or(Path::new(""));
    let contract = contract_file::read(&root.join(&project.contract)).map_err(failure)?;
    let targets =
        generate::targets(root, &project, &contract).map_err(|problems| (problems, exit_code::USAGE))?;
    let unknown = |problem| (vec![problem], exit_code::UNKNOWN);
    let states = generate::compare(root, &targets).map_err(unknown)?;
    if !args.check {
        generate::apply(root, &targets, &states).map_err(unknown)?;
    }
    report(args, &targets, &states);
    Ok(if args.check && !states.is_empty() { exit_code::INVALID } else { exit_code::VALID })
}

fn report(args: &GenerateArgs, targets: &Targets, states: &[FileState]) {
    let verb = |state: &FileState| match (args.check, state.state) {
        (true, state) => state.words(),
        (false, generate::State::Left) => "removed",
        (false, _) => "wrote",
    };
    match args.output {
        Output::Json => {
            let files: Vec<_> = states
                .iter()
                .map(|state| serde_json::json!({ "path": state.path, "state": verb(state) }))
                .collect();
            let report = serde_json::json!({ "files": targets.files.len(), "changes": files });
            print([format!("{report:#}")]);
        }
        Output::Text if args.check => {
            print_errors(states.iter().map(|state| format!("{}: {}", state.path.display(), verb(state))));
            if !states.is_empty() {
                print_errors(["run `confpath generate`".to_owned()]);
            }
        }
        Output::Text => {
            print(states.iter().map(|state| format!("{} {}", verb(state), state.path.display())));
        }
    }
}
