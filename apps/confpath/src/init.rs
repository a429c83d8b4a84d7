//! The files with which a service's repository begins; nothing that exists is changed.

mod readme;

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::origin::Problem;
use crate::output_file;
use crate::project::FILE_NAME;

pub(crate) use readme::section;

/// The service that the files are for.
pub(crate) struct Service {
    pub(crate) name: String,
    pub(crate) image: String,
    pub(crate) port: u16,
    /// Language, file and package of the typed reader.
    pub(crate) reader: Option<Value>,
    /// The image with `confpath` for the workflow.
    pub(crate) tool: Option<String>,
    /// The repository's Dockerfile has a region for the label.
    pub(crate) has_dockerfile: bool,
}

/// A file to begin with.
pub(crate) struct Starter {
    pub(crate) path: PathBuf,
    text: String,
}

/// The Dockerfile in the folder of the description.
pub(crate) const DOCKERFILE: &str = "Dockerfile";

/// The version of the library chart, which is that of this program.
const VERSION: &str = env!("CARGO_PKG_VERSION");

/// The versions of Terraform and its providers, which are those of this repository's own module.
const TERRAFORM_VERSIONS: &str = include_str!("../../../terraform/modules/myapp/versions.tf");

impl Service {
    /// The files that are written by hand from now on.
    pub(crate) fn starters(&self) -> Vec<Starter> {
        let name = &self.name;
        let starter = |path: String, text: &str| Starter { path: path.into(), text: self.filled(text) };
        vec![
            Starter { path: FILE_NAME.into(), text: format!("{:#}\n", self.description()) },
            starter("contract.json".into(), include_str!("init/files/contract.json")),
            starter(format!("charts/{name}/Chart.yaml"), include_str!("init/files/Chart.yaml")),
            starter(format!("charts/{name}/values.yaml"), include_str!("init/files/values.yaml")),
            starter(format!("charts/{name}/files/service.json"), include_str!("init/files/service.json")),
            starter(format!("charts/{name}/templates/release.yaml"), include_str!("init/files/release.yaml")),
            starter("terraform/release.tf".into(), include_str!("init/files/release.tf")),
            starter("tests/configuration.sh".into(), include_str!("init/files/configuration.sh")),
        ]
    }

    fn filled(&self, text: &str) -> String {
        text.replace("@VERSIONS@", TERRAFORM_VERSIONS)
            .replace("@NAME@", &self.name)
            .replace("@IMAGE@", &self.image)
            .replace("@PORT@", &self.port.to_string())
            .replace("@VERSION@", VERSION)
    }

    fn description(&self) -> Value {
        let mut description = json!({
            "service": self.name,
            "contract": "contract.json",
            "chart": format!("charts/{}", self.name),
            "terraform": { "directory": "terraform" },
            "document": "docs/config.md",
            "policy": format!("charts/{}/files/admission.yaml", self.name),
        });
        if self.has_dockerfile {
            description["dockerfile"] = DOCKERFILE.into();
        }
        if let Some(image) = &self.tool {
            description["workflow"] =
                json!({ "path": ".github/workflows/configuration.yaml", "image": image });
        }
        if let Some(reader) = &self.reader {
            description["readers"] = json!([reader]);
        }
        description
    }
}

/// Writes the files that do not exist below `root`; returns for each path if it was written.
///
/// # Errors
/// The first file that cannot be written.
pub(crate) fn write(root: &Path, starters: Vec<Starter>) -> Result<Vec<(PathBuf, bool)>, Problem> {
    let mut written = Vec::new();
    for Starter { path, text } in starters {
        let full = root.join(&path);
        let exists = full.symlink_metadata().is_ok();
        if !exists {
            let executable =
                || make_executable(&full).map_err(|error| format!("cannot be made executable: {error}"));
            let done = output_file::write_below(&full, &text, false).and_then(|()| executable());
            done.map_err(|reason| Problem::of_file(&full, reason))?;
        }
        written.push((path, !exists));
    }
    Ok(written)
}

/// Lets a script be called.
fn make_executable(path: &Path) -> std::io::Result<()> {
    #[cfg(unix)]
    if path.extension().is_some_and(|extension| extension == "sh") {
        use std::os::unix::fs::PermissionsExt as _;
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755))?;
    }
    Ok(())
}
