//! Types by which the connection state reports a connection to its listener, whose seats are no part of the model.

use crate::time::Instant;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Spare {
    Idle,
    Lingering,
    Header,
    Stalled,
}

pub type Spared = (Spare, Instant);
