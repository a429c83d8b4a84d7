//! What only a server has: passwords, sessions, and a network in between.

mod credentials;
mod load;
mod outages;
mod rotation;
mod set_up;
mod tokens;
