//! The section of the README: added at its end, once.

use super::Service;

const HEADING: &str = "## Configuration";

/// The text of the README with the section; `None` if it has one already.
pub(crate) fn section(service: &Service, readme: Option<&str>) -> Option<String> {
    let text = service.filled(include_str!("files/README.md")).replace("@READER@", &reader(service));
    match readme {
        None => Some(format!("# {}\n\n{text}", service.name)),
        Some(readme) if readme.lines().any(|line| line.trim_end() == HEADING) => None,
        Some(readme) => Some(format!("{}\n\n{text}", readme.trim_end())),
    }
}

/// The sentence on the typed reader, on a line of its own.
fn reader(service: &Service) -> String {
    let path = service.reader.as_ref().and_then(|reader| reader["path"].as_str());
    path.map_or_else(String::new, |path| {
        format!("\nThe typed reader `{path}` reads and checks all of them: call its `load` with that folder.")
    })
}
