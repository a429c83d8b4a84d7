//! One session with either database: the same SQL, and the same two column types.

use std::path::Path;
use std::time::Duration;

use sqlx::query::Query;
use sqlx::sqlite::{
    Sqlite, SqliteArguments, SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqliteRow,
    SqliteSynchronous,
};
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _, Row as _};
use tokio::task::spawn_blocking;
use tokio::time::timeout;

use super::error::{DatabaseError, Reason};
use super::file;
use super::postgres::Session;
use super::target::Target;
use super::timeouts::{CONNECT_TIMEOUT, STATEMENT_TIMEOUT};
use super::value::Value;

/// Time limit for closing a session.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(1);

pub(crate) enum Connection {
    Sqlite(SqliteConnection),
    Postgres(Box<Session>),
}

/// One row of a result.
pub(crate) enum Row {
    Sqlite(SqliteRow),
    Postgres(tokio_postgres::Row),
}

/// Builds a statement of SQLite with its values in order.
fn query<'q>(sql: &'static str, values: &[Value]) -> Query<'q, Sqlite, SqliteArguments> {
    values.iter().fold(sqlx::query(sql), |query, value| match value {
        Value::Integer(value) => query.bind(*value),
        Value::Text(value) => query.bind(value.clone()),
    })
}

impl Connection {
    pub(super) async fn open(target: &Target) -> Result<Self, DatabaseError> {
        let open = async {
            match target {
                Target::Sqlite(path) => {
                    let own = path.clone();
                    // If the task panics, SQLite opens the file as it is, and reports what is wrong with it.
                    let _ = spawn_blocking(move || file::make_private(&own)).await;
                    Ok(Self::Sqlite(sqlite_options(path).connect().await?))
                }
                Target::Postgres(server) => Ok(Self::Postgres(Box::new(Session::open(server).await?))),
            }
        };
        let opened = timeout(CONNECT_TIMEOUT, open).await;
        opened.unwrap_or_else(|_| Err(DatabaseError::with(Reason::Timeout, "connect_timeout")))
    }

    /// Executes one statement and returns the number of changed rows.
    pub(crate) async fn execute(
        &mut self,
        sql: &'static str,
        values: &[Value],
    ) -> Result<u64, DatabaseError> {
        match self {
            Self::Sqlite(to) => Ok(query(sql, values).execute(to).await?.rows_affected()),
            Self::Postgres(to) => to.execute(sql, values).await,
        }
    }

    pub(crate) async fn rows(
        &mut self,
        sql: &'static str,
        values: &[Value],
    ) -> Result<Vec<Row>, DatabaseError> {
        Ok(match self {
            Self::Sqlite(to) => {
                query(sql, values).fetch_all(to).await?.into_iter().map(Row::Sqlite).collect()
            }
            Self::Postgres(to) => to.rows(sql, values).await?.into_iter().map(Row::Postgres).collect(),
        })
    }

    /// Returns the one number that a statement selects.
    pub(crate) async fn integer(
        &mut self,
        sql: &'static str,
        values: &[Value],
    ) -> Result<i64, DatabaseError> {
        let rows = self.rows(sql, values).await?;
        rows.first().ok_or(DatabaseError::with(Reason::Other, "rows"))?.integer(0)
    }

    /// Executes several statements without values, in order.
    pub(crate) async fn script(&mut self, sql: String) -> Result<(), DatabaseError> {
        match self {
            Self::Sqlite(to) => {
                sqlx::raw_sql(AssertSqlSafe(sql)).execute(to).await?;
                Ok(())
            }
            Self::Postgres(to) => to.script(&sql).await,
        }
    }

    /// Begins a transaction that excludes others with the same `key`; on SQLite it excludes all writers.
    pub(crate) async fn begin_locked(&mut self, key: i64) -> Result<(), DatabaseError> {
        match self {
            Self::Sqlite(_) => self.script("BEGIN IMMEDIATE".to_owned()).await,
            Self::Postgres(to) => to.begin_locked(key).await,
        }
    }

    /// Like [`Self::begin_locked`], but returns false if a transaction with that `key` is open elsewhere. On SQLite it waits for
    /// writers.
    pub(crate) async fn try_begin_locked(&mut self, key: i64) -> Result<bool, DatabaseError> {
        match self {
            Self::Sqlite(_) => self.begin_locked(key).await.map(|()| true),
            Self::Postgres(to) => to.try_begin_locked(key).await,
        }
    }

    /// Commits the transaction.
    pub(crate) async fn commit(&mut self) -> Result<(), DatabaseError> {
        match self {
            Self::Sqlite(_) => self.script("COMMIT".to_owned()).await,
            Self::Postgres(to) => to.commit().await,
        }
    }

    /// Rolls back the transaction, if one is open.
    pub(super) async fn rollback(&mut self) -> Result<(), DatabaseError> {
        match self {
            Self::Sqlite(_) => self.script("ROLLBACK".to_owned()).await,
            Self::Postgres(to) => to.rollback().await,
        }
    }

    pub(crate) fn is_sqlite(&self) -> bool {
        matches!(self, Self::Sqlite(_))
    }

    /// Closes the session with a protocol message, if the other side still answers.
    pub(super) async fn close(self) {
        let close = async {
            match self {
                Self::Sqlite(connection) => drop(connection.close().await),
                Self::Postgres(session) => session.close().await,
            }
        };
        // The result does not matter: dropping the value closes the socket.
        let _ = timeout(CLOSE_TIMEOUT, close).await;
    }
}

impl Row {
    pub(crate) fn integer(&self, column: usize) -> Result<i64, DatabaseError> {
        Ok(match self {
            Self::Sqlite(row) => row.try_get(column)?,
            Self::Postgres(row) => row.try_get(column)?,
        })
    }

    pub(crate) fn text(&self, column: usize) -> Result<Option<String>, DatabaseError> {
        Ok(match self {
            Self::Sqlite(row) => row.try_get(column)?,
            Self::Postgres(row) => row.try_get(column)?,
        })
    }
}

/// Returns the options of the file. `FULL` syncs each commit: an acknowledged record survives a crash of the machine too, and
/// records are few.
fn sqlite_options(path: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .busy_timeout(STATEMENT_TIMEOUT)
        .foreign_keys(true)
        .thread_name(|number| format!("sqlite-{number}"))
        .disable_statement_logging()
}
