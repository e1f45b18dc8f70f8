//! What can be judged without running the product: form, lints, types, licences.

use anyhow::{Result, ensure};

use crate::report::Report;
use crate::setup::{Purpose, setup};
use crate::{paths, shell, tools};

/// One set of packages and features for every build. Another set would build the window's libraries again (minutes).
/// This program is left out because it cannot replace itself while it runs (Windows).
pub(crate) const EVERYTHING: [&str; 5] = ["--workspace", "--exclude", "xtask", "--features", "vitrine/custom-protocol"];

/// Checks alone.
pub(crate) fn check() -> Result<()> {
    setup(Purpose::Test)?;
    let mut report = Report::default();
    sources(&mut report);
    report.close()
}

/// The checks as steps of a longer run. Leaves a built UI behind, which the desktop program embeds.
pub(crate) fn sources(report: &mut Report) -> bool {
    report.step("rustfmt", || shell::run(shell::cargo(&["fmt", "--all", "--check"])));
    report.step("lock files", lock_files);
    report.step("UI lints", || shell::run(shell::npm(&["run", "lint"])));
    report.step("UI types", || shell::run(shell::npm(&["run", "typecheck"])));
    if !report.step("UI build", build_ui) {
        report.not_run("clippy", "the UI was not built");
        return false;
    }
    report.step("clippy", || {
        shell::run(shell::cargo(&[&["clippy"], &EVERYTHING[..], &["--all-targets", "--", "-D", "warnings"]].concat()))?;
        shell::run(shell::cargo(&["clippy", "--package", "xtask", "--all-targets", "--", "-D", "warnings"]))
    });
    report.step("cargo deny", deny);
    true
}

/// The UI as the desktop program embeds it.
pub(crate) fn build_ui() -> Result<()> {
    shell::run(shell::npm(&["run", "build"]))
}

/// Lock files hold checksums, not addresses: every machine fetches from the registry it was told to trust.
fn lock_files() -> Result<()> {
    let lock = std::fs::read_to_string(paths::ui().join("package-lock.json"))?;
    ensure!(
        !lock.contains("\"resolved\""),
        "ui/package-lock.json names download addresses: run `npm install` in ui/ anew"
    );
    shell::run(shell::cargo(&["metadata", "--locked", "--format-version", "1", "--quiet", "--no-deps"]).quiet())
}

fn deny() -> Result<()> {
    tools::CARGO_DENY.ensure()?;
    println!("Bans, licences and sources. Advisories are not checked here: their database is another download.");
    shell::run(shell::command(
        paths::root(),
        tools::CARGO_DENY.path(),
        ["--all-features", "check", "--hide-inclusion-graph", "bans", "licenses", "sources"],
    ))
}

trait Quiet {
    fn quiet(self) -> Self;
}

impl Quiet for std::process::Command {
    fn quiet(mut self) -> Self {
        self.stdout(std::process::Stdio::null());
        self
    }
}
