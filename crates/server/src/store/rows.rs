//! Statements about several rows at once: for each row alone, what the way to the database and back takes would be most of it.

/// Rows of one statement. Bounds what an answer holds in memory, and the number of different statements.
pub(super) const ROWS: usize = 32;

/// As many places for values as asked for, numbered from `first` on: `$3, $4, $5`.
pub(super) fn places(first: usize, count: usize) -> String {
    let places: Vec<_> = (first..first + count).map(|place| format!("${place}")).collect();
    places.join(", ")
}

/// Places for rows of so many columns: `($1, $2), ($3, $4)`.
pub(super) fn rows(count: usize, columns: usize) -> String {
    let rows: Vec<_> = (0..count).map(|row| format!("({})", places(row * columns + 1, columns))).collect();
    rows.join(", ")
}

#[cfg(test)]
mod tests {
    use super::{places, rows};

    #[test]
    fn places_are_numbered_as_values_are_bound() {
        assert_eq!(places(3, 2), "$3, $4");
        assert_eq!(rows(2, 3), "($1, $2, $3), ($4, $5, $6)");
    }
}
