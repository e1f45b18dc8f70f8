//! The printed papers, read as a person reads them: from the text of the PDF.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, ensure};

/// The text of a PDF, line by line.
pub(crate) fn read(pdf: &Path) -> Result<Vec<String>> {
    let read = Command::new("pdftotext").args(["-layout", "-enc", "UTF-8"]).arg(pdf).arg("-").output();
    let read = read.context("could not run pdftotext (Debian: poppler-utils)")?;
    ensure!(read.status.success(), "pdftotext: {}", String::from_utf8_lossy(&read.stderr));
    let text = String::from_utf8(read.stdout)?;
    Ok(text.lines().map(|line| line.trim().to_owned()).filter(|line| !line.is_empty()).collect())
}

/// The groups of the code under a heading that begins so, in their order. A row of numbers stands above each row of
/// groups.
pub(crate) fn code(lines: &[String], heading: &str) -> Result<Vec<String>> {
    let under = lines.iter().skip_while(|line| !line.starts_with(heading)).skip(1);
    let rows = under.map_while(|line| {
        let words: Vec<&str> = line.split_whitespace().collect();
        let numbers = words.iter().all(|word| word.parse::<u8>().is_ok_and(|number| number <= 40) && word.len() < 3);
        let groups = words.iter().all(|word| word.len() == 4 && word.chars().all(is_of_a_code));
        match (numbers, groups) {
            (true, _) => Some(Vec::new()),
            (_, true) => Some(words.into_iter().map(str::to_owned).collect()),
            _ => None,
        }
    });
    let groups: Vec<String> = rows.flatten().collect();
    ensure!(!groups.is_empty(), "no code under {heading:?} in {lines:?}");
    Ok(groups)
}

fn is_of_a_code(c: char) -> bool {
    c.is_ascii_digit() || c.is_ascii_uppercase()
}
