//! Allowed directions between the modules of a crate: from the ground up, each module imports only those before it.

use std::path::Path;

use super::imports::Imports;

/// Source folders with their modules (a file and the folder of its name), lowest first. Facades (`lib.rs`, `main.rs`) may
/// import anything and are imported by nothing.
pub(super) const CRATES: [(&str, &[&str]); 6] = [
    (
        "apps/confpath/src",
        &[
            "exit_code",
            "refusal",
            "origin",
            "input",
            "output_file",
            "project",
            "args",
            "document",
            "image",
            "contract_file",
            "region",
            "generate",
            "init",
            "import",
            "sources",
            "verdict",
            "diff",
            "report",
            "agent",
            "console",
            "program",
            "cluster",
            "deployment",
            "drift",
            "deploy",
            "commands",
        ],
    ),
    (
        "apps/myapp/src",
        &[
            "build_info",
            "exit_code",
            "key_derivation",
            "sbom",
            "feed",
            "backend",
            "args",
            "settings",
            "fingerprint",
            "database",
            "cache",
            "store",
            "readiness_policy",
            "configuration",
            "live",
            "routes",
            "app",
            "commands",
            "fuzzing",
        ],
    ),
    (
        "crates/chassis/src",
        &[
            "clock",
            "digits",
            "duration",
            "response",
            "trace_context",
            "request_id",
            "problem",
            "limits",
            "drain",
            "args",
            "shutdown",
            "telemetry",
            "health",
            "readiness",
            "probes",
            "server",
            "service",
        ],
    ),
    (
        "crates/contract/src",
        &[
            "error",
            "on_change",
            "portable",
            "pattern",
            "duration",
            "format",
            "number_pattern",
            "decimal_pattern",
            "value",
            "rules",
            "kind",
            "rule",
            "schema",
            "key",
            "contract",
            "nearest",
            "violations",
            "generate",
        ],
    ),
    ("crates/fleet/src", &["printable", "host_and_port", "args", "replica", "query", "verdict", "verify"]),
    (
        "crates/live-config/src",
        &[
            "secret",
            "origin",
            "problem",
            "reason",
            "text",
            "digest",
            "state",
            "status",
            "timing",
            "environment",
            "directory",
            "scalar",
            "load",
            "given",
            "snapshot",
            "participant",
            "ensemble",
            "event",
            "log",
            "failures",
            "shared",
            "live",
            "watch",
            "engine",
            "driver",
            "swap",
            "builder",
        ],
    ),
];

const FACADES: [&str; 2] = ["lib", "main"];

/// Complaints about imports of the crate in `folder` that point up, and about modules without a place in `order`.
pub(super) fn upward_imports(folder: &str, order: &[&str], imports: &Imports) -> Vec<String> {
    let place = |file: &Path| {
        let module = module_of(file.strip_prefix(folder).ok()?)?;
        Some((order.iter().position(|known| *known == module), module))
    };
    let mut complaints = Vec::new();
    for (file, others) in imports {
        let Some((from, module)) = place(file).filter(|(_, module)| !FACADES.contains(&module.as_str()))
        else {
            continue;
        };
        if from.is_none() {
            complaints
                .push(format!("{}: no place for {module} among the layers of {folder}", file.display()));
            continue;
        }
        for (other, names) in others {
            let Some((to, above)) = place(other) else { continue };
            if to > from || FACADES.contains(&above.as_str()) {
                let names: Vec<_> = names.iter().map(String::as_str).collect();
                complaints.push(format!(
                    "{}: {module} may not import from {above}, which is above it: {}",
                    file.display(),
                    names.join(", ")
                ));
            }
        }
    }
    complaints
}

/// The first segment of a path below a source folder, without the extension.
fn module_of(path: &Path) -> Option<String> {
    let first = path.components().next()?.as_os_str().to_str()?;
    Some(first.trim_end_matches(".rs").to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn imports(from: &str, to: &str) -> Imports {
        let names = [("Name".to_owned())].into();
        Imports::from([(from.into(), [(to.into(), names)].into())])
    }

    #[test]
    fn imports_point_down() {
        let complaints =
            |from: &str, to: &str| upward_imports("a/src", &["low", "high"], &imports(from, to)).len();
        assert_eq!(complaints("a/src/high.rs", "a/src/low/part.rs"), 0);
        assert_eq!(complaints("a/src/low/part.rs", "a/src/low.rs"), 0);
        assert_eq!(complaints("a/src/low/part.rs", "a/src/high.rs"), 1);
        assert_eq!(complaints("a/src/low.rs", "a/src/lib.rs"), 1);
        assert_eq!(complaints("a/src/lib.rs", "a/src/high.rs"), 0);
        assert_eq!(complaints("a/src/new.rs", "a/src/low.rs"), 1);
        assert_eq!(complaints("b/src/low.rs", "a/src/high.rs"), 0);
    }
}
