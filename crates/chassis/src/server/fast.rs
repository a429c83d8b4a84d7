//! Fast path (feature `fast-path`): simple `GET` requests of responses in memory, answered without hyper.
//!
//! The rest of the server knows it by one interface, [`ConnectionDriver`](super::connection::driver::ConnectionDriver):
//! [`FastDriver`](driver::FastDriver) takes the place of the driver that leaves a connection to hyper from its first byte to
//! its last. A listener holds [`FastListener`](record::FastListener) for it. May know everything below `server` but the
//! course of the drain and the accept loop; nothing else may know more of it than these names.

pub(crate) mod driver;
pub(crate) mod path;
mod reader;
pub(crate) mod record;
mod render;
mod simple_get;
