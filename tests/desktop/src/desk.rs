//! One person's machine: home, screen, session and system bus, tray, notifications, keyring, browser. All of it is new
//! for each scenario and gone afterwards, so that scenarios cannot disturb each other or the machine they run on.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};
use std::sync::{Mutex, PoisonError};

use anyhow::{Context, Result, ensure};
use serde_json::json;
use tempfile::TempDir;
use tokio::io::AsyncWriteExt;
use vitrine_entra::certificate::make_certificate;
use vitrine_entra_sim::ConnectedTenant;
use vitrine_kit::PrivateBus;
use vitrine_kit::backend::Backend;
use vitrine_kit::keyring::Keyring;
use vitrine_kit::logind::Logind;
use vitrine_kit::notifications::Notifications;
use vitrine_kit::opener::Opener;
use vitrine_kit::tray::Tray;

use crate::cloud::Cloud;
use crate::driver::Driver;
use crate::screen::Screen;
use crate::window::Window;

/// Any moment before a certificate is used, in Unix milliseconds, and the length of a year.
const YESTERYEAR_MS: u64 = 1_750_000_000_000;
const YEAR_MS: u64 = 365 * 24 * 3_600_000;

/// The name the program holds on the session bus while it runs.
const SINGLE_INSTANCE: &str = "app.vitrine.desktop.SingleInstance";

/// What a machine has and what the program is told through its environment.
#[derive(Clone, Debug)]
pub struct Setting {
    /// Whether the OS keychain can be written to.
    pub keyring: bool,
    /// Pixels of the screen for one of the page, in each direction: 2 is what a person sees at 200 %.
    pub scale: u32,
    /// Further variables for the program, such as where its cloud is.
    pub environment: Vec<(&'static str, OsString)>,
}

impl Default for Setting {
    fn default() -> Self {
        Self { keyring: true, scale: 1, environment: Vec::new() }
    }
}

/// The machine.
#[derive(Debug)]
pub struct Desk {
    /// What the tray shows.
    pub tray: Tray,
    /// What was notified.
    pub notifications: Notifications,
    /// The session's lock and the machine's sleep.
    pub logind: Logind,
    /// What the person's browser was asked to open.
    pub opener: Opener,
    /// The program that was started last: it outlives a scenario that fails, so that the picture of the failure shows
    /// it. Before the screen and the buses, so that it ends first.
    running: Mutex<Option<Window>>,
    screen: Screen,
    session: PrivateBus,
    system: PrivateBus,
    _keyring: Option<Keyring>,
    scale: u32,
    environment: Vec<(&'static str, OsString)>,
    // Last, so that the programs above end before their folder goes.
    folder: TempDir,
}

impl Desk {
    /// Sets up the machine; the program does not run yet.
    pub async fn set_up(setting: Setting) -> Result<Self> {
        let folder = tempfile::Builder::new().prefix("desk").tempdir()?;
        let (home, runtime) = (folder.path().join("home"), folder.path().join("run"));
        for path in [&home, &runtime] {
            fs::create_dir(path)?;
            fs::set_permissions(path, fs::Permissions::from_mode(0o700))?;
        }
        let opener = Opener::make()?;
        make_default_browser(&home, opener.program())?;
        let screen = Screen::start(&home).await?;
        let session = PrivateBus::start(&home, &runtime).await?;
        let system = PrivateBus::start(&home, &runtime).await?;
        let keyring = if setting.keyring { Some(Keyring::start(&session, &home, &runtime).await?) } else { None };
        Ok(Self {
            tray: Tray::start(&session).await?,
            notifications: Notifications::start(&session).await?,
            logind: Logind::start(&system).await?,
            opener,
            running: Mutex::new(None),
            screen,
            session,
            system,
            _keyring: keyring,
            scale: setting.scale,
            environment: setting.environment,
            folder,
        })
    }

    /// Starts the program, as it was built or as `VITRINE_DESKTOP_PROGRAM` names it, and waits for its window.
    pub async fn start(&self) -> Result<Window> {
        self.hold(None);
        // A second start would only wake the first and end, and the session would wait for ever.
        self.wait_until_ended().await?;
        // A port that was free may be another program's by the time the driver takes it; not twice in a row.
        let window = if let Ok(window) = self.open().await {
            window
        } else {
            self.wait_until_ended().await?;
            self.open().await?
        };
        self.hold(Some(window.held()));
        Ok(window)
    }

    async fn open(&self) -> Result<Window> {
        Window::open(Driver::start(&self.variables()).await?, &program()?).await
    }

    fn hold(&self, window: Option<Window>) {
        *self.running.lock().unwrap_or_else(PoisonError::into_inner) = window;
    }

    /// Runs another of our programs to its end, as the person would in a terminal.
    pub async fn run(&self, program: &str, arguments: &[&str]) -> Result<Output> {
        self.command(&built(program)?)
            .args(arguments)
            .output()
            .await
            .with_context(|| format!("could not start {program}"))
    }

    /// A program that starts on this machine, with nothing of the one that runs the test in its environment.
    #[must_use]
    pub fn command(&self, program: &Path) -> tokio::process::Command {
        let mut command = tokio::process::Command::new(program);
        command.env_clear().envs(self.variables()).stdin(Stdio::null()).kill_on_drop(true);
        command
    }

    /// The processes of this machine whose program is called so: folders in `/proc`.
    pub fn processes(&self, program: &str) -> Result<Vec<PathBuf>> {
        let home = format!("VITRINE_HOME={}\0", self.vault().display());
        let is_wanted = |process: &PathBuf| {
            let environment = fs::read(process.join("environ")).unwrap_or_default();
            let runs = fs::read_link(process.join("exe")).is_ok_and(|path| path.to_string_lossy().contains(program));
            runs && String::from_utf8_lossy(&environment).contains(&home)
        };
        let all = fs::read_dir("/proc")?.filter_map(|entry| Some(entry.ok()?.path()));
        Ok(all.filter(is_wanted).collect())
    }

