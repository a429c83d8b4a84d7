//! Listening: sockets, the accept loop, and the number of connections that a listener may hold.
//!
//! May know: addresses, file descriptors, the state of a connection. May not know: HTTP, routes.

pub(crate) mod accept;
pub(crate) mod bind;
pub(crate) mod descriptors;
pub(crate) mod seats;
