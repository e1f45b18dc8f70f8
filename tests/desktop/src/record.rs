//! The record of a tour: a picture per step and `tour.json`, written after every step so that a run that dies still
//! shows how far it came.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{Context, Result};
use serde::Serialize;

use crate::{Desk, Window};

/// The tour so far, in a folder of the caller's.
#[derive(Debug)]
pub struct Record {
    folder: PathBuf,
    steps: Vec<Step>,
}

#[derive(Debug, Serialize)]
struct Step {
    #[serde(rename = "step")]
    name: String,
    ok: bool,
    detail: String,
    /// File name in the folder; absent where not even the screen could be pictured.
    screenshot: Option<String>,
    ms: u128,
}

/// What a step showed at its end.
#[derive(Debug)]
pub struct Shown {
    detail: String,
    picture: Vec<u8>,
}

impl Shown {
    /// What this window shows now, with a sentence on what was checked.
    pub async fn by(window: &Window, detail: impl Into<String>) -> Result<Self> {
        Ok(Self { detail: detail.into(), picture: window.picture().await? })
    }
}

impl Record {
    /// Begins a record. An older `tour.json` in the folder is replaced at once, so that a tour that dies before its
    /// first step does not leave the success of another behind.
    pub fn begin(folder: &Path) -> Result<Self> {
        fs::create_dir_all(folder).with_context(|| format!("could not make {}", folder.display()))?;
        let record = Self { folder: folder.to_owned(), steps: Vec::new() };
        record.save()?;
        Ok(record)
    }

    /// Plays one step and notes how it went. A step that fails is pictured as the screen was then, and ends the tour by
    /// its error, because the next step would start from another place.
    pub async fn step(
        &mut self,
        name: &str,
        desk: &mut Desk,
        act: impl AsyncFnOnce(&mut Desk) -> Result<Shown>,
    ) -> Result<()> {
        let start = Instant::now();
        let outcome = act(desk).await;
        let ms = start.elapsed().as_millis();
        let file = file_name(self.steps.len() + 1, name);
        let path = self.folder.join(&file);
        let (ok, detail, pictured) = match &outcome {
            Ok(shown) => (true, shown.detail.clone(), fs::write(&path, &shown.picture).is_ok()),
            Err(error) => (false, format!("{error:#}"), desk.picture(&path).await.is_ok()),
        };
        self.steps.push(Step { name: name.to_owned(), ok, detail, screenshot: pictured.then_some(file), ms });
        self.save()?;
        outcome.map(drop).with_context(|| format!("step \"{name}\""))
    }

    /// Whether there were steps and all passed.
    #[must_use]
    pub fn passed(&self) -> bool {
        !self.steps.is_empty() && self.steps.iter().all(|step| step.ok && step.screenshot.is_some())
    }

    fn save(&self) -> Result<()> {
        let path = self.folder.join("tour.json");
        let text = serde_json::to_string_pretty(&self.steps)?;
        fs::write(&path, text + "\n").with_context(|| format!("could not write {}", path.display()))
    }
}

/// `03-connect-by-browser.png`: in the order of the tour, readable in a listing.
fn file_name(number: usize, name: &str) -> String {
    let words = name.split(|letter: char| !letter.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    let slug = words.map(str::to_ascii_lowercase).collect::<Vec<_>>().join("-");
    format!("{number:02}-{slug}.png")
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;

    fn step(ok: bool) -> Step {
        Step { name: "a".into(), ok, detail: String::new(), screenshot: Some("a.png".into()), ms: 1 }
    }

    #[test]
    fn a_tour_passes_only_if_it_has_steps_and_all_passed() {
        let folder = tempfile::tempdir().unwrap();
        let mut record = Record::begin(folder.path()).unwrap();
        assert!(!record.passed(), "a tour of no steps shows nothing");
        record.steps.push(step(true));
        assert!(record.passed());
        record.steps.push(step(false));
        assert!(!record.passed());
    }

    #[test]
    fn an_older_success_does_not_outlive_the_beginning_of_a_tour() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("tour.json"), r#"[{"ok":true}]"#).unwrap();
        Record::begin(folder.path()).unwrap();
        assert_eq!(fs::read_to_string(folder.path().join("tour.json")).unwrap().trim(), "[]");
    }

    #[test]
    fn pictures_are_named_in_order() {
        assert_eq!(file_name(3, "Connect by browser"), "03-connect-by-browser.png");
    }
}
