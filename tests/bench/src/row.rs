//! One line of the result: a figure of ours, the peer's or the limit's of the same run, and the goal on their ratio.

use serde::Serialize;

/// A line, as it is written to JSON.
#[derive(Debug, Serialize)]
pub(crate) struct Row {
    /// Which goal of the performance requirements.
    pub(crate) id: &'static str,
    /// What was measured.
    what: String,
    /// Ours.
    figure: Option<f64>,
    /// Of both figures.
    unit: &'static str,
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
        id: &'static str,
        what: impl Into<String>,
        (figure, unit): (f64, &'static str),
        (against, against_figure): (impl Into<String>, f64),
        goal: f64,
    ) -> Self {
        let ratio = figure / against_figure;
        // A figure below nothing, where noise exceeds what is left after a subtraction, says nothing.
        let sound = ratio.is_finite() && figure > 0.0 && against_figure > 0.0;
        Self {
            id,
            what: if sound { what.into() } else { format!("{}: not measured, lost in noise", what.into()) },
            figure: figure.is_finite().then(|| rounded(figure)),
            unit,
            against: against.into(),
            against_figure: against_figure.is_finite().then(|| rounded(against_figure)),
            ratio: sound.then(|| rounded(ratio)),
            goal: Some(goal),
            ok: sound.then_some(ratio <= goal),
        }
    }

    /// A line that says no more than that nothing was measured.
    pub(crate) fn missing(id: &'static str, what: &str, why: &str) -> Self {
        Self {
            id,
            what: format!("{what}: not measured"),
            figure: None,
            unit: "",
            against: why.to_owned(),
            against_figure: None,
            ratio: None,
            goal: None,
            ok: None,
        }
    }

    /// As a line of a Markdown table.
    pub(crate) fn line(&self) -> String {
        let number = |number: Option<f64>| number.map_or_else(String::new, |number| number.to_string());
        let ok = match self.ok {
            Some(true) => "yes",
            Some(false) => "**no**",
            None => "not measured",
        };
        let Self { id, what, unit, against, .. } = self;
        let (figure, peer) = (number(self.figure), number(self.against_figure));
        format!(
            "| {id} | {what} | {figure} {unit} | {against} | {peer} {unit} | {} | {} | {ok} |",
            number(self.ratio),
            number(self.goal)
        )
    }
}

/// The head of the table.
pub(crate) const HEAD: &str = "| row | what | ours | against | its figure | ratio | goal (at most) | met |\n| --- | --- | --- | --- | --- | --- | --- | --- |";

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
    fn a_ratio_above_the_goal_is_not_met() {
        assert_eq!(Row::measured("V1", "list", (2.0, "s"), ("peer", 10.0), 0.125).ok, Some(false));
        assert_eq!(Row::measured("V1", "list", (1.0, "s"), ("peer", 10.0), 0.125).ok, Some(true));
    }
}
