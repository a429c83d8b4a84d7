//! The checks of the fuzz targets, one function a target. Each takes one input and panics where a promise is broken.

pub mod contract;
pub mod cursor;
pub mod directory;
pub mod framing;
pub mod plain;
pub mod trace_context;
pub mod urls;

mod reference;
mod server;
