//! Measuring: release builds, the peers if they are asked for, and the program that measures. Never run by a build
//! machine: growth is tested by counts, and times say something only beside a peer's on the same machine.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};
use clap::Args;

use crate::check::build_ui;
use crate::setup::{Purpose, setup};
use crate::{packages, paths, shell, tools};

/// What to measure.
#[derive(Args)]
pub(crate) struct Bench {
    /// Only these rows, by their ids (V1, P2, G1, …); or `rotate-fleet` alone; or `server` alone
    names: Vec<String>,
    /// Writes the rows here too
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Keeps the rows of that file which this run does not measure
    #[arg(long, requires = "json")]
    keep: bool,
    /// Writes the table into this page, between its marks
    #[arg(long, value_name = "FILE")]
    page: Option<PathBuf>,
    /// Installs the programs that ours is measured beside
    #[arg(long)]
    peers: bool,
    /// The largest synthetic vault, in organizations; making the default one takes minutes, once
    #[arg(long, default_value_t = 100_000)]
    largest: u32,
    /// What follows is for `rotate-fleet` (--tenants, --latency, --at-once, --faults, --cut) or `server` (--runs, --sqlite)
    #[arg(last = true)]
    rest: Vec<String>,
}

/// Builds and measures.
pub(crate) fn bench(bench: &Bench) -> Result<()> {
    if bench.peers {
        packages::ensure_peers()?;
    }
    let target = paths::cache().join("target-release");
    let program = |name: &str| target.join("release").join(format!("{name}{}", std::env::consts::EXE_SUFFIX));
    // One build of both: the feature that the measuring program needs only adds functions that the other never calls.
    let fleet = bench.names == ["rotate-fleet"];
    let server = bench.names == ["server"];
    let measured = if server { "vitrine-server" } else { "vitrine-cli" };
    if server && cfg!(target_os = "linux") {
        packages::ensure_postgres()?;
    }
    let mut build = shell::cargo(&["build", "--release", "--package", measured, "--package", "vitrine-bench"]);
    build.env("CARGO_TARGET_DIR", &target);
    shell::run(build)?;
    let verb = if fleet {
        "fleet"
    } else if server {
        "server"
    } else {
        "measure"
    };
    let mut measure = shell::command(&std::env::current_dir()?, program("vitrine-bench"), [verb]);
    let with = |measure: &mut Command, flag: &str, value: &Path| {
        measure.arg(flag).arg(value);
    };
    if let Some(file) = &bench.json {
        with(&mut measure, "--json", file);
    }
    if let Some(file) = &bench.page {
        with(&mut measure, "--page", file);
    }
    if bench.keep {
        measure.arg("--keep");
    }
    if server {
        with(&mut measure, "--server", &program("vitrine-server"));
    }
    if fleet || server {
        measure.args(&bench.rest);
        return shell::run(measure);
    }
    with(&mut measure, "--vitrine", &program("vitrine"));
    with(&mut measure, "--cache", &paths::cache().join("bench"));
    measure.arg("--largest").arg(bench.largest.to_string());
    let desktop = bench.names.is_empty() || bench.names.iter().any(|name| name.starts_with(['D', 'd']));
    if desktop && cfg!(target_os = "linux") {
        let starter = build_desktop(&target)?;
        measure.arg("--desktop").arg(program("vitrine-desktop")).arg(starter).arg(build_bare_window()?);
        measure.env("VITRINE_TAURI_DRIVER", tools::TAURI_DRIVER.path());
    }
    // Last, since the desktop's three programs would take them for more of their kind.
    measure.arg("--").args(&bench.names);
    shell::run(measure)
}

/// The desktop program as it ships. Answers with what starts it, which need not be fast itself.
fn build_desktop(target: &Path) -> Result<PathBuf> {
    setup(Purpose::Tour)?;
    build_ui()?;
    let features = ["--features", "vitrine/custom-protocol"];
    let mut build = shell::cargo(&[&["build", "--release", "--package", "vitrine"], &features[..]].concat());
    build.env("CARGO_TARGET_DIR", target);
    shell::run(build)?;
    shell::run(shell::cargo(&["build", "--package", "vitrine-desktop-tests", "--bin", "vitrine-measure"]))?;
    Ok(paths::program("vitrine-measure"))
}

/// The window that ours is measured beside: a page of C, made with the libraries that ours is linked against.
fn build_bare_window() -> Result<PathBuf> {
    let source = paths::root().join("tests").join("bench").join("peers").join("bare-window.c");
    let folder = paths::cache().join("bench");
    std::fs::create_dir_all(&folder).with_context(|| format!("could not make {}", folder.display()))?;
    let program = folder.join("bare-window");
    let libraries = shell::output("pkg-config", &["--cflags", "--libs", "webkit2gtk-4.1"])
        .context("pkg-config does not know webkit2gtk-4.1")?;
    let mut compile = shell::command(paths::root(), "cc", ["-O2", "-o"]);
    shell::run({
        compile.arg(&program).arg(source).args(libraries.split_whitespace());
        compile
    })?;
    Ok(program)
}
