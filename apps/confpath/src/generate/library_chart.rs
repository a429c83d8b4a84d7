//! The library chart, as this program was built with it.

use serde_json::Value;

/// Each file's path and text, sorted by path.
pub(crate) const FILES: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/library_chart.rs"));

/// The schema of the values that the library chart reads.
pub(super) fn schema() -> Option<Value> {
    let (_, text) = FILES.iter().find(|(path, _)| *path == "schema/base.json")?;
    serde_json::from_str(text).ok()
}

#[cfg(test)]
mod tests {
    use super::{FILES, schema};

    #[test]
    fn library_chart_is_whole() {
        assert!(FILES.iter().any(|(path, _)| *path == "Chart.yaml"));
        assert!(FILES.iter().any(|(path, _)| path.starts_with("templates/")));
        assert!(schema().is_some_and(|schema| schema["properties"]["config"].is_object()));
    }
}
