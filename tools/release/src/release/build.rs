//! The artifacts of a release, made so that the same commit gives the same bytes: every time in them is the commit's, every path
//! is the same on every machine, and what is in an archive is in the order of its names.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result, bail};
use kit::process::Cmd;
use kit::tools::{self, Use};
use kit::{oci, ui, workspace};

use super::record::{Part, Record};
use super::{archive, layout};
use crate::image::artifact::CONTRACT;
use crate::image::commit::Commit;
use crate::image::{self, Archive};
use crate::program::Program;

const VERSION: &str = workspace::VERSION;
const CHART: &str = "charts/myapp";

/// # Errors
/// The checkout is none of Git's, the folder holds something else, or a part cannot be made.
pub(super) fn run(output: &Path, install: bool) -> Result<()> {
    tools::require(&[Use::Release], install)?;
    let commit = Commit::checked_out().context("no commit: a release is made of a checkout of Git")?;
    if commit.modified {
        ui::say(
            "the checkout holds changes that are not committed: this cannot be pushed but to this machine",
        );
    }
    let options = image::Options { install, ..Default::default() };
    let built = |program| image::release(program, &options, &commit);
    let [(service_image, service), (tool_image, tool)] = [built(Program::Myapp)?, built(Program::Confpath)?];
    make_room(output)?;
    put(output, Part::Binary, &service.binary)?;
    put(output, Part::Sbom(Program::Myapp), &service.sbom)?;
    image(output, Program::Myapp, &service_image)?;
    chart(output, &commit)?;
    let contract = fs::read(workspace::root().join(CONTRACT));
    put(output, Part::Contract, &contract.with_context(|| format!("cannot read {CONTRACT}"))?)?;
    manual(output)?;
    archive::write(output, &tool.binary)?;
    put(output, Part::Sbom(Program::Confpath), &tool.sbom)?;
    image(output, Program::Confpath, &tool_image)?;
    let rustc = Cmd::new("rustc").arg("--version").directory(workspace::root()).ask()?;
    let record = Record::write(output, VERSION, &commit, rustc.trim())?;
    for part in Part::ALL {
        ui::say(format!("{}  {}", record.digest(part), record.path(part).display()));
    }
    Ok(())
}

/// An empty folder. What an earlier build left there goes; what anyone else did stays, and is an error.
fn make_room(output: &Path) -> Result<()> {
    let is_empty = fs::read_dir(output).map_or(true, |mut entries| entries.next().is_none());
    if !is_empty && !Record::is_in(output) {
        bail!("{} holds something that is no release; name another folder with --output", output.display());
    }
    if !is_empty {
        fs::remove_dir_all(output).with_context(|| format!("cannot empty {}", output.display()))?;
    }
    fs::create_dir_all(output).with_context(|| format!("cannot create {}", output.display()))
}

fn put(output: &Path, part: Part, content: &[u8]) -> Result<()> {
    let path = output.join(part.file(VERSION, oci::architecture()));
    fs::write(&path, content).with_context(|| format!("cannot write {}", path.display()))
}

fn image(output: &Path, program: Program, archive: &Archive) -> Result<()> {
    let folder = output.join("layout");
    // Without a policy of the machine: that is about images that come from elsewhere.
    Cmd::new("skopeo")
        .args(["--insecure-policy", "copy", "--quiet", "--format=oci", "--dest-compress-level=9"])
        .arg(format!("docker-archive:{}", archive.path.display()))
        .arg(format!("oci:{}:{VERSION}", folder.display()))
        .run()?;
    layout::pack(&folder, &output.join(Part::Image(program).file(VERSION, oci::architecture())))?;
    fs::remove_dir_all(&folder).with_context(|| format!("cannot remove {}", folder.display()))
}

fn chart(output: &Path, commit: &Commit) -> Result<()> {
    // Helm gives every file of the archive this time, root as its owner and one mode.
    Cmd::new("helm")
        .args(["package", CHART, "--destination"])
        .arg(fs::canonicalize(output)?)
        .env("SOURCE_DATE_EPOCH", commit.seconds.to_string())
        .directory(workspace::root())
        .run()
        .map(drop)
}

fn manual(output: &Path) -> Result<()> {
    let folder = archive::manual(output, Program::Myapp)?;
    layout::pack(&folder, &output.join(Part::Manual.file(VERSION, oci::architecture())))?;
    fs::remove_dir_all(&folder).with_context(|| format!("cannot remove {}", folder.display()))
}
