#![doc = include_str!("../README.md")]
#![deny(missing_docs)]

mod contract;
mod digest;
mod directory;
mod environment;
mod load;
mod origin;
mod problem;
mod scalar;
mod secret;
mod text;

pub use contract::{Contract, ContractError, Key, Kind, OnChange};
pub use digest::{ReleaseState, SEAL_KEY, Sums, seal};
pub use load::{Effective, Loaded, Sources};
pub use origin::Origin;
pub use problem::{Problem, Problems};
pub use secret::Secret;
pub use text::Text;
