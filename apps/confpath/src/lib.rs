//! The tool that gives services in any language the checked way of their configuration, by their contract.

#[cfg(target_os = "linux")]
mod agent;
mod args;
mod commands;
mod contract_file;
mod diff;
mod document;
pub mod exit_code;
mod generate;
mod image;
mod import;
mod init;
mod input;
mod origin;
mod output_file;
mod project;
mod region;
mod report;
mod sources;
mod verdict;

pub use args::command;
pub use commands::run;
