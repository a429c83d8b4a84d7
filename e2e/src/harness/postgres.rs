//! A PostgreSQL server outside the cluster, as a managed one is: on this machine, at an address that pods reach.

use std::fs;
use std::net::{IpAddr, UdpSocket};
use std::sync::Arc;

use test_support::postgres::Server;
use tokio::task::spawn_blocking;

/// A running server, which ends when dropped. Queries run in threads of their own: the test's clients continue meanwhile.
pub struct Postgres(Arc<Server>);

/// This machine's address on the way to a node of the cluster, by which the node's pods find it. Nothing is sent.
pub fn address_towards(node: IpAddr) -> IpAddr {
    let towards = || {
        let socket = UdpSocket::bind("0.0.0.0:0")?;
        socket.connect((node, 9))?;
        socket.local_addr()
    };
    towards().unwrap_or_else(|error| panic!("no way to the node {node}: {error}")).ip()
}

impl Postgres {
    /// Starts one on `address` alone, with a certificate for the name `host`.
    pub async fn start(address: IpAddr, host: &str) -> Self {
        let host = host.to_owned();
        // What it holds need not survive the machine.
        let server = spawn_blocking(move || Server::start_at(address, &host, &["fsync=off"])).await;
        Self(Arc::new(server.unwrap_or_else(|error| panic!("{error}"))))
    }

    /// Runs SQL as the superuser; returns rows as lines, columns with `|` between them.
    pub async fn sql(&self, database: &str, sql: &str) -> String {
        let (database, sql) = (database.to_owned(), sql.to_owned());
        self.ask(move |server| server.sql(&database, &sql)).await
    }

    /// Returns true if a role can log in to the database of its name with `password`, from outside.
    pub async fn lets_in(&self, role: &str, password: &str) -> bool {
        let (role, password) = (role.to_owned(), password.to_owned());
        self.ask(move |server| server.lets_in(&role, &role, &password)).await
    }

    async fn ask<T: Send + 'static>(&self, question: impl FnOnce(&Server) -> T + Send + 'static) -> T {
        let server = Arc::clone(&self.0);
        spawn_blocking(move || question(&server)).await.unwrap_or_else(|error| panic!("{error}"))
    }

    pub fn port(&self) -> u16 {
        self.0.port()
    }

    pub fn address(&self) -> IpAddr {
        self.0.address().ip()
    }

    /// The certificate of the authority that signed the server's own, in PEM.
    pub fn authority(&self) -> String {
        let path = self.0.authority();
        fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    }
}
