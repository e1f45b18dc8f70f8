//! Named points at which a test may kill the process, so that "killed at any instant" is shown instant by instant.
//!
//! The shipped program has none of this: without the cargo feature `failpoints` (off by default) `point!` expands to
//! nothing and no environment variable is read. With it, `VITRINE_FAILPOINT=name:n` kills the process (SIGKILL) at the
//! n-th pass of that point (counted from 1), and `VITRINE_FAILPOINT_LOG=file` appends the name of every point passed,
//! from which a test learns which points a journey has. `VITRINE_CLOCK_FILE=file` sets the wall clock by as many
//! milliseconds as stand in that file, read each time, so that a test can set it under a running program.
//! `VITRINE_UNPROTECTED=name` switches that protection off, to show that the tests of it go red without it.

/// Passes the named point. Costs nothing, and is nothing, unless the feature `failpoints` is on.
macro_rules! point {
    ($name:literal) => {
        #[cfg(feature = "failpoints")]
        $crate::failpoint::pass($name);
    };
}

/// What is right, or the harm where a test has switched the named protection off. In the shipped program the harm is not
/// even compiled.
macro_rules! protected {
    ($name:literal, $right:expr, $harm:expr) => {{
        #[cfg(not(feature = "failpoints"))]
        let what = $right;
        #[cfg(feature = "failpoints")]
        let what = if $crate::failpoint::is_off($name) { $harm } else { $right };
        what
    }};
}

pub(crate) use {point, protected};

#[cfg(feature = "failpoints")]
pub(crate) use armed::{is_off, pass, set_by_ms};

#[cfg(feature = "failpoints")]
mod armed {
    use std::{
        fs::OpenOptions,
        io::Write,
        process,
        sync::{
            OnceLock,
            atomic::{AtomicU64, Ordering},
        },
    };

    struct Trap {
        name: String,
        passes_left: AtomicU64,
    }

    static TRAP: OnceLock<Option<Trap>> = OnceLock::new();

    /// Reads `name:n`; anything else sets no trap, because a mistyped trap must not look like a passed test by
    /// killing somewhere else.
    fn trap() -> Option<Trap> {
        let set = std::env::var("VITRINE_FAILPOINT").ok()?;
        let (name, pass) = set.rsplit_once(':')?;
        Some(Trap { name: name.to_owned(), passes_left: AtomicU64::new(pass.parse().ok()?) })
    }

    /// Whether this protection is switched off.
    pub(crate) fn is_off(name: &str) -> bool {
        std::env::var("VITRINE_UNPROTECTED").is_ok_and(|off| off == name)
    }

    /// How far somebody has set the wall clock, in milliseconds.
    pub(crate) fn set_by_ms() -> i64 {
        let file = std::env::var_os("VITRINE_CLOCK_FILE");
        let text = file.and_then(|file| std::fs::read_to_string(file).ok());
        text.and_then(|text| text.trim().parse().ok()).unwrap_or(0)
    }

    /// Records the pass, and kills the process if this is the one asked for.
    pub(crate) fn pass(name: &str) {
        if let Some(path) = std::env::var_os("VITRINE_FAILPOINT_LOG")
            && let Ok(mut log) = OpenOptions::new().create(true).append(true).open(path)
        {
            // A log that cannot be written makes the test that reads it fail, not the program. One write for each
            // line: threads pass points at once.
            let _ = log.write_all(format!("{name}\n").as_bytes());
        }
        if let Some(trap) = TRAP.get_or_init(trap)
            && trap.name == name
            && trap.passes_left.fetch_sub(1, Ordering::SeqCst) == 1
        {
            // Truly `kill -9`: no handler, no destructor, no flush, and no thread of the process goes on. What the kernel
            // was given stays; a power cut takes that too, and is what `fsync` before every claim of "stored" is for.
            let _ = rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::KILL);
            // Never reached: a signal to oneself arrives before the call returns.
            process::abort();
        }
    }
}
