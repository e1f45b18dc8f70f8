//! A backend on loopback to try things with: in a temporary folder of its own, with a fresh registration token.

use std::fs::{self, File};
use std::io::Read;
use std::net::{Ipv4Addr, SocketAddr};

use anyhow::{Context, Result};
use clap::Args;

use crate::cluster::Cluster;
use crate::{packages, paths, shell};

/// Which backend to run.
#[derive(Args)]
pub(crate) struct Server {
    /// Over PostgreSQL, which is installed where it is missing and runs in a temporary folder on its own socket
    #[arg(long)]
    postgres: bool,
    /// The port on loopback
    #[arg(long, default_value_t = 8320)]
    port: u16,
}

/// Builds and runs until it is stopped.
pub(crate) fn server(server: &Server) -> Result<()> {
    if server.postgres && cfg!(target_os = "linux") {
        packages::ensure_postgres()?;
    }
    shell::run(shell::cargo(&["build", "--package", "vitrine-server"]))?;
    let folder = std::env::temp_dir().join(format!("vitrine-server-{}", std::process::id()));
    fs::create_dir(&folder).with_context(|| format!("could not make {}", folder.display()))?;
    let token = folder.join("registration-token");
    fs::write(&token, make_token()?)?;
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, server.port));

    let mut program = shell::command(&folder, paths::program("vitrine-server"), ["serve"]);
    program.env("VITRINE_SERVER_LISTEN", address.to_string());
    program.env("VITRINE_SERVER_DATA", folder.join("data"));
    program.env("VITRINE_SERVER_REGISTRATION_TOKEN_FILE", &token);
    let _cluster = if server.postgres {
        let cluster = Cluster::start()?.context("PostgreSQL is not installed, and only Debian's is known here")?;
        program.env("VITRINE_SERVER_DATABASE_URL", cluster.database("vitrine")?);
        Some(cluster)
    } else {
        None
    };
    println!("\nBackend:            http://{address}");
    println!("Registration token: {}", token.display());
    println!("Stop with Ctrl-C. What it stored is in {}.\n", folder.display());
    shell::run(program)
}

/// 256 bits from the system.
fn make_token() -> Result<String> {
    let mut bytes = [0; 32];
    File::open("/dev/urandom").and_then(|mut random| random.read_exact(&mut bytes)).context("no randomness")?;
    Ok(bytes.iter().fold(String::new(), |token, byte| token + &format!("{byte:02x}")))
}
