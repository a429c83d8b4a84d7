//! Answers to what no source can say: secrets, and the effect of a change.

use serde_json::Value;

use super::draft::{Draft, Setting};
use super::names::sounds_secret;
use super::place::Refusal;

/// Settings by name, as flags or a person named them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Choices {
    pub(crate) secret: Vec<String>,
    pub(crate) not_secret: Vec<String>,
    pub(crate) hot: Vec<String>,
    pub(crate) prepare: Vec<String>,
    pub(crate) required: Vec<String>,
}

impl Choices {
    /// Every name that is no setting, and every one with two answers, each as a sentence.
    pub(crate) fn mistakes(&self, draft: &Draft) -> Vec<String> {
        let flags = [
            ("secret", &self.secret),
            ("not-secret", &self.not_secret),
            ("hot", &self.hot),
            ("prepare", &self.prepare),
            ("required", &self.required),
        ];
        let is_setting = |name: &String| draft.settings.iter().any(|setting| setting.name == *name);
        let unknown = flags.iter().flat_map(|(flag, names)| {
            let unknown = names.iter().filter(|name| !is_setting(name));
            unknown.map(move |name| format!("--{flag} names {name}, which is no setting"))
        });
        let pairs = [(flags[0], flags[1]), (flags[2], flags[3])];
        let twice = pairs.into_iter().flat_map(|((one, names), (other, others))| {
            let twice = names.iter().filter(|name| others.contains(name));
            twice.map(move |name| format!("--{one} and --{other} both name {name}"))
        });
        unknown.chain(twice).collect()
    }

    /// Writes the answers into the settings, and notes what was guessed.
    pub(crate) fn apply(&self, draft: &mut Draft) {
        let mut n_restart = 0;
        for setting in &mut draft.settings {
            self.secret(setting, &mut draft.notes, &mut draft.refusals);
            let place = setting.place.clone();
            let asked = [("hot", &self.hot), ("prepare", &self.prepare)];
            let asked =
                asked.into_iter().find(|(_, names)| names.contains(&setting.name)).map(|(word, _)| word);
            let is_open = asked.is_none() && setting.keywords.get("x-on-change").is_none();
            n_restart += usize::from(is_open);
            if let Some(word) = asked.or(is_open.then_some("restart")) {
                setting.keywords.set("x-on-change", word, &place);
            }
            setting.is_required |= self.required.contains(&setting.name);
        }
        if n_restart > 0 {
            let of = if n_restart == 1 { "1 setting" } else { &format!("{n_restart} settings") };
            draft.notes.push(format!(
                "a change of {of} takes a restart: name those that a running service takes with --hot and --prepare"
            ));
        }
    }

    fn secret(&self, setting: &mut Setting, notes: &mut Vec<String>, refusals: &mut Vec<Refusal>) {
        let name = setting.name.clone();
        if self.not_secret.contains(&name) {
            setting.keywords.take("x-secret");
            return;
        }
        let is_known = setting.keywords.get("x-secret").is_some() || self.secret.contains(&name);
        if !is_known && !is_guessed(setting) {
            return;
        }
        if !is_known {
            notes.push(format!(
                "{name}: taken for a secret by its name; if it is none, say --not-secret {name}"
            ));
        }
        let place = setting.place.clone();
        setting.keywords.set("x-secret", true, &place);
        let refused = [
            ("pattern", "a secret has no pattern, since a refused value would be shown beside it"),
            ("format", "a secret has no format, since a refused value would be shown beside it"),
            ("default", "a secret has no default: everyone who reads the contract would know it"),
        ];
        for (keyword, reason) in refused {
            let is_empty = setting.keywords.get(keyword).is_none_or(|value| *value == "");
            if let Some(place) = setting.keywords.place(keyword).filter(|_| !is_empty) {
                let pointer = &place.pointer;
                let remedy = format!("leave it out with --drop {pointer}, or say --not-secret {name}");
                refusals.push(Refusal::new(place, format!("{reason}: {remedy}")));
                setting.keywords.take(keyword);
            }
        }
    }
}

/// Names of the settings whose name alone makes them secrets.
pub(crate) fn guesses(draft: &Draft) -> Vec<&str> {
    draft.settings.iter().filter(|setting| is_guessed(setting)).map(|setting| setting.name.as_str()).collect()
}

/// Only free text is guessed: a number such as `TOKEN_TTL` and a choice are no secrets.
fn is_guessed(setting: &Setting) -> bool {
    let is_free = |keyword: &str| setting.keywords.get(keyword).is_none();
    setting.keywords.get("type").and_then(Value::as_str) == Some("string")
        && ["format", "enum", "x-secret"].into_iter().all(is_free)
        && sounds_secret(&setting.words)
}
