//! The chart's rendered objects, checked without a cluster: helm renders, and these tests read the objects.

#![expect(clippy::panic, clippy::unwrap_used, reason = "a test ends at the first surprise")]

mod agent;
mod autoscaling;
mod cache;
mod config;
mod credential;
mod database;
mod delivery;
mod doors;
mod egress;
mod library;
mod one_edit;
mod options;
mod otel;
mod pods;
mod random_contracts;
mod refusals;
mod rendering;
mod routing;
mod secrets;
mod support;
mod terraform;
mod user;
