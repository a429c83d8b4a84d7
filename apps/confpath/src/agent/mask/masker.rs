//! The replacement of secrets in a stream, whatever pieces it comes in.

use std::ops::Range;
use std::sync::Arc;

use aho_corasick::automaton::StateID;
use zeroize::Zeroizing;

use super::needles::Needles;

/// Stands for a secret, or for several that overlap.
pub(super) const MASK: &[u8] = b"********";

/// One stream on its way. Holds back no more than the longest needle.
pub(super) struct Masker {
    needles: Arc<Needles>,
    state: StateID,
    /// Text that is not passed on yet.
    text: Zeroizing<Vec<u8>>,
    /// Bytes at its beginning for which a mask has been passed on.
    covered: usize,
    /// Secrets in the rest, in their order, apart.
    found: Vec<Range<usize>>,
}

impl Masker {
    pub(super) fn new(needles: Arc<Needles>) -> Self {
        let state = needles.start();
        Self { needles, state, text: Zeroizing::default(), covered: 0, found: Vec::new() }
    }

    /// Takes other needles from the next text on; what is held back is searched again.
    pub(super) fn replace_needles(&mut self, needles: &Arc<Needles>) {
        if !Arc::ptr_eq(&self.needles, needles) {
            self.needles = Arc::clone(needles);
            self.state = self.needles.start();
            self.search_from(0);
        }
    }

    /// Adds `text`, and appends to `output` all that no later text can make part of a secret.
    pub(super) fn push(&mut self, text: &[u8], output: &mut Vec<u8>) {
        let begin = self.text.len();
        self.text.extend_from_slice(text);
        self.search_from(begin);
        let held = self.needles.depth(self.state).min(self.text.len());
        self.pass_on(self.text.len() - held, output);
    }

    /// Appends what is held back. If it becomes part of a secret later, the rest of that secret is masked.
    pub(super) fn flush(&mut self, output: &mut Vec<u8>) {
        self.pass_on(self.text.len(), output);
    }

    /// Number of bytes that are held back.
    pub(super) fn held(&self) -> usize {
        self.text.len()
    }

    fn search_from(&mut self, begin: usize) {
        let Self { needles, state, text, covered, found } = self;
        let rest = text.get(begin..).unwrap_or_default();
        *state = needles.search(*state, rest, |end, length| {
            let end = begin + end;
            add(found, covered, end.saturating_sub(length)..end);
        });
    }

    fn pass_on(&mut self, limit: usize, output: &mut Vec<u8>) {
        let mut place = self.covered;
        let before = self.found.partition_point(|secret| secret.start < limit);
        for secret in self.found.drain(..before) {
            output.extend_from_slice(self.text.get(place..secret.start).unwrap_or_default());
            output.extend_from_slice(MASK);
            place = secret.end;
        }
        output.extend_from_slice(self.text.get(place..limit).unwrap_or_default());
        self.covered = place.saturating_sub(limit);
        self.text.drain(..limit);
        for secret in &mut self.found {
            *secret = secret.start - limit..secret.end - limit;
        }
    }
}

/// Adds a secret whose end is behind the ends of all others, and unites it with those that it overlaps.
fn add(found: &mut Vec<Range<usize>>, covered: &mut usize, mut secret: Range<usize>) {
    while let Some(last) = found.pop_if(|last| secret.start < last.end) {
        secret.start = secret.start.min(last.start);
    }
    if secret.start < *covered {
        *covered = (*covered).max(secret.end);
    } else {
        found.push(secret);
    }
}
