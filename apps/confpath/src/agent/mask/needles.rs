//! The automaton that finds all forms of all secrets in one pass.

use aho_corasick::automaton::{Automaton, StateID};
use aho_corasick::nfa::contiguous;
use aho_corasick::{Anchored, BuildError, MatchKind, StartKind, dfa};

use super::forms::Needle;

/// Bytes of needles up to which the faster automaton is small: a few MB at most.
const SMALL: usize = 4096;

/// Searches for a set of needles.
pub(super) struct Needles {
    automaton: Either,
    start: StateID,
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
        Ok(Self { automaton, start, depths })
    }

    pub(super) fn start(&self) -> StateID {
        self.start
    }

    /// Reads `text` from `state` on, and calls `found` with the end and the length of each needle in it.
    pub(super) fn search(&self, state: StateID, text: &[u8], found: impl FnMut(usize, usize)) -> StateID {
        match &self.automaton {
            Either::Fast(automaton) => search(automaton, state, text, found),
            Either::Compact(automaton) => search(automaton, state, text, found),
        }
    }

    /// Length of the longest end of the text so far with which a needle begins.
    pub(super) fn depth(&self, state: StateID) -> usize {
        let place = self.depths.binary_search_by_key(&state.as_u32(), |(state, _)| *state);
        place.ok().and_then(|place| self.depths.get(place)).map_or(0, |(_, depth)| *depth)
    }
}

fn search(
    automaton: &impl Automaton,
    mut state: StateID,
    text: &[u8],
    mut found: impl FnMut(usize, usize),
) -> StateID {
    for (index, byte) in text.iter().enumerate() {
        state = automaton.next_state(Anchored::No, state, *byte);
        if automaton.is_special(state) && automaton.is_match(state) {
            for number in 0..automaton.match_len(state) {
                found(index + 1, automaton.pattern_len(automaton.match_pattern(state, number)));
            }
        }
    }
    state
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
