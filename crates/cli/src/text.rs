//! Text that others chose (names, notes, messages of a tenant) on its way to a terminal.
//!
//! A display name may hold escape sequences that rewrite the screen or bidirectional marks that reorder it; neither
//! reaches the terminal.

use std::fmt::Write;

/// A variant's name as words.
pub(crate) use vitrine_app::of_variant as words;

/// Whether a character acts on the terminal or on its neighbours instead of being shown.
fn acts(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{61c}')
}

/// One line fit for a terminal: whatever acts is shown as a replacement character.
pub(crate) fn shown(text: &str) -> String {
    text.chars().map(|c| if acts(c) { '\u{fffd}' } else { c }).collect()
}

/// The same JSON with everything that acts written as an escape, so that reading it loses nothing.
pub(crate) fn escaped(json: &str) -> String {
    let mut out = String::with_capacity(json.len());
    for c in json.chars() {
        // Such characters are below U+FFFF and, in JSON, only ever inside a string.
        if acts(c) && c != '\n' {
            let _ = write!(out, "\\u{:04x}", u32::from(c));
        } else {
            out.push(c);
        }
    }
    out
}

/// Rows under a heading, as wide as their longest cell.
pub(crate) fn table(heading: &[&str], rows: &[Vec<String>]) -> String {
    let rows: Vec<Vec<String>> = rows.iter().map(|row| row.iter().map(|cell| shown(cell)).collect()).collect();
    let width = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count());
        cells.chain([heading[column].len()]).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..heading.len()).map(width).collect();
    let line = |cells: &mut dyn Iterator<Item = &str>| {
        let padded = cells.zip(&widths).map(|(cell, width)| format!("{cell:width$}"));
        padded.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    };
    let mut lines = vec![line(&mut heading.iter().copied())];
    lines.extend(rows.iter().map(|row| line(&mut row.iter().map(String::as_str))));
    lines.join("\n")
}

/// A moment, in UTC and to the minute; a dash where there is none.
pub(crate) fn time(time: Option<vitrine_app::api::Time>) -> String {
    time.map_or_else(|| "-".into(), |time| time.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use vitrine_app::api::Time;

    #[test]
    fn a_name_cannot_move_the_cursor_or_turn_the_line_around() {
        assert_eq!(shown("a\u{1b}[2Jb\u{202e}c\u{9b}d\ne"), "a\u{fffd}[2Jb\u{fffd}c\u{fffd}d\u{fffd}e");
        assert_eq!(shown("Müller & Søn 株式会社"), "Müller & Søn 株式会社");
    }

    #[test]
    fn times_are_dates() {
        assert_eq!(time(Some(Time(0))), "1970-01-01 00:00Z");
        assert_eq!(time(Some(Time(951_782_400_000))), "2000-02-29 00:00Z");
        assert_eq!(time(Some(Time(1_795_413_540_000))), "2026-11-23 05:59Z");
        assert_eq!(time(None), "-");
    }

    #[test]
    fn a_table_lines_up() {
        let rows = [vec!["Contoso".into(), "due".into()], vec!["A".into(), "fresh".into()]];
        assert_eq!(table(&["NAME", "STATE"], &rows), "NAME     STATE\nContoso  due\nA        fresh");
    }

    proptest! {
        #[test]
        fn escaped_json_reads_back_as_the_same_text(text: String) {
            let json = escaped(&serde_json::to_string(&text).unwrap_or_default());
            prop_assert!(!json.chars().any(acts));
            prop_assert_eq!(serde_json::from_str::<String>(&json).ok(), Some(text));
        }

        #[test]
        fn nothing_that_acts_is_shown(text: String) {
            prop_assert!(!shown(&text).chars().any(acts));
        }

        #[test]
        fn no_moment_panics(ms: u64) {
            let _ = time(Some(Time(ms)));
        }
    }
}
