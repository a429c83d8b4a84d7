//! The section of the README: added at its end, once.

use super::Service;

const HEADING: &str = "## Configuration";

/// The text of the README with the section; `None` if it has one already.
pub(crate) fn section(service: &Service, readme: Option<&str>) -> Option<String> {
    let text = service.filled(include_str!("files/README.md"));
    match readme {
        None => Some(format!("# {}\n\n{text}", service.name)),
        Some(readme) if readme.lines().any(|line| line.trim_end() == HEADING) => None,
        Some(readme) => Some(format!("{}\n\n{text}", readme.trim_end())),
    }
}
