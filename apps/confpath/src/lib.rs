//! The tool that gives services in any language the checked way of their configuration, by their contract.

#[cfg(target_os = "linux")]
mod agent;
mod args;
mod cluster;
mod commands;
mod console;
mod contract_file;
mod deploy;
mod deployment;
mod diff;
mod document;
mod drift;
pub mod exit_code;
mod generate;
mod image;
mod import;
mod init;
mod input;
mod origin;
mod output_file;
mod program;
mod project;
mod refusal;
mod region;
mod report;
mod sources;
mod verdict;

pub use args::command;
pub use commands::run;
