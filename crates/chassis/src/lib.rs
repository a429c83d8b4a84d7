#![doc = include_str!("../README.md")]
#![deny(missing_docs)]

mod args;
mod clock;
mod digits;
mod drain;
mod health;
mod limits;
pub mod probes;
mod problem;
pub mod readiness;
mod request_id;
mod server;
pub mod shutdown;
pub mod telemetry;
mod trace_context;

pub use args::{
    UnknownVariable, duration, naming_variables, positive_duration, unknown_variables, with_env_prefix,
    with_variables_named,
};
pub use drain::DrainArgs;
pub use health::Health;
pub use limits::LimitArgs;
pub use problem::Problem;
pub use request_id::RequestId;
#[cfg(fuzzing)]
#[doc(hidden)]
pub use server::fuzzing;
pub use server::{
    BindError, BindErrors, Bound, Builder, FastAnswer, FastPath, Listener, MemoryAnswer, Role, Served,
};
pub use trace_context::{TraceContext, TraceState};
