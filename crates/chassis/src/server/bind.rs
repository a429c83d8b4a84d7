//! Taking the addresses, and saying what to do when one cannot be had.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};

use rustix::io::Errno;
use rustix::net::sockopt::set_ipv6_v6only;
use tokio::net::{TcpListener, TcpSocket};

use super::Listener;

/// Connections that may wait to be accepted; the kernel takes its own limit where that is lower. The usual 128 is soon full
/// when a load balancer turns to a new process, and the kernel then has clients wait a second or more.
const BACKLOG: u32 = 4096;

/// One listener that could not be bound.
#[derive(Debug, thiserror::Error)]
#[error("listener {name}: cannot bind {address}: {}", hint(*address, source))]
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
        match bind(listener.name, listener.address, open) {
            Ok((socket, address)) => bound.push(BoundListener { listener, socket, address }),
            Err(source) => {
                errors.push(BindError { name: listener.name, address: listener.address, source });
            }
        }
    }
    if errors.is_empty() { Ok(bound) } else { Err(BindErrors(errors)) }
}

/// Binds `address`; where it is that of all families and the node has no IPv6, the one of all IPv4 addresses.
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
            "this node has no IPv6: listening on IPv4 alone"
        );
        open(instead)
    })?;
    let socket = socket.listen(BACKLOG)?;
    let address = socket.local_addr()?;
    Ok((socket, address))
}

fn open(address: SocketAddr) -> io::Result<TcpSocket> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    // Else an address cannot be had again for a minute after its last connections.
    socket.set_reuseaddr(true)?;
    if address.is_ipv6() {
        // Else the node's `net.ipv6.bindv6only` would decide whether IPv4 is served too.
        set_ipv6_v6only(&socket, !accepts_ipv4(address))?;
    }
    socket.bind(address)?;
    Ok(socket)
}

fn is_all_families(address: SocketAddr) -> bool {
    address.is_ipv6() && address.ip().is_unspecified()
}

/// Whether an IPv6 address is one through which IPv4 comes as well: `::`, and IPv4 addresses in its notation.
fn accepts_ipv4(address: SocketAddr) -> bool {
    is_all_families(address) || address.ip().to_canonical().is_ipv4()
}

/// As kernels say that are built or started without IPv6, or told to use none.
fn lacks_ipv6(error: &io::Error) -> bool {
    let told = [Errno::AFNOSUPPORT, Errno::ADDRNOTAVAIL, Errno::PROTONOSUPPORT];
    Errno::from_io_error(error).is_some_and(|error| told.contains(&error))
}

/// Ports on which macOS listens itself. They are those of the AirPlay Receiver.
const AIRPLAY: [u16; 2] = [5000, 7000];

#[expect(clippy::wildcard_enum_match_arm, reason = "io::ErrorKind is open; only these have an advice")]
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
    async fn a_node_without_ipv6_is_served_by_ipv4_alone() {
        for error in [Errno::AFNOSUPPORT, Errno::ADDRNOTAVAIL] {
            let address = bound("[::]:0", error).expect("IPv4 is there");
            assert!(address.is_ipv4() && address.ip().is_unspecified(), "{address}");
        }
    }

    #[tokio::test]
    async fn what_else_is_wrong_with_an_address_is_told() {
        assert!(bound("[::]:0", Errno::ADDRINUSE).is_err());
        assert!(bound("[::]:0", Errno::ACCESS).is_err());
        assert!(bound("[::1]:0", Errno::ADDRNOTAVAIL).is_err(), "that address was meant");
    }
}
