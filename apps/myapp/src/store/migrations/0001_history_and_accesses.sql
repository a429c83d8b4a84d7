-- {id} is the identity column of the database at hand. `record` makes writing the same record twice write it once.
CREATE TABLE IF NOT EXISTS config_history (
    id {id},
    record TEXT NOT NULL UNIQUE,
    at_ms BIGINT NOT NULL,
    replica TEXT NOT NULL,
    generation BIGINT NOT NULL,
    outcome TEXT NOT NULL,
    key TEXT NOT NULL,
    old_value TEXT,
    new_value TEXT,
    reason TEXT
);

CREATE TABLE IF NOT EXISTS accesses (
    id {id},
    record TEXT NOT NULL UNIQUE,
    at_ms BIGINT NOT NULL,
    replica TEXT NOT NULL,
    listener TEXT NOT NULL,
    kind TEXT NOT NULL,
    count BIGINT NOT NULL,
    request_id TEXT
);
