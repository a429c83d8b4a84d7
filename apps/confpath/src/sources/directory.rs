//! A directory, read as the process would.

use std::path::Path;

use contract::Contract;

use crate::origin::{Given, Origin, Problem, Unknown, Value};

pub(super) fn read(contract: &Contract, path: &Path) -> Given {
    let read = live_config::Given::read_directory(contract, path);
    let value = |(key, value): (String, live_config::Effective)| {
        (key, Value { text: value.text, origin: origin(value.origin) })
    };
    let problem = |problem: live_config::Problem| Problem {
        key: problem.subject,
        message: problem.message,
        origin: problem.origin.map(origin),
    };
    let unknown = |unknown: live_config::Unknown| Unknown {
        name: unknown.name,
        origin: Origin::File(unknown.path),
        nearest: unknown.suggestion,
    };
    Given {
        values: read.values.into_iter().map(value).collect(),
        problems: read.problems.into_iter().map(problem).collect(),
        unknown: read.unknown.into_iter().map(unknown).collect(),
        is_partial: !read.is_whole,
        is_unreadable: !read.is_whole,
    }
}

fn origin(origin: live_config::Origin) -> Origin {
    match origin {
        live_config::Origin::Default | live_config::Origin::Generated => Origin::Default,
        live_config::Origin::File(path) => Origin::File(path),
        live_config::Origin::Environment => Origin::Environment,
    }
}
