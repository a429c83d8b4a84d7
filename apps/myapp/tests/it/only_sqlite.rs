//! Tests that apply to a file only: a disk, permissions, and locks of other processes.

mod outages;
mod replaced;
