//! Names in `docs/verification.md`: each test and each file of tests in backticks exists. Texts in, complaints out.

use anyhow::{Result, bail};
use kit::workspace;

use super::tidy;

const CLAIMS: &str = "docs/verification.md";

pub(super) fn run() -> Result<()> {
    let read = |path: &str| std::fs::read_to_string(workspace::root().join(path));
    let files: Vec<_> =
        tidy::files()?.into_iter().filter_map(|path| Some((read(&path).ok()?, path))).collect();
    let text = read(CLAIMS)?;
    let missing = missing_names(&text, &files);
    if missing.is_empty() { Ok(()) } else { bail!("{CLAIMS}: no such test or file: {}", missing.join(", ")) }
}

/// Names of the forms `module::test_name` and `path/to/file.rs` for which no function or file exists.
fn missing_names<'a>(text: &'a str, files: &[(String, String)]) -> Vec<&'a str> {
    let names = text.lines().flat_map(|line| line.split('`').skip(1).step_by(2));
    names.filter(|name| !exists(name, files)).collect()
}

/// True also for text that names neither a test nor a file of tests.
fn exists(name: &str, files: &[(String, String)]) -> bool {
    if name.contains('/') && (name.ends_with(".rs") || name.ends_with(".tftest.hcl")) {
        return files.iter().any(|(_, path)| path == name);
    }
    let is_plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "_:".contains(c);
    let Some((modules, test)) = name.rsplit_once("::").filter(|_| name.chars().all(is_plain)) else {
        return true;
    };
    let function = format!("fn {test}(");
    files.iter().any(|(text, path)| is_in(modules, path) && text.contains(&function))
}

/// True for `feed::tests` in `src/feed/tests.rs`: the modules are parts of the path, in their order.
fn is_in(modules: &str, path: &str) -> bool {
    let mut parts = path.strip_suffix(".rs").unwrap_or_default().split('/');
    modules.split("::").all(|module| parts.any(|part| part == module))
}

#[cfg(test)]
mod tests {
    #[test]
    fn only_existing_tests_and_files_are_accepted() {
        let files = [("#[test]\nfn holds() {}".to_owned(), "app/tests/it/limits/slow.rs".to_owned())];
        let missing = |text| super::missing_names(text, &files);
        let good =
            "`slow::holds`, `limits::slow::holds` | `app/tests/it/limits/slow.rs`, `Live::load`, `slow::…`";
        assert!(missing(good).is_empty());
        let gone =
            ["slow::breaks", "slow::limits::holds", "fast::holds", "app/tests/slow.rs", "a/b.tftest.hcl"];
        assert_eq!(missing(&gone.map(|name| format!("slow::breaks `{name}`\n")).concat()), gone);
    }
}
