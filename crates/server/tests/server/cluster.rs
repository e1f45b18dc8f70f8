//! PostgreSQL for tests and for `cargo xtask server --postgres`: a cluster of our own in a temporary folder, on its own
//! socket there and on no port, gone with the process that started it. Other clusters of the machine are left alone.

use std::io::{Error, Result};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};

/// The cluster. It ends when this is dropped, and when its process ends in any other way.
pub(crate) struct Cluster {
    folder: PathBuf,
    programs: PathBuf,
    server: Child,
    alive: Option<ChildStdin>,
}

/// PostgreSQL refuses to run as root, so root lends it to the user that its package made.
fn command(program: &Path) -> Command {
    let is_root = Command::new("id").arg("-u").output().is_ok_and(|id| id.stdout == b"0\n");
    if is_root {
        let mut command = Command::new("setpriv");
        command.args(["--reuid=postgres", "--regid=postgres", "--clear-groups"]).arg(program);
        command
    } else {
        Command::new(program)
    }
}

fn output(command: &mut Command) -> Result<String> {
    let output = command.output()?;
    if output.status.success() {
        Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
    } else {
        Err(Error::other(String::from_utf8_lossy(&output.stderr).into_owned()))
    }
}

/// Where Debian puts the programs; some of them are not on the path there.
fn programs() -> Option<PathBuf> {
    let versions = std::fs::read_dir("/usr/lib/postgresql").ok()?;
    versions.filter_map(|it| Some(it.ok()?.path().join("bin"))).find(|it| it.join("initdb").exists())
}

impl Cluster {
    /// Starts a cluster; `None` where PostgreSQL is not installed.
    pub(crate) fn start() -> Result<Option<Self>> {
        let Some(programs) = programs() else { return Ok(None) };
        let folder = PathBuf::from(output(command("mktemp".as_ref()).args(["-d", "/tmp/vitrine-postgres-XXXXXX"]))?);
        let data = folder.join("data");
        output(
            command(&programs.join("initdb"))
                .args(["--auth=trust", "--username=vitrine", "--encoding=UTF8", "--no-sync", "-D"])
                .arg(&data)
                .current_dir(&folder),
        )?;
        // Its input ends when this process does, however it ends.
        let script = "\"$1\" -D \"$2\" -k \"$3\" -c listen_addresses= -c max_connections=400 >\"$3/log\" 2>&1 &
            cat >/dev/null; kill -INT $!; wait $!; rm -rf \"$3\"";
        let mut server = command("sh".as_ref())
            .args(["-c", script, "sh"])
            .args([&programs.join("postgres"), &data, &folder])
            .current_dir(&folder)
            .stdin(Stdio::piped())
            .spawn()?;
        let alive = server.stdin.take();
        let cluster = Self { folder, programs, server, alive };
        for _ in 0..600 {
            if cluster.sql("SELECT 1").is_ok() {
                return Ok(Some(cluster));
            }
            std::thread::sleep(std::time::Duration::from_millis(100));
        }
        Err(Error::other("PostgreSQL does not answer on its socket"))
    }

    /// Makes a database and gives its URL.
    pub(crate) fn database(&self, name: &str) -> Result<String> {
        self.sql(&format!("CREATE DATABASE {name}"))?;
        Ok(format!("postgres:///{name}?host={}&user=vitrine", self.folder.display()))
    }

    fn sql(&self, sql: &str) -> Result<()> {
        let mut psql = Command::new(self.programs.join("psql"));
        psql.args(["--quiet", "--username=vitrine", "--dbname=postgres", "--command", sql, "--host"]).arg(&self.folder);
        output(&mut psql).map(drop)
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        drop(self.alive.take());
        let _ = self.server.wait();
    }
}
