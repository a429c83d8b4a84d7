//! Image, start and idle memory of the static release binary, beside what they are to stay below.

use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, Result};
use flate2::Compression;
use flate2::write::GzEncoder;
use kit::ui;
use release::Program;
use release::image::{self, megabytes};

use super::client::Client;
use super::memory::Memory;
use super::report::{self, Row, milliseconds};
use super::server::{Launch, Server};
use super::spread::Spread;

const IMAGE_AIM: u64 = 4_000_000;
const START_AIM: Duration = Duration::from_millis(15);
const MEMORY_AIM: u64 = 8_000_000;
/// Target for the service's memory with this many open connections.
pub(super) const LOADED_MEMORY_AIM: u64 = 24_000_000;
const CONNECTIONS: usize = 512;

const STARTS: usize = 20;
/// After this a process that is left alone has done what it does at the start.
const SETTLED: Duration = Duration::from_secs(2);
const REQUESTS: usize = 1000;
/// Requests per connection.
const ASKED: usize = 20;

pub(super) fn run(install: bool) -> Result<()> {
    let image = image::archive(Program::Myapp, &image::Options { install, rebuild: false })?.size()?;
    let binary = image::binary::build(Program::Myapp)?;
    let starts = starts(&binary)?;
    let (idle, served) = memory(&binary)?;
    let loaded = loaded(&binary)?;

    let rows = [
        Row::new("image, layers compressed", megabytes(image.compressed))
            .aim(megabytes(IMAGE_AIM), image.compressed <= IMAGE_AIM),
        Row::new("image, layers", megabytes(image.uncompressed)),
        Row::new("binary", megabytes(fs::metadata(&binary)?.len())),
        Row::new(&format!("exec to first 200 on /healthz, median of {STARTS}"), milliseconds(starts.median))
            .aim(milliseconds(START_AIM), starts.median <= START_AIM),
        Row::new("  fastest", milliseconds(starts.least)),
        Row::new("  slowest", milliseconds(starts.most)),
        Row::new(&format!("resident memory after {} s idle", SETTLED.as_secs()), megabytes(idle.resident))
            .aim(megabytes(MEMORY_AIM), idle.resident <= MEMORY_AIM),
        Row::new("  its proportional share", megabytes(idle.proportional)),
        Row::new(&format!("resident memory after {REQUESTS} requests"), megabytes(served.resident)),
        Row::new("  its proportional share", megabytes(served.proportional)),
        Row::new(&format!("most resident memory with {CONNECTIONS} connections in use"), megabytes(loaded))
            .aim(megabytes(LOADED_MEMORY_AIM), loaded <= LOADED_MEMORY_AIM),
    ];
    ui::say(report::machine());
    ui::say(report::table(&rows));
    Ok(())
}

/// Number of bytes of a file, compressed as in a layer of an image.
pub(super) fn compressed(path: &Path) -> Result<u64> {
    let bytes = fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(&bytes)?;
    Ok(encoder.finish()?.len() as u64)
}

fn starts(binary: &Path) -> Result<Spread> {
    let mut times = Vec::with_capacity(STARTS);
    for _ in 0..STARTS {
        times.push(Server::start(binary)?.first_answer());
    }
    Spread::of(times)
}

/// Idle, and after requests.
fn memory(binary: &Path) -> Result<(Memory, Memory)> {
    let server = Server::start(binary)?;
    std::thread::sleep(SETTLED);
    let idle = Memory::of(server.pid())?;
    for _ in 0..REQUESTS {
        server.get("/config")?;
    }
    Ok((idle, Memory::of(server.pid())?))
}

/// With connections that stay, all of which have been answered, and a log line for each request.
fn loaded(binary: &Path) -> Result<u64> {
    let environment = [("LOG_LEVEL", "info")];
    let server = Server::start_with(binary, Launch { environment: &environment, ..Launch::default() })?;
    let mut clients =
        (0..CONNECTIONS).map(|_| Client::connect(server.public())).collect::<Result<Vec<_>>>()?;
    for _ in 0..ASKED {
        for client in &mut clients {
            client.get("/config")?;
        }
    }
    Memory::peak(server.pid())
}
