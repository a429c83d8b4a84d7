//! The tables, brought to this version under a lock.
//!
//! A migration must leave what the version before it needs: during a rollout both versions use the same tables.

use super::retention;
use crate::database::{Connection, Unavailable, Value};

/// In their order; the first brings the schema to version 1.
const MIGRATIONS: [&str; 2] =
    [include_str!("migrations/0001_history_and_accesses.sql"), include_str!("migrations/0002_retention.sql")];

/// Any number will do that nobody else who shares the server uses: these are the letters `myapp`.
const LOCK: &str = "BEGIN; SELECT pg_advisory_xact_lock(470187864176)";
const SQLITE_LOCK: &str = "BEGIN IMMEDIATE";

/// Brings the schema to this version, or finds that it is at it or beyond: then nothing is written, so that a database that
/// may be read only can be read.
pub(super) async fn run(connection: &mut Connection) -> Result<(), Unavailable> {
    if version(connection).await? >= MIGRATIONS.len() {
        return Ok(());
    }
    let lock = if connection.is_sqlite() { SQLITE_LOCK } else { LOCK };
    connection.script(lock.to_owned()).await?;
    connection
        .script("CREATE TABLE IF NOT EXISTS schema_version (version BIGINT NOT NULL)".to_owned())
        .await?;
    // Another replica may have done it while this one waited for the lock.
    let done = version(connection).await?;
    for (index, migration) in MIGRATIONS.iter().enumerate().skip(done) {
        let now = format!("({})", retention::now(connection));
        connection.script(migration.replace("{id}", identity(connection)).replace("{now}", &now)).await?;
        let number = Value::integer(index + 1);
        connection.execute("INSERT INTO schema_version (version) VALUES ($1)", &[number]).await?;
    }
    connection.script("COMMIT".to_owned()).await
}

/// How many migrations were run; 0 where there is no schema yet.
async fn version(connection: &mut Connection) -> Result<usize, Unavailable> {
    let tables = if connection.is_sqlite() {
        "SELECT COUNT(*) FROM sqlite_master WHERE type = 'table' AND name = 'schema_version'"
    } else {
        "SELECT CAST(CAST(to_regclass('schema_version') IS NOT NULL AS INT) AS BIGINT)"
    };
    if connection.integer(tables, &[]).await? == 0 {
        return Ok(0);
    }
    let version = connection.integer("SELECT COALESCE(MAX(version), 0) FROM schema_version", &[]).await?;
    Ok(usize::try_from(version).unwrap_or_default())
}

fn identity(connection: &Connection) -> &'static str {
    if connection.is_sqlite() {
        // Without AUTOINCREMENT the id of a pruned row could be given again.
        "INTEGER PRIMARY KEY AUTOINCREMENT"
    } else {
        "BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY"
    }
}
