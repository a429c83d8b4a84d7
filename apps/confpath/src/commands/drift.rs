//! `confpath drift`: Terraform, the release and the replicas.

use super::output::{print_chain, verdict};
use crate::args::DriftArgs;
use crate::drift::Comparison;
use crate::exit_code;

pub(super) fn drift(args: &DriftArgs) -> u8 {
    let outcome = Comparison::new(args).and_then(|comparison| comparison.run());
    // Whatever keeps it from comparing leaves the question open.
    outcome.map_or_else(|error| print_chain(&error, exit_code::UNKNOWN), verdict)
}
