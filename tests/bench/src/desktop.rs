//! The desktop program beside a bare web view and a browser. Another program starts all three on a screen of their own
//! and says what each took; here is what the figures mean.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use serde::Deserialize;
use vitrine_vault::KdfParams;

use crate::child::{command, median, output, timed};
use crate::row::Row;
use crate::vaults::{PASSPHRASE, Vault};

/// The rows of this file.
pub(crate) const IDS: [&str; 5] = ["D1", "D2", "D3", "D5", "D6"];
const ROUNDS: usize = 5;
const NO_BROWSER: &str = "chromium is not installed (cargo xtask bench --peers)";

#[derive(Deserialize)]
struct Started {
    visible: f64,
    memory: f64,
}

#[derive(Deserialize)]
struct Seen {
    ready_after_paint: f64,
    unlock: Vec<f64>,
    lock: Vec<f64>,
    rows: f64,
    frame_p95: f64,
}

#[derive(Deserialize)]
struct Measured {
    bare: Vec<Started>,
    chromium: Vec<Started>,
    ours: Vec<Started>,
    listed: Vec<f64>,
    own: Vec<f64>,
    tray: Vec<f64>,
    tray_cpu: Vec<f64>,
    page: Seen,
}

/// Measures them all; where the programs are not given, says so. The vault is the one whose list is shown.
pub(crate) fn rows(programs: Option<&[PathBuf]>, vault: &Vault, own: &Path) -> Result<Vec<Row>> {
    let Some(programs) = programs else {
        return Ok(IDS.map(|id| Row::missing(id, "the desktop program", "it was not built for this run")).into());
    };
    let [program, starter, bare] = programs else { bail!("three programs are needed") };
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("peers").join("page.html");
    let mut measure = command(starter, &[]);
    measure.arg(bare).arg(page).arg(&vault.folder).arg(PASSPHRASE).arg(ROUNDS.to_string());
    let printed = output(measure.env("VITRINE_DESKTOP_PROGRAM", program), "")?;
    let measured: Measured = serde_json::from_str(&printed).context("the starter printed something else")?;
    Ok(judged(&measured, vault.organizations, stretching(own)?))
}

/// Milliseconds of one stretching at the floor, as an unlock of the vault does it.
fn stretching(own: &Path) -> Result<f64> {
    let floor = KdfParams::FLOOR;
    let numbers = [floor.memory_kib(), floor.passes(), floor.lanes()].map(|number| number.to_string());
    let arguments = ["kdf", &numbers[0], &numbers[1], &numbers[2]];
    let runs = (0..ROUNDS)
        .map(|_| {
            let (seconds, printed) = timed(|| output(&mut command(own, &arguments), ""));
            printed.map(|_| seconds * 1e3)
        })
        .collect::<Result<Vec<_>>>()?;
    Ok(median(&runs))
}

fn judged(measured: &Measured, organizations: u32, kdf: f64) -> Vec<Row> {
    let middle = |runs: &[Started], of: fn(&Started) -> f64| median(&runs.iter().map(of).collect::<Vec<_>>());
    let (visible, memory) = (|run: &Started| run.visible, |run: &Started| run.memory);
    let Measured { bare, chromium, ours, listed, own, tray, tray_cpu, page } = measured;
    let beside = |id: &str, what: &str, figure: (f64, &str), of: fn(&Started) -> f64, goals: [Option<f64>; 2]| {
        let [to_bare, to_browser] = goals;
        let mut rows = Vec::new();
        if let Some(goal) = to_bare {
            rows.push(Row::measured(id, what, figure, ("a bare WebKitGTK window", middle(bare, of)), goal));
        }
        rows.extend(to_browser.map(|goal| match chromium.as_slice() {
            [] => Row::missing(id, what, NO_BROWSER),
            runs => Row::measured(id, what, figure, ("chromium --app", middle(runs, of)), goal),
        }));
        rows
    };
    let mut rows = beside(
        "D1",
        "start to words in the unlock window",
        (middle(ours, visible), "s"),
        visible,
        [Some(1.15), Some(1.0)],
    );
    // It has the focus before the first words are drawn where this is below zero: then there is nothing to wait for.
    let what = "first words to the passphrase field taking keys";
    rows.push(Row::measured("D1", what, (page.ready_after_paint.max(1.0), "ms"), ("the limit", 300.0), 1.0));
    let locked = "memory of all processes (PSS), locked";
    rows.extend(beside("D2", locked, (middle(ours, memory), "MiB"), memory, [Some(1.15), Some(0.85)]));
    let shown = format!("memory of all processes (PSS), list of {organizations} shown");
    rows.extend(beside("D2", &shown, (median(listed), "MiB"), memory, [Some(1.35), Some(0.85)]));
    let limit = ("the limit", 60.0);
    rows.push(Row::measured("D2", "memory of our own process (PSS), list shown", (median(own), "MiB"), limit, 1.0));
    let open = ("ours with the list shown", median(listed));
    rows.push(Row::measured("D3", "memory of all processes (PSS), in the tray", (median(tray), "MiB"), open, 0.25));
    // Two ticks in the time it is watched is the least that can be told from nothing.
    let busy = (median(tray_cpu) * 100.0).max(0.01);
    rows.push(Row::measured("D3", "processor, in the tray", (busy, "%"), ("the limit", 0.1), 1.0));
    let what = format!("row elements at most while scrolling a list of {organizations}");
    rows.push(Row::measured("D5", what, (page.rows, "rows"), ("the limit", 60.0), 1.0));
    let what = format!("time between frames while scrolling a list of {organizations}, p95");
    rows.push(Row::measured("D5", what, (page.frame_p95, "ms"), ("the limit", 16.7), 1.0));
    let lock = ("the limit", 100.0);
    rows.push(Row::measured(
        "D6",
        "click on Lock to a page without names, drawn",
        (median(&page.lock), "ms"),
        lock,
        1.0,
    ));
    let what = format!("last key of the passphrase to the list of {organizations}, drawn");
    let limit = ("the key derivation and 100 ms", kdf + 100.0);
    rows.push(Row::measured("D6", what, (median(&page.unlock), "ms"), limit, 1.0));
    rows
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_a_browser_its_rows_are_not_passed() {
        let started = |visible| vec![Started { visible, memory: 200.0 }];
        let page = Seen { ready_after_paint: -3.0, unlock: vec![250.0], lock: vec![40.0], rows: 45.0, frame_p95: 17.0 };
        let measured = Measured {
            bare: started(0.5),
            chromium: Vec::new(),
            ours: started(0.5),
            listed: vec![250.0],
            own: vec![50.0],
            tray: vec![40.0],
            tray_cpu: vec![0.0],
            page,
        };
        let rows = judged(&measured, 10_000, 200.0);
        assert!(IDS.iter().all(|id| rows.iter().any(|row| row.id == *id)));
        let table = crate::row::table(&rows);
        assert_eq!(table.matches("| not measured |").count(), 3, "{table}");
        assert_eq!(table.matches("| **no** |").count(), 1, "{table}");
    }
}
