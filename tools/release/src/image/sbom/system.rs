//! Components of the image that are no crates: Rust's standard library, C code inside crates, and files of this machine's
//! distribution.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use kit::process::Cmd;
use kit::tools::CERTIFICATES;
use serde_json::{Value, json};

use super::crates::Crates;
use super::scope::Scope;
use crate::program::Program;

/// The compiler, for the list of tools.
pub(super) fn compiler() -> Result<Value> {
    Ok(json!({ "type": "application", "name": "rustc", "version": rustc("release")? }))
}

pub(super) fn components(program: Program, crates: &Crates) -> Result<Vec<Value>> {
    let mut components = vec![rust_std()?];
    components.extend(sqlite(crates)?);
    let [libc, libgcc] = ["libc.a", "libgcc_eh.a"].map(library);
    components.push(packaged("glibc", libc.as_deref(), "LGPL-2.1-or-later"));
    components.push(packaged("libgcc", libgcc.as_deref(), "GPL-3.0-or-later WITH GCC-exception-3.1"));
    if program == Program::Myapp {
        components.push(packaged("ca-certificates", Some(Path::new(CERTIFICATES)), "MPL-2.0"));
    }
    Ok(components)
}

fn rust_std() -> Result<Value> {
    let version = rustc("release")?;
    let cpe = format!("cpe:2.3:a:rust-lang:rust:{version}:*:*:*:*:*:*:*");
    let mut component = linked("rust-std", Some(&version), "MIT OR Apache-2.0");
    component["cpe"] = cpe.into();
    component["properties"] = json!([{ "name": "rustc:commit-hash", "value": rustc("commit-hash")? }]);
    Ok(component)
}

/// The C library inside `libsqlite3-sys`, which has a version of its own, and advisories under that.
fn sqlite(crates: &Crates) -> Result<Option<Value>> {
    let Some(sources) = crates.sources_of("libsqlite3-sys") else { return Ok(None) };
    let header = sources.join("sqlite3/sqlite3.h");
    let text = fs::read_to_string(&header).with_context(|| format!("cannot read {}", header.display()))?;
    let version = text.lines().find_map(|line| line.strip_prefix("#define SQLITE_VERSION "));
    let version = version.map(|quoted| quoted.trim().trim_matches('"')).context("SQLite has no version")?;
    let mut component = linked("sqlite", Some(version), "blessing");
    component["cpe"] = format!("cpe:2.3:a:sqlite:sqlite:{version}:*:*:*:*:*:*:*").into();
    Ok(Some(component))
}

/// Names the distribution's package that `file` is from; without a version where no package manager of Debian knows.
fn packaged(name: &str, file: Option<&Path>, license: &str) -> Value {
    let Some(package) = file.and_then(owner) else { return linked(name, None, license) };
    let mut component = linked(name, Some(&package.version), license);
    let Package { name: package, version, architecture } = &package;
    let (id, release) = (os_release("ID"), os_release("VERSION_ID"));
    // A plus sign would be read as a space.
    let version = version.replace('+', "%2B").replace(':', "%3A");
    component["purl"] =
        format!("pkg:deb/{id}/{package}@{version}?arch={architecture}&distro={id}-{release}").into();
    component
}

fn linked(name: &str, version: Option<&str>, license: &str) -> Value {
    let mut component = json!({
        "type": "library",
        "bom-ref": name,
        "name": name,
        "scope": Scope::Image.as_str(),
        "licenses": [{ "expression": license }],
    });
    if let Some(version) = version {
        component["version"] = version.into();
    }
    component
}

/// A line of `rustc --version --verbose`.
fn rustc(key: &str) -> Result<String> {
    let told = Cmd::new("rustc").args(["--version", "--verbose"]).directory(kit::workspace::root()).ask()?;
    let value = told.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix(": "));
    value.map(str::to_owned).with_context(|| format!("rustc printed no {key}"))
}

/// Returns the file of a library that the linker takes.
fn library(name: &str) -> Option<PathBuf> {
    let told = Cmd::new("cc").arg(format!("-print-file-name={name}")).ask().ok()?;
    fs::canonicalize(told.trim()).ok()
}

struct Package {
    name: String,
    version: String,
    architecture: String,
}

fn owner(file: &Path) -> Option<Package> {
    let told = Cmd::new("dpkg-query").arg("--search").arg(file).ask().ok()?;
    let (package, _) = told.split_once(": ")?;
    let format = "--showformat=${Package} ${Version} ${Architecture}";
    let told = Cmd::new("dpkg-query").args(["--show", format, package]).ask().ok()?;
    let mut words = told.split_whitespace().map(str::to_owned);
    Some(Package { name: words.next()?, version: words.next()?, architecture: words.next()? })
}

fn os_release(key: &str) -> String {
    let text = fs::read_to_string("/etc/os-release").unwrap_or_default();
    let value = text.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix('='));
    value.unwrap_or_default().trim_matches('"').to_owned()
}
