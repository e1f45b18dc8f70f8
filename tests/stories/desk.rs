//! A desk with a machine of its own: data folder, runtime folder and environment of one person, and the program as
//! this person starts it. Nothing of the real machine's Vitrine is seen or touched.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, anyhow, bail, ensure};
use serde_json::Value;
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::process::{Child, ChildStderr, ChildStdin, ChildStdout, Command};
use tokio::time::timeout;
use vitrine_entra_sim::Sim;
use vitrine_kit::wait::PATIENCE;

/// The passphrase of every story. Strong enough for a vault whose device secret lies in a file.
pub(crate) const PASSPHRASE: &str = "tundra walnut orbit glacier pepper lantern";

/// No command runs longer; a rotation whose answer never came waits more than a minute by itself.
const LONGEST: Duration = PATIENCE.saturating_mul(6);

/// Exit codes as `vitrine --help` lists them.
pub(crate) mod exit {
    pub(crate) const DONE: i32 = 0;
    pub(crate) const MACHINE: i32 = 1;
    pub(crate) const USAGE: i32 = 2;
    pub(crate) const LOCKED: i32 = 3;
    pub(crate) const REFUSED: i32 = 4;
    pub(crate) const UNREACHABLE: i32 = 5;
    pub(crate) const INTEGRITY: i32 = 6;
    pub(crate) const PARTLY: i32 = 7;
}

/// One machine of one person.
pub(crate) struct Desk {
    root: TempDir,
    program: PathBuf,
    variables: Vec<(OsString, OsString)>,
}

impl Desk {
    /// A desk whose program speaks to this cloud.
    pub(crate) fn at(sim: &Sim) -> Result<Self> {
        let mut desk = Self::alone()?;
        desk.set("VITRINE_CLOUD_LOGIN", &sim.urls().login);
        desk.set("VITRINE_CLOUD_GRAPH", &sim.urls().graph);
        desk.set("VITRINE_CLIENT_ID", sim.client_id());
        desk.set("VITRINE_SIMULATED", "1");
        Ok(desk)
    }

    /// A desk without any cloud.
    pub(crate) fn alone() -> Result<Self> {
        let root = tempfile::Builder::new().prefix("desk").tempdir()?;
        let mut desk = Self { root, program: program()?, variables: Vec::new() };
        for folder in ["home", "run", "tmp"] {
            std::fs::create_dir(desk.path(folder))?;
        }
        desk.set("VITRINE_HOME", desk.path("vault"));
        desk.set("HOME", desk.path("home"));
        desk.set("XDG_RUNTIME_DIR", desk.path("run"));
        desk.set("TMPDIR", desk.path("tmp"));
        // No bus is there: neither a keychain nor logind of this machine may answer.
        desk.set("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nonexistent/session-bus");
        desk.set("DBUS_SYSTEM_BUS_ADDRESS", "unix:path=/nonexistent/system-bus");
        // The floor: stories unlock a hundred times.
        desk.set("VITRINE_UNLOCK_MEMORY_MIB", "64");
        desk.set("PATH", std::env::var_os("PATH").unwrap_or_default());
        Ok(desk)
    }

    /// Sets a variable for every program started from now on.
    pub(crate) fn set(&mut self, name: &str, value: impl AsRef<OsStr>) {
        self.variables.retain(|(known, _)| known != name);
        self.variables.push((name.into(), value.as_ref().to_owned()));
    }

    /// Takes a variable away from every program started from now on.
    pub(crate) fn unset(&mut self, name: &str) {
        self.variables.retain(|(known, _)| known != name);
    }

    /// Starts another build of the program from now on.
    pub(crate) fn use_program(&mut self, program: PathBuf) {
        self.program = program;
    }

