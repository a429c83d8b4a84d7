//! Shared parts of the task runner and of the tools that it starts: running programs, the console, pinned tools, paths.

pub mod cache;
pub mod cluster;
pub mod exit;
pub mod oci;
pub mod outside;
pub mod pins;
pub mod process;
mod provider;
pub mod table;
pub mod tools;
pub mod ui;
pub mod version;
pub mod wait;
pub mod workspace;
