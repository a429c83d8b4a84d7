//! Binding of addresses, with an error that says what to do if one cannot be bound.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};

use rustix::io::Errno;
use rustix::net::sockopt::set_ipv6_v6only;
use tokio::net::{TcpListener, TcpSocket};

use crate::server::listener::Listener;

/// Maximum number of connections that wait to be accepted; the kernel applies its own limit if that is lower. The usual 128
/// fills quickly when a load balancer switches to a new process, and clients then wait a second or more.
const BACKLOG: u32 = 4096;

/// One listener that could not be bound.
#[derive(Debug, thiserror::Error)]
#[error("listener {name}: cannot bind {address}: {}", hint(*address, source))]
#[non_exhaustive]
pub struct BindError {
    /// Name of the listener.
    pub name: &'static str,
    /// Requested address.
    pub address: SocketAddr,
    /// Error of the operating system.
    pub source: io::Error,
}

/// All listeners that could not be bound; displayed one per line.
#[derive(Debug)]
pub struct BindErrors(Vec<BindError>);

impl BindErrors {
    /// Failures in the order of the listeners; at least one.
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
pub(crate) struct BoundListener {
    pub(crate) listener: Listener,
    pub(crate) socket: TcpListener,
    pub(crate) address: SocketAddr,
}

/// Binds all listeners, or returns every failure.
pub(crate) fn all(listeners: Vec<Listener>) -> Result<Vec<BoundListener>, BindErrors> {
    let mut bound = Vec::new();
    let mut errors = Vec::new();
    for listener in listeners {
        match bind(listener.name, listener.address, open) {
            Ok((socket, address)) => bound.push(BoundListener { listener, socket, address }),
            Err(source) => {
                errors.push(BindError { name: listener.name, address: listener.address, source });
            }
        }
    }
    if errors.is_empty() { Ok(bound) } else { Err(BindErrors(errors)) }
}

/// Binds `address`. If `address` is `[::]` and the node has no IPv6, binds `0.0.0.0` instead.
fn bind(
    name: &'static str,
    address: SocketAddr,
    open: impl Fn(SocketAddr) -> io::Result<TcpSocket>,
) -> io::Result<(TcpListener, SocketAddr)> {
    let socket = open(address).or_else(|error| {
        if !is_all_families(address) || !lacks_ipv6(&error) {
            return Err(error);
        }
        let instead = SocketAddr::new(Ipv4Addr::UNSPECIFIED.into(), address.port());
        tracing::warn!(
            target: "lifecycle",
            listener = name,
            wanted = %address,
            address = %instead,
            "this node has no IPv6: listening on IPv4 only"
        );
        open(instead)
    })?;
    let socket = socket.listen(BACKLOG)?;
    let address = socket.local_addr()?;
    Ok((socket, address))
}

fn open(address: SocketAddr) -> io::Result<TcpSocket> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    // Without this an address cannot be bound for a minute after its last connections.
    socket.set_reuseaddr(true)?;
    if address.is_ipv6() {
        // Without this the node's `net.ipv6.bindv6only` would decide whether IPv4 is served too.
        set_ipv6_v6only(&socket, !accepts_ipv4(address))?;
    }
    socket.bind(address)?;
    Ok(socket)
}

fn is_all_families(address: SocketAddr) -> bool {
    address.is_ipv6() && address.ip().is_unspecified()
}

/// True for an IPv6 address that accepts IPv4 as well: `::`, and IPv4-mapped addresses.
fn accepts_ipv4(address: SocketAddr) -> bool {
    is_all_families(address) || address.ip().to_canonical().is_ipv4()
}

/// True for the errors of kernels that were built, started or configured without IPv6.
fn lacks_ipv6(error: &io::Error) -> bool {
    let known = [Errno::AFNOSUPPORT, Errno::ADDRNOTAVAIL, Errno::PROTONOSUPPORT];
    Errno::from_io_error(error).is_some_and(|error| known.contains(&error))
}

/// Ports of the AirPlay Receiver of macOS.
const AIRPLAY: [u16; 2] = [5000, 7000];

#[expect(clippy::wildcard_enum_match_arm, reason = "io::ErrorKind is open; only these have advice")]
fn hint(address: SocketAddr, source: &io::Error) -> String {
    match source.kind() {
        io::ErrorKind::AddrInUse if cfg!(target_os = "macos") && AIRPLAY.contains(&address.port()) => {
            "the port is taken, on macOS most likely by the AirPlay Receiver: switch that off in System Settings, General, AirDrop & \
             Handoff, or choose another port"
                .to_owned()
        }
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

#[cfg(test)]
mod tests {
    use std::io;
    use std::net::SocketAddr;

    use rustix::io::Errno;

    use super::{bind, open};

    fn bound(address: &str, error: Errno) -> io::Result<SocketAddr> {
        let without_ipv6 = |address: SocketAddr| {
            if address.is_ipv6() { Err(error.into()) } else { open(address) }
        };
        bind("test", address.parse().expect("an address"), without_ipv6).map(|(_, address)| address)
    }

    #[tokio::test]
    async fn node_without_ipv6_listens_on_ipv4() {
        for error in [Errno::AFNOSUPPORT, Errno::ADDRNOTAVAIL] {
            let address = bound("[::]:0", error).expect("IPv4 is there");
            assert!(address.is_ipv4() && address.ip().is_unspecified(), "{address}");
        }
    }

    #[tokio::test]
    async fn other_bind_errors_are_returned() {
        assert!(bound("[::]:0", Errno::ADDRINUSE).is_err());
        assert!(bound("[::]:0", Errno::ACCESS).is_err());
        assert!(bound("[::1]:0", Errno::ADDRNOTAVAIL).is_err(), "that address was meant");
    }
}
