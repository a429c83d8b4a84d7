//! Input of the generators.

use std::path::Path;

use contract::Contract;

use crate::input;
use crate::origin::{Origin, Problem};
use crate::project::Project;
use crate::region;

/// Input of the generators: the description, its folder, and the contract.
pub(super) struct Source<'a> {
    pub(super) root: &'a Path,
    pub(super) project: &'a Project,
    pub(super) contract: &'a Contract,
    /// The contract's path as generated files name it.
    pub(super) name: String,
}

impl Source<'_> {
    /// The text of a hand-written file; `None` if there is none.
    pub(super) fn read(&self, path: &Path) -> Result<Option<String>, Problem> {
        let path = self.root.join(path);
        if !path.try_exists().unwrap_or(true) {
            return Ok(None);
        }
        let problem = |reason: String| Problem::of_file(&path, reason);
        let bytes = input::read(&path).map_err(problem)?;
        let text = input::text_of(bytes);
        text.map(Some).map_err(|line| problem(format!("line {line} is not UTF-8 text")))
    }

    /// A hand-written file with one region anew.
    pub(super) fn filled(
        &self,
        path: &Path,
        text: &str,
        region: &str,
        content: &str,
    ) -> Result<String, Problem> {
        region::fill(text, region, content).map_err(|(line, reason)| {
            let path = self.root.join(path);
            Problem::new(&format!("region {region}"), reason, Some(Origin::line(&path, line)))
        })
    }
}
