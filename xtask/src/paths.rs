//! Where things lie: the clone, what cargo builds, and the cache that outlives both.

use std::env;
use std::path::{Path, PathBuf};

/// The root of the clone this command was built from.
pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("xtask lies one folder below the root")
}

/// The web UI's folder.
pub(crate) fn ui() -> PathBuf {
    root().join("ui")
}

/// Where cargo puts what it builds; the same folder for every cargo that this command starts.
pub(crate) fn target() -> PathBuf {
    env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), |folder| root().join(folder))
}

/// A program of this workspace, as built for tests and the demo.
pub(crate) fn program(name: &str) -> PathBuf {
    target().join("debug").join(format!("{name}{}", env::consts::EXE_SUFFIX))
}

/// A folder outside the clone for what is slow to make and independent of its sources: tools, mostly.
/// `VITRINE_CACHE` names it; otherwise it follows the platform's habit, and without a home it lies beside the build.
pub(crate) fn cache() -> PathBuf {
    let folder = |name: &str| env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    folder("VITRINE_CACHE")
        .or_else(|| folder("XDG_CACHE_HOME").map(|caches| caches.join("vitrine")))
        .or_else(|| folder("HOME").map(|home| home.join(".cache").join("vitrine")))
        .or_else(|| folder("LOCALAPPDATA").map(|local| local.join("vitrine-build")))
        .unwrap_or_else(target)
}
