//! Everything that is tested, in one command; build machines call exactly this.

use std::env;
use std::process::Command;
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::Result;

use crate::check::{self, EVERYTHING};
use crate::fuzz;
use crate::package;
use crate::python;
use crate::report::Report;
use crate::setup::{Purpose, setup};
use crate::{shell, tools};

/// Tests in front of a real window; they bring their own screen and are named here because cargo leaves them out of a
/// plain `cargo test`.
const WINDOW_TESTS: [&str; 2] = ["--test", "window"];

/// Cases of each property in a run of full counts; a share is what each test takes for itself.
const PROPERTY_CASES: &str = "5000";

/// Checks, then tests. `deep` asks for full counts; otherwise tests with many cases take a share chosen by the seed.
pub(crate) fn test(deep: bool) -> Result<()> {
    let seed = seed();
    println!("seed {seed} (repeat with VITRINE_SEED={seed}{})", if deep { ", full counts" } else { "" });
    setup(Purpose::Test)?;

    let share = |mut command: Command| {
        command.env("VITRINE_SEED", seed.to_string()).env("VITRINE_TAURI_DRIVER", tools::TAURI_DRIVER.path());
        // Properties draw their cases from the same seed.
        command.env("PROPTEST_RNG_SEED", seed.to_string());
        if deep {
            command.env("VITRINE_DEEP", "1").env("PROPTEST_CASES", PROPERTY_CASES);
        }
        command
    };
    let mut report = Report::default();
    let ui_is_built = check::sources(&mut report);
    report.counted("UI tests", || {
        shell::run_keeping(share(shell::npm(&["run", "test", "--", "--no-color"])), |line| {
            let line = line.trim_start();
            line.starts_with("Tests ") || line.starts_with("Test Files ")
        })
    });
    report.step("second readers", python::read_vectors);
    report.counted("xtask tests", || {
        shell::run_keeping(shell::cargo(&["test", "--quiet", "--package", "xtask"]), closing)
    });
    let built = ui_is_built
        && report
            .step("build", || shell::run(shell::cargo(&[&["build"], &EVERYTHING[..], &["--all-targets"]].concat())));
    if !built {
        report.not_run("Rust tests", "the build failed");
        report.not_run("window tests", "the build failed");
        report.not_run("tour of the installed .deb", "the build failed");
        return report.close();
    }
    report.counted("Rust tests", || {
        let words = [&["test", "--no-fail-fast"], &EVERYTHING[..]].concat();
        let mut tests = share(shell::cargo(&words));
        if env::var_os("RUST_TEST_THREADS").is_none() {
            tests.env("RUST_TEST_THREADS", side_by_side().to_string());
        }
        shell::run_keeping(tests, closing)
    });
    report.counted("window tests", || {
        let words = [&["test", "--no-fail-fast"], &EVERYTHING[..], &WINDOW_TESTS[..]].concat();
        shell::run_keeping(share(shell::cargo(&words)), closing)
    });
    // The tour is the longest of the window tests; the package is driven once, so the two are one.
    report.step("tour of the installed .deb", package::tour_of_the_installed);
    if deep {
        report.counted("fuzzing", || fuzz::fuzz(seed));
    }
    println!("\nseed {seed}");
    report.close()
}

/// Tests at once: a story waits half of its time for other processes, so that one on each core leaves it idle.
fn side_by_side() -> usize {
    std::thread::available_parallelism().map_or(1, |cores| cores.get() + cores.get().div_ceil(2))
}

/// The line by which a Rust test program says how many passed.
fn closing(line: &str) -> bool {
    line.starts_with("test result:") && !line.contains(" 0 passed; 0 failed; 0 ignored")
}

fn seed() -> u64 {
    let given = env::var("VITRINE_SEED").ok().and_then(|text| text.parse().ok());
    given.unwrap_or_else(|| SystemTime::now().duration_since(UNIX_EPOCH).map_or(1, |since| since.as_secs()))
}

#[cfg(test)]
mod tests {
    use super::closing;

    #[test]
    fn closing_lines_of_programs_with_tests_are_kept() {
        assert!(closing("test result: ok. 3 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out"));
        assert!(!closing("test result: ok. 0 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out"));
        assert!(!closing("test a_test ... ok"));
    }
}
