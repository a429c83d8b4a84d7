//! Container images in files, as OCI layouts: the contract that an image carries.

mod layers;
mod layout;

use std::path::Path;

use serde_json::Value;

use crate::input::Unusable;
use crate::origin::Problem;
use layout::{Descriptor, Layout};

/// The label of an image with the digest of its contract.
pub(crate) const LABEL: &str = "dev.confpath.contract";

/// The file of an image with its contract.
pub(crate) const FILE: &str = "contract.json";

/// Levels of indexes: that of the layout, and that of an image for several platforms.
const MAX_DEPTH: usize = 4;

/// The contract that an image carries.
pub(crate) struct Carried {
    pub(crate) text: Vec<u8>,
    /// The value of [`LABEL`].
    pub(crate) digest: String,
}

/// The contract of the image in a file or a folder; `None` if it is neither a layout nor a tar archive.
///
/// # Errors
/// The image cannot be read, or carries no contract or several.
pub(crate) fn contract(path: &Path) -> Result<Option<Carried>, Unusable> {
    let Some(mut layout) = Layout::open(path).map_err(|reason| unreadable(path, reason))? else {
        return Ok(None);
    };
    let wrong = |reason: String| Unusable::Wrong(vec![Problem::of_file(path, reason)]);
    let images = images(&mut layout).map_err(wrong)?;
    let Some((digest, layers)) = images.first().cloned() else {
        return Err(wrong("has no image".into()));
    };
    if images.iter().any(|(other, _)| *other != digest) {
        return Err(wrong(format!("has images with several contracts: their labels {LABEL} differ")));
    }
    let text = layers::file(&mut layout, &layers, FILE).map_err(wrong)?;
    let text = text.ok_or_else(|| {
        wrong(format!(
            "has the label {LABEL} and no file /{FILE}: add `COPY contract.json /{FILE}` to its Dockerfile"
        ))
    })?;
    Ok(Some(Carried { text, digest }))
}

fn unreadable(path: &Path, reason: String) -> Unusable {
    Unusable::Unreadable(Problem::of_file(path, reason))
}

/// The label and the layers of each image of a layout.
fn images(layout: &mut Layout) -> Result<Vec<(String, Vec<Descriptor>)>, String> {
    let mut images = Vec::new();
    let mut indexes = vec![(layout.index()?, 0)];
    while let Some((index, depth)) = indexes.pop() {
        for listed in Descriptor::all(&index["manifests"]) {
            let manifest = layout.json(&listed)?;
            if manifest["manifests"].is_array() {
                if depth == MAX_DEPTH {
                    return Err("has an index in an index too often".into());
                }
                indexes.push((manifest, depth + 1));
            } else if let Some(config) = image_config(&manifest) {
                let config = layout.json(&config)?;
                let label = config["config"]["Labels"][LABEL].as_str().ok_or_else(|| {
                    format!(
                        "has an image without the label {LABEL}: name its Dockerfile in confpath.json and run `confpath generate`"
                    )
                })?;
                images.push((label.to_owned(), Descriptor::all(&manifest["layers"])));
            }
        }
    }
    Ok(images)
}

/// The configuration of an image; nothing for signatures, attestations and other artifacts.
fn image_config(manifest: &Value) -> Option<Descriptor> {
    let of_artifact = manifest["artifactType"].is_string()
        || Descriptor::all(&manifest["layers"]).iter().any(|layer| layer.media_type.contains("in-toto"));
    let config = Descriptor::read(&manifest["config"])?;
    let is_image = config.media_type == "application/vnd.oci.image.config.v1+json"
        || config.media_type == "application/vnd.docker.container.image.v1+json";
    (is_image && !of_artifact).then_some(config)
}
