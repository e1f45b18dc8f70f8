//! One line of the result: a figure of ours, the peer's or the limit's of the same run, and the goal on their ratio.

use serde::{Deserialize, Serialize};

/// A line, as it is written to JSON.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Row {
    /// Which goal of the performance requirements.
    pub(crate) id: String,
    /// What was measured.
    what: String,
    /// Ours.
    figure: Option<f64>,
    /// Of both figures.
    unit: String,
    /// The peer or the limit.
    against: String,
    /// Its figure, of the same run.
    against_figure: Option<f64>,
    /// Ours divided by it.
    ratio: Option<f64>,
    /// The most that the ratio may be.
    goal: Option<f64>,
    /// Whether it is; nothing where it was not measured.
    ok: Option<bool>,
}

impl Row {
    /// A measured line.
    pub(crate) fn measured(
        id: &str,
        what: impl Into<String>,
        (figure, unit): (f64, &str),
        (against, against_figure): (impl Into<String>, f64),
        goal: f64,
    ) -> Self {
        let ratio = figure / against_figure;
        // A figure below nothing, where noise exceeds what is left after a subtraction, says nothing.
        let sound = ratio.is_finite() && figure > 0.0 && against_figure > 0.0;
        Self {
            id: id.to_owned(),
            what: if sound { what.into() } else { format!("{}: not measured, lost in noise", what.into()) },
            figure: figure.is_finite().then(|| rounded(figure)),
            unit: unit.to_owned(),
            against: against.into(),
            against_figure: against_figure.is_finite().then(|| rounded(against_figure)),
            ratio: sound.then(|| rounded(ratio)),
            goal: Some(goal),
            ok: sound.then_some(ratio <= goal),
        }
    }

    /// A measured line that has no goal.
    pub(crate) fn compared(id: &str, what: impl Into<String>, ours: (f64, &str), against: (&str, f64)) -> Self {
        Self { goal: None, ok: None, ..Self::measured(id, what, ours, against, f64::INFINITY) }
    }

    /// A line about a count, which may well be nothing.
    pub(crate) fn counted(id: &str, what: &str, figure: f64, unit: &str, (against, limit): (&str, f64)) -> Self {
        let ratio = rounded(figure / limit);
        let figure = Some(rounded(figure));
        Self {
            what: what.to_owned(),
            figure,
            ratio: Some(ratio),
            ok: Some(ratio <= 1.0),
            ..Self::measured(id, what, (1.0, unit), (against, limit), 1.0)
        }
    }

    /// A line that says no more than that nothing was measured.
    pub(crate) fn missing(id: &str, what: &str, why: &str) -> Self {
        Self {
            id: id.to_owned(),
            what: format!("{what}: not measured"),
            figure: None,
            unit: String::new(),
            against: why.to_owned(),
            against_figure: None,
            ratio: None,
            goal: None,
            ok: None,
        }
    }

    /// As a line of a Markdown table.
    fn line(&self) -> String {
        let number = |number: Option<f64>| number.map_or_else(String::new, |number| number.to_string());
        let ok = match self.ok {
            Some(true) => "yes",
            Some(false) => "**no**",
            None if self.ratio.is_some() => "no goal",
            None => "not measured",
        };
        let Self { id, what, unit, against, .. } = self;
        let with_unit = |figure: Option<f64>| figure.map_or_else(String::new, |figure| format!("{figure} {unit}"));
        let (figure, peer) = (with_unit(self.figure), with_unit(self.against_figure));
        format!(
            "| {id} | {what} | {figure} | {against} | {peer} | {} | {} | {ok} |",
            number(self.ratio),
            number(self.goal)
        )
    }
}

/// The rows as a Markdown table.
pub(crate) fn table(rows: &[Row]) -> String {
    let lines: Vec<String> = std::iter::once(HEAD.to_owned()).chain(rows.iter().map(Row::line)).collect();
    lines.join("\n")
}

/// Rows of an earlier run that this one says nothing about, and those of this one, in the order of the requirements.
pub(crate) fn merged(earlier: Vec<Row>, rows: Vec<Row>) -> Vec<Row> {
    let mut all: Vec<Row> = earlier.into_iter().filter(|old| rows.iter().all(|row| row.id != old.id)).collect();
    all.extend(rows);
    // Stable, so that the rows of one id stay as they were measured.
    let subject = |row: &Row| ["V", "P", "S", "G", "D", "R"].iter().position(|letter| row.id.starts_with(letter));
    all.sort_by(|one, other| (subject(one), &one.id).cmp(&(subject(other), &other.id)));
    all
}

/// A page with the table between its marks replaced; `None` where the marks are missing.
pub(crate) fn placed(page: &str, table: &str) -> Option<String> {
    let (before, rest) = page.split_once(BEGIN)?;
    let (_, after) = rest.split_once(END)?;
    Some(format!("{before}{BEGIN}\n\n{table}\n\n{END}{after}"))
}

const BEGIN: &str = "<!-- rows: cargo xtask bench --page -->";
const END: &str = "<!-- end of rows -->";

/// The head of the table.
const HEAD: &str = "| row | what | ours | against | its figure | ratio | goal (at most) | met |\n| --- | --- | --- | --- | --- | --- | --- | --- |";

/// Four significant digits: more would be noise.
fn rounded(figure: f64) -> f64 {
    format!("{figure:.3e}").parse().unwrap_or(figure)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_not_measured_is_never_passed() {
        assert_eq!(Row::missing("D1", "start", "no display").ok, None);
        let noise = Row::measured("V2", "reveal", (-0.001, "s"), ("peer", 0.3), 0.05);
        assert_eq!(noise.ok, None);
        assert!(noise.what.contains("not measured"));
    }

    #[test]
    fn a_later_run_replaces_its_own_rows_and_keeps_the_others_in_order() {
        let row = |id: &str, what: &str| Row::missing(id, what, "");
        let ids = |rows: &[Row]| rows.iter().map(|row| format!("{} {}", row.id, row.what)).collect::<Vec<_>>();
        let earlier = vec![row("V1", "a"), row("D1", "b"), row("P1", "c"), row("V2", "d")];
        let all = merged(earlier, vec![row("G1", "e"), row("V1", "f"), row("V1", "g")]);
        let kept = ["V1 f", "V1 g", "V2 d", "P1 c", "G1 e", "D1 b"].map(|line| format!("{line}: not measured"));
        assert_eq!(ids(&all), kept);
    }

    #[test]
    fn a_table_goes_between_the_marks_and_nowhere_else() {
        let page = format!("before\n{BEGIN}\nold\n{END}\nafter\n");
        assert_eq!(placed(&page, "new").as_deref(), Some(&*format!("before\n{BEGIN}\n\nnew\n\n{END}\nafter\n")));
        assert!(placed("no marks", "new").is_none());
    }

    #[test]
    fn a_ratio_above_the_goal_is_not_met() {
        assert_eq!(Row::measured("V1", "list", (2.0, "s"), ("peer", 10.0), 0.125).ok, Some(false));
        assert_eq!(Row::measured("V1", "list", (1.0, "s"), ("peer", 10.0), 0.125).ok, Some(true));
    }
}
