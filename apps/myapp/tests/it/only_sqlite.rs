//! What only a file has: a disk, permissions, and locks of other processes.

mod outages;
mod replaced;
