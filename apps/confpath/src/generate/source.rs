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
        input::read_if_present(&self.root.join(path))
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
