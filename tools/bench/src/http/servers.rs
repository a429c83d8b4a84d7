//! The servers that are compared, all running at once; the one without load takes no time.

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use kit::tools;

use super::super::processors::{Processors, pinned};
use super::super::server::free_addresses;
use super::answers::{Answer, Answers};
use super::collector::Collector;
use super::program::Program;
use super::service::{Features, Service};

const FLASK_APP: &str = include_str!("flask_app.py");

/// The built programs and their processors.
pub(super) struct Programs {
    pub(super) service: PathBuf,
    /// The folder with `bare_hyper`, `collector` and `latency_load`.
    pub(super) folder: PathBuf,
    pub(super) processors: Processors,
}

enum Running {
    Service(Service),
    Other(Program),
}

pub(super) struct HttpServer {
    pub(super) name: &'static str,
    server: Running,
}

impl HttpServer {
    fn other(name: &'static str, program: Program) -> Self {
        Self { name, server: Running::Other(program) }
    }

    pub(super) fn service(&self) -> Option<&Service> {
        match &self.server {
            Running::Service(service) => Some(service),
            Running::Other(_) => None,
        }
    }

    pub(super) fn address(&self) -> SocketAddr {
        match &self.server {
            Running::Service(service) => service.server.public(),
            Running::Other(program) => program.address(),
        }
    }

    pub(super) fn pid(&self) -> u32 {
        match &self.server {
            Running::Service(service) => service.server.pid(),
            Running::Other(program) => program.pid(),
        }
    }
}

/// Positions in the result of [`all`]; the baseline is in that of [`ablation`] too.
pub(super) const BASELINE: usize = 0;
pub(super) const SERVICE: usize = 1;
/// The baseline's program once more: how far it is from itself is what a run cannot tell.
pub(super) const CONTROL: usize = 2;
pub(super) const FLASK: usize = 4;

/// Each proven to give the same answers.
pub(super) fn all(programs: &Programs, folder: &Path) -> Result<Vec<HttpServer>> {
    let service = programs.start_service(Features::ALL)?;
    let answers = Answers::of(service.server.public())?;
    let file = answers.write(folder)?;
    let servers = vec![
        HttpServer::other("bare hyper", programs.bare_hyper(&file)?),
        HttpServer { name: "the service, everything on", server: Running::Service(service) },
        HttpServer::other("bare hyper once more", programs.bare_hyper(&file)?),
        HttpServer::other("nginx", programs.nginx(&answers, folder)?),
        HttpServer::other("gunicorn + Flask", programs.flask(&file, folder)?),
    ];
    servers.iter().try_for_each(|one| answers.compare(one.name, one.address()))?;
    Ok(servers)
}

/// The service with everything on and with one thing off at a time, beside the baseline.
pub(super) fn ablation(programs: &Programs, folder: &Path) -> Result<Vec<HttpServer>> {
    let variants = [
        ("everything on", Features::ALL),
        ("no request log", Features { request_log: false, ..Features::ALL }),
        ("no traces", Features { traces: false, ..Features::ALL }),
        ("neither", Features { request_log: false, traces: false }),
    ];
    let mut servers = Vec::new();
    for (name, features) in variants {
        let server = Running::Service(programs.start_service(features)?);
        servers.push(HttpServer { name, server });
    }
    let file = Answers::of(servers[0].address())?.write(folder)?;
    let baseline = HttpServer::other("bare hyper", programs.bare_hyper(&file)?);
    servers.insert(BASELINE, baseline);
    Ok(servers)
}

impl Programs {
    fn start_service(&self, features: Features) -> Result<Service> {
        Service::start(&self.service, &self.collector(), self.processors, features)
    }

    fn collector(&self) -> PathBuf {
        self.folder.join("collector")
    }

    fn bare_hyper(&self, answers: &Path) -> Result<Program> {
        let [address, ..] = free_addresses()?;
        let mut command = pinned(self.processors.server, self.folder.join("bare_hyper"));
        command.env_clear().arg(address.to_string()).arg(answers);
        Program::start(command, address, None)
    }

    /// With a log line for each request, as the service has, written in batches, as the service does.
    fn nginx(&self, answers: &Answers, folder: &Path) -> Result<Program> {
        let [address, ..] = free_addresses()?;
        let folder = folder.join("nginx");
        let file = folder.join("nginx.conf");
        fs::create_dir_all(&folder).with_context(|| format!("cannot create {}", folder.display()))?;
        fs::write(&file, nginx_configuration(address, &answers.0)?)?;
        // Debian keeps it where the path of a plain user does not lead.
        let mut command = pinned(self.processors.server, "nginx");
        command.env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin").arg("-p").arg(&folder).arg("-c").arg(&file);
        command.args(["-e", "stderr"]);
        Program::start(command, address, Some(Collector::start(&self.collector(), self.processors.load)?))
    }

    /// The fastest of what people use on one processor: threads keep connections where `sync` workers close them, and more
    /// workers have nothing to run on. Without a log, which is its default.
    fn flask(&self, answers: &Path, folder: &Path) -> Result<Program> {
        let [address, ..] = free_addresses()?;
        fs::write(folder.join("flask_app.py"), FLASK_APP)?;
        let mut command = pinned(self.processors.server, tools::built("gunicorn"));
        command.args(["--worker-class", "gthread", "--workers", "1", "--threads", "4", "--keep-alive", "75"]);
        command.args(["--graceful-timeout", "1", "--bind", &address.to_string(), "--chdir"]).arg(folder);
        command
            .arg("flask_app:app")
            .env("ANSWERS", answers)
            .env("PYTHONPATH", tools::python_path("gunicorn"));
        Program::start(command, address, None)
    }
}

fn nginx_configuration(address: SocketAddr, answers: &[Answer]) -> Result<String> {
    let locations = answers.iter().map(nginx_location).collect::<Result<String>>()?;
    Ok(include_str!("nginx.conf")
        .replace("{address}", &address.to_string())
        .replace("{locations}", &locations))
}

fn nginx_location(answer: &Answer) -> Result<String> {
    if answer.body.contains('$') {
        bail!("nginx would take a part of this body for a variable: {}", answer.body);
    }
    let body = answer.body.replace('\\', r"\\").replace('\'', r"\'");
    let headers = answer.headers.iter().map(|(name, value)| match name.as_str() {
        "content-type" => format!("default_type '{value}'; "),
        _ => format!("add_header {name} '{value}'; "),
    });
    Ok(format!("location = {} {{ {}return 200 '{body}'; }}\n", answer.path, headers.collect::<String>()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(body: &str) -> Answer {
        let headers = [("cache-control", "no-store"), ("content-type", "application/json")];
        let headers = headers.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
        Answer { path: "/config", headers, body: body.to_owned() }
    }

    #[test]
    fn a_quote_does_not_end_what_nginx_answers() {
        let expected = "location = /config { add_header cache-control 'no-store'; \
                        default_type 'application/json'; return 200 'it\\'s'; }\n";
        assert_eq!(nginx_location(&answer("it's")).unwrap(), expected);
    }

    #[test]
    fn a_body_that_nginx_would_change_is_refused() {
        assert!(nginx_location(&answer("$host")).is_err());
    }
}
