//! Sources of values, each read into values with their origin.

mod directory;
mod env_file;
mod environment;
pub(crate) mod manifest;
pub(crate) mod objects;
mod values;

use contract::Contract;

use crate::args::Source;
use crate::origin::Given;

/// Reads all sources; a later one has the higher precedence.
pub(crate) fn read(contract: &Contract, sources: &[Source]) -> Given {
    let mut all = Given::default();
    for source in sources {
        all.extend(match source {
            Source::Directory(path) => directory::read(contract, path),
            Source::Values(paths) => values::read(contract, paths),
            Source::Manifests(paths) => manifest::read_files(contract, paths),
            Source::EnvFile(path) => env_file::read(contract, path),
            Source::Environment => environment::read(contract, std::env::vars_os()),
        });
    }
    all
}
