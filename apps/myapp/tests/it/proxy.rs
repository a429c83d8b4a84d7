//! A proxy between service and server that fails like a network. Uses real sockets on both sides, and parses nothing of the
//! traffic.

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use rustix::net::{listen, shutdown};

/// Delay that exceeds every time limit for an answer.
const LATE: Duration = Duration::from_secs(12);
/// Connections that may wait to be accepted while the proxy is open.
const BACKLOG: i32 = 128;
/// Time without an answer to a SYN, after which the SYN counts as dropped.
const DROPPED: Duration = Duration::from_millis(500);

/// The behaviour of the proxy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    Open,
    /// No process listens, and open connections are closed: the server is gone.
    Down,
    /// Each answer is delayed by [`LATE`].
    Slow,
    /// No packet comes back: open connections are silent, and new ones get no answer to their SYN.
    BlackHole,
}

/// A proxy that listens for the life of the process.
#[derive(Clone)]
pub(crate) struct Proxy {
    shared: Arc<Shared>,
}

struct Shared {
    listener: TcpListener,
    address: SocketAddr,
    server: SocketAddr,
    state: Mutex<State>,
    changed: Condvar,
}

struct State {
    way: Way,
    /// Number of connections so far.
    carried: usize,
    /// Connections below this number are stranded.
    stranded: usize,
    /// Both sockets of each accepted connection.
    open: Vec<TcpStream>,
    /// Connections that fill the accept queue.
    fillers: Vec<TcpStream>,
}

/// Binds a port that was requested by number: the system does not reserve an ephemeral port while no socket listens on it.
fn listener() -> TcpListener {
    loop {
        let chosen = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap();
        match TcpListener::bind(chosen) {
            Ok(listener) => return listener,
            // Another socket of this machine got the port in between.
            Err(error) if error.kind() == ErrorKind::AddrInUse => {}
            Err(error) => panic!("{error}"),
        }
    }
}

impl Proxy {
    /// Starts a proxy in front of `server`.
    pub(crate) fn start(server: SocketAddr) -> Self {
        let listener = listener();
        let address = listener.local_addr().unwrap();
        let state = State { way: Way::Open, carried: 0, stranded: 0, open: Vec::new(), fillers: Vec::new() };
        let shared = Shared { listener, address, server, state: Mutex::new(state), changed: Condvar::new() };
        let proxy = Self { shared: Arc::new(shared) };
        std::thread::spawn({
            let proxy = proxy.clone();
            move || proxy.accept()
        });
        proxy
    }

    pub(crate) fn port(&self) -> u16 {
        self.shared.address.port()
    }

    /// Changes the behaviour, for open connections too; returns after the change has taken effect.
    pub(crate) fn set(&self, way: Way) {
        let mut state = self.state();
        state.way = way;
        state.fillers.clear();
        match way {
            Way::Open | Way::Slow => listen(&self.shared.listener, BACKLOG).unwrap(),
            Way::Down => {
                shutdown(&self.shared.listener, rustix::net::Shutdown::Read).unwrap();
                state.open.drain(..).for_each(|stream| drop(stream.shutdown(Shutdown::Both)));
            }
            Way::BlackHole => {
                listen(&self.shared.listener, 0).unwrap();
                state.fillers = self.fill();
            }
        }
        self.shared.changed.notify_all();
    }

    /// Discards the traffic of open connections in both directions from now on, and forwards new ones: they lead to another
    /// server.
    pub(crate) fn strand(&self) {
        let mut state = self.state();
        state.stranded = state.carried;
    }

    /// Connects until the accept queue is full and a SYN gets no answer.
    fn fill(&self) -> Vec<TcpStream> {
        let connect = || TcpStream::connect_timeout(&self.shared.address, DROPPED).ok();
        let fillers: Vec<_> = std::iter::from_fn(connect).take(2 * BACKLOG as usize).collect();
        assert!(fillers.len() < BACKLOG as usize, "this system answers each SYN");
        fillers
    }

    fn accept(self) {
        loop {
            self.until(|way| matches!(way, Way::Open | Way::Slow), None);
            // Fails if the listener is closed.
            let Ok((client, _)) = self.shared.listener.accept() else { continue };
            let proxy = self.clone();
            // Carried after the connection was accepted only.
            std::thread::spawn(move || proxy.carry(client));
        }
    }

    fn carry(self, client: TcpStream) {
        self.until(|way| way != Way::BlackHole, None);
        let Ok(server) = TcpStream::connect(self.shared.server) else { return };
        let ends = || [client.try_clone().unwrap(), server.try_clone().unwrap()];
        let number = {
            let mut state = self.state();
            if state.way == Way::Down {
                return;
            }
            state.open.extend(ends());
            state.carried += 1;
            state.carried - 1
        };
        let (proxy, [from, to]) = (self.clone(), ends());
        std::thread::spawn(move || proxy.copy(number, from, to, false));
        self.copy(number, server, client, true);
    }

    /// Copies until either side closes the connection.
    fn copy(&self, number: usize, mut from: TcpStream, mut to: TcpStream, is_answer: bool) {
        let mut bytes = [0; 16 * 1024];
        while let Ok(length @ 1..) = from.read(&mut bytes) {
            if is_answer {
                self.until(|way| way != Way::Slow, Some(LATE));
            }
            self.until(|way| way != Way::BlackHole, None);
            if number < self.state().stranded {
                continue;
            }
            if to.write_all(&bytes[..length]).is_err() {
                break;
            }
        }
        // Neither side of a stranded connection learns that the other has gone.
        if number >= self.state().stranded {
            let _ = (from.shutdown(Shutdown::Both), to.shutdown(Shutdown::Both));
        }
    }

    /// Waits at most `longest` for a behaviour that suits.
    fn until(&self, suits: impl Fn(Way) -> bool, longest: Option<Duration>) {
        let deadline = longest.map(|longest| Instant::now() + longest);
        let mut state = self.state();
        while !suits(state.way) {
            let left = deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()));
            if left.is_some_and(|left| left.is_zero()) {
                return;
            }
            let left = left.unwrap_or(Duration::from_secs(60));
            state = self.shared.changed.wait_timeout(state, left).unwrap().0;
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.shared.state.lock().unwrap()
    }
}
