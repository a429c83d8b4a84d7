//! The search for all forms of all secrets in one pass: an automaton and, for text without a secret, something faster.

use aho_corasick::automaton::{Automaton, StateID};
use aho_corasick::nfa::contiguous;
use aho_corasick::{Anchored, BuildError, MatchKind, Span, StartKind, dfa, packed};

use super::forms::Needle;

/// Bytes of needles up to which the faster automaton is small: a few MB at most.
const SMALL: usize = 4096;

/// Searches for a set of needles.
pub(super) struct Needles {
    automaton: Either,
    start: StateID,
    /// Finds the first needle in a text by the processor's vectors; `None` if there are too many needles for that.
    vectors: Option<packed::Searcher>,
    longest: usize,
    /// Length of the needle's beginning that each state stands for, by the state's number.
    depths: Vec<(u32, usize)>,
}

enum Either {
    Fast(dfa::DFA),
    Compact(contiguous::NFA),
}

impl Needles {
    /// # Errors
    /// The needles are too many for an automaton.
    pub(super) fn new(needles: &[Needle]) -> Result<Self, BuildError> {
        let bytes: usize = needles.iter().map(|needle| needle.len()).sum();
        let kind = MatchKind::Standard;
        let automaton = if bytes <= SMALL {
            let mut builder = dfa::Builder::new();
            builder.match_kind(kind).start_kind(StartKind::Unanchored).prefilter(false);
            Either::Fast(builder.build(needles.iter().map(|needle| needle.as_slice()))?)
        } else {
            let mut builder = contiguous::Builder::new();
            builder.match_kind(kind).prefilter(false);
            Either::Compact(builder.build(needles.iter().map(|needle| needle.as_slice()))?)
        };
        let (start, depths) = match &automaton {
            Either::Fast(automaton) => depths(automaton, needles),
            Either::Compact(automaton) => depths(automaton, needles),
        };
        let texts = needles.iter().map(|needle| needle.as_slice());
        let vectors = packed::Searcher::new(texts);
        let longest = needles.iter().map(|needle| needle.len()).max().unwrap_or_default();
        Ok(Self { automaton, start, vectors, longest, depths })
    }

    pub(super) fn start(&self) -> StateID {
        self.start
    }

    /// Reads `text` from `state` on, and calls `found` with the end and the length of each needle in it.
    pub(super) fn search(&self, state: StateID, text: &[u8], found: impl FnMut(usize, usize)) -> StateID {
        match &self.automaton {
            Either::Fast(automaton) => self.search_by(automaton, state, text, found),
            Either::Compact(automaton) => self.search_by(automaton, state, text, found),
        }
    }

    fn search_by(
        &self,
        automaton: &impl Automaton,
        mut state: StateID,
        text: &[u8],
        mut found: impl FnMut(usize, usize),
    ) -> StateID {
        let (mut index, mut ahead) = (0, 0);
        loop {
            if state == self.start {
                if ahead <= index {
                    ahead = self.next_whole(text, index);
                }
                index = index.max(ahead.min(text.len().saturating_sub(self.longest)));
            }
            let Some(byte) = text.get(index) else { return state };
            state = automaton.next_state(Anchored::No, state, *byte);
            index += 1;
            if automaton.is_special(state) && automaton.is_match(state) {
                for number in 0..automaton.match_len(state) {
                    found(index, automaton.pattern_len(automaton.match_pattern(state, number)));
                }
            }
        }
    }

    /// Begin of the first whole needle in the text from `index` on, or the text's end. Behind the last whole one, only the end of
    /// the text may hold the beginning of another.
    fn next_whole(&self, text: &[u8], index: usize) -> usize {
        match &self.vectors {
            Some(vectors) => {
                let place = vectors.find_in(text, Span::from(index..text.len()));
                place.map_or(text.len(), |place| place.start())
            }
            None => index,
        }
    }

    /// Length of the longest end of the text so far with which a needle begins.
    pub(super) fn depth(&self, state: StateID) -> usize {
        let place = self.depths.binary_search_by_key(&state.as_u32(), |(state, _)| *state);
        place.ok().and_then(|place| self.depths.get(place)).map_or(0, |(_, depth)| *depth)
    }
}

/// The start state, and the depth of each other.
fn depths(automaton: &impl Automaton, needles: &[Needle]) -> (StateID, Vec<(u32, usize)>) {
    // Built without anchored searches, so that the other kind of start exists.
    let start = automaton.start_state(Anchored::No).unwrap_or_default();
    let mut depths = Vec::new();
    for needle in needles {
        let mut state = start;
        for (index, byte) in needle.iter().enumerate() {
            state = automaton.next_state(Anchored::No, state, *byte);
            depths.push((state.as_u32(), index + 1));
        }
    }
    depths.sort_unstable();
    depths.dedup();
    (start, depths)
}
