//! A session with a PostgreSQL server, or with a pooler in front of one.
//!
//! A pooler may run each transaction on another session of the server. Therefore no statement is named, no setting outlasts a
//! transaction, and the start-up message contains only parameters that poolers accept. No `PG…` variable of the process is read.

mod guard;
mod tls;

use futures::future::join3;
use tokio::net::TcpStream;
use tokio::task::JoinHandle;
use tokio_postgres::config::SslMode;
use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{Client, Config, Error, NoTls, Row};

use super::credential::Credential;
use super::error::DatabaseError;
use super::server::{Server, TlsMode};
use super::timeouts::STATEMENT_TIMEOUT;
use super::value::Value;
use crate::backend::{Audience, Fault};
use guard::{Accepted, Guard};

/// `application_name` of the sessions, as shown in `pg_stat_activity`.
const APPLICATION: &str = "myapp";

pub(crate) struct Session {
    client: Client,
    driver: Driver,
    in_transaction: bool,
}

/// The task that reads from and writes to the socket. Dropping this value aborts the task, even if the server no longer answers.
struct Driver(JoinHandle<()>);

impl Drop for Driver {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Session {
    /// Connects, authenticates the server and then this process.
    pub(super) async fn open(server: &Server) -> Result<Self, DatabaseError> {
        let addresses = server.host.addresses(server.port).await.map_err(|_| Fault::NameNotFound)?;
        let stream = TcpStream::connect(addresses.as_slice()).await?;
        stream.set_nodelay(true)?;
        let stream = tls::secured(stream, server).await?;
        let accepted = Accepted::from_server(server);
        let config = config(server).await?;
        let connected = config.connect_raw(Guard::new(stream, accepted), NoTls).await;
        let (client, connection) = connected.map_err(DatabaseError::from_open)?;
        // The error that ends the connection is returned to the next caller.
        let driver = Driver(tokio::spawn(async move { drop(connection.await) }));
        Ok(Self { client, driver, in_transaction: false })
    }

    /// Executes one statement and returns the number of changed rows.
    pub(super) async fn execute(&mut self, sql: &str, values: &[Value]) -> Result<u64, DatabaseError> {
        self.transacted(self.client.execute_typed(sql, &parameters(values))).await
    }

    pub(super) async fn rows(&mut self, sql: &str, values: &[Value]) -> Result<Vec<Row>, DatabaseError> {
        self.transacted(self.client.query_typed(sql, &parameters(values))).await
    }

    /// Executes several statements without values, in order.
    pub(super) async fn script(&mut self, sql: &str) -> Result<(), DatabaseError> {
        self.transacted(self.client.batch_execute(sql)).await
    }

    /// Begins a transaction that holds the advisory lock `key` until its end.
    pub(super) async fn begin_locked(&mut self, key: i64) -> Result<(), DatabaseError> {
        let lock = format!("{}; SELECT pg_advisory_xact_lock({key})", begin());
        self.in_transaction = true;
        Ok(self.client.batch_execute(&lock).await?)
    }

    /// Like [`Self::begin_locked`], but returns false without a transaction if another session holds the lock.
    pub(super) async fn try_begin_locked(&mut self, key: i64) -> Result<bool, DatabaseError> {
        let lock = "SELECT pg_try_advisory_xact_lock($1)";
        self.in_transaction = true;
        self.client.batch_execute(&begin()).await?;
        let rows = self.client.query_typed(lock, &[(&key, Type::INT8)]).await?;
        let is_locked = rows.first().is_some_and(|row| row.try_get(0).unwrap_or(false));
        if !is_locked {
            self.rollback().await?;
        }
        Ok(is_locked)
    }

    pub(super) async fn commit(&mut self) -> Result<(), DatabaseError> {
        self.end(COMMIT).await
    }

    pub(super) async fn rollback(&mut self) -> Result<(), DatabaseError> {
        self.end(ROLLBACK).await
    }

    async fn end(&mut self, sql: &str) -> Result<(), DatabaseError> {
        self.client.batch_execute(sql).await?;
        self.in_transaction = false;
        Ok(())
    }

    /// Runs `statement` in the open transaction, or in one of its own. The three parts of the latter are sent together, at the
    /// cost of one round trip; after a failed statement the server turns the commit into a rollback.
    async fn transacted<T>(
        &self,
        statement: impl Future<Output = Result<T, Error>>,
    ) -> Result<T, DatabaseError> {
        if self.in_transaction {
            return Ok(statement.await?);
        }
        let begin = begin();
        let (begun, done, committed) =
            join3(self.client.batch_execute(&begin), statement, self.client.batch_execute(COMMIT)).await;
        begun?;
        let done = done?;
        committed?;
        Ok(done)
    }

    /// Sends a termination message and waits until the socket is closed.
    pub(super) async fn close(self) {
        let Self { client, mut driver, .. } = self;
        drop(client);
        // The task fails only by a panic, which closes the socket too.
        let _ = (&mut driver.0).await;
    }
}

const COMMIT: &str = "COMMIT";
const ROLLBACK: &str = "ROLLBACK";

/// The time limit applies to this transaction alone: a pooler may give the server's session to another client after it.
fn begin() -> String {
    format!("BEGIN; SET LOCAL statement_timeout TO {}", STATEMENT_TIMEOUT.as_millis())
}

fn parameters(values: &[Value]) -> Vec<(&(dyn ToSql + Sync), Type)> {
    values.iter().map(parameter).collect()
}

fn parameter(value: &Value) -> (&(dyn ToSql + Sync), Type) {
    match value {
        Value::Integer(number) => (number, Type::INT8),
        Value::Text(text) => (text, Type::TEXT),
    }
}

/// TLS is established before the driver receives the stream.
async fn config(server: &Server) -> Result<Config, DatabaseError> {
    let mut config = Config::new();
    config
        .user(&server.user)
        .dbname(&server.database)
        .application_name(APPLICATION)
        .ssl_mode(SslMode::Disable);
    match &server.credential {
        Credential::Password(password) => config.password(password.expose()),
        Credential::Token(source) => {
            let host = server.host.to_string();
            let audience = Audience::Database { host: &host, port: server.port };
            let token = source.token(audience, &server.user).await?;
            config.password(token.expose())
        }
    };
    Ok(config)
}

impl Accepted {
    fn from_server(server: &Server) -> Self {
        match (&server.credential, server.tls) {
            // RDS accepts a token as a clear-text password only.
            (Credential::Token(_), TlsMode::VerifyFull) => Self::ClearText,
            (Credential::Password(_), TlsMode::VerifyFull) => Self::Md5,
            (Credential::Password(_) | Credential::Token(_), _) => Self::Scram,
        }
    }
}
