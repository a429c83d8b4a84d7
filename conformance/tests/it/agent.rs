//! The agent around a service that reads by the generated Python reader.

use std::fs;
use std::process::Command;

use super::languages;
use super::live;
use super::run::{Reader, driver};

/// The driver of the agent.
pub(super) fn agent() -> Reader {
    Reader {
        name: "agent",
        build: |suite, folder| {
            let program = test_support::built::build(&["--package", "confpath", "--bin", "confpath"]);
            let readers = folder.join("readers");
            fs::create_dir_all(&readers).unwrap();
            (languages::python().build)(suite, &readers);
            let mut command = Command::new("python3");
            command.arg(driver("agent/driver.py")).arg(program.unwrap()).arg(live::contracts(suite));
            command.env("PYTHONPATH", readers);
            command
        },
    }
}
