//! The Debian package: made of programs that are built already, put on a machine, and looked at there.
//!
//! `cargo xtask package` makes the one that ships, of release builds. `cargo xtask test` makes one of the very programs
//! that its window tests drive, because building them again for release takes minutes and would test the compiler's
//! settings, not the package.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use serde_json::json;

use crate::check::build_ui;
use crate::setup::{Purpose, setup};
use crate::{paths, shell, tools};

/// Which build the programs come from.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Build {
    Debug,
    Release,
}

impl Build {
    fn folder(self) -> PathBuf {
        paths::target().join(match self {
            Self::Debug => "debug",
            Self::Release => "release",
        })
    }
}

/// The package's name, to dpkg and in its folder of documents.
const NAME: &str = "vitrine";
/// Row D4 of the performance figures.
const GOAL_MB: u64 = 15;

/// What must be in the package, as dpkg lists it.
const HOLDS: [&str; 6] = [
    "usr/bin/vitrine",
    "usr/bin/vitrine-desktop",
    "usr/share/applications/Vitrine.desktop",
    "usr/share/doc/vitrine/LICENSE",
    "usr/share/doc/vitrine/NOTICE",
    "usr/share/icons/hicolor/128x128/apps/vitrine-desktop.png",
];

/// Builds for release and makes the package that ships.
pub(crate) fn package() -> Result<()> {
    setup(Purpose::Window)?;
    build_ui()?;
    let programs = ["--package", "vitrine", "--package", "vitrine-cli", "--features", "vitrine/custom-protocol"];
    shell::run(shell::cargo(&[&["build", "--release"], &programs[..]].concat()))?;
    let file = make(Build::Release)?;
    let size = fs::metadata(&file)?.len() / 1_000_000;
    println!("{} ({size} MB; the goal is at most {GOAL_MB} MB)", file.display());
    Ok(())
}

/// Makes the package of programs that are built, and looks into it.
pub(crate) fn make(build: Build) -> Result<PathBuf> {
    let folder = build.folder();
    let bundles = folder.join("bundle").join("deb");
    // A package of another version would be found beside the new one.
    if bundles.exists() {
        fs::remove_dir_all(&bundles).with_context(|| format!("could not clear {}", bundles.display()))?;
    }
    let (cli, settings) = (paths::ui().join("node_modules/@tauri-apps/cli/tauri.js"), settings(&folder).to_string());
    let cli = cli.to_string_lossy();
    let mut words = vec![&*cli, "bundle", "--bundles", "deb", "--config", &settings];
    if build == Build::Debug {
        words.push("--debug");
    }
    // From the root, below which it looks for `src-tauri`.
    let mut bundle = shell::command(paths::root(), "node", words);
    // The same folder that cargo was told, wherever that was.
    bundle.env("CARGO_TARGET_DIR", paths::target());
    shell::run(bundle)?;
    let found = fs::read_dir(&bundles).with_context(|| format!("no package in {}", bundles.display()))?;
    let mut files = found.filter_map(|entry| entry.ok().map(|entry| entry.path()));
    let file = files.find(|file| file.extension().is_some_and(|kind| kind == "deb")).context("no package was made")?;
    look_into(&file)?;
    // The tree it was packed from, as large as the programs of a debug build are.
    fs::remove_dir_all(file.with_extension("")).context("could not clear away what was packed")?;
    Ok(file)
}

/// What only this build knows: where its programs lie. The rest stands in `src-tauri/tauri.conf.json`.
fn settings(folder: &Path) -> serde_json::Value {
    let root = paths::root();
    let files: BTreeMap<&str, PathBuf> = [
        ("/usr/bin/vitrine", folder.join("vitrine")),
        ("/usr/share/doc/vitrine/LICENSE", root.join("LICENSE")),
        ("/usr/share/doc/vitrine/NOTICE", root.join("NOTICE")),
    ]
    .into();
    json!({ "bundle": { "linux": { "deb": { "files": files } } } })
}

