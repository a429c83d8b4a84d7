//! Common parts of the servers behind this process: how their host is named and reached, TLS with them, and the pod's
//! tokens in place of a password. What is said to them is the [database](crate::database)'s and the [cache](crate::cache)'s.

mod certificate;
mod host;
mod iam;
mod not_permitted;
mod tls;
mod token;

pub use host::Host;
pub use iam::PodIdentity;
pub use not_permitted::NotPermitted;
pub(crate) use tls::{Stream, TlsFault, client_config, connect, trusted};
pub use token::{Audience, NoToken, Pending, TokenSource};
