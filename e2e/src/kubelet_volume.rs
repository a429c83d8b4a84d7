//! Mounts the chart's rendered volume the way the kubelet does, so that a process can be started with it on any machine.
//!
//! The kubelet's atomic writer puts each payload into a fresh directory `..<time>.<random>`, points the link `..data` at it by
//! one rename, and maintains one link for each top-level name (`config -> ..data/config`). A reader that goes through `..data`
//! sees either the old payload or the new one.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Component, Path, PathBuf};
use std::time::SystemTime;

use serde_json::Value;

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
    #[error("{path} cannot be written")]
    Write { path: PathBuf, source: std::io::Error },
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
    let fresh = fresh_directory(dir)?;
    for (path, bytes) in &payload {
        write_file(&fresh.join(path), bytes, mode)?;
    }
    swap_data_link(dir, &fresh)?;
    link_top_level_names(dir, &payload)
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

fn fresh_directory(dir: &Path) -> Result<PathBuf, MountError> {
    let now = humantime::format_rfc3339_seconds(SystemTime::now()).to_string();
    let stamp = now.trim_end_matches('Z').replace(['-', ':', 'T'], "_");
    let fresh = tempfile::Builder::new()
        .prefix(&format!("..{stamp}."))
        .tempdir_in(dir)
        .map_err(|source| MountError::Write { path: dir.to_owned(), source })?
        .keep();
    set_mode(&fresh, 0o755)?;
    Ok(fresh)
}

fn write_file(path: &Path, bytes: &[u8], mode: u32) -> Result<(), MountError> {
    let write = |source| MountError::Write { path: path.to_owned(), source };
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent).map_err(write)?;
    }
    fs::write(path, bytes).map_err(write)?;
    set_mode(path, mode)
}

fn set_mode(path: &Path, mode: u32) -> Result<(), MountError> {
    let permissions = fs::Permissions::from_mode(mode);
    fs::set_permissions(path, permissions)
        .map_err(|source| MountError::Write { path: path.to_owned(), source })
}

/// Makes `..data` point at the fresh payload by a rename, which a reader sees whole or not at all, and then drops the old payload.
fn swap_data_link(dir: &Path, fresh: &Path) -> Result<(), MountError> {
    let (link, beside) = (dir.join("..data"), dir.join("..data_tmp"));
    let write = |source| MountError::Write { path: link.clone(), source };
    let old = fs::read_link(&link).ok();
    symlink(fresh.file_name().unwrap_or_default(), &beside).map_err(write)?;
    fs::rename(&beside, &link).map_err(write)?;
    match old {
        Some(old) => fs::remove_dir_all(dir.join(old)).map_err(write),
        None => Ok(()),
    }
}

/// Adds the links that are missing and removes those whose name is no longer in the payload.
fn link_top_level_names(dir: &Path, payload: &BTreeMap<PathBuf, Vec<u8>>) -> Result<(), MountError> {
    let write = |source| MountError::Write { path: dir.to_owned(), source };
    let names: Vec<PathBuf> = payload
        .keys()
        .filter_map(|path| path.components().next())
        .map(|name| name.as_os_str().into())
        .collect();
    for entry in fs::read_dir(dir).map_err(write)? {
        let name = PathBuf::from(entry.map_err(write)?.file_name());
        let is_users = !name.to_string_lossy().starts_with("..");
        if is_users && !names.contains(&name) {
            fs::remove_file(dir.join(&name)).map_err(write)?;
        }
    }
    for name in &names {
        let link = dir.join(name);
        if fs::symlink_metadata(&link).is_err() {
            symlink(Path::new("..data").join(name), link).map_err(write)?;
        }
    }
    Ok(())
}
