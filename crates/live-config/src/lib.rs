#![doc = include_str!("../README.md")]
#![deny(missing_docs)]

mod builder;
mod digest;
mod directory;
mod driver;
mod engine;
mod ensemble;
mod environment;
mod event;
mod failures;
mod live;
mod load;
mod origin;
mod participant;
mod problem;
mod reason;
mod scalar;
mod secret;
mod shared;
mod snapshot;
mod state;
mod status;
mod swap;
mod text;
mod timing;
mod watch;

pub use builder::{Builder, StartError, builder};
pub use contract::{Contract, ContractError, Explain, Key, KeyError, Kind, OnChange};
pub use digest::{ReleaseState, SEAL_KEY, Sums, seal};
pub use directory::Unknown;
pub use driver::Driver;
pub use event::Event;
pub use live::Live;
pub use load::{Effective, Loaded, Sources};
pub use origin::Origin;
pub use participant::{Committed, Participant, Prepared, Refusal, RefusalKind, Step};
pub use problem::{Problem, Problems};
pub use reason::Reason;
pub use secret::Secret;
pub use snapshot::{Changes, Snapshot};
pub use state::State;
pub use status::{Apply, Reloads, Status, Watching};
pub use swap::{Slot, Swap};
pub use text::Text;
pub use timing::Timing;
