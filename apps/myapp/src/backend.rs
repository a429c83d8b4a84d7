//! Common parts of the connections to backends: host names and resolution, TLS, and the pod's tokens in place of a password. The
//! protocols are in [database](crate::database) and [cache](crate::cache).

mod certificate;
mod fault;
mod host;
mod iam;
mod tls;
mod token;

pub(crate) use fault::{Fault, carried};
pub use host::Host;
pub use iam::PodIdentity;
pub(crate) use tls::{Stream, TlsFault, client_config, connect, trusted};
pub use token::{Audience, NoToken, Pending, TokenSource};
