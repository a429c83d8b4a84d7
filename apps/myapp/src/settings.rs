//! The settings contract: the one struct from which schema, chart, documentation and checks are derived.

mod authority;
mod base_url;
mod cache_url;
mod database_url;
mod log_level;

pub use base_url::BaseUrl;
pub(crate) use cache_url::CacheAddress;
pub use cache_url::CacheUrl;
pub use database_url::DatabaseUrl;
pub use log_level::LogLevel;

use live_config::{Contract, ContractError, Secret};
use schemars::JsonSchema;
use serde::Deserialize;

/// Application configuration. What wires the process (addresses, directories, budgets) is in [`crate::args`] instead.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[schemars(title = "myapp settings", description = "Application configuration, one property a setting.")]
pub struct Settings {
    /// Where clients find the API. Every route answers at the root, and below the path of this URL as well, so that a
    /// proxy may route by path without rewriting it.
    #[serde(default)]
    #[schemars(extend("x-on-change" = "hot"))]
    pub api_base_url: BaseUrl,

    /// The least level that is logged; lines about start, stop and reload are always written.
    #[serde(default)]
    #[schemars(extend("x-on-change" = "hot"))]
    pub log_level: LogLevel,

    /// Database connections that this replica may hold at once.
    #[serde(default = "max_connections")]
    #[schemars(range(min = 1, max = 1000), extend("x-on-change" = "prepare"))]
    pub max_connections: u16,

    /// Signs pagination cursors and keys the fingerprints by which secrets are compared.
    #[schemars(length(min = 1), extend("x-on-change" = "hot", "x-expected" = "any text of 1 to 4096 characters"))]
    pub secret_key: Secret,

    /// The password for `DATABASE_URL`; not used where that is SQLite.
    #[serde(default)]
    #[schemars(extend(
        "x-on-change" = "prepare",
        "x-expected" = "any text of at most 4096 characters",
        "x-required-when" = {
            "key": "DATABASE_URL",
            "pattern": "^postgres",
            "because": "DATABASE_URL names a server",
        },
    ))]
    pub db_password: Secret,

    /// The database role, in place of the user of `DATABASE_URL`: for a Secret that holds user and password, so that one change
    /// of it brings both.
    #[serde(default)]
    #[schemars(
        length(max = 63),
        extend("x-on-change" = "prepare", "x-expected" = "the name of a role, at most 63 characters")
    )]
    pub db_user: Secret,

    /// The database, without a password. Where it is not given, it is an SQLite file in the data directory.
    #[serde(default)]
    #[schemars(with = "DatabaseUrl", extend("x-on-change" = "prepare"))]
    pub database_url: Option<DatabaseUrl>,

    /// The cache, a Redis or Valkey server, in which replicas tell each other what happens to their configuration. Where it is not
    /// given, each of them tells of itself alone.
    #[serde(default)]
    #[schemars(with = "CacheUrl", extend("x-on-change" = "prepare"))]
    pub cache_url: Option<CacheUrl>,

    /// The user, in place of that of `CACHE_URL`: for a Secret that holds user and password, so that one change of it brings both.
    #[serde(default)]
    #[schemars(
        length(max = 128),
        extend("x-on-change" = "prepare", "x-expected" = "the name of a user, at most 128 characters")
    )]
    pub cache_user: Secret,

    /// The password for `CACHE_URL`; empty where the server asks for none.
    #[serde(default)]
    #[schemars(extend("x-on-change" = "prepare", "x-expected" = "any text of at most 4096 characters"))]
    pub cache_password: Secret,
}

fn max_connections() -> u16 {
    30
}

/// Builds the contract of [`Settings`].
///
/// # Errors
/// The settings type requires something that would not be enforced: a defect, which a test rules out.
pub fn contract() -> Result<Contract, ContractError> {
    let contract = Contract::of::<Settings>()?;
    Ok(contract.explained_by("DATABASE_URL", DatabaseUrl::faults).explained_by("CACHE_URL", CacheUrl::faults))
}

#[cfg(test)]
mod tests;
