//! The crate as a service uses it: real sockets on loopback, ports chosen by the system.

mod args;
mod bind;
mod client;
mod drain;
mod harness;
mod limits;
mod probes;
mod problems;
mod telemetry;
