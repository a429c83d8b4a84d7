//! The table that a benchmark ends with.

use std::fs;
use std::time::Duration;

use kit::table::{self, Column};

/// One measured value.
pub(super) struct Row {
    what: String,
    value: String,
    aim: Option<Aim>,
}

/// The target of a value, and the result.
struct Aim {
    value: String,
    met: bool,
}

impl Row {
    pub(super) fn new(what: &str, value: String) -> Self {
        Self { what: what.to_owned(), value, aim: None }
    }

    pub(super) fn aim(self, value: String, met: bool) -> Self {
        Self { aim: Some(Aim { value, met }), ..self }
    }

    #[cfg(test)]
    pub(super) fn what(&self) -> &str {
        &self.what
    }

    /// True if there is a target and the value meets it.
    #[cfg(test)]
    pub(super) fn is_met(&self) -> bool {
        self.aim.as_ref().is_some_and(|aim| aim.met)
    }

    pub(super) fn is_missed(&self) -> bool {
        self.aim.as_ref().is_some_and(|aim| !aim.met)
    }
}

/// A line a row, without a trailing line break.
pub(super) fn table(rows: &[Row]) -> String {
    let cells = |row: &Row| {
        let aim =
            row.aim.as_ref().map(|aim| format!("aim {}: {}", aim.value, if aim.met { "yes" } else { "no" }));
        [Some(row.what.clone()), Some(row.value.clone()), aim].into_iter().flatten().collect()
    };
    let rows: Vec<Vec<_>> = rows.iter().map(cells).collect();
    table::render(&[Column::LEFT, Column::RIGHT, Column::LEFT], &rows)
}

/// A time as the tables show it.
pub(super) fn milliseconds(time: Duration) -> String {
    format!("{:.1} ms", time.as_secs_f64() * 1e3)
}

/// Rows of numbers under their headers, without a trailing line break.
pub(super) fn grid(headers: &[&str], rows: &[Vec<String>]) -> String {
    let columns: Vec<_> =
        (0..headers.len()).map(|index| if index == 0 { Column::LEFT } else { Column::RIGHT }).collect();
    let headers = headers.iter().map(|&header| header.to_owned()).collect();
    let lines: Vec<_> = std::iter::once(headers).chain(rows.iter().cloned()).collect();
    table::render(&columns, &lines)
}

/// The machine that timings belong to: processor, cores and kernel.
pub(super) fn machine() -> String {
    let read = |path: &str| fs::read_to_string(path).unwrap_or_default();
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let kernel = read("/proc/sys/kernel/osrelease");
    format!("{}, {cores} cores, Linux {}", processor(&read("/proc/cpuinfo")), kernel.trim())
}

fn processor(cpuinfo: &str) -> &str {
    let model = cpuinfo.lines().find(|line| line.starts_with("model name"));
    // Absent on most ARM machines.
    model.and_then(|line| line.split_once(':')).map_or(std::env::consts::ARCH, |(_, name)| name.trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missed_aim_shows_beside_a_met_one() {
        let rows = [
            Row::new("image", "12.00 MB".into()).aim("4.00 MB".into(), false),
            Row::new("start of it", "2.0 ms".into()).aim("20.0 ms".into(), true),
            Row::new("binary", "3.00 MB".into()),
        ];
        let expected = "image        12.00 MB  aim 4.00 MB: no\n\
                        start of it    2.0 ms  aim 20.0 ms: yes\n\
                        binary        3.00 MB";
        assert_eq!(table(&rows), expected);
    }

    #[test]
    fn column_is_as_wide_as_its_widest_cell() {
        let rows =
            [vec!["bare hyper".to_owned(), "9 µs".to_owned()], vec!["we".to_owned(), "10 µs".to_owned()]];
        assert_eq!(grid(&["", "p99"], &rows), "              p99\nbare hyper   9 µs\nwe          10 µs");
    }

    #[test]
    fn nameless_processor_is_shown_by_its_architecture() {
        assert_eq!(processor("processor\t: 0\nmodel name\t: Fast: One\n"), "Fast: One");
        assert_eq!(processor("processor\t: 0\n"), std::env::consts::ARCH);
    }
}
