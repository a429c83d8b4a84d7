//! What only a server has: passwords, sessions, and a network in between.

mod credentials;
mod load;
mod order;
mod outage_matrix;
mod outages;
mod proxy;
mod replica;
mod rotation;
mod set_up;
mod tokens;
mod unready;
