//! One session with either database: the same SQL, and the same two kinds of column.

use std::path::{Path, PathBuf};
use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgConnection, PgRow};
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqliteRow, SqliteSynchronous};
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _, Row as _};
use tokio::task::spawn_blocking;
use tokio::time::timeout;

use super::file;
use super::target::{Credential, Server, Target};
use super::{CONNECT_TIMEOUT, Reason, STATEMENT_TIMEOUT, Unavailable};

/// As the server's own lists show this process.
const APPLICATION: &str = "myapp";
/// Time to say goodbye in.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(1);

pub(crate) enum Connection {
    Sqlite(SqliteConnection),
    Postgres(Box<PgConnection>),
}

/// A value for `$n`.
#[derive(Clone, Debug)]
pub(crate) enum Value {
    Integer(Option<i64>),
    Text(Option<String>),
}

impl Value {
    /// A number that is none where it is beyond the column's range.
    pub(crate) fn integer(number: impl TryInto<i64>) -> Self {
        Self::Integer(number.try_into().ok())
    }

    pub(crate) fn text(text: impl Into<String>) -> Self {
        Self::Text(Some(text.into()))
    }
}

/// One row of an answer.
pub(crate) enum Row {
    Sqlite(SqliteRow),
    Postgres(PgRow),
}

/// The same for both drivers: statement, values in order.
macro_rules! query {
    ($sql:expr, $values:expr) => {
        $values.iter().fold(sqlx::query($sql), |query, value| match value {
            Value::Integer(value) => query.bind(*value),
            Value::Text(value) => query.bind(value.clone()),
        })
    };
}

impl Connection {
    pub(super) async fn open(target: &Target) -> Result<Self, Unavailable> {
        let open = async {
            match target {
                Target::Sqlite(path) => {
                    let own = path.clone();
                    // A panic there would leave the file to SQLite, which tells what is wrong with it.
                    let _ = spawn_blocking(move || file::make_private(&own)).await;
                    Ok(Self::Sqlite(sqlite_options(path).connect().await?))
                }
                Target::Postgres(server) => {
                    let connection = server_options(server).await?.connect().await?;
                    Ok(Self::Postgres(Box::new(connection)))
                }
            }
        };
        timeout(CONNECT_TIMEOUT, open).await.unwrap_or_else(|_| Err(Unavailable::of(Reason::Timeout)))
    }

    /// Returns how many rows were changed.
    pub(crate) async fn execute(&mut self, sql: &'static str, values: &[Value]) -> Result<u64, Unavailable> {
        Ok(match self {
            Self::Sqlite(to) => query!(sql, values).execute(to).await?.rows_affected(),
            Self::Postgres(to) => query!(sql, values).execute(to.as_mut()).await?.rows_affected(),
        })
    }

    pub(crate) async fn rows(
        &mut self,
        sql: &'static str,
        values: &[Value],
    ) -> Result<Vec<Row>, Unavailable> {
        Ok(match self {
            Self::Sqlite(to) => {
                query!(sql, values).fetch_all(to).await?.into_iter().map(Row::Sqlite).collect()
            }
            Self::Postgres(to) => {
                query!(sql, values).fetch_all(to.as_mut()).await?.into_iter().map(Row::Postgres).collect()
            }
        })
    }

    /// The one number that a statement asks for.
    pub(crate) async fn integer(&mut self, sql: &'static str, values: &[Value]) -> Result<i64, Unavailable> {
        let rows = self.rows(sql, values).await?;
        rows.first().ok_or(Unavailable::with(Reason::Other, "rows"))?.integer(0)
    }

    /// Several statements without values, one after the other.
    pub(crate) async fn script(&mut self, sql: String) -> Result<(), Unavailable> {
        let script = sqlx::raw_sql(AssertSqlSafe(sql));
        match self {
            Self::Sqlite(to) => script.execute(to).await?.rows_affected(),
            Self::Postgres(to) => script.execute(to.as_mut()).await?.rows_affected(),
        };
        Ok(())
    }

    pub(crate) fn is_sqlite(&self) -> bool {
        matches!(self, Self::Sqlite(_))
    }

    /// Says goodbye where the other side still listens.
    pub(super) async fn close(self) {
        let close = async {
            match self {
                Self::Sqlite(connection) => connection.close().await,
                Self::Postgres(connection) => connection.close().await,
            }
        };
        // Whether or not the other side heard it: the socket is closed with the value.
        let _ = timeout(CLOSE_TIMEOUT, close).await;
    }
}

impl Row {
    pub(crate) fn integer(&self, column: usize) -> Result<i64, Unavailable> {
        Ok(match self {
            Self::Sqlite(row) => row.try_get(column)?,
            Self::Postgres(row) => row.try_get(column)?,
        })
    }

    pub(crate) fn text(&self, column: usize) -> Result<Option<String>, Unavailable> {
        Ok(match self {
            Self::Sqlite(row) => row.try_get(column)?,
            Self::Postgres(row) => row.try_get(column)?,
        })
    }
}

/// `FULL` syncs each commit: what was acknowledged survives the machine too, and records are few.
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

/// Every field is given, since the driver fills in what is left out from the `PG…` variables of the process.
async fn server_options(server: &Server) -> Result<PgConnectOptions, Unavailable> {
    let options = PgConnectOptions::new_without_pgpass()
        .host(&server.host)
        .port(server.port)
        .username(&server.user)
        .database(&server.database)
        .ssl_mode(server.tls)
        .application_name(APPLICATION)
        .options([("statement_timeout", STATEMENT_TIMEOUT.as_millis().to_string())])
        .disable_statement_logging();
    let options = match &server.root_certificates {
        Some(path) => options.ssl_root_cert(readable(path)?),
        None => options.ssl_root_cert_from_pem(Vec::new()),
    };
    Ok(match &server.credential {
        Credential::Password(password) => options.password(password.expose()),
        Credential::Token(source) => {
            let token = source.token(&server.host, server.port, &server.user).await?;
            options.password(token.expose())
        }
    })
}

/// The driver's own error for a missing file is one of data, as a certificate that is not trusted is.
fn readable(path: &Path) -> Result<PathBuf, Unavailable> {
    match path.is_file() {
        true => Ok(path.to_path_buf()),
        false => Err(Unavailable::with(Reason::Other, "sslrootcert")),
    }
}
