//! The statements, with the same text for both databases.

use std::time::{SystemTime, UNIX_EPOCH};

use super::records::{
    Access, AccessFilter, AccessRow, Change, HistoryFilter, HistoryRow, Page, Position, Record,
};
use crate::database::{Connection, DatabaseError, Row, Value};

/// Maximum length of a stored text, in bytes. A value has at most 4096 characters; a reason may name many keys.
const MAX_TEXT_LENGTH: usize = 4096;

/// The head of an insert and its values, in two forms. On PostgreSQL rows become visible in the order of ids, since each
/// inserting transaction waits for the commit of the previous one. Otherwise a record with a lower id could appear behind a
/// reader who walks the pages, and be on none of them. `retention_clock` is a table of one row.
macro_rules! insert {
    ($head:literal, $values:literal) => {
        [
            concat!(
                "INSERT INTO ",
                $head,
                " SELECT ",
                $values,
                ", MAX(clock_ms) FROM retention_clock \
                WHERE TRUE ON CONFLICT (record) DO NOTHING"
            ),
            concat!(
                "INSERT INTO ",
                $head,
                " SELECT ",
                $values,
                ", (SELECT MAX(clock_ms) FROM retention_clock) \
                FROM pg_advisory_xact_lock(470187864177) ON CONFLICT (record) DO NOTHING"
            ),
        ]
    };
}

const INSERT_CHANGE: [&str; 2] = insert!(
    "config_history (record, at_ms, replica, generation, outcome, key, old_value, new_value, reason, kept_ms)",
    "$1, $2, $3, $4, $5, $6, $7, $8, $9"
);
const INSERT_ACCESS: [&str; 2] = insert!(
    "accesses (record, at_ms, replica, listener, kind, count, request_id, kept_ms)",
    "$1, $2, $3, $4, $5, $6, $7"
);

const SELECT_HISTORY: &str = "SELECT id, at_ms, replica, generation, outcome, key, old_value, new_value, reason \
    FROM config_history WHERE id < $1 AND ($2 IS NULL OR key = $2) AND ($3 IS NULL OR outcome = $3) \
    AND ($4 IS NULL OR at_ms >= $4) AND ($5 IS NULL OR at_ms < $5) ORDER BY id DESC LIMIT $6";
const SELECT_ACCESSES: &str = "SELECT id, at_ms, replica, listener, kind, count, request_id \
    FROM accesses WHERE id < $1 AND ($2 IS NULL OR kind = $2) \
    AND ($3 IS NULL OR at_ms >= $3) AND ($4 IS NULL OR at_ms < $4) ORDER BY id DESC LIMIT $5";

/// Writes `record` once, however often the write is retried: `id` identifies the record.
pub(super) async fn insert(
    connection: &mut Connection,
    id: &str,
    replica: &str,
    record: &Record,
) -> Result<(), DatabaseError> {
    let (statements, values) = match record {
        Record::Change(change) => (INSERT_CHANGE, change_values(id, replica, change)),
        Record::Access(access) => (INSERT_ACCESS, access_values(id, replica, access)),
    };
    let [on_sqlite, on_postgres] = statements;
    let sql = if connection.is_sqlite() { on_sqlite } else { on_postgres };
    connection.execute(sql, &values).await.map(drop)
}

fn change_values(id: &str, replica: &str, change: &Change) -> Vec<Value> {
    vec![
        Value::text(id),
        Value::integer(milliseconds(change.at)),
        Value::text(replica),
        Value::integer(change.generation),
        Value::text(change.outcome.as_str()),
        text(Some(&change.key)),
        text(change.old.as_deref()),
        text(change.new.as_deref()),
        text(change.reason.as_deref()),
    ]
}

fn access_values(id: &str, replica: &str, access: &Access) -> Vec<Value> {
    vec![
        Value::text(id),
        Value::integer(milliseconds(access.at)),
        Value::text(replica),
        Value::text(access.listener),
        Value::text(access.kind.as_str()),
        Value::integer(access.count),
        text(access.request_id.as_deref()),
    ]
}

/// Converts a text to a value that both databases accept: PostgreSQL accepts no NUL in a text.
fn text(text: Option<&str>) -> Value {
    Value::Text(text.map(|text| text[..text.floor_char_boundary(MAX_TEXT_LENGTH)].replace('\0', "\u{fffd}")))
}

/// Returns at most `limit` rows, newest first, starting after `after`.
pub(super) async fn history(
    connection: &mut Connection,
    filter: &HistoryFilter,
    after: Option<Position>,
    limit: u16,
) -> Result<Page<HistoryRow>, DatabaseError> {
    let values = [
        before(after),
        Value::Text(filter.key.clone()),
        Value::Text(filter.outcome.map(|outcome| outcome.as_str().to_owned())),
        time(filter.since),
        time(filter.until),
        one_more_than(limit),
    ];
    let rows = connection.rows(SELECT_HISTORY, &values).await?;
    page(&rows, limit, history_row, |row| row.id)
}

/// Returns at most `limit` rows, newest first, starting after `after`.
pub(super) async fn accesses(
    connection: &mut Connection,
    filter: &AccessFilter,
    after: Option<Position>,
    limit: u16,
) -> Result<Page<AccessRow>, DatabaseError> {
    let values = [
        before(after),
        Value::Text(filter.kind.map(|kind| kind.as_str().to_owned())),
        time(filter.since),
        time(filter.until),
        one_more_than(limit),
    ];
    let rows = connection.rows(SELECT_ACCESSES, &values).await?;
    page(&rows, limit, access_row, |row| row.id)
}

fn history_row(row: &Row) -> Result<HistoryRow, DatabaseError> {
    Ok(HistoryRow {
        id: row.integer(0)?,
        at_ms: row.integer(1)?,
        replica: row.text(2)?.unwrap_or_default(),
        generation: row.integer(3)?,
        outcome: row.text(4)?.unwrap_or_default(),
        key: row.text(5)?.unwrap_or_default(),
        old: row.text(6)?,
        new: row.text(7)?,
        reason: row.text(8)?,
    })
}

fn access_row(row: &Row) -> Result<AccessRow, DatabaseError> {
    Ok(AccessRow {
        id: row.integer(0)?,
        at_ms: row.integer(1)?,
        replica: row.text(2)?.unwrap_or_default(),
        listener: row.text(3)?.unwrap_or_default(),
        kind: row.text(4)?.unwrap_or_default(),
        count: row.integer(5)?,
        request_id: row.text(6)?,
    })
}

/// Builds a page. One row more than the page holds was queried, to recognise the last page.
fn page<T>(
    rows: &[Row],
    limit: u16,
    read: fn(&Row) -> Result<T, DatabaseError>,
    id: fn(&T) -> i64,
) -> Result<Page<T>, DatabaseError> {
    let shown = rows.iter().take(limit.into()).map(read).collect::<Result<Vec<_>, _>>()?;
    let next = if rows.len() > shown.len() { shown.last().map(|row| Position(id(row))) } else { None };
    Ok(Page { rows: shown, next })
}

fn before(after: Option<Position>) -> Value {
    Value::integer(after.map_or(i64::MAX, |position| position.0))
}

fn one_more_than(limit: u16) -> Value {
    Value::integer(u32::from(limit) + 1)
}

fn time(time: Option<SystemTime>) -> Value {
    Value::Integer(time.map(milliseconds))
}

fn milliseconds(time: SystemTime) -> i64 {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}
