//! The Terraform module of a service: the inputs for its settings, and the conditions on those that no message may show.

use std::path::{Path, PathBuf};

use contract::generate::terraform;

use super::source::Source;
use super::targets::Targets;
use crate::origin::Problem;
use crate::project::Terraform;
use crate::region;

/// The region in the release's lifecycle.
const PRECONDITIONS: &str = "preconditions";

pub(super) fn add(
    module: &Terraform,
    source: &Source<'_>,
    targets: &mut Targets,
) -> Result<(), Vec<Problem>> {
    let wrong = terraform::problems_of_defaults(source.contract, &module.defaults);
    let problem =
        |(setting, reason)| Problem::new("terraform.defaults", format!("{setting}: {reason}"), None);
    let problems: Vec<_> = wrong.into_iter().map(problem).collect();
    if !problems.is_empty() {
        return Err(problems);
    }
    let text = terraform::settings(source.contract, &source.name, &module.defaults);
    targets.add(module.directory.join("settings.tf"), text);
    let conditions = terraform::preconditions(source.contract);
    let (path, text) = with_region(&module.directory, source).map_err(|problem| vec![problem])?;
    let filled = source.filled(&path, &text, PRECONDITIONS, &conditions).map_err(|problem| vec![problem])?;
    targets.add(path, filled);
    Ok(())
}

/// The file of the module that has the region.
fn with_region(directory: &Path, source: &Source<'_>) -> Result<(PathBuf, String), Problem> {
    let folder = source.root.join(directory);
    let unreadable = |error: std::io::Error| Problem::of_file(&folder, format!("cannot be read: {error}"));
    let mut paths = Vec::new();
    for entry in std::fs::read_dir(&folder).map_err(unreadable)? {
        let name = entry.map_err(unreadable)?.file_name();
        if Path::new(&name).extension().is_some_and(|extension| extension == "tf") {
            paths.push(directory.join(name));
        }
    }
    paths.sort();
    for path in paths {
        if let Some(text) = source.read(&path)?.filter(|text| region::has(text, PRECONDITIONS)) {
            return Ok((path, text));
        }
    }
    let message = "no file has the region preconditions: add the lines `# confpath generate: begin preconditions` and \
        `# confpath generate: end preconditions` to the lifecycle of the release";
    Err(Problem::of_file(&folder, message))
}
