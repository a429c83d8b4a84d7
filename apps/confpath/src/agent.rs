//! The agent: a service in any language runs under it and gets whole, valid configurations only.

mod admin;
mod generation;
mod hooks;
mod lines;
pub(crate) mod mask;
pub(crate) mod process;
mod readiness;
mod session;
mod settings;
mod start;
mod status;
mod transaction;
mod turns;

pub(crate) use session::run;
pub(crate) use start::NoStart;
