//! What a process that holds keys refuses from its start: core dumps, and being read by other processes of the user.

#[cfg(unix)]
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Switches core dumps off and makes this process unreadable to debuggers of the same user. Called first in `main`.
///
/// Hardening, not a guarantee: where the system refuses, the program goes on and says so in its log.
#[cfg(unix)]
pub fn harden() {
    let Rlimit { maximum, .. } = getrlimit(Resource::Core);
    let limited = setrlimit(Resource::Core, Rlimit { current: Some(0), maximum });
    #[cfg(target_os = "linux")]
    let hidden = rustix::process::set_dumpable_behavior(rustix::process::DumpableBehavior::NotDumpable);
    #[cfg(not(target_os = "linux"))]
    let hidden: rustix::io::Result<()> = Ok(());
    if let Err(error) = limited.and(hidden) {
        tracing::warn!(code = "process.unhardened", %error, "this process can be dumped or read");
    }
}

/// Nothing of the kind is known for this platform yet.
#[cfg(not(unix))]
pub fn harden() {}
