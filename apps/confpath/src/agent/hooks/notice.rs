//! Notices of a generation for hooks: its directory, its digest and the keys that have changed, never a value.

use std::path::Path;

use serde::Serialize;

use crate::agent::generation::Generation;

/// One generation, as hooks learn of it.
#[derive(Serialize)]
pub(crate) struct Notice<'a> {
    pub(super) directory: &'a Path,
    pub(super) digest: &'a str,
    pub(super) changed: &'a [String],
}

impl<'a> Notice<'a> {
    pub(crate) fn of(generation: &'a Generation, changed: &'a [String]) -> Self {
        Self { directory: generation.directory(), digest: generation.digest(), changed }
    }

    pub(super) fn document(&self) -> Result<Vec<u8>, String> {
        serde_json::to_vec(self).map_err(|error| format!("cannot be called: {error}"))
    }
}
