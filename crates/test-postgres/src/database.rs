use std::sync::atomic::{AtomicUsize, Ordering};

use crate::server::Server;

/// A test's own database, and the role that may use it.
pub struct Database<'a> {
    /// Where it is.
    pub server: &'a Server,
    /// Its name.
    pub name: String,
    /// Its owner.
    pub user: String,
    /// What the owner proves itself by, as the server knows it.
    pub password: String,
}

impl Server {
    /// A new database and a role of its own, which has to prove itself by a password.
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

    /// The same by way of whatever listens on `port` of the server's host.
    pub fn url_by(&self, port: u16) -> String {
        let (user, name, host) = (&self.user, &self.name, self.server.host());
        let authority = self.server.authority();
        format!(
            "postgres://{user}@{host}:{port}/{name}?sslmode=verify-full&sslrootcert={}",
            authority.display()
        )
    }

    /// What the superuser is answered in this database; see [`Server::sql`].
    pub fn sql(&self, sql: &str) -> String {
        self.server.sql(&self.name, sql)
    }

    /// Changes the password as the server knows it.
    pub fn alter_password(&mut self, password: &str) {
        self.sql(&format!("ALTER ROLE {} PASSWORD '{password}'", self.user));
        password.clone_into(&mut self.password);
    }

    /// Whether the server lets the owner in with `password`.
    pub fn lets_in(&self, password: &str) -> bool {
        self.server.lets_in(&self.user, &self.name, password)
    }
}
