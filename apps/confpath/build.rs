//! Embeds the files of the library chart, which `confpath generate` puts into a service's chart.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

fn main() -> io::Result<()> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../charts/confpath");
    let mut files = Vec::new();
    collect(&folder, &mut files)?;
    files.sort();
    let mut code = "&[\n".to_owned();
    for path in files {
        let name = path.strip_prefix(&folder).map_err(io::Error::other)?;
        // Writing to a String cannot fail.
        let _ = writeln!(
            code,
            "    ({:?}, include_str!({:?})),",
            name.to_string_lossy().replace('\\', "/"),
            path
        );
    }
    code.push_str("]\n");
    let out = env::var_os("OUT_DIR").ok_or_else(|| io::Error::other("OUT_DIR is not set"))?;
    fs::write(Path::new(&out).join("library_chart.rs"), code)
}

/// Collects the files below `folder`. Cargo runs this program again when one of them changes.
fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    println!("cargo::rerun-if-changed={}", folder.display());
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            collect(&path, files)?;
        } else {
            files.push(path);
        }
    }
    Ok(())
}
