//! Measuring: release builds, the peers if they are asked for, and the program that measures. Never run by a build
//! machine: growth is tested by counts, and times say something only beside a peer's on the same machine.

use std::path::{Path, PathBuf};

use anyhow::Result;
use clap::Args;

use crate::{packages, paths, shell};

/// What to measure.
#[derive(Args)]
pub(crate) struct Bench {
    /// Only this row, by its id (V1, P2, G1, …)
    name: Option<String>,
    /// Writes the rows here too
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Installs the programs that ours is measured beside
    #[arg(long)]
    peers: bool,
    /// The largest synthetic vault, in organizations; making the default one takes minutes, once
    #[arg(long, default_value_t = 100_000)]
    largest: u32,
}

/// Builds and measures.
pub(crate) fn bench(bench: &Bench) -> Result<()> {
    if bench.peers {
        packages::ensure_peers()?;
    }
    let target = paths::cache().join("target-release");
    // One build of both: the feature that the measuring program needs only adds functions that the other never calls.
    let mut build = shell::cargo(&["build", "--release", "--package", "vitrine-cli", "--package", "vitrine-bench"]);
    build.env("CARGO_TARGET_DIR", &target);
    shell::run(build)?;
    let program = |name: &str| target.join("release").join(format!("{name}{}", std::env::consts::EXE_SUFFIX));
    let mut measure = shell::command(&std::env::current_dir()?, program("vitrine-bench"), ["measure"]);
    let with = |measure: &mut std::process::Command, flag: &str, value: &Path| {
        measure.arg(flag).arg(value);
    };
    with(&mut measure, "--vitrine", &program("vitrine"));
    with(&mut measure, "--cache", &paths::cache().join("bench"));
    measure.arg("--largest").arg(bench.largest.to_string());
    if let Some(file) = &bench.json {
        with(&mut measure, "--json", file);
    }
    measure.args(&bench.name);
    shell::run(measure)
}
