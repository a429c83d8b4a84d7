//! The environment of a rendered pod's container, as the kubelet makes it.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Output;

use serde_json::Value;

use crate::kubelet_volume::{MountError, mount_projected};
use crate::objects::{data, data_keys, find, items, of_kind, text};
use crate::service::check;

/// Variables that EKS adds to a pod whose service account has a role.
/// <https://docs.aws.amazon.com/eks/latest/userguide/pod-id-how-it-works.html>
const POD_IDENTITY: [(&str, &str); 3] = [
    (
        "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
        "/var/run/secrets/pods.eks.amazonaws.com/serviceaccount/eks-pod-identity-token",
    ),
    ("AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://169.254.170.23/v1/credentials"),
    ("AWS_REGION", "eu-central-1"),
];

/// Reason for which a pod's process could not be started.
#[derive(Debug, thiserror::Error)]
pub enum PodError {
    #[error("the volume cannot be mounted")]
    Mount(#[from] MountError),
    #[error("{0}")]
    Start(String),
    #[error("{0} is not text")]
    Path(std::path::PathBuf),
}

/// Runs `myapp check` as the Deployment's container would be started: with its mounted volume and its whole environment.
///
/// # Errors
/// The volume cannot be mounted, or the process cannot be run.
pub fn start(objects: &[Value]) -> Result<Output, PodError> {
    let start = |source: std::io::Error| PodError::Start(source.to_string());
    let (config, data) = (tempfile::tempdir().map_err(start)?, tempfile::tempdir().map_err(start)?);
    let mut variables = environment(objects);
    variables.insert("MYAPP_DATA_DIR".to_owned(), path_of(data.path())?);
    if ["MYAPP_DATABASE_AUTH", "MYAPP_CACHE_AUTH"]
        .iter()
        .any(|name| variables.get(*name).is_some_and(|way| way == "iam"))
    {
        variables.extend(POD_IDENTITY.map(|(name, value)| (name.to_owned(), value.to_owned())));
    }
    if variables.contains_key("MYAPP_CONFIG_DIR") {
        mount_projected(objects, config.path())?;
        variables.insert("MYAPP_CONFIG_DIR".to_owned(), path_of(config.path())?);
    }
    let pairs = variables.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    check(&[], pairs).map_err(PodError::Start)
}

fn path_of(path: &Path) -> Result<String, PodError> {
    path.to_str().map(str::to_owned).ok_or_else(|| PodError::Path(path.to_owned()))
}

/// The variables of the Deployment's container. Those of `env` win over those of `envFrom`, and the last of one name over the
/// others; a reference to an object or a key that is not among the objects sets nothing.
pub fn environment(objects: &[Value]) -> BTreeMap<String, String> {
    let mut variables = BTreeMap::new();
    for deployment in of_kind(objects, "Deployment") {
        for container in items(deployment, "/spec/template/spec/containers") {
            for source in items(container, "/envFrom") {
                variables.extend(all_of(source, objects));
            }
            for variable in items(container, "/env") {
                if let Some(value) = value_of(variable, objects) {
                    variables.insert(text(variable, "/name").to_owned(), value);
                }
            }
        }
    }
    variables
}

fn all_of(source: &Value, objects: &[Value]) -> Vec<(String, String)> {
    let object = ["configMap", "secret"].into_iter().find_map(|kind| referred(source, kind, "Ref", objects));
    let Some(object) = object else { return Vec::new() };
    let pairs = data_keys(object).into_iter().map(|key| (key, data(object, key)));
    pairs.filter_map(|(key, bytes)| Some((key.to_owned(), String::from_utf8(bytes?).ok()?))).collect()
}

fn value_of(variable: &Value, objects: &[Value]) -> Option<String> {
    let Some(from) = variable.get("valueFrom") else { return Some(text(variable, "/value").to_owned()) };
    ["configMap", "secret"].into_iter().find_map(|kind| {
        let object = referred(from, kind, "KeyRef", objects)?;
        let key = text(from, &format!("/{kind}KeyRef/key"));
        String::from_utf8(data(object, key)?).ok()
    })
}

fn referred<'a>(source: &Value, kind: &str, suffix: &str, objects: &'a [Value]) -> Option<&'a Value> {
    let name = text(source, &format!("/{kind}{suffix}/name"));
    find(objects, if kind == "secret" { "Secret" } else { "ConfigMap" }, name)
}
