//! Validates objects as strictly as an API server with `fieldValidation: Strict`, from Kubernetes' own published schema.
//!
//! The schema is part of the Go module `k8s.io/kubernetes`, whose version e2e/cluster pins: the very version that the cluster tests
//! run.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use jsonschema::Validator;
use serde_json::{Value, json};

use crate::objects::{identity, text};

#[derive(Debug, thiserror::Error)]
pub enum SchemaError {
    #[error("the Kubernetes API schema was not found by `go mod download` in e2e/cluster: {0}")]
    NotFound(String),
    #[error("{path} cannot be read")]
    Read { path: PathBuf, source: std::io::Error },
    #[error("{path} is not an OpenAPI document")]
    Parse { path: PathBuf, source: serde_json::Error },
    #[error("the schema of {0} cannot be compiled")]
    Compile(String),
}

/// The schemas of all kinds that Kubernetes itself serves.
pub struct KubernetesSchema {
    definitions: Value,
    /// `apiVersion/kind` to the name of its definition.
    names: BTreeMap<String, String>,
}

impl KubernetesSchema {
    /// Reads the schema from the Go module, which Go downloads where it has not yet.
    ///
    /// # Errors
    /// When that leads to no readable OpenAPI document.
    pub fn load() -> Result<Self, SchemaError> {
        let path = module_dir()?.join("api/openapi-spec/swagger.json");
        let bytes =
            std::fs::read(&path).map_err(|source| SchemaError::Read { path: path.clone(), source })?;
        let mut document: Value =
            serde_json::from_slice(&bytes).map_err(|source| SchemaError::Parse { path, source })?;
        let mut definitions = document["definitions"].take();
        let mut names = BTreeMap::new();
        for (name, definition) in definitions.as_object_mut().into_iter().flatten() {
            close(name, definition);
            for kind in definition["x-kubernetes-group-version-kind"].as_array().into_iter().flatten() {
                names.insert(
                    kind_key(text(kind, "/group"), text(kind, "/version"), text(kind, "/kind")),
                    name.clone(),
                );
            }
        }
        Ok(Self { definitions, names })
    }

    /// Every fault of the object, each with its place; empty when an API server would take it. `None` when Kubernetes itself does
    /// not serve the kind.
    ///
    /// # Errors
    /// When the schema itself is at fault.
    pub fn faults(&self, object: &Value) -> Result<Option<Vec<String>>, SchemaError> {
        let key = format!("{}/{}", text(object, "/apiVersion"), text(object, "/kind"));
        let Some(name) = self.names.get(&key) else { return Ok(None) };
        let validator = self.validator(name)?;
        let faults = validator.iter_errors(object);
        Ok(Some(
            faults
                .map(|fault| format!("{} at {}: {fault}", identity(object), fault.instance_path()))
                .collect(),
        ))
    }

    fn validator(&self, name: &str) -> Result<Validator, SchemaError> {
        let schema = json!({ "$ref": format!("#/definitions/{name}"), "definitions": self.definitions });
        jsonschema::draft7::new(&schema).map_err(|error| SchemaError::Compile(format!("{name}: {error}")))
    }
}

/// Makes one definition strict, and repairs the two types whose JSON form Swagger 2 cannot express.
fn close(name: &str, definition: &mut Value) {
    if name.ends_with(".resource.Quantity") {
        definition["type"] = json!(["string", "number"]);
    } else if name.ends_with(".intstr.IntOrString") {
        definition["type"] = json!(["string", "integer"]);
    } else if definition.get("properties").is_some() {
        definition["additionalProperties"] = json!(false);
    }
}

fn kind_key(group: &str, version: &str, kind: &str) -> String {
    if group.is_empty() { format!("{version}/{kind}") } else { format!("{group}/{version}/{kind}") }
}

/// `go list` would name the folder too, but not fetch it.
fn module_dir() -> Result<PathBuf, SchemaError> {
    let output = Command::new("go")
        .args(["mod", "download", "-json", "k8s.io/kubernetes"])
        .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("cluster"))
        .output()
        .map_err(|error| SchemaError::NotFound(format!("go cannot be started: {error}")))?;
    let module: Value = serde_json::from_slice(&output.stdout).unwrap_or_default();
    let said = String::from_utf8_lossy(&output.stderr);
    match module["Dir"].as_str().filter(|_| output.status.success()) {
        Some(dir) => Ok(PathBuf::from(dir)),
        None => Err(SchemaError::NotFound(format!("{} {}", text(&module, "/Error"), said.trim()))),
    }
}
