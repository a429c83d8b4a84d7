//! Tests that apply to a server only: passwords, sessions, and the network in between.

mod certificates;
mod credentials;
mod failover;
mod load;
mod order;
mod outage_matrix;
mod outages;
mod passing_refusals;
mod pooler;
mod replica;
mod restored;
mod rotation;
mod set_up;
mod tokens;
mod unready;
mod user;
