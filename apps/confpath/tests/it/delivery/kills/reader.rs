//! A reader beside the service, such as another container of the pod: it outlives the agent.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, ErrorKind};
use std::os::fd::OwnedFd;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use rustix::fs::{Mode, OFlags, open};
use serde_json::{Value, json};

use super::super::generations::text;
use super::token;

/// Generations that a reader has seen.
#[derive(Default)]
pub(super) struct Seen {
    /// Reads of a whole generation.
    pub(super) whole: usize,
    /// Reads of a generation whose files went meanwhile.
    pub(super) gone: usize,
    /// The number of the configuration under each digest.
    numbers: BTreeMap<String, u64>,
    last: u64,
}

/// Reads generations in a loop, by one descriptor each, or by one resolution of the link.
///
/// # Errors
/// A fault: a torn generation, or one older than what was there before; `ended` is set then.
pub(super) fn read_until(ended: &AtomicBool, current: &Path, by_descriptor: bool) -> Result<Seen, String> {
    let mut seen = Seen::default();
    while !ended.load(Ordering::SeqCst) {
        if let Err(fault) = read(&mut seen, current, by_descriptor) {
            ended.store(true, Ordering::SeqCst);
            return Err(fault);
        }
    }
    Ok(seen)
}

fn read(seen: &mut Seen, current: &Path, by_descriptor: bool) -> Result<(), String> {
    let link = fs::read_link(current).map_err(|error| format!("the link: {error}"))?;
    let path = if by_descriptor { current.to_owned() } else { current.with_file_name(&link) };
    let opened = open(&path, OFlags::RDONLY | OFlags::DIRECTORY, Mode::empty()).map_err(io::Error::from);
    match opened.and_then(|generation| texts(&generation)) {
        Ok(texts) => seen.check(texts),
        // An agent that starts leaves nothing but the generation in force.
        Err(error) if error.kind() == ErrorKind::NotFound && fs::read_link(current).ok() != Some(link) => {
            seen.gone += 1;
            Ok(())
        }
        Err(error) => Err(format!("a file of the generation in force: {error}")),
    }
}

/// Texts of `digest`, `config.json`, both settings and the secret.
fn texts(generation: &OwnedFd) -> io::Result<[String; 5]> {
    let read = |name: &str| text(generation, name);
    let [mode, document, secret] = [read("config/MODE")?, read("config.json")?, read("secrets/TOKEN")?];
    Ok([read("digest")?, document, read("config/ECHO")?, mode, secret])
}

impl Seen {
    /// Checks that all texts are of one configuration, and that no earlier one comes back.
    fn check(&mut self, [digest, document, echo, mode, secret]: [String; 5]) -> Result<(), String> {
        let torn = |what: &str| Err(format!("{what}: {digest} {document} {echo} {mode}"));
        let Ok(number) = mode.parse::<u64>() else { return torn("no number") };
        let expected = json!({ "ECHO": mode, "MODE": mode, "PORT": 80, "TOKEN": token(number) });
        let is_whole = echo == mode && secret == token(number);
        if !is_whole || serde_json::from_str::<Value>(&document).ok() != Some(expected) {
            return torn("torn");
        }
        if digest.len() != 64 || *self.numbers.entry(digest.clone()).or_insert(number) != number {
            return torn("a digest of two configurations");
        }
        if number < self.last {
            return torn(&format!("older than {}", self.last));
        }
        self.last = number;
        self.whole += 1;
        Ok(())
    }
}
