//! `myapp`: a small service whose configuration is checked, delivered and proven.
//!
//! Data flows one way: from [`args`] and [`configuration`] to [`app`], which binds the listeners of [`routes`]; routes query the
//! [`store`], and the store the [`database`].

pub mod app;
pub mod args;
pub mod backend;
mod build_info;
pub mod cache;
pub mod commands;
pub mod configuration;
pub mod database;
pub mod exit_code;
mod feed;
mod fingerprint;
#[cfg(fuzzing)]
pub mod fuzzing;
mod key_derivation;
pub mod live;
pub mod readiness_policy;
pub mod routes;
pub mod sbom;
pub mod settings;
pub mod store;
