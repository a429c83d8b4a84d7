//! Retention of records.
//!
//! | record | retained |
//! |---|---|
//! | committed or rolled back change, reveal | for [`Bounds::age`], without a limit of their number |
//! | rejected change | for that age, and among the newest [`Bounds::rejected`] |
//! | reads of the public listener | for that age; after [`MINUTES`] as one record for each hour, of all replicas together |
//!
//! Age is measured on a retention clock in the database. Every record is stamped with it when written, and only the database's
//! own clock moves it: on PostgreSQL the server's, on SQLite this machine's. The retention clock never goes back, and however far
//! the database's clock jumps, it advances by [`MAX_CLOCK_STEP`] at most. So a wrong clock costs each record one day of its age at
//! most, and a record with a wrong time of its own is retained as long as any other.

use std::time::Duration;

use crate::database::{Connection, DatabaseError, Value};

/// Maximum advance of the retention clock between two runs. A database that was unused for longer ages by this much.
const MAX_CLOCK_STEP: Duration = Duration::from_secs(24 * 60 * 60);
/// A clock that went back by less was corrected.
const TOLERANCE: Duration = Duration::from_secs(60);
/// Age after which reads of the public listener are summed by hour.
const MINUTES: Duration = Duration::from_secs(2 * 60 * 60);
/// Milliseconds of an hour, for the statements.
const HOUR_MS: i64 = 3_600_000;

/// Limits of retention.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// Maximum number of rejected changes; those of up to a minute may exceed it.
    pub rejected: u32,
    /// Maximum age of a record.
    pub age: Duration,
}

impl Default for Bounds {
    fn default() -> Self {
        Self { rejected: 10_000, age: Duration::from_secs(90 * 24 * 60 * 60) }
    }
}

/// State of the database's clock as found by [`prune`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Clock {
    /// The clock advanced normally.
    Runs,
    /// The clock is ahead of the last run by more than [`MAX_CLOCK_STEP`]: by this many milliseconds.
    Jumped(i64),
    /// The clock is behind the last run, by this many milliseconds.
    Behind(i64),
}

/// Key of the advisory lock: one replica prunes at a time.
const LOCK: i64 = 470_187_864_178;

const NOW: &str = "SELECT CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000 AS BIGINT)";
const SQLITE_NOW: &str = "SELECT CAST(unixepoch('subsec') * 1000 AS INTEGER)";

/// Stamps the records of a version without a retention clock, which runs alongside this one during a rollout.
const STAMP: [&str; 2] = [
    "UPDATE config_history SET kept_ms = $1 WHERE kept_ms IS NULL",
    "UPDATE accesses SET kept_ms = $1 WHERE kept_ms IS NULL",
];
const DELETE_OLD: [&str; 2] =
    ["DELETE FROM config_history WHERE kept_ms < $1", "DELETE FROM accesses WHERE kept_ms < $1"];
const DELETE_REJECTED: &str = "DELETE FROM config_history WHERE outcome = 'rejected' AND id <= \
    (SELECT id FROM config_history WHERE outcome = 'rejected' ORDER BY id DESC LIMIT 1 OFFSET $1)";
/// An aggregate over the anonymous reads in the hour of the row of `accesses`, where `$2` is the length of an hour.
macro_rules! of_hour {
    ($what:literal) => {
        concat!(
            "(SELECT ",
            $what,
            " FROM accesses one WHERE one.kind = 'anonymous' AND one.kept_ms >= accesses.kept_ms / $2 * $2 \
                AND one.kept_ms < accesses.kept_ms / $2 * $2 + $2)"
        )
    };
}
/// Sums the reads of each hour before `$1` into its newest record, and deletes the others.
const SUM_UP: [&str; 2] = [
    concat!(
        "UPDATE accesses SET count = ",
        of_hour!("SUM(one.count)"),
        ", replica = ",
        of_hour!("CASE WHEN MIN(one.replica) = MAX(one.replica) THEN MIN(one.replica) ELSE '*' END"),
        " WHERE id IN (SELECT MAX(id) FROM accesses WHERE kind = 'anonymous' AND kept_ms < $1 \
            GROUP BY kept_ms / $2 HAVING COUNT(*) > 1)"
    ),
    "DELETE FROM accesses WHERE kind = 'anonymous' AND kept_ms < $1 AND id NOT IN \
        (SELECT MAX(id) FROM accesses WHERE kind = 'anonymous' AND kept_ms < $1 GROUP BY kept_ms / $2)",
];

