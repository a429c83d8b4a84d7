//! Conformance suite of the readers of a contract. `README.md` describes the cases and the protocol of the drivers.

mod printed;

pub use printed::{is_same, printed};