/// Fails where the package lacks something or says too little of itself.
fn look_into(file: &Path) -> Result<()> {
    let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
    ensure!(!name.contains(' '), "{name} has a space in its name");
    let Some(listing) = dpkg(file, "--contents") else {
        println!("No dpkg here: the package was not looked into.");
        return Ok(());
    };
    let missing = missing_in(&listing);
    ensure!(missing.is_empty(), "{name} lacks {}", missing.join(", "));
    let spaced = listing.lines().filter(|line| line.split_whitespace().count() > 6).collect::<Vec<_>>();
    ensure!(spaced.is_empty(), "{name} holds files with a space in their names: {spaced:?}");
    let fields = dpkg(file, "--field").context("the package says nothing of itself")?;
    for field in ["Package: vitrine", "Description: ", "Depends: "] {
        ensure!(fields.lines().any(|line| line.starts_with(field)), "{name} lacks the field {field:?}");
    }
    ensure!(!fields.contains("Description: (none)"), "{name} has no description");
    Ok(())
}

fn missing_in(listing: &str) -> Vec<&'static str> {
    let there: Vec<&str> = listing.lines().filter_map(|line| line.split_whitespace().nth(5)).collect();
    HOLDS.into_iter().filter(|path| !there.contains(path)).collect()
}

fn dpkg(file: &Path, question: &str) -> Option<String> {
    shell::output("dpkg-deb", &[question, &file.to_string_lossy()])
}

/// Plays the whole tour with the program of the package, as it lies on a machine that installed it.
pub(crate) fn tour_of_the_installed() -> Result<()> {
    let file = make(Build::Debug)?;
    let machine = Machine::with(&file)?;
    let version = shell::output(&machine.program("vitrine").to_string_lossy(), &["--version"]);
    ensure!(
        version.as_deref() == Some(concat!("vitrine ", env!("CARGO_PKG_VERSION"))),
        "the installed command line says {version:?}"
    );
    let pictures = paths::target().join("tour");
    let mut tour = shell::command(paths::root(), paths::program("vitrine-tour"), [&pictures]);
    tour.env("VITRINE_TAURI_DRIVER", tools::TAURI_DRIVER.path());
    tour.env("VITRINE_DESKTOP_PROGRAM", machine.program("vitrine-desktop"));
    shell::run(tour)?;
    println!("Pictures and tour.json: {}", pictures.display());
    Ok(())
}

/// Where the package's files lie for as long as this value lives.
enum Machine {
    /// On this machine, by dpkg.
    Installed,
    /// In a folder: this user may not install, or has a Vitrine installed that must not be replaced.
    Unpacked(PathBuf),
}

impl Machine {
    fn with(file: &Path) -> Result<Self> {
        let file = file.to_string_lossy();
        let root = shell::output("id", &["-u"]).as_deref() == Some("0");
        if root && !is_installed() {
            shell::run(shell::command(paths::root(), "dpkg", ["--install", &file]))?;
            return Ok(Self::Installed);
        }
        let why = if root { "a Vitrine is installed here and stays" } else { "this user may not install" };
        println!("The package is unpacked instead of installed: {why}.");
        let folder = paths::target().join("unpacked");
        if folder.exists() {
            fs::remove_dir_all(&folder)?;
        }
        shell::run(shell::command(paths::root(), "dpkg-deb", ["--extract", &file, &folder.to_string_lossy()]))?;
        Ok(Self::Unpacked(folder))
    }

    fn program(&self, name: &str) -> PathBuf {
        let path = Path::new("usr/bin").join(name);
        match self {
            Self::Installed => Path::new("/").join(path),
            Self::Unpacked(folder) => folder.join(path),
        }
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        let gone = match self {
            Self::Installed => shell::run(shell::command(paths::root(), "dpkg", ["--purge", NAME])),
            Self::Unpacked(folder) => fs::remove_dir_all(folder).map_err(Into::into),
        };
        if let Err(error) = gone {
            eprintln!("the package was not taken away again: {error:#}");
        }
    }
}

fn is_installed() -> bool {
    let status = shell::output("dpkg-query", &["--show", "--showformat", "${db:Status-Status}", NAME]);
    status.is_some_and(|status| status == "installed")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_the_package_lacks_is_named() {
        let line = |path: &str| format!("-rw-r--r-- 0/0            1024 2026-11-24 00:00 {path}\n");
        let whole: String = HOLDS.iter().map(|path| line(path)).collect();
        assert!(missing_in(&whole).is_empty());
        let without: String = HOLDS.iter().filter(|path| !path.ends_with("NOTICE")).map(|path| line(path)).collect();
        assert_eq!(missing_in(&without), ["usr/share/doc/vitrine/NOTICE"]);
    }
}
