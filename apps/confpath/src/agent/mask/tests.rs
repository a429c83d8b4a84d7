//! Masking of any text, in any pieces.

use std::ops::Range;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};
use proptest::collection::vec;
use proptest::prelude::*;

use super::Masks;
use super::forms::{Needle, forms};
use super::masker::{MASK, Masker};
use super::needles::Needles;

fn automaton(needles: &[Vec<u8>]) -> Arc<Needles> {
    let needles: Vec<_> = needles.iter().cloned().map(Needle::new).collect();
    Arc::new(Needles::new(&needles).unwrap())
}

fn masked(needles: &Arc<Needles>, pieces: &[&[u8]]) -> Vec<u8> {
    let mut masker = Masker::new(Arc::clone(needles));
    let mut output = Vec::new();
    for piece in pieces {
        masker.push(piece, &mut output);
    }
    masker.flush(&mut output);
    output
}

/// The same by the definition: each group of places that overlap is one mask.
fn expected(needles: &[Vec<u8>], text: &[u8]) -> Vec<u8> {
    let mut places: Vec<Range<usize>> = Vec::new();
    for needle in needles {
        let starts = (0..text.len()).filter(|start| text[*start..].starts_with(needle));
        places.extend(starts.map(|start| start..start + needle.len()));
    }
    places.sort_by_key(|place| place.start);
    let mut groups: Vec<Range<usize>> = Vec::new();
    for place in places {
        match groups.last_mut() {
            Some(last) if place.start < last.end => last.end = last.end.max(place.end),
            _ => groups.push(place),
        }
    }
    let mut output = Vec::new();
    let mut end = 0;
    for group in groups {
        output.extend_from_slice(&text[end..group.start]);
        output.extend_from_slice(MASK);
        end = group.end;
    }
    output.extend_from_slice(&text[end..]);
    output
}

/// Few different bytes, so that needles overlap and begin everywhere.
fn text(length: Range<usize>) -> impl Strategy<Value = Vec<u8>> {
    vec(prop_oneof![8 => b'a'..=b'c', 1 => any::<u8>()], length)
}

proptest! {
    #[test]
    fn pieces_make_no_difference(
        needles in vec(text(1..8), 1..8),
        text in text(0..200),
        cuts in vec(any::<prop::sample::Index>(), 0..20),
    ) {
        let automaton = automaton(&needles);
        let whole = masked(&automaton, &[&text]);
        prop_assert_eq!(&whole, &expected(&needles, &text));
        let mut cuts: Vec<_> = cuts.iter().map(|cut| cut.index(text.len() + 1)).collect();
        cuts.extend([0, text.len()]);
        cuts.sort_unstable();
        let pieces: Vec<_> = cuts.windows(2).map(|cut| &text[cut[0]..cut[1]]).collect();
        prop_assert_eq!(masked(&automaton, &pieces), whole);
    }

    #[test]
    fn held_text_is_shorter_than_a_needle(needles in vec(text(1..8), 1..8), text in text(0..200)) {
        let automaton = automaton(&needles);
        let longest = needles.iter().map(Vec::len).max().unwrap();
        let mut masker = Masker::new(automaton);
        for byte in text {
            masker.push(&[byte], &mut Vec::new());
            prop_assert!(masker.held() <= longest);
        }
    }

    #[test]
    fn new_needles_apply_to_held_text(
        needle in text(4..8),
        before in text(0..20),
        cut in any::<prop::sample::Index>(),
    ) {
        // The same needle again: what was held back for it is found by the new automaton.
        let whole = [&before[..], &needle].concat();
        let (first, second) = whole.split_at(cut.index(whole.len()));
        let mut masker = Masker::new(automaton(std::slice::from_ref(&needle)));
        let mut output = Vec::new();
        masker.push(first, &mut output);
        masker.replace_needles(&automaton(&[needle.clone(), b"other".to_vec()]));
        masker.push(second, &mut output);
        masker.flush(&mut output);
        prop_assert!(output.ends_with(MASK) || !expected(&[needle], &whole).ends_with(MASK), "{:?}", output);
    }

    #[test]
    fn base64_is_masked_at_each_alignment(
        before in vec(any::<u8>(), 0..7),
        secret in "\\PC{4,40}",
        after in vec(any::<u8>(), 0..7),
    ) {
        let needles: Vec<_> = forms(&secret).iter().map(|form| form.to_vec()).collect();
        let automaton = automaton(&needles);
        let whole = [&before[..], secret.as_bytes(), &after].concat();
        for text in [STANDARD.encode(&whole), URL_SAFE.encode(&whole)] {
            let output = masked(&automaton, &[text.as_bytes()]);
            let mask = output.windows(MASK.len()).position(|window| window == MASK);
            // Digits before the mask are of the bytes before the secret, but for one that is shared.
            prop_assert!(mask.is_some_and(|mask| mask <= before.len() * 4 / 3 + 1), "{:?}", output);
        }
    }
}

#[test]
fn large_sets_use_the_compact_automaton() {
    let needles: Vec<_> = (0..2000).map(|number| format!("needle-{number:04}-").into_bytes()).collect();
    let text = b"x needle-0000-needle-1999-needle-2000- y";
    let automaton = automaton(&needles);
    let expected = b"x ****************needle-2000- y";
    assert_eq!(masked(&automaton, &[text]), expected);
    let bytes: Vec<_> = text.chunks(1).collect();
    assert_eq!(masked(&automaton, &bytes), expected);
}

#[test]
fn flushed_beginning_leaves_the_rest_masked() {
    let mut masker = Masker::new(automaton(&[b"secret".to_vec()]));
    let mut output = Vec::new();
    masker.push(b"a sec", &mut output);
    assert_eq!((output.as_slice(), masker.held()), (&b"a "[..], 3));
    masker.flush(&mut output);
    masker.push(b"ret b", &mut output);
    // It was passed on as a prompt; the rest is not.
    assert_eq!(output, b"a sec******** b");
}

#[test]
fn former_secret_stays_masked() {
    let masks = Masks::new().unwrap();
    assert!(masks.add([("TOKEN", "first-secret")]).unwrap().is_empty());
    assert!(masks.add([("TOKEN", "second-secret")]).unwrap().is_empty());
    assert_eq!(masks.masked("first-secret second-secret"), "******** ********");
    assert_eq!(masks.add([("TOKEN", "abc"), ("OTHER", "")]).unwrap(), ["TOKEN", "OTHER"]);
    assert_eq!(masks.masked("abc first-secret"), "abc ********");
}

#[test]
fn oldest_secrets_are_forgotten_first() {
    let masks = Masks::new().unwrap();
    let secret = |number: usize| format!("{number:04}{}", ".".repeat(4092));
    for number in 0..6 {
        masks.add([("TOKEN", secret(number).as_str())]).unwrap();
    }
    assert_eq!(masks.masked(&secret(0)), secret(0));
    assert_eq!(masks.masked(&secret(5)), "********");
    assert_eq!(masks.masked(&secret(1)), "********");
}
