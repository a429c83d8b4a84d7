-- {now} is the database's own clock. The age of a record is counted on a clock that this table holds, see retention.rs.
CREATE TABLE IF NOT EXISTS retention_clock (
    clock_ms BIGINT NOT NULL,
    wall_ms BIGINT NOT NULL
);
INSERT INTO retention_clock (clock_ms, wall_ms)
    SELECT {now}, {now} WHERE NOT EXISTS (SELECT 1 FROM retention_clock);

ALTER TABLE config_history ADD COLUMN kept_ms BIGINT;
ALTER TABLE accesses ADD COLUMN kept_ms BIGINT;
UPDATE config_history SET kept_ms = CASE WHEN at_ms < {now} THEN at_ms ELSE {now} END WHERE kept_ms IS NULL;
UPDATE accesses SET kept_ms = CASE WHEN at_ms < {now} THEN at_ms ELSE {now} END WHERE kept_ms IS NULL;
CREATE INDEX IF NOT EXISTS config_history_kept ON config_history (kept_ms);
CREATE INDEX IF NOT EXISTS accesses_kept ON accesses (kept_ms);

-- Fingerprints of SECRET_KEY under itself: whoever reads them can test guesses of it.
UPDATE config_history SET old_value = 'erased' WHERE key = 'SECRET_KEY' AND old_value IS NOT NULL;
UPDATE config_history SET new_value = 'erased' WHERE key = 'SECRET_KEY' AND new_value IS NOT NULL;
