//! Starting other programs: what runs is shown, what fails is named.

use std::ffi::OsStr;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

/// A command with the given arguments, run in `folder`.
pub(crate) fn command<A: AsRef<OsStr>>(
    folder: &Path,
    program: impl AsRef<OsStr>,
    arguments: impl IntoIterator<Item = A>,
) -> Command {
    let mut command = Command::new(program);
    command.current_dir(folder).args(arguments);
    command
}

/// `npm` with these arguments, in the UI's folder. On Windows npm is a script that only its full name finds.
pub(crate) fn npm(arguments: &[&str]) -> Command {
    command(&crate::paths::ui(), if cfg!(windows) { "npm.cmd" } else { "npm" }, arguments)
}

/// `cargo` with these arguments, in the root of the clone.
pub(crate) fn cargo(arguments: &[&str]) -> Command {
    command(crate::paths::root(), "cargo", arguments)
}

/// Runs to the end, passing output through.
pub(crate) fn run(mut command: Command) -> Result<()> {
    let shown = show(&command);
    println!("$ {shown}");
    let status = command.status().with_context(|| format!("could not start `{shown}`"))?;
    if !status.success() {
        bail!("`{shown}` ended with {status}");
    }
    Ok(())
}

/// Runs to the end, passing output through, and keeps the lines of standard output that `keep` picks.
/// The lines come back even when the program fails, because they say how many tests passed.
pub(crate) fn run_keeping(mut command: Command, keep: fn(&str) -> bool) -> (Vec<String>, Result<()>) {
    let shown = show(&command);
    println!("$ {shown}");
    let mut kept = Vec::new();
    let outcome = (|| {
        let mut child = command.stdout(Stdio::piped()).spawn().with_context(|| format!("could not start `{shown}`"))?;
        let output = child.stdout.take().context("standard output was asked for")?;
        let mut reader = BufReader::new(output);
        let mut line = Vec::new();
        // Bytes, not lines of text: a test may print anything, and that must not end the run.
        while reader.read_until(b'\n', &mut line)? > 0 {
            let text = String::from_utf8_lossy(&line);
            print!("{text}");
            if keep(&text) {
                kept.push(text.trim().to_owned());
            }
            line.clear();
        }
        let status = child.wait()?;
        if !status.success() {
            bail!("`{shown}` ended with {status}");
        }
        Ok(())
    })();
    (kept, outcome)
}

/// What a program prints on standard output, trimmed; `None` if it cannot be started or fails.
pub(crate) fn output(program: &str, arguments: &[&str]) -> Option<String> {
    let output = Command::new(program).args(arguments).stderr(Stdio::null()).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

fn show(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    words.map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" ")
}
