//! The checks of the fuzz targets, one module a target. Each takes one input and panics where a promise is broken.

pub mod contract;
pub mod cursor;
pub mod database_url;
pub mod directory;
pub mod framing;
pub mod plain;
pub mod trace_context;

mod reference;
mod server;
