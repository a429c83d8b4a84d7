#![doc = include_str!("../README.md")]
#![deny(missing_docs)]

mod digest;
mod directory;
mod engine;
mod ensemble;
mod environment;
mod live;
mod load;
mod origin;
mod participant;
mod problem;
mod scalar;
mod secret;
mod snapshot;
mod status;
mod text;
mod watch;

pub use contract::{Contract, ContractError, Explain, Key, KeyError, Kind, OnChange};
pub use digest::{ReleaseState, SEAL_KEY, Sums, seal};
pub use directory::Unknown;
pub use live::{Driver, Event, Live, Timing};
pub use load::{Effective, Loaded, Sources};
pub use origin::Origin;
pub use participant::{Committed, Participant, Prepared, Refusal, RefusalKind, Step};
pub use problem::{Problem, Problems};
pub use secret::Secret;
pub use snapshot::{Changes, Snapshot};
pub use status::{Apply, Reloads, Status, Watching};
pub use text::Text;
