//! The service with everything on beside bare hyper, nginx and Flask: the same bytes, one processor each, in turns.
//!
//! Data flows one way: [`answers`] are what the service says; [`servers`] say the same; [`load`] and [`latency`] ask them in [`rounds`];
//! [`telemetry`] proves that the service told all of it; [`verdict`] holds the figures against the aims.

mod answers;
mod collector;
mod latency;
mod load;
mod options;
mod processor_time;
mod program;
mod rounds;
mod servers;
mod service;
mod telemetry;
mod verdict;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use kit::tools::{self, Use};
use kit::{ui, workspace};
use release::{Program, image};

use super::processors::Processors;
use super::report;
use latency::Clock;
use load::{Load, Scenario};
pub(crate) use options::Options;
use rounds::Loads;
use servers::{HttpServer, Programs};

const HEADLINE: Scenario = Scenario { path: "/config", connections: 64 };
const SCENARIOS: [Scenario; 4] = [
    HEADLINE,
    Scenario { path: "/config", connections: 512 },
    Scenario { path: "/healthz", connections: 64 },
    Scenario { path: "/healthz", connections: 512 },
];

/// # Errors
/// Something does not build or run, the telemetry of the service was not complete, or an aim is missed.
pub(super) fn run(install: bool, options: &Options) -> Result<()> {
    let processors = Processors::find()?;
    tools::require(&[Use::Bench], install)?;
    let programs = Programs {
        service: image::binary::build(Program::Myapp)?,
        folder: image::binary::build_programs("bench-programs")?,
        processors,
    };
    let folder = Folder::new()?;
    let loads = Loads {
        wrk: Load::new(processors, &folder.0)?,
        clock: Clock::new(programs.folder.join("latency_load"), processors.load),
    };
    if options.ablation {
        ablation(&programs, &folder.0, &loads, options)
    } else {
        comparison(&programs, &folder.0, &loads, options)
    }
}

fn comparison(programs: &Programs, folder: &Path, loads: &Loads, options: &Options) -> Result<()> {
    let servers = servers::all(programs, folder)?;
    let measured = rounds::run(&servers, &SCENARIOS, loads, options)?;
    let seen = measured.iter().map(|measured| measured.requests(servers::SERVICE)).sum();
    let failures = measured.iter().map(|measured| measured.failures(servers::SERVICE)).sum();

    ui::say(report::machine());
    let service = servers.iter().find_map(HttpServer::service);
    let service = service.context("the service is not among the servers")?;
    let complete = telemetry::check(service, &telemetry::Clients { seen, failures })?;
    ui::say(format!("\ntelemetry of the service in these rounds\n{}", report::table(&complete)));
    measured.iter().for_each(|measured| ui::say(measured.table(&servers)));
    let aims = verdict::rows(&measured, service)?;
    ui::say(format!("\naims\n{}", report::table(&aims)));
    let missed = complete.iter().chain(&aims).filter(|row| row.is_missed()).count();
    if complete.iter().any(report::Row::is_missed) {
        bail!("the telemetry was not complete, so the ratios do not count ({missed} aims missed)");
    }
    if missed > 0 { bail!("{missed} aims missed") } else { Ok(()) }
}

fn ablation(programs: &Programs, folder: &Path, loads: &Loads, options: &Options) -> Result<()> {
    let servers = servers::ablation(programs, folder)?;
    let measured = rounds::run(&servers, &[HEADLINE], loads, options)?;
    ui::say(report::machine());
    measured.iter().for_each(|measured| ui::say(measured.table(&servers)));
    Ok(())
}

/// For the files that the servers and wrk read. Removed with its owner.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Result<Self> {
        let path = workspace::root().join(format!("target/bench/http-{}", std::process::id()));
        fs::create_dir_all(&path).with_context(|| format!("cannot create {}", path.display()))?;
        Ok(Self(path))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        fs::remove_dir_all(&self.0).ok();
    }
}
