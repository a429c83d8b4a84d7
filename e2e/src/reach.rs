//! Who can open a connection to whom on AWS, computed from what `terraform show -json` says of the root that makes the network.
//!
//! A connection needs all of: a rule of the caller's security groups that lets it out, a rule of the answerer's that lets it in,
//! and, across the border of the network, a route and a public address. What a root makes and this does not understand is an
//! error, so that nothing can be reached past the computation.

mod address;
mod matrix;
mod network;
mod place;
mod resources;
mod routes;
mod rule;

pub use matrix::{Matrix, matrix_in};
pub use network::Network;
pub use resources::Resources;