/// Returns the statement that reads the database's own clock, for a migration.
pub(super) fn now(connection: &Connection) -> &'static str {
    if connection.is_sqlite() { SQLITE_NOW } else { NOW }
}

/// Advances the retention clock, deletes records beyond `bounds` and sums old reads of the public listener. `None` if another
/// replica is pruning. `takes_back` accepts a clock that went back.
pub(super) async fn prune(
    connection: &mut Connection,
    bounds: Bounds,
    takes_back: bool,
) -> Result<Option<Clock>, DatabaseError> {
    if !connection.try_begin_locked(LOCK).await? {
        return Ok(None);
    }
    let (clock_ms, found) = advance(connection, takes_back).await?;
    for sql in STAMP {
        connection.execute(sql, &[Value::integer(clock_ms)]).await?;
    }
    let oldest = Value::integer(clock_ms.saturating_sub(milliseconds(bounds.age)));
    for sql in DELETE_OLD {
        connection.execute(sql, std::slice::from_ref(&oldest)).await?;
    }
    connection.execute(DELETE_REJECTED, &[Value::integer(bounds.rejected)]).await?;
    let hour = clock_ms.saturating_sub(milliseconds(MINUTES)) / HOUR_MS * HOUR_MS;
    for sql in SUM_UP {
        connection.execute(sql, &[Value::integer(hour), Value::integer(HOUR_MS)]).await?;
    }
    connection.commit().await?;
    Ok(Some(found))
}

/// Advances the retention clock; returns its time and the state of the database's clock.
async fn advance(connection: &mut Connection, takes_back: bool) -> Result<(i64, Clock), DatabaseError> {
    let now_ms = connection.integer(now(connection), &[]).await?;
    let clock_ms = connection.integer("SELECT MAX(clock_ms) FROM retention_clock", &[]).await?;
    let wall_ms = connection.integer("SELECT MAX(wall_ms) FROM retention_clock", &[]).await?;
    let (step, found) = step(wall_ms, now_ms);
    let clock_ms = clock_ms.saturating_add(step);
    if step > 0 || takes_back {
        let values = [Value::integer(clock_ms), Value::integer(now_ms)];
        connection.execute("UPDATE retention_clock SET clock_ms = $1, wall_ms = $2", &values).await?;
    }
    Ok((clock_ms, found))
}

/// Returns the advance of the retention clock if the database's clock showed `last` and now shows `now`.
fn step(last: i64, now: i64) -> (i64, Clock) {
    let passed = now.saturating_sub(last);
    let longest = milliseconds(MAX_CLOCK_STEP);
    if passed > longest {
        (longest, Clock::Jumped(passed))
    } else if passed < -milliseconds(TOLERANCE) {
        (0, Clock::Behind(passed.saturating_neg()))
    } else {
        (passed.max(0), Clock::Runs)
    }
}

fn milliseconds(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: i64 = 24 * HOUR_MS;

    #[test]
    fn clock_jump_ages_records_one_day_at_most() {
        assert_eq!(step(1000, 61_000), (60_000, Clock::Runs));
        assert_eq!(step(0, DAY), (DAY, Clock::Runs));
        assert_eq!(step(0, 91 * DAY), (DAY, Clock::Jumped(91 * DAY)));
        assert_eq!(step(0, i64::MAX), (DAY, Clock::Jumped(i64::MAX)));
    }

    #[test]
    fn a_clock_that_goes_back_ages_nothing() {
        assert_eq!(step(1000, 1000), (0, Clock::Runs));
        assert_eq!(step(30_000, 0), (0, Clock::Runs));
        assert_eq!(step(91 * DAY, 0), (0, Clock::Behind(91 * DAY)));
        assert_eq!(step(i64::MAX, i64::MIN), (0, Clock::Behind(i64::MAX)));
    }
}
