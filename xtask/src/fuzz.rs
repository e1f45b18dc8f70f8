//! Fuzzing: libFuzzer with coverage over every decoder, on the stable compiler.
//!
//! `cargo fuzz` passes these very flags and asks for a nightly compiler only for its address sanitizer, which finds
//! little where unsafe code is forbidden. What a run learns stays in the cache, and the next one begins with it.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;

use crate::{paths, shell};

/// Seconds for each target; `VITRINE_FUZZ_SECONDS` says otherwise.
const SECONDS: u64 = 60;

/// Coverage as libFuzzer reads it, and the checks of a debug build.
const FLAGS: &str = "--cfg fuzzing -Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
     -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table \
     -Cllvm-args=-sanitizer-coverage-trace-compares -Cllvm-args=-simplifycfg-branch-fold-threshold=0 \
     -Cdebug-assertions -Coverflow-checks -Ccodegen-units=1";

/// Builds every target and runs each for its time. Answers with a line for each target.
pub(crate) fn fuzz(seed: u64) -> (Vec<String>, Result<()>) {
    let mut lines = Vec::new();
    let outcome = run_all(seed, &mut lines);
    (lines, outcome)
}

fn run_all(seed: u64, lines: &mut Vec<String>) -> Result<()> {
    let seconds = std::env::var("VITRINE_FUZZ_SECONDS").ok().and_then(|text| text.parse().ok()).unwrap_or(SECONDS);
    let programs = build()?;
    let known = known_inputs()?;
    let mut failed = Vec::new();
    for target in targets()? {
        let learnt = paths::cache().join("fuzz").join(&target);
        fs::create_dir_all(&learnt)?;
        for (number, bytes) in known.iter().enumerate() {
            fs::write(learnt.join(format!("known-{number}")), bytes)?;
        }
        for seed in seeds(&target)? {
            fs::copy(&seed, learnt.join(seed.file_name().unwrap_or_default()))?;
        }
        match run(&programs.join(&target), &target, &learnt, seconds, seed) {
            Ok(line) => lines.push(line),
            Err(error) => {
                lines.push(format!("{target}: {error:#}"));
                failed.push(target);
            }
        }
    }
    ensure!(failed.is_empty(), "found something in {}", failed.join(", "));
    Ok(())
}

/// Runs one target for its time. What makes it fail is kept beside what it learnt.
fn run(program: &Path, target: &str, learnt: &Path, seconds: u64, seed: u64) -> Result<String> {
    let log = learnt.with_extension("log");
    let mut command = Command::new(program);
    // libFuzzer's seed has 32 bits, and 0 means a random one.
    command.arg(format!("-seed={}", seed % u64::from(u32::MAX) + 1));
    command.arg(format!("-max_total_time={seconds}")).args(["-print_final_stats=1", "-timeout=20"]);
    command.arg(format!("-artifact_prefix={}", learnt.with_extension("found-").display())).arg(learnt);
    println!("$ {target} for {seconds} s");
    let status = command.stderr(File::create(&log)?).status().context("could not start the target")?;
    let told = fs::read_to_string(&log)?;
    if !status.success() {
        let end = told.lines().rev().take(25).collect::<Vec<_>>();
        bail!("{status}\n{}", end.into_iter().rev().collect::<Vec<_>>().join("\n"));
    }
    let executed = told.lines().find_map(|line| line.strip_prefix("stat::number_of_executed_units:"));
    Ok(format!("{target}: {} executions", executed.context("no count of executions")?.trim()))
}

fn build() -> Result<PathBuf> {
    let host = shell::output("rustc", &["-vV"]).context("rustc does not say which machine this is")?;
    let host = host.lines().find_map(|line| line.strip_prefix("host: ")).context("rustc names no host")?.to_owned();
    let target = paths::target().join("fuzz");
    let manifest = folder().join("Cargo.toml");
    let manifest = manifest.to_string_lossy();
    // A target of its own keeps the flags away from build scripts.
    let words = ["build", "--release", "--bins", "--locked", "--manifest-path", &manifest, "--target", &host];
    let mut build = shell::cargo(&words);
    build.env("CARGO_TARGET_DIR", &target).env("RUSTFLAGS", FLAGS);
    shell::run(build)?;
    Ok(target.join(host).join("release"))
}

fn targets() -> Result<BTreeSet<String>> {
    let files = fs::read_dir(folder().join("fuzz_targets")).context("there are no fuzz targets")?;
    let names = files.map(|file| Ok(file?.path().file_stem().unwrap_or_default().to_string_lossy().into_owned()));
    names.collect()
}

/// What the frozen vectors hold, good and broken: a decoder of sealed bytes accepts nothing that is merely guessed.
fn known_inputs() -> Result<Vec<Vec<u8>>> {
    let vectors = paths::root().join("tests").join("vectors");
    let mut inputs = BTreeSet::new();
    for room in ["vault", "ledger"] {
        for file in fs::read_dir(vectors.join(room))? {
            let document: Value = serde_json::from_slice(&fs::read(file?.path())?)?;
            for case in document["cases"].as_array().map_or(&[][..], Vec::as_slice) {
                inputs.extend(case["bytes"].as_str().and_then(unhex));
                inputs.extend(case["text"].as_str().map(|text| text.as_bytes().to_vec()));
            }
        }
    }
    ensure!(inputs.len() > 100, "only {} inputs in the frozen vectors", inputs.len());
    Ok(inputs.into_iter().collect())
}

/// Inputs that are no frozen vectors, for one target alone.
fn seeds(target: &str) -> Result<Vec<PathBuf>> {
    let folder = folder().join("seeds").join(target);
    if !folder.exists() {
        return Ok(Vec::new());
    }
    fs::read_dir(folder)?.map(|file| Ok(file?.path())).collect()
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    let pairs = text.as_bytes().chunks(2).map(|pair| std::str::from_utf8(pair).ok());
    pairs.map(|pair| u8::from_str_radix(pair?, 16).ok()).collect()
}

fn folder() -> PathBuf {
    paths::root().join("fuzz")
}

#[cfg(test)]
mod tests {
    #[test]
    fn every_target_is_found_and_the_vectors_are_read() {
        assert!(super::targets().is_ok_and(|targets| targets.len() >= 16));
        assert!(super::known_inputs().is_ok());
        assert_eq!(super::unhex("00ff7a"), Some(vec![0, 255, 0x7a]));
        assert_eq!(super::unhex("0x"), None);
    }
}
