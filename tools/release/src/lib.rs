//! The container images, and releases of the programs.

mod args;
pub mod image;
mod program;
mod release;

pub use args::Args;
pub use program::Program;
