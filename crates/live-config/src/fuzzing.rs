//! Entry points of the fuzz targets. Only built with `--cfg fuzzing`.

use serde_json::Value;

use crate::{Contract, ContractError};

/// Reads a contract from a JSON Schema that no settings type made.
///
/// # Errors
/// Those of [`Contract::of`].
pub fn contract(schema: Value) -> Result<Contract, ContractError> {
    Contract::from_schema(schema)
}