    /// A path at this desk.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.root.path().join(name)
    }

    /// The data folder.
    pub(crate) fn vault(&self) -> PathBuf {
        self.path("vault")
    }

    /// The program, to be started with these arguments and `--json`.
    pub(crate) fn vitrine<A: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = A>) -> Order {
        let mut order = self.in_words(arguments);
        order.command.arg("--json");
        order
    }

    /// The program, to be started with these arguments as a person does, who reads words.
    pub(crate) fn in_words<A: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = A>) -> Order {
        let mut command = Command::new(&self.program);
        command.env_clear().envs(self.variables.iter().map(|(name, value)| (name, value)));
        command.current_dir(self.root.path()).kill_on_drop(true);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        Order {
            command,
            arguments: arguments.into_iter().map(|a| a.as_ref().to_owned()).collect(),
            typed: String::new(),
        }
    }

    /// Runs one command that opens the vault for itself, and expects it to be done. Answers with its document.
    pub(crate) async fn does<A: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = A>) -> Result<Value> {
        self.vitrine(arguments).passphrase(PASSPHRASE).ends(exit::DONE).await
    }

    /// Runs one command that opens the vault for itself, and expects this error. Answers with the error.
    pub(crate) async fn refuses<A: AsRef<OsStr>>(
        &self,
        arguments: impl IntoIterator<Item = A>,
        exit: i32,
        code: &str,
    ) -> Result<Value> {
        self.vitrine(arguments).passphrase(PASSPHRASE).refused(exit, code).await
    }

    /// A new vault.
    pub(crate) async fn init(&self) -> Result<Value> {
        self.does(["init", "--firm", "Northern Lights IT", "--person", "Ada Byron", "--accept-file-fallback"]).await
    }
}

/// A command about to be started.
pub(crate) struct Order {
    command: Command,
    /// Apart until the start, because what stands behind `--` is no flag.
    arguments: Vec<OsString>,
    typed: String,
}

impl Order {
    /// The passphrase is handed down on standard input.
    pub(crate) fn passphrase(mut self, passphrase: &str) -> Self {
        self.command.args(["--passphrase-fd", "0"]);
        self.typed(passphrase)
    }

    /// More arguments.
    pub(crate) fn arguments<A: AsRef<OsStr>>(mut self, arguments: impl IntoIterator<Item = A>) -> Self {
        self.arguments.extend(arguments.into_iter().map(|argument| argument.as_ref().to_owned()));
        self
    }

    /// One more line on standard input.
    pub(crate) fn typed(mut self, line: &str) -> Self {
        self.typed.push_str(line);
        self.typed.push('\n');
        self
    }

    /// A variable for this command alone.
    pub(crate) fn with(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.command.env(name, value);
        self
    }

    /// Starts it, to be talked with.
    pub(crate) async fn start(mut self) -> Result<Running> {
        let mut child = self.command.args(self.arguments).spawn().context("could not start vitrine")?;
        let mut stdin = child.stdin.take().context("standard input was asked for")?;
        // A program that ends without reading has its own reasons.
        let _ = stdin.write_all(self.typed.as_bytes()).await;
        let stdout = child.stdout.take().context("standard output was asked for")?;
        let stderr = child.stderr.take().context("standard error was asked for")?;
        let news = BufReader::new(stderr).lines();
        Ok(Running { child, stdin: Some(stdin), stdout, news, told: Vec::new() })
    }

    /// Starts it and waits for its end.
    pub(crate) async fn end(self) -> Result<Ended> {
        self.start().await?.end().await
    }

    /// Starts it and expects this exit code. Answers with its document.
    pub(crate) async fn ends(self, exit: i32) -> Result<Value> {
        self.end().await?.ended(exit)
    }

    /// Starts it and expects this error with this exit code. Answers with the error.
    pub(crate) async fn refused(self, exit: i32, code: &str) -> Result<Value> {
        self.end().await?.refused(exit, code)
    }
}

/// A command at work.
pub(crate) struct Running {
    child: Child,
    stdin: Option<ChildStdin>,
    stdout: ChildStdout,
    news: Lines<BufReader<ChildStderr>>,
    told: Vec<Value>,
}

impl Running {
    /// Waits until it tells of something of this kind.
    pub(crate) async fn tells(&mut self, kind: &str) -> Result<Value> {
        loop {
            let line = timeout(PATIENCE, self.news.next_line())
                .await
                .with_context(|| format!("it never told of {kind}; so far: {:?}", self.told))??;
            let Some(line) = line else { bail!("it ended before it told of {kind}; so far: {:?}", self.told) };
            let news = progress(&line);
            self.told.push(news.clone());
            if news["kind"] == kind {
                return Ok(news);
            }
        }
    }

    /// Types one more line.
    pub(crate) async fn type_line(&mut self, line: &str) -> Result<()> {
        let stdin = self.stdin.as_mut().context("its standard input is closed")?;
        Ok(stdin.write_all(format!("{line}\n").as_bytes()).await?)
    }

