//! The crate as a service uses it: real sockets on loopback, ports chosen by the system.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a broken expectation of a helper fails its test as one in the test itself does"
)]

mod args;
mod bind;
mod closing;
mod crowded;
mod cut;
mod drain;
#[cfg(feature = "fast-path")]
mod fast_path;
mod harness;
mod hostile;
mod limits;
mod options;
mod probes;
mod problems;
mod readiness;
mod service;
mod telemetry;
mod trace_context;
mod traces;
