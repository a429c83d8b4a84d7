//! The Dockerfile of a service: the label by which its image says what contract it has.

use std::path::Path;

use contract::generate::digest;

use super::source::Source;
use super::targets::Targets;
use crate::image::LABEL;
use crate::origin::Problem;

/// The region with the label.
pub(crate) const REGION: &str = "contract";

pub(super) fn add(path: &Path, source: &Source<'_>, targets: &mut Targets) -> Result<(), Problem> {
    let Some(text) = source.read(path)? else {
        return Err(Problem::of_file(
            &source.root.join(path),
            "is missing: it is the Dockerfile of the service",
        ));
    };
    let label = format!("LABEL {LABEL}=\"{}\"\n", digest(source.contract));
    targets.add(path, source.filled(path, &text, REGION, &label)?);
    Ok(())
}
