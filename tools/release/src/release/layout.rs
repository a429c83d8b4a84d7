//! Image layouts of the OCI specification: one in a tar file, and several joined to an image for several architectures.

use std::fs::{self, File};
use std::io::Read as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use kit::oci;
use serde_json::{Value, json};

/// Writes the files below `folder` to `archive` in the order of their names.
pub(super) fn pack(folder: &Path, archive: &Path) -> Result<()> {
    let mut tar = tar::Builder::new(File::create(archive).with_context(|| unwritable(archive))?);
    for (name, content) in files(folder)? {
        oci::append(&mut tar, &name, 0o644, &content)?;
    }
    tar.finish().with_context(|| unwritable(archive))
}

/// The files below `folder` by their paths there, in the order of these.
pub(super) fn files(folder: &Path) -> Result<Vec<(String, Vec<u8>)>> {
    let mut paths = Vec::new();
    list(folder, &mut paths)?;
    paths.sort();
    let read = |path: PathBuf| {
        let name = path.strip_prefix(folder)?.to_str().context("a file has an odd name")?;
        Ok((name.to_owned(), fs::read(&path)?))
    };
    paths.into_iter().map(read).collect()
}

fn list(folder: &Path, files: &mut Vec<PathBuf>) -> Result<()> {
    for entry in fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))? {
        let path = entry?.path();
        if path.is_dir() { list(&path, files)? } else { files.push(path) }
    }
    Ok(())
}

/// A packed layout with an image for one platform.
pub(super) struct Packed<'a> {
    pub(super) archive: PathBuf,
    /// The platform of a descriptor.
    pub(super) platform: &'a Value,
}

/// Lays out in `folder` an image named `reference` that is `images`, one a platform, and returns its descriptor.
///
/// # Errors
/// An archive cannot be read or holds more or less than one image, or the folder cannot be written.
pub(super) fn join(images: &[Packed<'_>], folder: &Path, reference: &str) -> Result<Value> {
    let mut manifests = Vec::new();
    for image in images {
        let mut manifest = unpack(&image.archive, folder)
            .with_context(|| format!("cannot read the image in {}", image.archive.display()))?;
        manifest["platform"] = image.platform.clone();
        manifests.push(manifest);
    }
    let index = json!({ "schemaVersion": 2, "mediaType": oci::INDEX, "manifests": manifests }).to_string();
    let index = Blob { media_type: oci::INDEX, content: index.into_bytes() };
    lay_out(folder, reference, &index, &[])?;
    Ok(index.descriptor())
}

/// Something with a digest of its own in a layout.
pub(super) struct Blob {
    pub(super) media_type: &'static str,
    pub(super) content: Vec<u8>,
}

impl Blob {
    pub(super) fn descriptor(&self) -> Value {
        oci::descriptor(self.media_type, &self.content)
    }
}

/// Lays out `manifest` under the name `reference`, and `blobs` beside it.
pub(super) fn lay_out(folder: &Path, reference: &str, manifest: &Blob, blobs: &[Blob]) -> Result<()> {
    let mut listed = manifest.descriptor();
    listed["annotations"] = json!({ "org.opencontainers.image.ref.name": reference });
    let top = json!({ "schemaVersion": 2, "manifests": [listed] }).to_string();
    write(&folder.join("oci-layout"), oci::LAYOUT)?;
    write(&folder.join("index.json"), top.as_bytes())?;
    let mut all = blobs.iter().chain([manifest]);
    all.try_for_each(|blob| write(&folder.join(oci::blob_path(&oci::digest(&blob.content))), &blob.content))
}

/// Adds an archive's blobs to `folder`, and returns the descriptor of its only image without the name it had there.
fn unpack(archive: &Path, folder: &Path) -> Result<Value> {
    let mut index = Value::Null;
    for entry in tar::Archive::new(File::open(archive)?).entries()? {
        let mut entry = entry?;
        let path = entry.path()?.into_owned();
        let mut content = Vec::new();
        entry.read_to_end(&mut content)?;
        if path == Path::new("index.json") {
            index = serde_json::from_slice(&content)?;
        } else if path.starts_with("blobs") {
            // Named by what it holds, whatever the archive calls it.
            write(&folder.join(oci::blob_path(&oci::digest(&content))), &content)?;
        }
    }
    match index["manifests"].as_array().map(Vec::as_slice) {
        Some([manifest]) => Ok(json!({
            "mediaType": manifest["mediaType"], "digest": manifest["digest"], "size": manifest["size"],
        })),
        _ => bail!("it does not hold exactly one"),
    }
}

fn write(path: &Path, content: &[u8]) -> Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).with_context(|| unwritable(folder))?;
    }
    fs::write(path, content).with_context(|| unwritable(path))
}

