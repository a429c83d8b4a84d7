//! The routes of the three listeners. Routes read the context and write nothing.

mod admin;
mod config;
mod context;
mod digests;
mod http;
mod operator;
mod public;

pub use admin::admin;
pub use context::Context;
#[cfg(fuzzing)]
pub(crate) use http::cursor::Cursors;
pub use operator::operator;
#[cfg(feature = "fast-path")]
pub(crate) use public::Memory;
pub use public::public;
