//! A verdict as one JSON document.

use serde::Serialize;

use crate::origin::{Problem, Unknown};
use crate::verdict::{Setting, Shown, Verdict};

#[derive(Serialize)]
struct Report<'a> {
    valid: bool,
    settings: Vec<SettingReport<'a>>,
    problems: Vec<ProblemReport<'a>>,
    unknown: Vec<UnknownReport<'a>>,
}

#[derive(Serialize)]
struct SettingReport<'a> {
    key: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    value: Option<&'a str>,
    secret: bool,
    origin: String,
}

#[derive(Serialize)]
pub(super) struct ProblemReport<'a> {
    key: &'a str,
    message: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    origin: Option<String>,
}

#[derive(Serialize)]
pub(super) struct UnknownReport<'a> {
    name: &'a str,
    origin: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    nearest: Option<&'a str>,
}

/// Formats a verdict.
///
/// # Errors
/// The serializer's; none is known for texts.
pub(crate) fn verdict(verdict: &Verdict) -> serde_json::Result<String> {
    serde_json::to_string_pretty(&Report {
        valid: verdict.problems.is_empty(),
        settings: verdict.settings.iter().map(setting).collect(),
        problems: verdict.problems.iter().map(problem).collect(),
        unknown: verdict.unknown.iter().map(unknown).collect(),
    })
}

/// Formats the problems of a check that came to no verdict.
///
/// # Errors
/// As [`verdict`].
pub(crate) fn problems(problems: &[Problem]) -> serde_json::Result<String> {
    let problems = problems.iter().map(problem).collect();
    serde_json::to_string_pretty(&Report {
        valid: false,
        settings: Vec::new(),
        problems,
        unknown: Vec::new(),
    })
}

fn setting(setting: &Setting) -> SettingReport<'_> {
    let value = match &setting.shown {
        Shown::Value(value) => Some(value.as_str()),
        Shown::Secret | Shown::Concealed => None,
    };
    SettingReport {
        key: &setting.key,
        value,
        secret: setting.is_secret,
        origin: setting.value.origin.to_string(),
    }
}

pub(super) fn problem(problem: &Problem) -> ProblemReport<'_> {
    let origin = problem.origin.as_ref().map(ToString::to_string);
    ProblemReport { key: &problem.key, message: &problem.message, origin }
}

pub(super) fn unknown(unknown: &Unknown) -> UnknownReport<'_> {
    UnknownReport {
        name: &unknown.name,
        origin: unknown.origin.to_string(),
        nearest: unknown.nearest.as_deref(),
    }
}
