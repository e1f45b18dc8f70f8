//! A printed page, read as a person reads it: the codes in numbered groups.

use std::path::Path;

use anyhow::{Context, Result, ensure};
use tokio::process::Command;

/// The text of a PDF page.
#[derive(Debug)]
pub struct Paper {
    lines: Vec<String>,
}

impl Paper {
    /// Reads the page with `pdftotext`, which knows nothing of how we drew it.
    pub async fn read(file: &Path) -> Result<Self> {
        let output = Command::new("pdftotext").arg("-layout").arg(file).arg("-").output().await;
        let output = output.context("could not start pdftotext (poppler-utils)")?;
        ensure!(output.status.success(), "{} is not a PDF that can be read", file.display());
        let text = String::from_utf8(output.stdout)?;
        Ok(Self { lines: text.lines().map(|line| line.trim().to_owned()).filter(|line| !line.is_empty()).collect() })
    }

    /// The groups of the code below a heading, in order; `groups[0]` is group 1.
    pub fn groups(&self, heading: &str) -> Result<Vec<String>> {
        let below = self.lines.iter().skip_while(|line| !line.starts_with(heading)).skip(1);
        // Rows of numbers and rows of groups take turns; anything else ends the code.
        let rows: Vec<&String> = below.take_while(|line| line.split_whitespace().all(is_group_or_number)).collect();
        let groups: Vec<String> = rows
            .chunks(2)
            .filter_map(|pair| pair.get(1))
            .flat_map(|row| row.split_whitespace().map(str::to_owned))
            .collect();
        ensure!(!groups.is_empty(), "no code below {heading:?} among {:?}", self.lines);
        Ok(groups)
    }

    /// The whole code below a heading, as a person types it.
    pub fn code(&self, heading: &str) -> Result<String> {
        Ok(self.groups(heading)?.join(" "))
    }
}

fn is_group_or_number(word: &str) -> bool {
    word.len() <= 4 && word.chars().all(|letter| letter.is_ascii_uppercase() || letter.is_ascii_digit())
}
