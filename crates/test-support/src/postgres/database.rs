use std::sync::atomic::{AtomicUsize, Ordering};

use super::server::Server;

/// A test's own database, and the role that may use it.
pub struct Database<'a> {
    /// The database's server.
    pub server: &'a Server,
    /// The database's name.
    pub name: String,
    /// The database's owner.
    pub user: String,
    /// The owner's password, as the server knows it.
    pub password: String,
}

impl Server {
    /// A new database with a role of its own, which has to authenticate by a password.
    pub fn database(&self) -> Database<'_> {
        Database::new(self)
    }
}

impl<'a> Database<'a> {
    pub(crate) fn new(server: &'a Server) -> Self {
        static NUMBER: AtomicUsize = AtomicUsize::new(0);
        let name = format!("test_{}", NUMBER.fetch_add(1, Ordering::Relaxed));
        let password = format!("canary-{name}-first");
        server.script(
            "postgres",
            &[
                &format!("CREATE ROLE {name} LOGIN PASSWORD '{password}'"),
                &format!("CREATE DATABASE {name} OWNER {name}"),
            ],
        );
        Self { server, user: name.clone(), name, password }
    }

    /// `DATABASE_URL` as it should be in production.
    pub fn url(&self) -> String {
        self.url_by(self.server.port())
    }

    /// The same as [`Database::url`], through the listener on `port` of the server's host.
    pub fn url_by(&self, port: u16) -> String {
        let (user, name, host) = (&self.user, &self.name, self.server.host());
        let authority = self.server.authority();
        format!(
            "postgres://{user}@{host}:{port}/{name}?sslmode=verify-full&sslrootcert={}",
            authority.display()
        )
    }

    /// Runs SQL as the superuser in this database; see [`Server::sql`].
    pub fn sql(&self, sql: &str) -> String {
        self.server.sql(&self.name, sql)
    }

    /// Changes the password on the server.
    pub fn alter_password(&mut self, password: &str) {
        self.sql(&format!("ALTER ROLE {} PASSWORD '{password}'", self.user));
        password.clone_into(&mut self.password);
    }

    /// Returns true if the owner can log in with `password`.
    pub fn lets_in(&self, password: &str) -> bool {
        self.server.lets_in(&self.user, &self.name, password)
    }
}
