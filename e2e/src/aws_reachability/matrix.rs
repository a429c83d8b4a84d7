//! The table of who reaches whom, computed and as the documentation has it.

#![expect(clippy::panic, reason = "a test ends with a sentence")]

use std::collections::BTreeMap;

use super::network::Network;
use super::rule::shown;

/// Ports by caller and answerer, in the notation of [`shown`].
pub type Matrix = BTreeMap<(String, String), String>;

const INTERNET: &str = "internet";
const CLOUDFRONT: &str = "CloudFront";
const GATEWAYS: &str = "S3 and DynamoDB";

impl Network {
    /// Who reaches whom.
    pub fn matrix(&self) -> Matrix {
        let mut matrix = Matrix::new();
        let mut put =
            |from: &str, to: &str, ports: String| matrix.insert((from.to_owned(), to.to_owned()), ports);
        for (name, place) in &self.places {
            put(INTERNET, name, shown(&self.open_to_internet(name, place)));
            put(CLOUDFRONT, name, shown(&self.open_to_prefix_lists(name, place)));
            put(name, INTERNET, shown(&self.to_internet(place)));
            put(name, GATEWAYS, shown(&self.to_gateways(place)));
            for (other, answerer) in &self.places {
                put(name, other, shown(&self.between(place, answerer)));
            }
        }
        matrix
    }
}

/// The first table below a heading of a document: callers in the first column, answerers in the first line. An empty cell
/// states nothing: connections within the internet are out of scope.
///
/// # Panics
/// When there is no such table.
pub fn matrix_in(document: &str, heading: &str) -> Matrix {
    let lines = document
        .lines()
        .skip_while(|line| line.trim_start_matches('#').trim() != heading || !line.starts_with('#'));
    let mut rows = lines
        .skip_while(|line| !line.starts_with('|'))
        .take_while(|line| line.starts_with('|'))
        .map(|line| {
            line.trim_matches('|').split('|').map(|cell| cell.trim().replace('`', "")).collect::<Vec<_>>()
        });
    let Some(head) = rows.next() else { panic!("no table below the heading {heading:?}") };
    let mut matrix = Matrix::new();
    for row in rows.skip(1) {
        let mut cells = row.into_iter();
        let caller = cells.next().unwrap_or_default();
        for (answerer, ports) in head.iter().skip(1).zip(cells).filter(|(_, ports)| !ports.is_empty()) {
            matrix.insert((caller.clone(), answerer.clone()), ports);
        }
    }
    matrix
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_is_read_below_its_heading_only() {
        let document = "# A\n\n| x | y |\n|---|---|\n| a | 1 |\n\n## B\n\ntext\n\n| to | p | q |\n|---|---|---|\n| a | `443` | - |\n| b | | 80 |\n\n| c | 1 | 2 |\n";
        let expected = [(("a", "p"), "443"), (("a", "q"), "-"), (("b", "q"), "80")];
        let expected =
            expected.map(|((from, to), ports)| ((from.to_owned(), to.to_owned()), ports.to_owned()));
        assert_eq!(matrix_in(document, "B"), Matrix::from(expected));
    }
}
