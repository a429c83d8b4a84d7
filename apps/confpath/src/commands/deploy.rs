//! `confpath deploy`: by Helm, or by an approved plan of Terraform.

use super::output::{print_chain, verdict};
use crate::args::DeployCommand;
use crate::{deploy as ways, exit_code};

pub(super) fn deploy(command: &DeployCommand) -> u8 {
    ways::run(command).map_or_else(|error| print_chain(&error, exit_code::INVALID), verdict)
}
