//! Image and chart into a registry, and what is told of them afterwards: `published.json`, which names both by digest, and
//! `published-values.yaml`, with which the chart runs that very image.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::time::{Duration, UNIX_EPOCH};

use anyhow::{Context as _, Result, bail};
use kit::tools::{self, Use};
use kit::{ui, workspace};
use serde_json::json;

use super::layout::{self, Packed};
use super::record::{Part, Record};
use super::registry::{Published, Registry};

const IMAGE: &str = "myapp";
const CHARTS: &str = "charts";

/// # Errors
/// Everything that speaks against pushing, before anything is pushed; or the registry refuses.
pub(super) fn run(to: &str, from: &[PathBuf], install: bool) -> Result<()> {
    let registry = Registry::parse(to)?;
    tools::require(&[Use::Release], install)?;
    let records = from.iter().map(|folder| Record::read(folder)).collect::<Result<Vec<_>>>()?;
    let Some(first) = records.first() else { bail!("nothing to push") };
    refuse(&problems(&records, registry.is_loopback()))?;

    let joined = Joined::of(&records)?;
    let (image, chart) = (registry.repository(IMAGE), registry.repository(&format!("{CHARTS}/{IMAGE}")));
    let version = first.text("version");
    let there = [registry.published(&image, version)?, registry.published(&chart, version)?];
    refuse(&conflicts(&there, &joined.digest, first, [&image, &chart]))?;

    let [image_there, chart_there] = there.map(|published| published.is_some());
    if !image_there {
        registry.push_image(&joined.folder, &image, version)?;
    }
    if !chart_there {
        as_old_as_the_commit(&first.path(Part::Chart), first)?;
        registry.push_chart(&first.path(Part::Chart), &registry.repository(CHARTS))?;
    }
    let digest_of = |repository: &str| {
        let published = registry.published(repository, version)?;
        Ok::<_, anyhow::Error>(
            published.with_context(|| format!("{repository}:{version} did not arrive"))?.digest,
        )
    };
    let image_digest = digest_of(&image)?;
    if image_digest != joined.digest {
        bail!("the registry has {image}:{version} as {image_digest}, pushed was {}", joined.digest);
    }
    tell(&records, [(&image, &image_digest), (&chart, &digest_of(&chart)?)])
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
            if earlier.digest(Part::Chart) != record.digest(Part::Chart) {
                problems.push(format!("{both}: the charts are not the same"));
            }
            if earlier.platform() == record.platform() {
                problems.push(format!("{both}: both for {}", record.platform()["architecture"]));
            }
        }
    }
    problems
}

/// A version is pushed once: whoever has pulled it has what it will always be.
fn conflicts(there: &[Option<Published>; 2], image: &str, record: &Record, names: [&str; 2]) -> Vec<String> {
    let [there_image, there_chart] = there;
    let version = record.text("version");
    let told = |name: &str| {
        format!(
            "{name}:{version} is there already and is another one; raise the version (`cargo xtask release bump`)"
        )
    };
    let mut conflicts = Vec::new();
    if there_image.as_ref().is_some_and(|published| published.digest != image) {
        conflicts.push(told(names[0]));
    }
    // Of a chart only the archive counts: its manifest is Helm's.
    let archive = |published: &Published| published.manifest.pointer("/layers/0/digest").cloned();
    if there_chart
        .as_ref()
        .is_some_and(|published| archive(published) != Some(record.digest(Part::Chart).into()))
    {
        conflicts.push(told(names[1]));
    }
    conflicts
}

fn refuse(problems: &[String]) -> Result<()> {
    if problems.is_empty() { Ok(()) } else { bail!("nothing was pushed:\n  {}", problems.join("\n  ")) }
}

/// The images of all records as one, in a folder that goes with this.
struct Joined {
    folder: PathBuf,
    digest: String,
}

impl Joined {
    fn of(records: &[Record]) -> Result<Self> {
        let folder = workspace::root().join(format!("target/release-joined-{}", std::process::id()));
        let mut joined = Self { folder, digest: String::new() };
        let mut images: Vec<_> = records
            .iter()
            .map(|record| Packed { archive: record.path(Part::Image), platform: record.platform() })
            .collect();
        // The same image whichever folder was named first.
        images.sort_by_key(|image| image.platform.to_string());
        let version = records.first().map(|record| record.text("version")).unwrap_or_default();
        joined.digest = layout::join(&images, &joined.folder, version)?;
        Ok(joined)
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
fn tell(records: &[Record], [image, chart]: [(&str, &str); 2]) -> Result<()> {
    let Some(first) = records.first() else { return Ok(()) };
    let version = first.text("version");
    let platforms: Vec<_> = records.iter().map(|record| record.platform().clone()).collect();
    let published = json!({
        "version": version,
        "commit": first.text("commit"),
        "image": { "repository": image.0, "tag": version, "digest": image.1, "platforms": platforms },
        "chart": { "repository": format!("oci://{}", chart.0), "version": version, "digest": chart.1 },
    });
    // JSON is YAML as well.
    let values = json!({ "image": { "repository": image.0, "tag": version, "digest": image.1 } });
    for (name, document) in [("published.json", &published), ("published-values.yaml", &values)] {
        let path = first.folder().join(name);
        fs::write(&path, format!("{document:#}\n"))
            .with_context(|| format!("cannot write {}", path.display()))?;
    }
    ui::say(format!("image  {}@{}", image.0, image.1));
    ui::say(format!("chart  oci://{}@{}", chart.0, chart.1));
    Ok(())
}
