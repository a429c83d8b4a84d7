//! Migration of the tables to this version, under a lock.
//!
//! A migration must preserve what the previous version needs: during a rollout both versions use the same tables. It must also
//! preserve existing tables and rows, since all migrations run again if a table is missing.

use super::retention;
use crate::database::{Connection, DatabaseError, Value};

/// The migrations in order; the first brings the schema to version 1.
const MIGRATIONS: [&str; 2] =
    [include_str!("migrations/0001_history_and_accesses.sql"), include_str!("migrations/0002_retention.sql")];

/// Statements that name every column in use, and change no row.
const CHECKS: [&str; 3] = [
    "INSERT INTO config_history (record, at_ms, replica, generation, outcome, key, old_value, new_value, reason, \
     kept_ms) SELECT record, at_ms, replica, generation, outcome, key, old_value, new_value, reason, kept_ms \
     FROM config_history WHERE FALSE AND id = 0",
    "INSERT INTO accesses (record, at_ms, replica, listener, kind, count, request_id, kept_ms) \
     SELECT record, at_ms, replica, listener, kind, count, request_id, kept_ms FROM accesses WHERE FALSE AND id = 0",
    "UPDATE retention_clock SET clock_ms = clock_ms, wall_ms = wall_ms WHERE FALSE",
];

/// Key of the advisory lock: the letters `myapp`. No other user of the server may use the same key.
const LOCK: i64 = 470_187_864_176;

/// Brings the schema to this version. If the schema has this version or a later one, nothing is written, so that a read-only
/// database can be read.
pub(super) async fn run(connection: &mut Connection) -> Result<(), DatabaseError> {
    if version(connection).await? >= MIGRATIONS.len() && is_complete(connection).await? {
        return Ok(());
    }
    connection.begin_locked(LOCK).await?;
    connection
        .script("CREATE TABLE IF NOT EXISTS schema_version (version BIGINT NOT NULL)".to_owned())
        .await?;
    // Another replica may have migrated while this one waited for the lock.
    let recorded = version(connection).await?;
    let done = if is_complete(connection).await? { recorded } else { 0 };
    for (index, migration) in MIGRATIONS.iter().enumerate().skip(done) {
        let now = format!("({})", retention::now(connection));
        let migration = without_known_columns(connection, migration).await?;
        connection.script(migration.replace("{id}", identity(connection)).replace("{now}", &now)).await?;
        if index >= recorded {
            let number = Value::integer(index + 1);
            connection.execute("INSERT INTO schema_version (version) VALUES ($1)", &[number]).await?;
        }
    }
    connection.commit().await
}

/// Checks that the tables exist in the form that this version uses, and can be written.
pub(super) async fn check(connection: &mut Connection) -> Result<(), DatabaseError> {
    for check in CHECKS {
        connection.execute(check, &[]).await?;
    }
    Ok(())
}

/// Removes the columns that exist from a migration. Each column is added on a line of its own.
async fn without_known_columns(
    connection: &mut Connection,
    migration: &str,
) -> Result<String, DatabaseError> {
    if !connection.is_sqlite() {
        return Ok(migration.replace(" ADD COLUMN ", " ADD COLUMN IF NOT EXISTS "));
    }
    // SQLite has no `ADD COLUMN IF NOT EXISTS`.
    let mut needed = String::new();
    for line in migration.lines() {
        let words: Vec<_> = line.split(' ').collect();
        if let ["ALTER", "TABLE", table, "ADD", "COLUMN", column, ..] = words[..] {
            let known = "SELECT COUNT(*) FROM pragma_table_info($1) WHERE name = $2";
            if connection.integer(known, &[Value::text(table), Value::text(column)]).await? > 0 {
                continue;
            }
        }
        needed.push_str(line);
        needed.push('\n');
    }
    Ok(needed)
}

/// Returns true if the tables and the retention clock exist: they may have been dropped since the version was recorded.
async fn is_complete(connection: &mut Connection) -> Result<bool, DatabaseError> {
    let tables = if connection.is_sqlite() {
        "SELECT COUNT(*) FROM sqlite_master WHERE type = 'table' \
         AND name IN ('config_history', 'accesses', 'retention_clock')"
    } else {
        "SELECT CAST(num_nonnulls(to_regclass('config_history'), to_regclass('accesses'), \
         to_regclass('retention_clock')) AS BIGINT)"
    };
    Ok(connection.integer(tables, &[]).await? == 3
        && connection.integer("SELECT COUNT(*) FROM retention_clock", &[]).await? > 0)
}

/// Returns the number of migrations that were run; 0 without a schema.
async fn version(connection: &mut Connection) -> Result<usize, DatabaseError> {
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
        // Without AUTOINCREMENT the id of a pruned row could be reused.
        "INTEGER PRIMARY KEY AUTOINCREMENT"
    } else {
        "BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY"
    }
}