fn unwritable(path: &Path) -> String {
    format!("cannot write {}", path.display())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A folder of this test's own, gone when dropped.
    struct Folder(tempfile::TempDir);

    impl Folder {
        fn new() -> Self {
            Self(tempfile::tempdir().unwrap())
        }

        /// A packed layout with one image, whose only blob is `content`.
        fn packed(&self, name: &str, content: &str) -> PathBuf {
            let folder = self.0.path().join(name);
            let manifest = oci::descriptor(oci::MANIFEST, content.as_bytes());
            write(&folder.join(oci::blob_path(&oci::digest(content.as_bytes()))), content.as_bytes())
                .unwrap();
            write(&folder.join("oci-layout"), oci::LAYOUT).unwrap();
            write(&folder.join("index.json"), json!({ "manifests": [manifest] }).to_string().as_bytes())
                .unwrap();
            let archive = self.0.path().join(format!("{name}.tar"));
            pack(&folder, &archive).unwrap();
            archive
        }
    }

    #[test]
    fn packing_depends_on_content_only() {
        let folder = Folder::new();
        let one = fs::read(folder.packed("one", "content")).unwrap();
        let old = folder.0.path().join("another-name");
        fs::create_dir_all(&old).unwrap();
        // In another order, and with other times and modes.
        for name in ["oci-layout", "index.json", "blobs"] {
            fs::rename(folder.0.path().join("one").join(name), old.join(name)).unwrap();
        }
        let file = File::options().write(true).open(old.join("index.json")).unwrap();
        file.set_modified(std::time::UNIX_EPOCH).unwrap();
        file.set_permissions(std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
        let archive = folder.0.path().join("again.tar");
        pack(&old, &archive).unwrap();
        assert!(fs::read(&archive).unwrap() == one);
        let mut tar = tar::Archive::new(File::open(archive).unwrap());
        let names: Vec<_> =
            tar.entries().unwrap().map(|entry| entry.unwrap().path().unwrap().into_owned()).collect();
        assert!(names.len() == 3 && names.is_sorted(), "{names:?}");
    }

    #[test]
    fn images_for_two_architectures_become_one() {
        let folder = Folder::new();
        let platforms =
            ["amd64", "arm64"].map(|architecture| json!({ "os": "linux", "architecture": architecture }));
        let images: Vec<_> = platforms
            .iter()
            .map(|platform| Packed {
                archive: folder.packed(platform["architecture"].as_str().unwrap(), &platform.to_string()),
                platform,
            })
            .collect();
        let joined = folder.0.path().join("joined");
        let descriptor = join(&images, &joined, "1.2.3").unwrap();
        let digest = descriptor["digest"].as_str().unwrap();

        let read =
            |path: &str| serde_json::from_slice::<Value>(&fs::read(joined.join(path)).unwrap()).unwrap();
        let index = read(&oci::blob_path(digest));
        for (manifest, platform) in index["manifests"].as_array().unwrap().iter().zip(&platforms) {
            assert_eq!(&manifest["platform"], platform);
            // The blobs of this test are what their platforms are.
            assert_eq!(&read(&oci::blob_path(manifest["digest"].as_str().unwrap())), platform);
        }
        let listed = &read("index.json")["manifests"][0];
        assert_eq!(
            (&listed["digest"], &listed["annotations"]["org.opencontainers.image.ref.name"]),
            (&descriptor["digest"], &"1.2.3".into())
        );
    }

    #[test]
    fn archive_without_an_image_is_named() {
        let folder = Folder::new();
        write(&folder.0.path().join("empty/readme"), b"x").unwrap();
        let archive = folder.0.path().join("empty.tar");
        pack(&folder.0.path().join("empty"), &archive).unwrap();
        let platform = json!({});
        let error = join(&[Packed { archive, platform: &platform }], &folder.0.path().join("joined"), "1")
            .unwrap_err();
        assert!(format!("{error:#}").contains("empty.tar: it does not hold exactly one"), "{error:#}");
    }
}
