//! How long records stay.
//!
//! | record | stays |
//! |---|---|
//! | committed or rolled back change, look at secrets | for [`Bounds::age`], however many there are |
//! | rejected change | for that age, and among the newest [`Bounds::rejected`] |
//! | reads of the public listener | for that age; [`MINUTES`] later one record an hour, of all replicas together |
//!
//! Age is counted on a clock in the database, which every record is stamped with when it is written and which only the
//! database's own clock moves: on PostgreSQL the server's, on SQLite this machine's. It never goes back, and however far the
//! database's clock jumps, it goes on by [`LONGEST_STEP`] at most. So a clock that is wrong costs each record a day of its
//! age at most, and a record whose own time is wrong stays as long as any other.

use std::time::Duration;

use crate::database::{Connection, Unavailable, Value};

/// Most time that passes between two looks at the clock. A database that nobody used for longer ages by this much.
const LONGEST_STEP: Duration = Duration::from_secs(24 * 60 * 60);
/// A clock that went back by less is one that was set right.
const TOLERANCE: Duration = Duration::from_secs(60);
/// Time after which reads of the public listener are summed up by hour.
const MINUTES: Duration = Duration::from_secs(2 * 60 * 60);
/// Milliseconds of an hour, as the statements have it.
const HOUR_MS: i64 = 3_600_000;

/// How much is kept.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// Rejected changes, give or take those of a minute.
    pub rejected: u32,
    /// Age of any record.
    pub age: Duration,
}

impl Default for Bounds {
    fn default() -> Self {
        Self { rejected: 10_000, age: Duration::from_secs(90 * 24 * 60 * 60) }
    }
}

/// The database's clock as [`prune`] found it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Clock {
    /// It went on.
    Runs,
    /// It is ahead of the last look by more than [`LONGEST_STEP`]: by this many milliseconds.
    Jumped(i64),
    /// It is behind the last look, by this many milliseconds.
    Behind(i64),
}

/// One replica prunes at a time.
const LOCK: i64 = 470_187_864_178;

const NOW: &str = "SELECT CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000 AS BIGINT)";
const SQLITE_NOW: &str = "SELECT CAST(unixepoch('subsec') * 1000 AS INTEGER)";

/// Records of a version that knows no retention clock, which runs beside this one during a rollout.
const STAMP: [&str; 2] = [
    "UPDATE config_history SET kept_ms = $1 WHERE kept_ms IS NULL",
    "UPDATE accesses SET kept_ms = $1 WHERE kept_ms IS NULL",
];
const DELETE_OLD: [&str; 2] =
    ["DELETE FROM config_history WHERE kept_ms < $1", "DELETE FROM accesses WHERE kept_ms < $1"];
const DELETE_REJECTED: &str = "DELETE FROM config_history WHERE outcome = 'rejected' AND id <= \
    (SELECT id FROM config_history WHERE outcome = 'rejected' ORDER BY id DESC LIMIT 1 OFFSET $1)";
/// Records of the hour of `accesses`, where `$2` is an hour.
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
/// The newest record of each hour before `$1` stands for all of it; the others go.
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

/// The statement of the database's own clock, for a migration.
pub(super) fn now(connection: &Connection) -> &'static str {
    if connection.is_sqlite() { SQLITE_NOW } else { NOW }
}

/// Moves the retention clock on, removes what is beyond `bounds` and sums up old reads of the public listener. `None` where
/// another replica is at it. `takes_back` accepts a clock that went back.
pub(super) async fn prune(
    connection: &mut Connection,
    bounds: Bounds,
    takes_back: bool,
) -> Result<Option<Clock>, Unavailable> {
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

/// Returns where the retention clock is now.
async fn advance(connection: &mut Connection, takes_back: bool) -> Result<(i64, Clock), Unavailable> {
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

/// How far the retention clock goes on where the database's clock showed `last` and now shows `now`.
fn step(last: i64, now: i64) -> (i64, Clock) {
    let passed = now.saturating_sub(last);
    let longest = milliseconds(LONGEST_STEP);
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
    fn a_jump_of_the_clock_ages_by_a_day_at_most() {
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
