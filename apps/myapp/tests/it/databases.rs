//! Tests that run on both databases.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::OnceLock;

use rustix::fd::OwnedFd;
use rustix::net::{AddressFamily, SocketType, bind, getsockname, socket};
use sqlx::sqlite::{SqliteConnectOptions, SqliteRow};
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _, Row as _};
use tempfile::TempDir;
use test_support::postgres::{Database, Mode, Pooler, Server, Session};
use tokio::runtime::Runtime;

/// Settings by name.
pub(crate) type Settings = Vec<(&'static str, String)>;

/// A database for one test: a database of the shared server, or the SQLite file of a process without `DATABASE_URL`.
pub(crate) struct Kind {
    directory: TempDir,
    server: Option<Database<'static>>,
    /// Port of the pooler, if the process reaches the server through one.
    port: Option<u16>,
}

impl Kind {
    pub(crate) fn sqlite() -> Self {
        Self { directory: tempfile::tempdir().unwrap(), server: None, port: None }
    }

    pub(crate) fn postgres() -> Self {
        Self { directory: tempfile::tempdir().unwrap(), server: Some(shared().database()), port: None }
    }

    /// Creates a database on the server, reached through PgBouncer.
    pub(crate) fn pooled(mode: Mode) -> Self {
        Self { port: Some(pooler(mode).port()), ..Self::postgres() }
    }

    /// Returns the directory for `--data-dir`.
    pub(crate) fn data_directory(&self) -> &Path {
        self.directory.path()
    }

    /// Returns the settings of this database, apart from the data directory.
    pub(crate) fn settings(&self) -> Settings {
        let of_server = |server: &Database<'_>| {
            let port = self.port.unwrap_or(server.server.port());
            vec![("DATABASE_URL", server.url_by(port)), ("DB_PASSWORD", server.password.clone())]
        };
        self.server.as_ref().map(of_server).unwrap_or_default()
    }

    /// Returns the same settings as mounted files.
    pub(crate) fn files(&self) -> Settings {
        let names = [("DATABASE_URL", "config/DATABASE_URL"), ("DB_PASSWORD", "secrets/DB_PASSWORD")];
        let file = |(setting, value)| {
            let (_, path) = names.into_iter().find(|(name, _)| *name == setting).unwrap();
            (path, value)
        };
        self.settings().into_iter().map(file).collect()
    }

    /// Makes the server accept this `DB_PASSWORD`; a file needs none.
    pub(crate) fn learn(&self, password: &str) {
        if let Some(server) = &self.server {
            server.sql(&format!("ALTER ROLE {} PASSWORD '{password}'", server.user));
        }
    }

    /// Executes one statement on a session of its own.
    pub(crate) fn sql(&self, sql: &str) {
        match &self.server {
            Some(server) => drop(server.sql(sql)),
            None => drop(self.in_file(sql)),
        }
    }

    /// Returns the one number that a statement selects.
    pub(crate) fn number(&self, sql: &str) -> i64 {
        match &self.server {
            Some(server) => server.sql(sql).trim().parse().unwrap(),
            None => self.in_file(sql)[0].get(0),
        }
    }

    /// Opens a session of the superuser with this database, which must be a server's.
    pub(crate) fn session(&self) -> Session {
        let server = self.server.as_ref().unwrap();
        server.server.session(&server.name)
    }

    fn in_file(&self, sql: &str) -> Vec<SqliteRow> {
        Runtime::new().unwrap().block_on(async {
            let file = SqliteConnectOptions::new().filename(self.data_directory().join("myapp.db"));
            let mut connection = file.connect().await.unwrap();
            let rows = sqlx::query(AssertSqlSafe(sql)).fetch_all(&mut connection).await.unwrap();
            connection.close().await.unwrap();
            rows
        })
    }

    /// Returns settings for an unreachable database of this kind; it stays unreachable for as long as the returned socket lives.
    pub(crate) fn nowhere(&self) -> (Settings, OwnedFd) {
        // A port that is bound without a listener refuses connections.
        let taken = socket(AddressFamily::INET, SocketType::STREAM, None).unwrap();
        bind(&taken, &SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).unwrap();
        let port = SocketAddr::try_from(getsockname(&taken).unwrap()).unwrap().port();
        let url = match &self.server {
            Some(server) => server.url_by(port),
            None => "sqlite:/nonexistent/own.db".to_owned(),
        };
        (vec![("DATABASE_URL", url), ("DB_PASSWORD", "canary-password".to_owned())], taken)
    }
}

/// Borrows settings in the form that the helpers take.
pub(crate) fn borrowed(settings: &Settings) -> Vec<(&str, &str)> {
    settings.iter().map(|(name, value)| (*name, value.as_str())).collect()
}

/// Returns the server that tests share; each test has a database of its own on it.
pub(crate) fn shared() -> &'static Server {
    static SERVER: OnceLock<Server> = OnceLock::new();
    // The data need not survive a crash of the machine.
    SERVER.get_or_init(|| Server::start(&["fsync=off", "max_connections=400"]))
}

/// Returns the poolers that tests share, in front of [`shared`].
pub(crate) fn pooler(mode: Mode) -> &'static Pooler {
    static SESSION: OnceLock<Pooler> = OnceLock::new();
    static TRANSACTION: OnceLock<Pooler> = OnceLock::new();
    let pooler = match mode {
        Mode::Session => &SESSION,
        Mode::Transaction => &TRANSACTION,
    };
    pooler.get_or_init(|| Pooler::start(shared(), mode))
}

/// Extends [`on_both_databases`] by PgBouncer in both of its modes: `session_pooler::name`, `transaction_pooler::name`.
macro_rules! on_both_databases_and_poolers {
    ($($name:ident)*) => {
        $crate::databases::on_both_databases! { $($name)* }
        mod session_pooler {
            $(#[test]
            fn $name() {
                super::$name(&$crate::databases::Kind::pooled(test_support::postgres::Mode::Session));
            })*
        }
        mod transaction_pooler {
            $(#[test]
            fn $name() {
                super::$name(&$crate::databases::Kind::pooled(test_support::postgres::Mode::Transaction));
            })*
        }
    };
}
pub(crate) use on_both_databases_and_poolers;

/// Generates a test of each function for each database: `sqlite::name` and `postgres::name`.
macro_rules! on_both_databases {
    ($($name:ident)*) => {
        mod sqlite {
            $(#[test]
            fn $name() {
                super::$name(&$crate::databases::Kind::sqlite());
            })*
        }
        mod postgres {
            $(#[test]
            fn $name() {
                super::$name(&$crate::databases::Kind::postgres());
            })*
        }
    };
}
pub(crate) use on_both_databases;
