//! live-config
