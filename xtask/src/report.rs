//! The result of a run of many steps: all of them are tried, then all are listed, so that one run shows every failure.

use std::time::{Duration, Instant};

use anyhow::Result;

use crate::Stop;

/// The steps so far.
#[derive(Default)]
pub(crate) struct Report {
    steps: Vec<Step>,
}

struct Step {
    name: &'static str,
    took: Duration,
    lines: Vec<String>,
    error: Option<String>,
}

impl Report {
    /// Does one step and notes how it went; answers whether it passed.
    pub(crate) fn step(&mut self, name: &'static str, act: impl FnOnce() -> Result<()>) -> bool {
        self.counted(name, || (Vec::new(), act()))
    }

    /// Like [`Self::step`], for a step that hands back its runner's closing lines.
    pub(crate) fn counted(&mut self, name: &'static str, act: impl FnOnce() -> (Vec<String>, Result<()>)) -> bool {
        println!("\n== {name}");
        let start = Instant::now();
        let (lines, outcome) = act();
        let error = outcome.err().map(|error| format!("{error:#}"));
        if let Some(error) = &error {
            eprintln!("{name}: {error}");
        }
        let passed = error.is_none();
        self.steps.push(Step { name, took: start.elapsed(), lines, error });
        passed
    }

    /// Notes a step that cannot be done because another failed. It counts as failed: nothing is skipped in silence.
    pub(crate) fn not_run(&mut self, name: &'static str, why: &str) {
        self.steps.push(Step { name, took: Duration::ZERO, lines: Vec::new(), error: Some(format!("not run: {why}")) });
    }

    /// Lists every step with its runner's closing lines.
    pub(crate) fn close(self) -> Result<()> {
        println!("\n== Summary");
        for step in &self.steps {
            let mark = if step.error.is_none() { "ok    " } else { "FAILED" };
            println!("{mark} {:<28} {:>5} s", step.name, step.took.as_secs());
            for line in &step.lines {
                println!("         {line}");
            }
            if let Some(error) = &step.error {
                println!("         {error}");
            }
        }
        if self.steps.iter().any(|step| step.error.is_some()) {
            return Err(Stop::Failed.into());
        }
        println!("everything passed");
        Ok(())
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;

    #[test]
    fn a_run_with_one_failed_step_fails() {
        let mut report = Report::default();
        assert!(report.step("one", || Ok(())));
        assert!(!report.step("two", || anyhow::bail!("broken")));
        assert!(report.close().is_err());
    }

    #[test]
    fn a_step_that_was_not_run_fails_the_run() {
        let mut report = Report::default();
        report.not_run("one", "the build failed");
        assert!(report.close().is_err());
    }

    #[test]
    fn a_run_of_passed_steps_passes() {
        let mut report = Report::default();
        report.counted("one", || (vec!["test result: ok".into()], Ok(())));
        report.close().unwrap();
    }
}
