//! Running one program once, and what that one run used.

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

use anyhow::{Context as _, Result, ensure};
use wait4::Wait4 as _;

/// What one run used.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Used {
    /// Processor seconds, user and system, of the program and of the children it waited for.
    pub(crate) cpu: f64,
    /// Largest resident memory in bytes.
    pub(crate) peak: f64,
}

/// Runs a command with these words on standard input; what it prints is thrown away.
///
/// The memory that a child reports begins with that of whoever started it, so this process has to stay small: whatever
/// needs much memory runs as a child too.
pub(crate) fn run(command: &mut Command, input: &str) -> Result<Used> {
    let shown = format!("{command:?}");
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .with_context(|| format!("could not start {shown}"))?;
    if let Some(mut stdin) = child.stdin.take() {
        // A program that reads nothing may have ended before.
        let _ = stdin.write_all(input.as_bytes());
    }
    let ended = child.wait4()?;
    ensure!(ended.status.success(), "{shown} ended with {}", ended.status);
    #[allow(clippy::cast_precision_loss, reason = "no memory has 2^52 bytes")]
    let peak = ended.rusage.maxrss as f64;
    Ok(Used { cpu: (ended.rusage.utime + ended.rusage.stime).as_secs_f64(), peak })
}

/// What a command prints.
pub(crate) fn output(command: &mut Command, input: &str) -> Result<String> {
    let shown = format!("{command:?}");
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::inherit()).spawn()?;
    if let Some(mut stdin) = child.stdin.take() {
        stdin.write_all(input.as_bytes())?;
    }
    let ended = child.wait_with_output()?;
    ensure!(ended.status.success(), "{shown} ended with {}", ended.status);
    Ok(String::from_utf8(ended.stdout)?)
}

/// The command with these arguments.
pub(crate) fn command(program: impl AsRef<Path>, arguments: &[&str]) -> Command {
    let mut command = Command::new(program.as_ref());
    command.args(arguments);
    command
}

/// Whether there is such a program on the path.
pub(crate) fn there_is(program: &str) -> bool {
    std::env::var_os("PATH")
        .is_some_and(|path| std::env::split_paths(&path).any(|folder| folder.join(program).exists()))
}

/// Times a piece of work in seconds.
pub(crate) fn timed<T>(work: impl FnOnce() -> T) -> (f64, T) {
    let start = Instant::now();
    let done = work();
    (start.elapsed().as_secs_f64(), done)
}

/// The middle of some figures; not a number if there are none.
pub(crate) fn median(figures: &[f64]) -> f64 {
    quantile(figures, 50)
}

/// The figure that so many percent do not exceed.
pub(crate) fn quantile(figures: &[f64], percent: usize) -> f64 {
    let mut sorted = figures.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted.get((sorted.len().saturating_sub(1) * percent + 50) / 100).copied().unwrap_or(f64::NAN)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_middle_is_not_moved_by_one_slow_run() {
        assert!((median(&[3.0, 1.0, 900.0, 2.0, 2.5]) - 2.5).abs() < f64::EPSILON);
        assert!(median(&[]).is_nan());
    }
}
