//! `confpath install`: a copy of this program, for containers whose image has no `cp`.

use std::path::Path;

use super::output::{print, print_problems};
use crate::args::{InstallArgs, Output};
use crate::exit_code;
use crate::origin::Problem;
use crate::output_file;

/// Name of the copy.
const NAME: &str = "confpath";

pub(super) fn install(args: &InstallArgs) -> u8 {
    let copy = args.dir.join(NAME);
    match copied(&copy) {
        Ok(()) => {
            print([format!("wrote {}", copy.display())]);
            exit_code::VALID
        }
        Err(problem) => {
            print_problems(Output::Text, &[problem]);
            exit_code::UNKNOWN
        }
    }
}

fn copied(copy: &Path) -> Result<(), Problem> {
    let unreadable =
        |error: std::io::Error| Problem::new("this program", format!("cannot be read: {error}"), None);
    let program = std::env::current_exe().map_err(unreadable)?;
    let program = std::fs::File::open(program).map_err(unreadable)?;
    output_file::write_program(copy, program).map_err(|reason| Problem::of_file(copy, reason))
}
