//! Behaviour that only a cluster shows: common commands, Kubernetes' own checks, rollouts and leaks, on real pods.

#![expect(clippy::panic, clippy::unwrap_used, reason = "a test ends at the first surprise")]

mod admission;
mod any_service;
mod autoscaling;
mod cache;
mod database;
mod deploy;
mod eviction;
mod ingress;
mod latency;
mod leaks;
mod live;
mod metrics;
mod pods;
mod policies;
mod proof;
mod python;
mod refusals;
mod registry;
mod releases;
mod rollout;
mod sample;
mod secrets;
mod stream;
mod support;
mod terraform;
mod walkthrough;
