//! The configuration of a fleet: the digests that each replica publishes, the query of all replicas, and the verdict on their answers.
//!
//! A replica is any process that serves [`Digests`] at `GET /digests` of its admin listener: a service on `live-config`, or the agent
//! around a service in another language. This crate knows no server: whoever serves digests passes readiness and dependencies in.

#![deny(missing_docs)]

mod args;
mod host_and_port;
mod printable;
mod query;
mod replica;
mod verdict;
mod verify;

pub use args::{Output, VerifyArgs};
pub use host_and_port::host_and_port;
pub use printable::printable;
pub use query::{Answer, QueryError, query_all};
pub use replica::{Dependency, Digests, unix_seconds};
pub use verdict::{ConvergenceError, Expectation, Unready, convergence_errors, n_staying, unready};
pub use verify::{Problem, Report, Verdict, verify};