    /// Pixels of the screen for one of the page.
    #[must_use]
    pub fn scale(&self) -> u32 {
        self.scale
    }

    /// The screen, as programs take it for `DISPLAY`.
    #[must_use]
    pub fn display(&self) -> &str {
        self.screen.name()
    }

    /// Lets a day and two hours pass for every account: the program rotates them by a clock that far behind. No window
    /// may be open.
    pub async fn let_a_day_pass(&self, passphrase: &str) -> Result<()> {
        self.tell("vitrine-yesterday", &[], passphrase).await
    }

    /// Connects every further tenant of the cloud to the vault, one emergency account each, as an afternoon of sign-ins
    /// would have. No window may be open.
    pub async fn connect_fleet(&self, cloud: &Cloud, passphrase: &str) -> Result<Vec<ConnectedTenant>> {
        let made = make_certificate("Vitrine", YESTERYEAR_MS, YESTERYEAR_MS + 100 * YEAR_MS)?;
        let tenants = cloud.sim().control().connect_fleet(&made.der, 1);
        let (der, key) = (&made.der, made.pkcs8.as_slice());
        let customers = json!({ "passphrase": passphrase, "certificate": der, "key": key, "tenants": tenants });
        self.tell("vitrine-bench", &["connect"], &customers.to_string()).await?;
        Ok(tenants)
    }

    /// Runs another of our programs to its good end, with this on its standard input. No window may be open.
    async fn tell(&self, program: &str, arguments: &[&str], text: &str) -> Result<()> {
        self.wait_until_ended().await?;
        let mut command = tokio::process::Command::new(built(program)?);
        command.args(arguments).env_clear().envs(self.variables());
        command.stdin(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
        let mut running = command.spawn().with_context(|| format!("could not start {program}"))?;
        let mut input = running.stdin.take().context("standard input was asked for")?;
        input.write_all(text.as_bytes()).await?;
        drop(input);
        let ended = running.wait_with_output().await?;
        ensure!(ended.status.success(), "{}", String::from_utf8_lossy(&ended.stderr));
        Ok(())
    }

    /// Waits until no instance of the program is left on the session bus.
    pub async fn wait_until_ended(&self) -> Result<()> {
        self.session.wait_for_owner(SINGLE_INSTANCE, false).await
    }

    /// The person's home folder.
    #[must_use]
    pub fn home(&self) -> PathBuf {
        self.folder.path().join("home")
    }

    /// The program's data folder.
    #[must_use]
    pub fn vault(&self) -> PathBuf {
        self.home().join("vitrine")
    }

    /// A picture of the whole screen.
    pub async fn picture(&self, file: &Path) -> Result<()> {
        self.screen.picture(file).await
    }

    /// The program's whole environment: nothing of the machine that runs the test gets in.
    fn variables(&self) -> Vec<(&'static str, PathBuf)> {
        let mut variables: Vec<(&str, PathBuf)> = vec![
            ("BROWSER", self.opener.program().into()),
            ("DBUS_SESSION_BUS_ADDRESS", self.session.address().into()),
            ("DBUS_SYSTEM_BUS_ADDRESS", self.system.address().into()),
            ("DISPLAY", self.screen.name().into()),
            ("GDK_BACKEND", "x11".into()),
            ("GDK_SCALE", self.scale.to_string().into()),
            ("GSETTINGS_BACKEND", "memory".into()),
            ("HOME", self.home()),
            ("LANG", "C.UTF-8".into()),
            ("PATH", "/usr/local/bin:/usr/bin:/bin".into()),
            ("TZ", "UTC".into()),
            ("VITRINE_HOME", self.vault()),
            ("XDG_RUNTIME_DIR", self.folder.path().join("run")),
        ];
        variables.extend(self.environment.iter().map(|(name, value)| (*name, value.into())));
        variables
    }
}

/// Makes `program` the person's browser by their own settings. `xdg-open` looks at `BROWSER` only after these, and would
/// take a browser that is installed on the machine.
fn make_default_browser(home: &Path, program: &Path) -> Result<()> {
    let (settings, applications) = (home.join(".config"), home.join(".local/share/applications"));
    fs::create_dir_all(&settings)?;
    fs::create_dir_all(&applications)?;
    let entry = format!("[Desktop Entry]\nType=Application\nName=Browser\nExec={} %u\n", program.display());
    fs::write(applications.join("browser.desktop"), entry)?;
    let defaults =
        "[Default Applications]\nx-scheme-handler/http=browser.desktop\nx-scheme-handler/https=browser.desktop\n";
    fs::write(settings.join("mimeapps.list"), defaults)?;
    Ok(())
}

/// The desktop program to drive.
pub fn program() -> Result<PathBuf> {
    let program = match env::var_os("VITRINE_DESKTOP_PROGRAM") {
        Some(given) => given.into(),
        None => built("vitrine-desktop")?,
    };
    ensure!(program.exists(), "{} is not built: run `cargo xtask test` or `cargo xtask demo`", program.display());
    Ok(program)
}

/// A backend for homes, as it was built: the package of the program has none.
pub async fn backend() -> Result<Backend> {
    Backend::start(&built("vitrine-server")?).await
}

/// A program of this workspace, beside the one that runs (tests run from a folder below).
pub fn built(name: &str) -> Result<PathBuf> {
    let this = env::current_exe()?;
    let folder = this.parent().context("a program lies in a folder")?;
    let folder = if folder.ends_with("deps") { folder.parent().context("deps lies in a folder")? } else { folder };
    Ok(folder.join(name))
}
