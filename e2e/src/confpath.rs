//! The tool `confpath` and the admission policy that is generated from a contract.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::OnceLock;

use serde_json::Value;

use crate::built;

/// Returns every problem, as `KEY: sentence`, that `confpath check` finds in the ConfigMap of a manifest without secrets.
///
/// # Errors
/// The tool does not build, or came to no verdict.
pub fn problems(contract: &Path, manifest: &Path) -> Result<Vec<String>, String> {
    static TOOL: OnceLock<Result<PathBuf, String>> = OnceLock::new();
    let tool = TOOL.get_or_init(|| built::build(&["--package", "confpath", "--bin", "confpath"]));
    let output = run(
        tool,
        &[
            "check".as_ref(),
            "--without-secrets".as_ref(),
            "--output".as_ref(),
            "json".as_ref(),
            "--contract".as_ref(),
            contract.as_os_str(),
            "--manifest".as_ref(),
            manifest.as_os_str(),
        ],
    )?;
    let report: Value = serde_json::from_slice(&output.stdout).map_err(|error| error.to_string())?;
    if !matches!(output.status.code(), Some(0 | 1)) {
        return Err(report.to_string());
    }
    let text = |problem: &Value, field: &str| problem[field].as_str().unwrap_or_default().to_owned();
    let problems = report["problems"].as_array().into_iter().flatten();
    Ok(problems.map(|problem| format!("{}: {}", text(problem, "key"), text(problem, "message"))).collect())
}

/// The admission policy of a contract, as YAML.
///
/// # Errors
/// The generator does not build, or the contract is none.
pub fn policy(contract: &Path, service: &str) -> Result<String, String> {
    static GENERATOR: OnceLock<Result<PathBuf, String>> = OnceLock::new();
    let generator = GENERATOR.get_or_init(|| {
        built::build(&["--package", "contract", "--features", "generate", "--example", "policy"])
    });
    let output = run(generator, &[contract.as_os_str(), service.as_ref()])?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into_owned());
    }
    String::from_utf8(output.stdout).map_err(|error| error.to_string())
}

fn run(binary: &Result<PathBuf, String>, arguments: &[&OsStr]) -> Result<Output, String> {
    let binary = binary.as_ref().map_err(Clone::clone)?;
    Command::new(binary).args(arguments).env_clear().output().map_err(|error| error.to_string())
}
