//! Checks and comparisons of configurations by their contract, for services in any language.

mod args;
mod commands;
mod contract_file;
mod diff;
mod document;
pub mod exit_code;
mod input;
mod origin;
mod report;
mod sources;
mod verdict;

pub use commands::run;
