//! HTTP clients: `raw` ones for the bytes of a connection, `strict` ones for requests that may not be lost; and a server with a `fixed`
//! answer.

pub mod fixed;
pub mod raw;
#[cfg(feature = "strict")]
pub mod strict;
