//! A mounted directory as a source.
//!
//! The kubelet puts each generation of a volume into a folder of its own and swaps one link, `..data`, to it. Elsewhere
//! whole directories are swapped by a link or by rename(2), or files are replaced one by one. All of these are read in
//! the same way: a look resolves the path once and reaches everything else through open descriptors, and what it found
//! counts once a second look has found the same, unchanged to the change times. Between two such looks there was a moment
//! at which all of it was on disk together.
//!
//! `config/` and `secrets/` may also be volumes of their own, each with its link: each is then whole, but two objects
//! that change together arrive together only in one projected volume.

mod layout;
mod look;
mod mounted;
mod open;
mod unknown;

use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use sha2::{Digest as _, Sha256};

use crate::problem::Problem;
use contract::Contract;
use layout::Layout;
use look::Look;
pub(crate) use mounted::Mounted;
use mounted::directory_problem;
pub use unknown::Unknown;

/// Swaps come once a second at the most; a directory that changes between each two of these looks is broken.
const MAX_LOOKS: usize = 12;

/// Time between two looks at what is not swapped as a whole: a writer that works on must have been seen to. Nothing writes
/// while a fuzz target reads.
const PAUSE: Duration = if cfg!(fuzzing) { Duration::ZERO } else { Duration::from_millis(20) };

/// Looks in a row that must find the same thing missing: what is moved away is often moved back.
const FAULTY_LOOKS: usize = 5;

/// The directory, and what is known of it from the last read.
pub(crate) struct Directory {
    path: PathBuf,
    last: Mutex<Last>,
}

#[derive(Default)]
struct Last {
    /// The stamp of the look that the last read returned.
    stamp: Option<[u8; 32]>,
    /// The folders of the last read that found all of them.
    layout: Layout,
}

impl Directory {
    pub(crate) fn new(path: PathBuf) -> Self {
        Self { path, last: Mutex::default() }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Reads one state that was whole on disk; what is wrong with it goes to `problems`.
    ///
    /// A folder that the last read found and this one does not is a problem, never a set of defaults.
    pub(crate) fn read(&self, contract: &Contract, problems: &mut Vec<Problem>) -> Mounted {
        // Left whole by each holder, even by one that panicked.
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let (mut before, mut in_a_row) = (None, 0);
        for _ in 0..MAX_LOOKS {
            let mut look = Look::take(contract, &self.path, &last.layout);
            in_a_row = if before == Some(look.stamp) { in_a_row + 1 } else { 1 };
            let enough = if look.mounted.is_whole { 2 } else { FAULTY_LOOKS };
            // The last read's look is as good as one of this read.
            if in_a_row >= enough || last.stamp == Some(look.stamp) {
                if look.mounted.is_whole {
                    last.layout = look.layout;
                }
                last.stamp = Some(look.stamp);
                problems.append(&mut look.problems);
                return look.mounted;
            }
            before = Some(look.stamp);
            if !look.is_generation() {
                std::thread::sleep(PAUSE);
            }
        }
        last.stamp = None;
        let problem = directory_problem(&self.path, "changed during every attempt to read it");
        let content = Sha256::digest(problem.to_string()).into();
        problems.push(problem);
        Mounted { content, ..Mounted::default() }
    }
}
