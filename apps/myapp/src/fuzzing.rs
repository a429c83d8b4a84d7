//! Entry points of the fuzz targets. Only built with `--cfg fuzzing`.

use live_config::Secret;

pub use crate::database::host_of as database_host;
use crate::routes::Cursors;
use crate::settings::CacheUrl;
use crate::store::Position;

/// Returns the host of the server that `url` names, as the process parses it; `None` if it is no URL of a cache.
pub fn cache_host(url: &str) -> Option<String> {
    let url: CacheUrl = serde_json::from_value(url.into()).ok()?;
    Some(url.address()?.host.to_string())
}

/// Parses `cursor` as one of `list` under `secret_key`, and returns the cursor of the parsed position.
pub fn cursor_again(secret_key: &Secret, list: &str, cursor: &str) -> Option<String> {
    let cursors = Cursors::of(secret_key, list);
    cursors.read(cursor).map(|position| cursors.write(position))
}

/// Returns the cursor of `list` for a position.
pub fn cursor(secret_key: &Secret, list: &str, position: i64) -> String {
    Cursors::of(secret_key, list).write(Position(position))
}
