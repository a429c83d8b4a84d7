//! Images and chart into a registry, and what is told of them afterwards: `published.json`, which names all by digest, and
//! `published-values.yaml`, with which the chart runs that very image.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::time::{Duration, UNIX_EPOCH};

use anyhow::{Context as _, Result, bail};
use kit::tools::{self, Use};
use kit::{ui, workspace};
use serde_json::{Value, json};

use super::layout::{self, Packed};
use super::record::{Part, Record};
use super::referrer;
use super::registry::{Published, Registry};
use crate::program::Program;

const CHARTS: &str = "charts";

/// # Errors
/// Everything that speaks against pushing, before anything is pushed; or the registry refuses.
pub(super) fn run(to: &str, from: &[PathBuf], install: bool) -> Result<()> {
    let registry = Registry::parse(to)?;
    tools::require(&[Use::Release], install)?;
    let records = from.iter().map(|folder| Record::read(folder)).collect::<Result<Vec<_>>>()?;
    let Some(first) = records.first() else { bail!("nothing to push") };
    refuse(&problems(&records, registry.is_loopback()))?;

    let [service, tool] = Program::ALL.map(|program| Image::of(program, &records, &registry));
    let (service, tool) = (service?, tool?);
    let chart = registry.repository(&format!("{CHARTS}/{}", Program::Myapp.name()));
    let version = first.text("version");
    let chart_name = format!("{chart}:{version}");
    let chart_there = registry.published(&chart_name)?;
    let conflicts =
        [service.conflict(), tool.conflict(), chart_conflict(chart_there.as_ref(), first, &chart_name)];
    refuse(&conflicts.into_iter().flatten().collect::<Vec<_>>())?;

    service.push(&registry)?;
    tool.push(&registry)?;
    if chart_there.is_none() {
        as_old_as_the_commit(&first.path(Part::Chart), first)?;
        registry.push_chart(&first.path(Part::Chart), &registry.repository(CHARTS))?;
    }
    let chart_digest = arrived(&registry, &chart_name)?;
    let contract = first.path(Part::Contract);
    let contract = fs::read(&contract).with_context(|| format!("cannot read {}", contract.display()))?;
    let folder = service.joined.folder.join("contract");
    let subject = &service.joined.descriptor;
    let contract = referrer::attach(&registry, &service.repository, subject, contract, &folder)?;
    tell(&records, [&service, &tool], (&chart, &chart_digest), &contract)
}

/// The digest of what was pushed under a name.
fn arrived(registry: &Registry, name: &str) -> Result<String> {
    Ok(registry.published(name)?.with_context(|| format!("{name} did not arrive"))?.digest)
}

/// The image of a program, for all architectures.
struct Image {
    repository: String,
    /// Repository and tag.
    name: String,
    version: String,
    joined: Joined,
    /// The manifest under its name, if there is one already.
    there: Option<Published>,
}

impl Image {
    fn of(program: Program, records: &[Record], registry: &Registry) -> Result<Self> {
        let version = records.first().map(|record| record.text("version")).unwrap_or_default().to_owned();
        let repository = registry.repository(program.name());
        let name = format!("{repository}:{version}");
        let joined = Joined::of(program, records, &version)?;
        Ok(Self { there: registry.published(&name)?, repository, name, version, joined })
    }

    fn conflict(&self) -> Option<String> {
        let is_other = self.there.as_ref().is_some_and(|there| there.digest != self.joined.digest());
        is_other.then(|| taken(&self.name))
    }

    /// Pushes it, unless it is there.
    fn push(&self, registry: &Registry) -> Result<()> {
        if self.there.is_none() {
            registry.push_image(&self.joined.folder, &self.version, &self.name)?;
        }
        let arrived = arrived(registry, &self.name)?;
        if arrived != self.joined.digest() {
            bail!("the registry has {} as {arrived}, pushed was {}", self.name, self.joined.digest());
        }
        Ok(())
    }
}

