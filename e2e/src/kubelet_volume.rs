//! Mounts the chart's rendered volume as the kubelet does, so that a process can be started with it on any machine.

use std::collections::BTreeMap;
use std::path::{Component, Path, PathBuf};

use serde_json::Value;
use test_support::kubelet_volume::KubeletVolume;

use crate::objects::{data, data_keys, find, items, of_kind, text};

#[derive(Debug, thiserror::Error)]
pub enum MountError {
    #[error("the rendered objects hold no Deployment with a projected volume")]
    NoVolume,
    #[error("{kind} {name} is not among the objects, and the volume does not call it optional")]
    MissingObject { kind: &'static str, name: String },
    #[error("{kind} {name} has no key {key}, and the volume does not call it optional")]
    MissingKey { kind: &'static str, name: String, key: String },
    #[error("an item's path leaves the volume: {0}")]
    Path(PathBuf),
    #[error("the volume cannot be written")]
    Write(#[from] std::io::Error),
}

/// Writes the Deployment's projected volume into `dir`; called again, it updates it as the kubelet would: one swap of `..data`.
///
/// `objects` must hold the Secret too where the chart only names one, unless it is to be missing.
///
/// # Errors
/// When the kubelet would not mount the volume, or a file cannot be written.
pub fn mount_projected(objects: &[Value], dir: &Path) -> Result<(), MountError> {
    let volume = projected_volume(objects).ok_or(MountError::NoVolume)?;
    let payload = payload(volume, objects)?;
    let mode = volume["defaultMode"].as_u64().and_then(|mode| u32::try_from(mode).ok()).unwrap_or(0o644);
    let files: Vec<_> = payload.into_iter().collect();
    Ok(KubeletVolume::new(dir).mode(mode).write(&files)?)
}

fn projected_volume(objects: &[Value]) -> Option<&Value> {
    let deployments = of_kind(objects, "Deployment");
    deployments
        .into_iter()
        .flat_map(|pod| items(pod, "/spec/template/spec/volumes"))
        .find_map(|volume| volume.get("projected"))
}

/// The files that the volume's sources name, with the later source winning, as the kubelet has it.
fn payload(volume: &Value, objects: &[Value]) -> Result<BTreeMap<PathBuf, Vec<u8>>, MountError> {
    let mut payload = BTreeMap::new();
    for source in items(volume, "/sources") {
        for (field, kind) in [("configMap", "ConfigMap"), ("secret", "Secret")] {
            if let Some(source) = source.get(field) {
                payload.extend(source_files(kind, source, objects)?);
            }
        }
    }
    Ok(payload)
}

fn source_files(
    kind: &'static str,
    source: &Value,
    objects: &[Value],
) -> Result<Vec<(PathBuf, Vec<u8>)>, MountError> {
    let name = text(source, "/name");
    let is_optional = source["optional"] == true;
    let Some(object) = find(objects, kind, name) else {
        let missing = MountError::MissingObject { kind, name: name.to_owned() };
        return if is_optional { Ok(Vec::new()) } else { Err(missing) };
    };
    let mut files = Vec::new();
    for (key, path) in wanted(source, object) {
        match data(object, key) {
            Some(bytes) => files.push((inside(path)?, bytes)),
            None if is_optional => {}
            None => return Err(MountError::MissingKey { kind, name: name.to_owned(), key: key.to_owned() }),
        }
    }
    Ok(files)
}

/// Keys and their paths: the items where there are any, else every key under its own name.
fn wanted<'a>(source: &'a Value, object: &'a Value) -> Vec<(&'a str, &'a str)> {
    match source.get("items").and_then(Value::as_array) {
        Some(items) => items.iter().map(|item| (text(item, "/key"), text(item, "/path"))).collect(),
        None => data_keys(object).into_iter().map(|key| (key, key)).collect(),
    }
}

/// The API server refuses absolute paths and `..` in items; so does this.
fn inside(path: &str) -> Result<PathBuf, MountError> {
    let path = PathBuf::from(path);
    let is_inside = path.components().all(|component| matches!(component, Component::Normal(_)));
    if is_inside && !path.starts_with("..data") { Ok(path) } else { Err(MountError::Path(path)) }
}