    /// Interrupts it as Ctrl-C does.
    pub(crate) fn interrupt(&self) -> Result<()> {
        let id = self.child.id().context("it ended already")?;
        crate::processes::signal("INT", Path::new(&id.to_string()))
    }

    /// Kills it as a power cut would, and waits until it is gone.
    pub(crate) async fn kill(mut self) -> Result<()> {
        Ok(self.child.kill().await?)
    }

    /// Waits for its end.
    pub(crate) async fn end(self) -> Result<Ended> {
        self.end_unless(std::future::pending()).await?.context("the end was waited for")
    }

    /// Waits for its end, or kills it once `signal` is given; then there is no ended command to speak of. Reads both
    /// outputs at once, so that neither can fill up and stop it.
    pub(crate) async fn end_unless(mut self, signal: impl Future<Output = ()>) -> Result<Option<Ended>> {
        self.stdin.take();
        let mut out = Vec::new();
        let whole = async {
            let (read, heard) = tokio::join!(self.stdout.read_to_end(&mut out), async {
                while let Some(line) = self.news.next_line().await? {
                    self.told.push(progress(&line));
                }
                anyhow::Ok(())
            });
            read?;
            heard?;
            anyhow::Ok(self.child.wait().await?)
        };
        let status = tokio::select! {
            ended = timeout(LONGEST, whole) => ended.context("vitrine did not end")??,
            () = signal => {
                self.kill().await?;
                return Ok(None);
            }
        };
        let out = String::from_utf8(out).context("its output is not text")?;
        Ok(Some(Ended { status, out, told: self.told }))
    }
}

/// A line of standard error: the progress in it, or the line itself as text.
fn progress(line: &str) -> Value {
    match serde_json::from_str::<Value>(line) {
        Ok(mut document) if document.get("progress").is_some() => document["progress"].take(),
        _ => Value::String(line.to_owned()),
    }
}

/// A command that ended.
pub(crate) struct Ended {
    /// How.
    pub(crate) status: ExitStatus,
    /// What it printed.
    pub(crate) out: String,
    /// What it told meanwhile.
    pub(crate) told: Vec<Value>,
}

impl Ended {
    /// The one document it printed, after this exit code.
    pub(crate) fn ended(&self, exit: i32) -> Result<Value> {
        ensure!(
            self.status.code() == Some(exit),
            "expected exit code {exit}, not {}: {} {:?}",
            self.status,
            self.out,
            self.told
        );
        serde_json::from_str(&self.out).with_context(|| format!("not one JSON document: {:?}", self.out))
    }

    /// The error it printed, after this exit code and under this code, with a sentence and a next step.
    pub(crate) fn refused(&self, exit: i32, code: &str) -> Result<Value> {
        let mut document = self.ended(exit)?;
        let error = document["error"].take();
        ensure!(error["code"] == code, "expected the error {code}: {error}");
        for part in ["message", "next"] {
            let words = error[part].as_str().unwrap_or_default();
            ensure!(!words.is_empty(), "the error has no {part}: {error}");
        }
        Ok(error)
    }
}

/// The text at a path of keys, such as `secret` or `tenant.id`.
pub(crate) fn text(document: &Value, keys: &str) -> Result<String> {
    let found = keys.split('.').try_fold(document, |value, key| match key.parse::<usize>() {
        Ok(number) => value.get(number),
        Err(_) => value.get(key),
    });
    found.and_then(Value::as_str).map(str::to_owned).ok_or_else(|| anyhow!("no text at {keys} in {document}"))
}

/// Where cargo put what it built for this run.
pub(crate) fn built() -> Result<PathBuf> {
    let this = std::env::current_exe()?;
    let folder = this.parent().and_then(Path::parent).context("the test program lies in no target folder")?;
    Ok(folder.to_owned())
}

/// The program as it ships.
pub(crate) fn program() -> Result<PathBuf> {
    let program = match std::env::var_os("VITRINE_PROGRAM") {
        Some(program) => PathBuf::from(program),
        None => built()?.join("vitrine"),
    };
    ensure!(program.is_file(), "{} is not there: cargo build -p vitrine-cli", program.display());
    Ok(program)
}
