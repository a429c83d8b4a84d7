//! The software bill of materials, as written by the build.

use std::fmt;

use axum::body::Bytes;
use serde_json::Value;

/// A CycloneDX document in JSON, read when the process starts.
#[derive(Clone)]
pub struct Sbom(Bytes);

impl Sbom {
    /// Reads and checks a file.
    ///
    /// # Errors
    /// The file cannot be read, or is not a CycloneDX document; the message addresses the user of the flag.
    pub fn read(path: &str) -> Result<Self, String> {
        let bytes = std::fs::read(path).map_err(|error| error.to_string())?;
        let document: Value = serde_json::from_slice(&bytes).map_err(|error| format!("no JSON: {error}"))?;
        if document["bomFormat"] == "CycloneDX" {
            Ok(Self(bytes.into()))
        } else {
            Err("no CycloneDX document: its bomFormat is another".into())
        }
    }

    pub(crate) fn bytes(&self) -> Bytes {
        self.0.clone()
    }
}

impl fmt::Debug for Sbom {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Sbom({} bytes)", self.0.len())
    }
}
