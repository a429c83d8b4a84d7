//! The contract beside the service's image: an artifact that refers to the image's index, by the referrers of the OCI distribution
//! specification 1.1. Registries without them keep the list under a tag that is made of the index' digest.

use std::path::Path;

use anyhow::{Context as _, Result};
use kit::oci;
use serde_json::{Value, json};

use super::layout::{self, Blob};
use super::registry::Registry;

/// The type of the artifact and of its only layer.
pub(super) const TYPE: &str = "application/vnd.confpath.contract.v1+json";
/// Media type in the place of a configuration, where there is none.
const EMPTY: &str = "application/vnd.oci.empty.v1+json";

/// Attaches `contract` to the index `subject`, a descriptor, and returns the digest of the artifact's manifest. What is there
/// already stays. Files on the way are written to `folder`.
///
/// # Errors
/// The registry refuses.
pub(super) fn attach(
    registry: &Registry,
    repository: &str,
    subject: &Value,
    contract: Vec<u8>,
    folder: &Path,
) -> Result<String> {
    let contract = Blob { media_type: TYPE, content: contract };
    let empty = Blob { media_type: EMPTY, content: b"{}".to_vec() };
    let manifest = Blob { media_type: oci::MANIFEST, content: manifest(&contract, &empty, subject) };
    let digest = oci::digest(&manifest.content);
    let reference = format!("{repository}@{digest}");
    if registry.published(&reference)?.is_none() {
        layout::lay_out(folder, "contract", &manifest, &[contract, empty])?;
        registry.push_image(folder, "contract", &reference)?;
    }
    let subject = subject["digest"].as_str().context("an image without a digest")?;
    if !registry.lists_referrers(repository, subject)? {
        let tag = subject.replace(':', "-");
        let present = registry.published(&format!("{repository}:{tag}"))?;
        let mut listed = manifest.descriptor();
        listed["artifactType"] = TYPE.into();
        if let Some(list) = with_entry(present.map(|published| published.manifest), &listed) {
            registry.put_manifest(repository, &tag, oci::INDEX, &list.to_string())?;
        }
    }
    Ok(digest)
}

fn manifest(contract: &Blob, empty: &Blob, subject: &Value) -> Vec<u8> {
    let mut layer = contract.descriptor();
    // The name of the file for programs that pull artifacts.
    layer["annotations"] = json!({ "org.opencontainers.image.title": "contract.json" });
    let manifest = json!({
        "schemaVersion": 2,
        "mediaType": oci::MANIFEST,
        "artifactType": TYPE,
        "config": empty.descriptor(),
        "layers": [layer],
        "subject": subject,
    });
    manifest.to_string().into_bytes()
}

/// The list of an index' referrers with one more; nothing where it has it. Signatures and attestations may be in it.
fn with_entry(list: Option<Value>, entry: &Value) -> Option<Value> {
    let mut list =
        list.unwrap_or_else(|| json!({ "schemaVersion": 2, "mediaType": oci::INDEX, "manifests": [] }));
    let manifests = list["manifests"].as_array_mut()?;
    if manifests.iter().any(|listed| listed["digest"] == entry["digest"]) {
        return None;
    }
    manifests.push(entry.clone());
    Some(list)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn referrer_is_listed_once_beside_others() {
        let entry = json!({ "digest": "sha256:a", "artifactType": TYPE });
        let list = with_entry(None, &entry).unwrap();
        assert_eq!(list["mediaType"], oci::INDEX);
        assert_eq!(with_entry(Some(list.clone()), &entry), None);
        let other = json!({ "digest": "sha256:b" });
        let both = with_entry(Some(list), &other).unwrap();
        assert_eq!(both["manifests"], json!([entry, other]));
    }
}
