//! The container image, and releases of the service.

mod args;
pub mod image;
mod release;

pub use args::Args;
