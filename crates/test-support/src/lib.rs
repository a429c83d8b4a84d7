//! Helpers for tests. They know no crate of this workspace.
//!
//! A helper that cannot do its part fails its test by a panic; operations of files and sockets return an `io::Result`, since
//! tools use them too.

#![expect(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::panic,
    reason = "a helper that cannot set the scene fails its test"
)]

pub mod built;
mod certificate;
pub mod http;
pub mod kubelet_volume;
pub mod postgres;
mod process;
mod program;
pub mod random_contract;
pub mod redis;
pub mod wait;

pub use certificate::Fault;
