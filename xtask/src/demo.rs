//! Starting the application: against a simulated cloud with a vault that is thrown away, or for real.

use std::env;
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result};
use serde_json::Value;

use crate::check::{EVERYTHING, build_ui};
use crate::setup::{Purpose, setup};
use crate::{Stop, paths, shell, tools};

/// The demo: the window where there is a display, the tour where there is none or where it is asked for.
pub(crate) fn demo(tour: Option<PathBuf>) -> Result<()> {
    match tour {
        Some(folder) => take_tour(&env::current_dir()?.join(folder)),
        None if has_display() => open_window(),
        None => {
            let folder = Scratch::make("vitrine-tour")?.keep();
            println!("No display here: taking the tour instead. Its pictures will be in {}", folder.display());
            take_tour(&folder)
        }
    }
}

/// The application against the real Microsoft cloud, with the person's own vault.
pub(crate) fn run() -> Result<()> {
    setup(Purpose::Window)?;
    build()?;
    shell::run(shell::command::<&str>(paths::root(), paths::program("vitrine-desktop"), []))
}

fn build() -> Result<()> {
    build_ui()?;
    shell::run(shell::cargo(&[&["build"], &EVERYTHING[..]].concat()))
}

/// Every system has a display but a Linux without a session.
fn has_display() -> bool {
    let set = |name: &str| env::var_os(name).is_some_and(|value| !value.is_empty());
    !cfg!(target_os = "linux") || set("DISPLAY") || set("WAYLAND_DISPLAY")
}

/// Plays a person through the whole main job. The player brings screen, buses, simulator and vault of its own, so
/// nothing of this machine's session is touched.
fn take_tour(folder: &Path) -> Result<()> {
    setup(Purpose::Tour)?;
    build()?;
    fs::create_dir_all(folder).with_context(|| format!("could not make {}", folder.display()))?;
    let mut tour = shell::command(paths::root(), paths::program("vitrine-tour"), [folder]);
    tour.env("VITRINE_TAURI_DRIVER", tools::TAURI_DRIVER.path());
    let outcome = shell::run(tour);
    println!("Pictures and tour.json: {}", folder.display());
    outcome.map_err(|error| {
        eprintln!("{error:#}");
        Stop::Failed.into()
    })
}

fn open_window() -> Result<()> {
    setup(Purpose::Window)?;
    build()?;
    let vault = Scratch::make("vitrine-demo")?;
    let cloud = Simulator::start()?;
    println!("\nSimulated cloud: {}", cloud.login);
    println!("Sign in there as one of these (name, password):");
    for (name, password) in &cloud.admins {
        println!("    {name}    {password}");
    }
    println!("The vault lies in {} and is removed when the window closes.\n", vault.path.display());
    let mut window = Command::new(paths::program("vitrine-desktop"));
    window
        .env("VITRINE_HOME", &vault.path)
        .env("VITRINE_SIMULATED", "1")
        .env("VITRINE_CLOUD_LOGIN", &cloud.login)
        .env("VITRINE_CLOUD_GRAPH", &cloud.graph)
        .env("VITRINE_CLIENT_ID", &cloud.client_id);
    shell::run(window)
}

/// The simulated cloud as a running program; it ends with this value.
struct Simulator {
    child: Child,
    login: String,
    graph: String,
    client_id: String,
    admins: Vec<(String, String)>,
}

impl Simulator {
    fn start() -> Result<Self> {
        let mut child = Command::new(paths::program("entra-sim"))
            .args(["--port", "0", "--seed", "1"])
            .stdout(Stdio::piped())
            .spawn()
            .context("could not start the simulated cloud")?;
        let mut line = String::new();
        BufReader::new(child.stdout.take().context("standard output was asked for")?).read_line(&mut line)?;
        let Announcement { login, graph, client_id, admins } = Announcement::read(&line)?;
        Ok(Self { child, login, graph, client_id, admins })
    }
}

/// What the simulated cloud says of itself, as far as the demo needs it.
struct Announcement {
    login: String,
    graph: String,
    client_id: String,
    admins: Vec<(String, String)>,
}

impl Announcement {
    fn read(line: &str) -> Result<Self> {
        let said: Value = serde_json::from_str(line).context("the simulated cloud did not say where it is")?;
        let text = |key: &str| {
            said[key].as_str().map(str::to_owned).with_context(|| format!("the simulated cloud did not say `{key}`"))
        };
        let admins = said["tenants"].as_array().into_iter().flatten().filter_map(|tenant| {
            let admin = &tenant["admin"];
            Some((admin["userName"].as_str()?.to_owned(), admin["password"].as_str()?.to_owned()))
        });
        Ok(Self {
            admins: admins.collect(),
            login: text("login")?,
            graph: text("graph")?,
            client_id: text("clientId")?,
        })
    }
}

impl Drop for Simulator {
    fn drop(&mut self) {
        // It holds nothing worth saving; one that has ended already is no error either.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A new, private folder that is removed with this value.
struct Scratch {
    path: PathBuf,
    kept: bool,
}

impl Scratch {
    fn make(name: &str) -> Result<Self> {
        let path = env::temp_dir().join(format!("{name}-{}", std::process::id()));
        // `create_dir` fails where something is already: nobody can put a folder of theirs in the way.
        let mut builder = fs::DirBuilder::new();
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(&path).with_context(|| format!("could not make {}", path.display()))?;
        Ok(Self { path, kept: false })
    }

    fn keep(mut self) -> PathBuf {
        self.kept = true;
        self.path.clone()
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        if !self.kept {
            let _ = fs::remove_dir_all(&self.path);
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;

    #[test]
    fn the_announcement_of_the_simulated_cloud_is_understood() {
        let line = r#"{"login":"http://127.0.0.1:1","graph":"http://127.0.0.1:2","clientId":"c","tenants":[
            {"name":"Contoso","admin":{"userName":"admin@contoso.example","password":"p"}}]}"#;
        let said = Announcement::read(line).unwrap();
        assert_eq!((said.login.as_str(), said.client_id.as_str()), ("http://127.0.0.1:1", "c"));
        assert_eq!(said.admins, [("admin@contoso.example".to_owned(), "p".to_owned())]);
        assert!(Announcement::read("{}").is_err());
    }

    #[test]
    fn a_scratch_folder_goes_with_its_owner_unless_kept() {
        let scratch = Scratch::make("vitrine-xtask-test").unwrap();
        let path = scratch.path.clone();
        assert!(path.is_dir());
        assert!(Scratch::make("vitrine-xtask-test").is_err(), "an existing folder must not be taken over");
        drop(scratch);
        assert!(!path.exists());

        let kept = Scratch::make("vitrine-xtask-test").unwrap().keep();
        assert!(kept.is_dir());
        fs::remove_dir(kept).unwrap();
    }
}
