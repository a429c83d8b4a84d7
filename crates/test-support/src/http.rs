//! HTTP clients: `raw` ones for the bytes of a connection, `strict` ones for requests that may not be lost.

pub mod raw;
#[cfg(feature = "strict")]
pub mod strict;
