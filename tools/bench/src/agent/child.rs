//! Children alone and under the agent, with one contract and one mounted configuration.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use anyhow::{Context as _, Result};
use tempfile::TempDir;
use test_support::kubelet_volume::KubeletVolume;

use crate::stop::stop;

const CONTRACT: &str = r#"{
  "$schema": "https://json-schema.org/draft/2020-12/schema",
  "type": "object",
  "required": ["PORT", "TOKEN"],
  "properties": {
    "PORT": { "type": "integer", "minimum": 1, "maximum": 65535, "x-on-change": "hot" },
    "TOKEN": { "type": "string", "x-secret": true, "minLength": 4, "maxLength": 4096, "x-on-change": "hot" }
  }
}
"#;

/// The configuration for consul-template, which reads the mounted files.
const TEMPLATE: &str = r#"{{ file "mount/config/PORT" }} {{ file "mount/secrets/TOKEN" }}"#;

/// Kept in memory, as the volumes of a pod are: the mounted configuration (a projected volume) and OUT (an `emptyDir` of medium
/// `Memory`).
const VOLUMES: &str = "/dev/shm";

/// Folder with contract and configuration. Removed with its owner.
pub(super) struct Scene {
    confpath: PathBuf,
    folder: TempDir,
}

/// A child or its parent, ended with its owner.
pub(super) struct Running(pub(super) Child);

impl Scene {
    pub(super) fn new(confpath: &Path) -> Result<Self> {
        let folder = tempfile::tempdir_in(VOLUMES).with_context(|| format!("cannot use {VOLUMES}"))?;
        std::fs::write(folder.path().join("contract.json"), CONTRACT)?;
        let scene = Self { confpath: confpath.to_owned(), folder };
        scene.mount(8080)?;
        Ok(scene)
    }

    /// Swaps the configuration as the kubelet does.
    pub(super) fn mount(&self, port: usize) -> Result<()> {
        let token = "a token of forty characters, as they are";
        let files = [("config/PORT", port.to_string()), ("secrets/TOKEN", token.to_owned())];
        Ok(KubeletVolume::new(self.folder.path().join("mount")).write(&files)?)
    }

    pub(super) fn path(&self) -> &Path {
        self.folder.path()
    }

    pub(super) fn alone(&self, child: &[&str]) -> Command {
        let [program, arguments @ ..] = child else { return Command::new("true") };
        let mut command = Command::new(program);
        command.args(arguments).current_dir(self.path()).stdin(Stdio::null());
        command
    }

    pub(super) fn agent(&self, flags: &[&str], child: &[&str]) -> Command {
        let mut command = Command::new(&self.confpath);
        command.current_dir(self.path()).stdin(Stdio::null());
        command.args(["run", "--contract", "contract.json", "--config-dir", "mount", "--out", "out"]);
        command.args(flags).arg("--").args(child).stderr(Stdio::null());
        command
    }

    /// The same child under consul-template, which renders the same files and sends the same signal.
    pub(super) fn consul_template(&self, program: &Path, child: &str) -> Result<Command> {
        std::fs::write(self.path().join("settings.tpl"), TEMPLATE).context("cannot write the template")?;
        let mut command = Command::new(program);
        command.current_dir(self.path()).stdin(Stdio::null()).stderr(Stdio::null());
        // It gives the line to a shell, which must not stay: the signal goes to that, too, and would end it.
        let line = format!("exec {child}");
        command.args(["-template", "settings.tpl:settings", "-exec", &line, "-exec-reload-signal", "SIGHUP"]);
        Ok(command)
    }
}

impl Running {
    pub(super) fn start(mut command: Command) -> Result<Self> {
        Ok(Self(command.stdout(Stdio::null()).spawn().context("cannot start the parent of the child")?))
    }

    pub(super) fn id(&self) -> u32 {
        self.0.id()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        stop(&mut self.0);
    }
}
