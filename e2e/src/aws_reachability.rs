//! Connections that an AWS network allows, computed from the output of `terraform show -json` for the root of the network.
//!
//! A connection needs all of: a rule of the caller's security groups that lets it out, a rule of the answerer's that lets it
//! in, and, across the border of the network, a route and a public address. A resource of a root that this module does not
//! understand is an error, so that no connection can bypass the computation.

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
