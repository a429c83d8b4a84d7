#![doc = include_str!("../README.md")]
#![deny(missing_docs)]

#[cfg(feature = "clap")]
mod args;
mod clock;
mod digits;
mod drain;
mod duration;
mod health;
mod limits;
pub mod probes;
mod problem;
pub mod readiness;
mod request_id;
mod response;
mod server;
mod service;
pub mod shutdown;
pub mod telemetry;
mod trace_context;

#[cfg(feature = "clap")]
pub use args::variables::{UnknownVariable, naming_variables, unknown_variables, with_variables_named};
#[cfg(feature = "clap")]
pub use args::with_env_prefix;
pub use drain::DrainArgs;
pub use duration::{duration, positive_duration};
pub use health::Health;
pub use limits::LimitArgs;
pub use problem::Problem;
pub use request_id::RequestId;
pub use response::StaticResponse;
#[cfg(all(fuzzing, feature = "fast-path"))]
#[doc(hidden)]
pub use server::fuzzing;
pub use server::{BindError, BindErrors, Bound, Builder, DrainReport, Listener, Role};
#[cfg(feature = "fast-path")]
pub use server::{FastPath, FastResponse};
pub use service::{Parts, Service, ServiceBuilder, ServiceError, Started};
pub use trace_context::TraceContext;
pub use trace_context::state::TraceState;
