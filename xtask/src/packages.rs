//! The Debian packages that building and testing need, and how they come onto the machine.
//!
//! Only what the machine's owner allows: as root or with a `sudo` that asks nothing they are installed, otherwise the
//! one line to run is printed.

use std::collections::BTreeSet;
use std::process::Command;

use anyhow::Result;

use crate::{Stop, paths, setup::Purpose, shell};

/// To build the desktop program.
const BUILD: &[&str] = &[
    "ca-certificates",
    "gcc",
    "libayatana-appindicator3-dev", // the tray icon
    "libc6-dev",
    "libwebkit2gtk-4.1-dev", // the window; brings GTK 3
    "pkg-config",
    "xdg-utils", // opens the person's browser
];

/// To play a person in front of a real window, where there is no screen.
const WINDOW: &[&str] = &[
    "at-spi2-core",
    "dbus",
    "fonts-dejavu-core",
    "gnome-keyring", // the OS keychain, on a private bus
    "imagemagick",   // `import`: a picture of the screen when the window no longer answers
    "openbox",       // title bars, focus
    "poppler-utils", // `pdftotext`: the kit is read back from the paper
    "webkit2gtk-driver",
    "xauth",
    "xvfb",
];

/// To test: the second reader of our formats is written in Python, and the backend runs over both its databases.
const TEST: &[&str] = &["postgresql", "python3", "python3-venv"];

/// For a backend over PostgreSQL.
const DATABASE: &[&str] = &["postgresql"];

/// To measure beside.
const PEERS: &[&str] = &["argon2", "chromium", "gnupg", "keepassxc", "pass"];

fn needed(purpose: Purpose) -> Vec<&'static str> {
    match purpose {
        Purpose::Window => BUILD.to_vec(),
        Purpose::Tour | Purpose::Test => [BUILD, WINDOW, TEST].concat(),
    }
}

/// Makes sure the packages are there, or says what to run and stops.
pub(crate) fn ensure(purpose: Purpose) -> Result<()> {
    let needed = needed(purpose);
    match missing(&needed) {
        Some(missing) => install(&missing),
        None => other_linux(&needed),
    }
}

/// The same for the programs that ours is measured beside. Where there is no dpkg, those that are there are used.
pub(crate) fn ensure_peers() -> Result<()> {
    missing(PEERS).map_or(Ok(()), |missing| install(&missing))
}

/// The same for a backend over PostgreSQL.
pub(crate) fn ensure_postgres() -> Result<()> {
    missing(DATABASE).map_or(Ok(()), |missing| install(&missing))
}

fn install(missing: &[&'static str]) -> Result<()> {
    if missing.is_empty() {
        return Ok(());
    }
    println!("These Debian packages are missing: {}", missing.join(" "));
    let Some(raise) = privilege() else {
        eprintln!(
            "Please run this line, then the same command again:\n\n    sudo apt-get update && sudo apt-get install --yes \
             --no-install-recommends {}\n",
            missing.join(" ")
        );
        return Err(Stop::Missing.into());
    };
    let apt = |arguments: &[&str]| {
        let mut words: Vec<&str> = raise.to_vec();
        // Waits for another package job of the machine instead of failing beside it.
        words.extend(["env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-o", "DPkg::Lock::Timeout=300", "--quiet"]);
        words.extend(arguments);
        shell::run(shell::command(paths::root(), words[0], &words[1..]))
    };
    apt(&["update"])?;
    let mut install = vec!["install", "--yes", "--no-install-recommends"];
    install.extend(missing);
    apt(&install)
}

/// Which of these packages dpkg does not have installed; `None` where there is no dpkg.
fn missing(needed: &[&'static str]) -> Option<Vec<&'static str>> {
    // A package dpkg never heard of makes it end with 1, so only the lines count, not the status.
    let output = Command::new("dpkg-query")
        .args(["--show", "--showformat", "${binary:Package} ${db:Status-Status}\n"])
        .args(needed)
        .output()
        .ok()?;
    Some(not_installed(needed, &String::from_utf8_lossy(&output.stdout)))
}

fn not_installed(needed: &[&'static str], listing: &str) -> Vec<&'static str> {
    let installed: BTreeSet<&str> = listing
        .lines()
        .filter_map(|line| line.split_once(' '))
        .filter(|(_, status)| *status == "installed")
        .map(|(package, _)| package.split_once(':').map_or(package, |(name, _)| name))
        .collect();
    needed.iter().copied().filter(|package| !installed.contains(package)).collect()
}

/// The words to put before a command that needs root, or `None` if a person would have to type a password.
fn privilege() -> Option<&'static [&'static str]> {
    if shell::output("id", &["-u"]).as_deref() == Some("0") {
        return Some(&[]);
    }
    shell::output("sudo", &["-n", "true"]).map(|_| &["sudo", "-n"][..])
}

fn other_linux(needed: &[&str]) -> Result<()> {
    if shell::output("pkg-config", &["--exists", "webkit2gtk-4.1"]).is_some() {
        println!("Not a Debian: the names of packages are not checked here.");
        return Ok(());
    }
    eprintln!(
        "This Linux is not a Debian. Please install what these Debian packages hold, then run the same command \
         again:\n\n    {}\n",
        needed.join(" ")
    );
    Err(Stop::Missing.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_removed_or_unknown_package_is_missing_and_an_installed_one_is_not() {
        let listing = "xvfb installed\ndbus config-files\nlibwebkit2gtk-4.1-dev:amd64 installed\n";
        let needed = ["xvfb", "dbus", "libwebkit2gtk-4.1-dev", "openbox"];
        assert_eq!(not_installed(&needed, listing), ["dbus", "openbox"]);
    }

    #[test]
    fn an_open_window_needs_no_screen_stand_in() {
        assert!(!needed(Purpose::Window).contains(&"xvfb"));
        assert!(needed(Purpose::Tour).contains(&"xvfb"));
    }
}