/// Returns the reasons for which builds are not fit to be pushed.
fn problems(records: &[Record], is_loopback: bool) -> Vec<String> {
    let mut problems: Vec<String> = records.iter().flat_map(Record::faults).collect();
    for record in records {
        if record.is_modified() && !is_loopback {
            problems.push(format!(
                "{}: built from changes that are not committed; commit them and build again",
                record.folder().display()
            ));
        }
    }
    for (at, record) in records.iter().enumerate() {
        for earlier in &records[..at] {
            let both = format!("{} and {}", earlier.folder().display(), record.folder().display());
            for key in ["version", "commit"] {
                if earlier.text(key) != record.text(key) {
                    problems.push(format!("{both}: not of the same {key}"));
                }
            }
            for part in Part::PORTABLE {
                if earlier.digest(part) != record.digest(part) {
                    problems.push(format!("{both}: not the same {}", part.name()));
                }
            }
            if earlier.platform() == record.platform() {
                problems.push(format!("{both}: both for {}", record.platform()["architecture"]));
            }
        }
    }
    problems
}

/// A version is pushed once: whoever has pulled it has what it will always be.
fn taken(name: &str) -> String {
    format!("{name} is there already and is another one; raise the version (`cargo xtask release bump`)")
}

fn chart_conflict(there: Option<&Published>, record: &Record, name: &str) -> Option<String> {
    // Only the archive counts: its manifest is Helm's.
    let archive = there?.manifest.pointer("/layers/0/digest").cloned();
    (archive != Some(record.digest(Part::Chart).into())).then(|| taken(name))
}

fn refuse(problems: &[String]) -> Result<()> {
    if problems.is_empty() { Ok(()) } else { bail!("nothing was pushed:\n  {}", problems.join("\n  ")) }
}

/// A program's images of all records as one, in a folder that goes with this.
struct Joined {
    folder: PathBuf,
    descriptor: Value,
}

impl Joined {
    fn of(program: Program, records: &[Record], version: &str) -> Result<Self> {
        let folder = format!("target/release-joined-{}-{}", program.name(), std::process::id());
        let mut joined = Self { folder: workspace::root().join(folder), descriptor: Value::Null };
        let mut images: Vec<_> = records
            .iter()
            .map(|record| Packed { archive: record.path(Part::Image(program)), platform: record.platform() })
            .collect();
        // The same image whichever folder was named first.
        images.sort_by_key(|image| image.platform.to_string());
        joined.descriptor = layout::join(&images, &joined.folder, version)?;
        Ok(joined)
    }

    fn digest(&self) -> &str {
        self.descriptor["digest"].as_str().unwrap_or_default()
    }
}

impl Drop for Joined {
    fn drop(&mut self) {
        // What is left over is in the folder for what is built.
        fs::remove_dir_all(&self.folder).ok();
    }
}

/// Helm writes the file's time into the chart's manifest.
fn as_old_as_the_commit(chart: &Path, record: &Record) -> Result<()> {
    let file = File::options().write(true).open(chart);
    let time = UNIX_EPOCH + Duration::from_secs(record.seconds());
    file.and_then(|file| file.set_modified(time)).with_context(|| format!("cannot date {}", chart.display()))
}

/// Prints what was pushed, and writes it beside the first of the folders.
fn tell(records: &[Record], images: [&Image; 2], chart: (&str, &str), contract: &str) -> Result<()> {
    let Some(first) = records.first() else { return Ok(()) };
    let version = first.text("version");
    let platforms: Vec<_> = records.iter().map(|record| record.platform().clone()).collect();
    let [values, mut service, mut tool] = [images[0], images[0], images[1]].map(|image| {
        let (repository, digest) = (&image.repository, image.joined.digest());
        json!({ "repository": repository, "tag": version, "digest": digest })
    });
    service["contract"] = json!({ "artifactType": referrer::TYPE, "digest": contract });
    for image in [&mut service, &mut tool] {
        image["platforms"] = platforms.clone().into();
    }
    let published = json!({
        "version": version,
        "commit": first.text("commit"),
        "image": service,
        "chart": { "repository": format!("oci://{}", chart.0), "version": version, "digest": chart.1 },
        "confpath": tool,
    });
    // JSON is YAML as well.
    let values = json!({ "image": values });
    for (name, document) in [("published.json", &published), ("published-values.yaml", &values)] {
        let path = first.folder().join(name);
        fs::write(&path, format!("{document:#}\n"))
            .with_context(|| format!("cannot write {}", path.display()))?;
    }
    for image in images {
        ui::say(format!("image  {}@{}", image.repository, image.joined.digest()));
    }
    ui::say(format!("chart  oci://{}@{}", chart.0, chart.1));
    Ok(())
}
