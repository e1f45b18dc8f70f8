//! The Debian package: made of programs that are built already, put on a machine, and looked at there.
//!
//! `cargo xtask package` makes the one that ships, of release builds. `cargo xtask test` makes one of the very programs
//! that its window tests drive, because building them again for release takes minutes and would test the compiler's
//! settings, not the package.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use serde_json::Value;

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
const HOLDS: [&str; 7] = [
    "./usr/bin/vitrine",
    "./usr/bin/vitrine-desktop",
    "./usr/lib/systemd/system/vitrine-rotator.service",
    "./usr/share/applications/Vitrine.desktop",
    "./usr/share/doc/vitrine/LICENSE",
    "./usr/share/doc/vitrine/NOTICE",
    "./usr/share/icons/hicolor/128x128/apps/vitrine-desktop.png",
];

/// Reminders name it as the program they come from.
const DESKTOP_ENTRY: &str = "usr/share/applications/Vitrine.desktop";
/// What the programs load: the first when the tray is made, `xdg-open` of the last for the person's browser. GTK and the
/// web view bring what they are made of.
const DEPENDS: [&str; 7] = [
    "libayatana-appindicator3-1",
    "libc6",
    "libdbus-1-3",
    "libgcc-s1",
    "libgtk-3-0",
    "libwebkit2gtk-4.1-0",
    "xdg-utils",
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
///
/// By `dpkg-deb` itself, which every Debian has. Tauri's bundler writes into the program that it packs and into our
/// manifest, and its npm package cannot be locked where a registry keeps the builds of some platforms alone.
pub(crate) fn make(build: Build) -> Result<PathBuf> {
    let (tree, about) = (build.folder().join("package"), About::read()?);
    clear(&tree)?;
    for (path, file) in files(&build.folder()) {
        let place = tree.join(path);
        fs::create_dir_all(place.parent().context("a file lies in a folder")?)?;
        // The programs of a debug build are large: linked where that can be done.
        let linked = file.starts_with(paths::target()) && fs::hard_link(&file, &place).is_ok();
        if !linked {
            fs::copy(&file, &place).with_context(|| format!("could not pack {}", file.display()))?;
        }
    }
    let entry = tree.join(DESKTOP_ENTRY);
    fs::create_dir_all(entry.parent().context("a file lies in a folder")?)?;
    fs::write(entry, about.desktop_entry())?;
    fs::create_dir_all(tree.join("DEBIAN"))?;
    let machine = shell::output("dpkg", &["--print-architecture"]).context("a Debian package needs dpkg here")?;
    fs::write(tree.join("DEBIAN/control"), about.control(&machine, kilobytes(&tree)?))?;
    shell::run(shell::command(&tree, "chmod", ["-R", "u=rwX,go=rX", "."]))?;
    let file = build.folder().join(format!("{NAME}_{}_{machine}.deb", env!("CARGO_PKG_VERSION")));
    // What a test unpacks again is not worth the minutes that a small file takes.
    let pressed: &[&str] = if build == Build::Debug { &["-Zgzip", "-z1"] } else { &[] };
    let (from, to) = (tree.to_string_lossy(), file.to_string_lossy());
    shell::run(shell::command(
        paths::root(),
        "dpkg-deb",
        [pressed, &["--root-owner-group", "--build", &from, &to]].concat(),
    ))?;
    clear(&tree)?;
    look_into(&file)?;
    Ok(file)
}

fn clear(folder: &Path) -> Result<()> {
    if folder.exists() {
        fs::remove_dir_all(folder).with_context(|| format!("could not clear {}", folder.display()))?;
    }
    Ok(())
}

/// What is packed: the place on the machine, without its first slash, and where it is taken from.
fn files(folder: &Path) -> Vec<(String, PathBuf)> {
    let root = paths::root();
    let program = |name: &str| (format!("usr/bin/{name}"), folder.join(name));
    let paper = |name: &str| (format!("usr/share/doc/{NAME}/{name}"), root.join(name));
    let icon = |size: &str, file: &str| {
        (format!("usr/share/icons/hicolor/{size}/apps/vitrine-desktop.png"), root.join("icons").join(file))
    };
    vec![
        program("vitrine"),
        program("vitrine-desktop"),
        ("usr/lib/systemd/system/vitrine-rotator.service".to_owned(), root.join("crates/cli/vitrine-rotator.service")),
        paper("LICENSE"),
        paper("NOTICE"),
        icon("32x32", "32x32.png"),
        icon("128x128", "128x128.png"),
        icon("256x256", "128x128@2x.png"),
        icon("512x512", "icon.png"),
    ]
}

fn kilobytes(folder: &Path) -> Result<u64> {
    let mut bytes = 0;
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let about = entry.metadata()?;
        bytes += if about.is_dir() { kilobytes(&entry.path())? } else { about.len().div_ceil(1024) };
    }
    Ok(bytes)
}

/// What the program says of itself, in `src-tauri/tauri.conf.json`.
struct About {
    short: String,
    long: String,
    maker: String,
}

impl About {
    fn read() -> Result<Self> {
        let file = paths::root().join("src-tauri/tauri.conf.json");
        let told: Value = serde_json::from_str(&fs::read_to_string(&file)?)?;
        let text = |key: &str| {
            let told = told["bundle"][key].as_str().map(str::to_owned);
            told.with_context(|| format!("{} does not say `bundle.{key}`", file.display()))
        };
        Ok(Self { short: text("shortDescription")?, long: text("longDescription")?, maker: text("publisher")? })
    }

    fn control(&self, machine: &str, kilobytes: u64) -> String {
        format!(
            "Package: {NAME}\nVersion: {}\nArchitecture: {machine}\nMaintainer: {}\nInstalled-Size: {kilobytes}\n\
             Depends: {}\nSection: admin\nPriority: optional\nDescription: {}\n {}\n",
            env!("CARGO_PKG_VERSION"),
            self.maker,
            DEPENDS.join(", "),
            self.short,
            self.long,
        )
    }

    fn desktop_entry(&self) -> String {
        format!(
            "[Desktop Entry]\nType=Application\nName=Vitrine\nComment={}\nExec=vitrine-desktop\nIcon=vitrine-desktop\n\
             Categories=Utility;\nStartupWMClass=vitrine-desktop\nTerminal=false\n",
            self.short,
        )
    }
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
        assert_eq!(missing_in(&without), ["./usr/share/doc/vitrine/NOTICE"]);
    }
}
