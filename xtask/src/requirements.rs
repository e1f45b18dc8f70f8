//! Checks of the machine that cost nothing, before anything is downloaded or built: Rust, Node, free disk.

use std::path::Path;

use anyhow::Result;

use crate::{Stop, paths, setup::Purpose, shell};

const RUST: Version = Version(1, 95, 0);
const NODE: Version = Version(20, 19, 0);

/// Free space a first build fills, in GiB: the window's libraries with all test programs, or the programs alone.
const FIRST_TEST_GIB: u64 = 12;
const FIRST_DEMO_GIB: u64 = 7;
/// What a later build may add.
const LATER_GIB: u64 = 3;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Version(u32, u32, u32);

impl Version {
    /// The first dotted number in a program's answer: `rustc 1.95.0 (..)`, `v20.20.2`.
    fn find(text: &str) -> Option<Self> {
        let word = text.split_whitespace().find(|word| word.trim_start_matches('v').starts_with(char::is_numeric))?;
        let mut parts = word.trim_start_matches('v').split(['.', '-', '+']).map(str::parse);
        let mut next = || parts.next().and_then(Result::ok);
        Some(Self(next()?, next()?, next().unwrap_or(0)))
    }
}

impl std::fmt::Display for Version {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}.{}", self.0, self.1, self.2)
    }
}

/// Checks everything and names all that is missing at once.
pub(crate) fn check(purpose: Purpose) -> Result<()> {
    let mut missing = Vec::new();
    at_least("Rust", "rustc", RUST, "https://rustup.rs (then: rustup update stable)", &mut missing);
    at_least("Node", "node", NODE, "https://nodejs.org (any release from 20.19 on, with npm)", &mut missing);
    if purpose == Purpose::Test {
        for component in ["fmt", "clippy"] {
            if shell::output("cargo", &[component, "--version"]).is_none() {
                missing.push(format!("cargo {component}: run `rustup component add rustfmt clippy`"));
            }
        }
    }
    missing.extend(disk(purpose));
    missing.extend(platform(purpose));
    if missing.is_empty() {
        return Ok(());
    }
    eprintln!("Before this can run, please see to:");
    for line in missing {
        eprintln!("  - {line}");
    }
    Err(Stop::Missing.into())
}

fn at_least(name: &str, program: &str, wanted: Version, source: &str, missing: &mut Vec<String>) {
    match shell::output(program, &["--version"]).as_deref().map(Version::find) {
        Some(Some(found)) if found >= wanted => println!("{name} {found}"),
        Some(Some(found)) => missing.push(format!("{name} {found} is too old, {wanted} is needed: {source}")),
        _ => missing.push(format!("{name} {wanted} or newer: {source}")),
    }
}

fn disk(purpose: Purpose) -> Option<String> {
    let target = paths::target();
    let wanted = match purpose {
        _ if target.join("debug").join("deps").read_dir().is_ok_and(|mut files| files.nth(2000).is_some()) => LATER_GIB,
        Purpose::Test => FIRST_TEST_GIB,
        Purpose::Window | Purpose::Tour => FIRST_DEMO_GIB,
    };
    let existing = target.ancestors().find(|folder| folder.exists())?;
    let free = free_gib(existing)?;
    println!("{free} GiB free for the build");
    (free < wanted).then(|| format!("disk: {free} GiB are free in {}, {wanted} GiB are needed", existing.display()))
}

/// Free GiB where `folder` lies; `None` where `df` is unknown (Windows), which the build itself will tell soon enough.
fn free_gib(folder: &Path) -> Option<u64> {
    let table = shell::output("df", &["-Pk", folder.to_str()?])?;
    free_in_table(&table)
}

fn free_in_table(table: &str) -> Option<u64> {
    let kib: u64 = table.lines().nth(1)?.split_whitespace().nth(3)?.parse().ok()?;
    Some(kib / (1024 * 1024))
}

/// What no package manager of ours can install. The window runs on all three systems; playing a person in front of it
/// needs a WebDriver for the system's web view, which macOS does not have.
fn platform(purpose: Purpose) -> Option<String> {
    if cfg!(target_os = "macos") {
        if shell::output("xcode-select", &["-p"]).is_none() {
            return Some("Xcode command line tools: run `xcode-select --install`".into());
        }
        if purpose != Purpose::Window {
            return Some(
                "the tour and the real-window tests need Linux (macOS has no WebDriver for its web view): run them in a \
                 Debian 12 container or machine; `cargo xtask demo` opens the window here"
                    .into(),
            );
        }
    }
    if cfg!(windows) {
        if shell::output("where", &["link.exe"]).is_none() && shell::output("where", &["cl.exe"]).is_none() {
            println!(
                "If linking fails: install the Visual Studio Build Tools with \"Desktop development with C++\". \
                 WebView2 is part of Windows 10 and 11."
            );
        }
        if purpose != Purpose::Window {
            return Some(
                "the tour and the real-window tests run on Linux: use WSL 2 with Debian 12; `cargo xtask demo` opens \
                 the window here"
                    .into(),
            );
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_found_in_what_programs_answer() {
        assert_eq!(Version::find("rustc 1.95.0 (f2d3ce0bd 2026-03-21)"), Some(Version(1, 95, 0)));
        assert_eq!(Version::find("v20.20.2"), Some(Version(20, 20, 2)));
        assert_eq!(Version::find("rustc 1.97.0-nightly (abc)"), Some(Version(1, 97, 0)));
        assert_eq!(Version::find("no number"), None);
    }

    #[test]
    fn an_older_node_is_refused() {
        let mut missing = Vec::new();
        at_least("Rust", "rustc", Version(99, 0, 0), "somewhere", &mut missing);
        assert!(missing[0].contains("too old"), "{missing:?}");
        assert!(Version(20, 18, 9) < NODE && Version(22, 0, 0) > NODE);
    }

    #[test]
    fn a_program_that_is_not_there_is_named_with_its_source() {
        let mut missing = Vec::new();
        at_least("Node", "a-program-that-is-not-there", NODE, "its source", &mut missing);
        assert!(missing[0].contains("its source"), "{missing:?}");
    }

    #[test]
    fn free_space_is_read_from_the_portable_table() {
        let table =
            "Filesystem 1024-blocks Used Available Capacity Mounted on\n/dev/vda 263112772 12000000 83886080 13% /";
        assert_eq!(free_in_table(table), Some(80));
        assert_eq!(free_in_table("nonsense"), None);
    }
}
