//! `confpath import`: contracts from what other ecosystems print.
//!
//! Each source in `import/fixtures` is what the real library printed for the program beside it; `spring.json` is what
//! `spring-boot-configuration-processor` 3.4.1 wrote for a class with a field of each type and hints of two.

mod flags;
mod forms;
mod refusals;
mod verdict;

use std::process::Command;

use serde_json::Value;

use crate::{Run, Scene};

impl Scene {
    /// A folder without files.
    fn empty() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    /// Calls `confpath import` with `flags`, separated by blanks.
    fn import(&self, flags: &str) -> Run {
        let mut command = Command::new(env!("CARGO_BIN_EXE_confpath"));
        Run(command.current_dir(self.path()).arg("import").args(flags.split(' ')).output().unwrap())
    }

    /// Imports one schema of settings from `source.json`, with `flags`.
    fn import_schema(&self, schema: &Value, flags: &str) -> Run {
        self.write("source.json", serde_json::to_string_pretty(schema).unwrap());
        self.import(&format!("source.json {flags}"))
    }
}
