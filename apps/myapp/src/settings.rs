//! The settings contract: one struct from which schema, chart, documentation and checks come.

mod base_url;
mod database_url;
mod log_level;
mod max_connections;

pub use base_url::BaseUrl;
pub use database_url::DatabaseUrl;
pub use log_level::LogLevel;
pub use max_connections::MaxConnections;

use live_config::{Contract, ContractError, Secret};
use schemars::JsonSchema;
use serde::Deserialize;

/// 1 to 65535 in plain decimal, as a pattern.
const PORT_PATTERN: &str =
    "(?:[1-9][0-9]{0,3}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5])";

/// Pattern of an address of IPv6 between its brackets: groups in hexadecimal, with `::` once at most (RFC 4291, 2.2), without
/// the form that ends in an address of IPv4.
fn ipv6_pattern() -> String {
    let group = "[0-9A-Fa-f]{1,4}";
    let shortened = (1..=6).map(|after| {
        let before = 7 - after;
        format!("(?:{group}:){{1,{before}}}(?::{group}){{1,{after}}}")
    });
    let whole = format!("(?:{group}:){{7}}{group}");
    let (at_end, at_start) = (format!("(?:{group}:){{1,7}}:"), format!(":(?:(?::{group}){{1,7}}|:)"));
    let all: Vec<_> = [whole, at_end].into_iter().chain(shortened).chain([at_start]).collect();
    format!("(?:{})", all.join("|"))
}

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
    #[serde(default)]
    #[schemars(extend("x-on-change" = "prepare"))]
    pub max_connections: MaxConnections,

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
}

/// The contract of [`Settings`].
///
/// # Errors
/// The settings type asks for something that would not be enforced: a defect, which a test rules out.
pub fn contract() -> Result<Contract, ContractError> {
    Ok(Contract::of::<Settings>()?.explained_by("DATABASE_URL", DatabaseUrl::faults))
}

#[cfg(test)]
mod tests;
