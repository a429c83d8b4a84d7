//! Shared code of the tests of the delivered product.
//!
//! This crate knows the product by its public interfaces only: the chart's files, Helm's output and Kubernetes' objects. No
//! crate of the service is a dependency, so a test cannot pass by sharing a mistake with it.

pub mod aws_reachability;
pub mod confpath;
pub mod entry_points;
pub mod fake_aws;
pub mod harness;
pub mod helm;
pub mod kubelet_volume;
pub mod kubernetes_schema;
pub mod objects;
pub mod pod;
pub mod pod_security;
pub mod release;
pub mod secret_scan;
pub mod service;
pub mod terraform;
