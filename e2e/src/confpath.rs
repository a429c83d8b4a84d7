//! The tool `confpath` and the admission policy that is generated from a contract.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::OnceLock;

use serde_json::{Value, json};

use test_support::built;

/// Returns every problem, as `KEY: sentence`, that `confpath check` finds in the source that `flags` name.
///
/// # Errors
/// The tool does not build, or came to no verdict.
pub fn problems(contract: &Path, flags: &[&OsStr]) -> Result<Vec<String>, String> {
    let check: [&OsStr; 4] =
        ["check".as_ref(), "--output=json".as_ref(), "--contract".as_ref(), contract.as_os_str()];
    let output = run(&[&check, flags].concat())?;
    let report: Value = serde_json::from_slice(&output.stdout).map_err(|error| error.to_string())?;
    if !matches!(output.status.code(), Some(0 | 1)) {
        return Err(report.to_string());
    }
    let text = |problem: &Value, field: &str| problem[field].as_str().unwrap_or_default().to_owned();
    let problems = report["problems"].as_array().into_iter().flatten();
    Ok(problems.map(|problem| format!("{}: {}", text(problem, "key"), text(problem, "message"))).collect())
}

/// The admission policy of a contract, as YAML. A description is written beside the contract.
///
/// # Errors
/// The tool does not build, or the contract is none.
pub fn policy(contract: &Path, service: &str) -> Result<String, String> {
    let folder = contract.parent().ok_or("the contract is in no folder")?;
    let name = contract.file_name().unwrap_or_default().to_string_lossy();
    generate_targets(folder, &json!({ "service": service, "contract": name, "policy": "policy.yaml" }))?;
    std::fs::read_to_string(folder.join("policy.yaml")).map_err(|error| error.to_string())
}

/// Writes the description of a repository, which may leave out the name and the contract, and runs `confpath generate` there.
///
/// # Errors
/// The tool does not build, or what it says.
pub fn generate_targets(folder: &Path, targets: &Value) -> Result<(), String> {
    let mut description = json!({ "service": "shop", "contract": "contract.json" });
    for (name, value) in targets.as_object().into_iter().flatten() {
        description[name] = value.clone();
    }
    std::fs::write(folder.join("confpath.json"), description.to_string())
        .map_err(|error| error.to_string())?;
    generate(folder)
}

/// Runs `confpath generate` in a repository.
///
/// # Errors
/// The tool does not build, or what it says.
pub fn generate(folder: &Path) -> Result<(), String> {
    let output = run(&["generate".as_ref(), "--project".as_ref(), folder.join("confpath.json").as_os_str()])?;
    if output.status.success() { Ok(()) } else { Err(String::from_utf8_lossy(&output.stderr).into_owned()) }
}

/// The tool itself.
///
/// # Errors
/// The tool does not build.
pub fn binary() -> Result<&'static Path, String> {
    static TOOL: OnceLock<Result<PathBuf, String>> = OnceLock::new();
    let tool = TOOL.get_or_init(|| built::build(&["--package", "confpath", "--bin", "confpath"]));
    tool.as_deref().map_err(Clone::clone)
}

/// Writes what an image of the tool is made of into `folder`: the Dockerfile of a release, and what its stage `build` leaves.
///
/// # Errors
/// The tool does not build, or a file cannot be written.
pub fn write_image(folder: &Path) -> Result<(), String> {
    let binary = built::build_static(&["--package", "confpath", "--bin", "confpath"])?;
    let dockerfile = Path::new(env!("CARGO_MANIFEST_DIR")).join("../apps/confpath/Dockerfile");
    let root = folder.join("image/root");
    let written = std::fs::create_dir_all(&root)
        .and_then(|()| std::fs::copy(binary, root.join("confpath")))
        .and_then(|_| std::fs::copy(dockerfile, folder.join("Dockerfile")));
    written.map(drop).map_err(|error| error.to_string())
}

fn run(arguments: &[&OsStr]) -> Result<Output, String> {
    let tool = binary()?;
    Command::new(tool).args(arguments).env_clear().output().map_err(|error| error.to_string())
}
