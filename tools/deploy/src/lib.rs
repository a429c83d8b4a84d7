//! Deploys of a release, comparison of what runs with what was released, and rollouts.

mod args;
mod contract;
mod deploy;
mod drift;
mod project;
pub mod rollout;

pub use args::Args;
pub use drift::Answer;
