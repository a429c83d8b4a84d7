//! Taking the addresses, and saying what to do when one cannot be had.

use std::io;
use std::net::SocketAddr;

use tokio::net::{TcpListener, TcpSocket};

use super::Listener;

/// Connections that may wait to be accepted; the kernel takes its own limit where that is lower. The usual 128 is soon full
/// when a load balancer turns to a new process, and the kernel then has clients wait a second or more.
const BACKLOG: u32 = 4096;

/// One listener that could not be bound.
#[derive(Debug, thiserror::Error)]
#[error("listener {name}: cannot bind {address}: {}", hint(source))]
pub struct BindError {
    /// Name of the listener.
    pub name: &'static str,
    /// Address it asked for.
    pub address: SocketAddr,
    /// What the operating system said.
    pub source: io::Error,
}

/// All listeners that could not be bound; displayed one a line.
#[derive(Debug)]
pub struct BindErrors(Vec<BindError>);

impl BindErrors {
    /// The failures in the order of the listeners; at least one.
    pub fn iter(&self) -> impl Iterator<Item = &BindError> {
        self.0.iter()
    }
}

impl std::fmt::Display for BindErrors {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for (index, error) in self.0.iter().enumerate() {
            let separator = if index == 0 { "" } else { "\n" };
            write!(f, "{separator}{error}")?;
        }
        Ok(())
    }
}

impl std::error::Error for BindErrors {}

/// A listener with its socket.
#[derive(Debug)]
pub(super) struct BoundListener {
    pub(super) listener: Listener,
    pub(super) socket: TcpListener,
    pub(super) address: SocketAddr,
}

pub(super) fn all(listeners: Vec<Listener>) -> Result<Vec<BoundListener>, BindErrors> {
    let mut bound = Vec::new();
    let mut errors = Vec::new();
    for listener in listeners {
        match bind(listener.address) {
            Ok((socket, address)) => bound.push(BoundListener { listener, socket, address }),
            Err(source) => {
                errors.push(BindError { name: listener.name, address: listener.address, source });
            }
        }
    }
    if errors.is_empty() { Ok(bound) } else { Err(BindErrors(errors)) }
}

fn bind(address: SocketAddr) -> io::Result<(TcpListener, SocketAddr)> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    // Else an address cannot be had again for a minute after its last connections.
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    let socket = socket.listen(BACKLOG)?;
    let address = socket.local_addr()?;
    Ok((socket, address))
}

#[expect(clippy::wildcard_enum_match_arm, reason = "io::ErrorKind is open; only these have an advice")]
fn hint(source: &io::Error) -> String {
    match source.kind() {
        io::ErrorKind::AddrInUse => {
            "the port is taken: stop the process that holds it, or choose another address".to_owned()
        }
        io::ErrorKind::PermissionDenied => {
            "not permitted: choose a port from 1024 upwards, or grant the process the right to bind it"
                .to_owned()
        }
        io::ErrorKind::AddrNotAvailable => {
            "no interface of this machine has that address: choose one that is there, or 0.0.0.0".to_owned()
        }
        _ => source.to_string(),
    }
}
