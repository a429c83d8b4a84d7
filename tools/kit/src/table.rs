//! Tables on the console.

/// A column: as wide as its widest cell.
#[derive(Clone, Copy, Debug)]
pub struct Column {
    is_right: bool,
    min_width: usize,
    gap: usize,
}

impl Column {
    /// Cells begin below each other.
    pub const LEFT: Self = Self { is_right: false, min_width: 0, gap: 2 };
    /// Cells end below each other, as numbers do.
    pub const RIGHT: Self = Self { is_right: true, ..Self::LEFT };

    /// The same column, at least this wide.
    pub const fn at_least(self, min_width: usize) -> Self {
        Self { min_width, ..self }
    }

    /// The same column with so many spaces after it.
    pub const fn gap(self, gap: usize) -> Self {
        Self { gap, ..self }
    }

    fn pad(self, cell: &str, width: usize) -> String {
        if self.is_right { format!("{cell:>width$}") } else { format!("{cell:<width$}") }
    }
}

/// Rows of cells, a line each and without a trailing line break. Headings are a row like any other. A row may end early.
pub fn render(columns: &[Column], rows: &[Vec<String>]) -> String {
    let width = |(index, column): (usize, &Column)| {
        let cells = rows.iter().filter_map(|row| row.get(index));
        cells.map(|cell| cell.chars().count()).max().unwrap_or_default().max(column.min_width)
    };
    let widths: Vec<_> = columns.iter().enumerate().map(width).collect();
    let line = |row: &Vec<String>| {
        let cells = row.iter().zip(columns).zip(&widths);
        let padded = cells.map(|((cell, column), width)| column.pad(cell, *width) + &" ".repeat(column.gap));
        padded.collect::<String>().trim_end().to_owned()
    };
    rows.iter().map(line).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(rows: &[&[&str]]) -> Vec<Vec<String>> {
        rows.iter().map(|row| row.iter().map(|cell| (*cell).to_owned()).collect()).collect()
    }

    #[test]
    fn columns_are_as_wide_as_their_widest_cell() {
        let text = render(&[Column::LEFT, Column::RIGHT], &rows(&[&["", "p99"], &["bare hyper", "9 µs"]]));
        assert_eq!(text, "             p99\nbare hyper  9 µs");
    }

    #[test]
    fn least_widths_and_gaps_are_kept() {
        let columns = [Column::LEFT.at_least(4).gap(1), Column::LEFT];
        assert_eq!(render(&columns, &rows(&[&["a", "b"]])), "a    b");
    }

    #[test]
    fn lines_end_with_their_last_cell() {
        let columns = [Column::LEFT, Column::LEFT];
        assert_eq!(render(&columns, &rows(&[&["a"], &["bb", ""], &["c", "d"]])), "a\nbb\nc   d");
    }
}
