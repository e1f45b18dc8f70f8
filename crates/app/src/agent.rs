//! The agent's socket: whoever holds the unlocked keys (the desktop program, or `vitrine unlock`) answers the command
//! line of the same user there. One JSON document a line each way.
//!
//! The socket lies in a folder only this user enters, is itself 0600, and each caller's user id is asked from the
//! kernel, so that another user of the machine gets nothing even where a folder's mode was changed.

use crate::api::{Command, ErrorClass, ErrorView, LockRequest};
use crate::error::{Error, Result};
use crate::{App, lock};
use crate::{files, rotator, routes};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use sha2::{Digest, Sha256};
use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::Duration;
use std::{env, io};
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::unix::OwnedWriteHalf;
use tokio::net::{UnixListener, UnixStream};
use tokio::task::AbortHandle;
use zeroize::Zeroizing;

/// A request line is at most this long; an import of organizations is the longest.
const LONGEST: u64 = 4 << 20;

/// Callers at once. One more, and the one that came first is hung up on: callers that never say anything must neither
/// use up the descriptors, without which no file can be opened, nor keep others from being heard.
const MOST_CALLERS: usize = 128;

/// Before another try where no connection could be accepted, as when all descriptors are in use.
const PAUSE: Duration = Duration::from_millis(200);

/// How long an ending agent waits for callers that are being answered, one that reads nothing among them.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// How long an agent may take to stop its work and let go of the data folder.
const LAST_WORK: Duration = Duration::from_secs(30);

/// Answers of an agent that ends.
#[derive(Default)]
pub(crate) struct Farewells {
    /// Shared by whoever is being answered.
    answering: tokio::sync::RwLock<()>,
    /// Who asked for the lock, and what they are told.
    last: Mutex<Vec<(OwnedWriteHalf, Zeroizing<Vec<u8>>)>>,
}

/// What is asked. A request is read from the line itself and an answer written into one that is wiped: nothing between
/// them holds a secret in a form of its own.
#[derive(Serialize, Deserialize)]
struct Question<R> {
    command: String,
    request: R,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Reply<V> {
    Ok(V),
    Error(ErrorView),
}

/// Where the agent of a data folder listens.
pub fn socket_path(folder: &Path) -> PathBuf {
    let run = env::var_os("XDG_RUNTIME_DIR").map_or_else(env::temp_dir, PathBuf::from);
    let folder = std::path::absolute(folder).unwrap_or_else(|_| folder.to_owned());
    let digest = Sha256::digest(folder.as_os_str().as_encoded_bytes());
    let name = data_encoding::HEXLOWER.encode(&digest[..8]);
    run.join(format!("vitrine-{}", rustix::process::getuid().as_raw())).join(format!("{name}.sock"))
}

/// Listens until the application shuts down. The caller holds the data folder, so a socket that is there is a dead one.
pub(crate) fn listen(app: &App) -> Result<()> {
    let path = socket_path(&app.config().folder);
    let listener = (|| {
        let folder = path.parent().ok_or(io::ErrorKind::NotFound)?;
        files::make_folder(folder)?;
        match std::fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let listener = UnixListener::bind(&path)?;
        std::fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o600))?;
        Ok(listener)
    })()
    .map_err(|error: io::Error| files::failed(&path, error))?;
    let this = app.clone();
    app.background(async move {
        let mut callers = VecDeque::<AbortHandle>::new();
        loop {
            let stream = match listener.accept().await {
                Ok((stream, _)) => stream,
                Err(error) => {
                    // One caller that went away, or a moment without descriptors: whoever comes next is answered.
                    tracing::warn!(code = "agent.not-accepted", %error, "a caller could not be accepted");
                    tokio::time::sleep(PAUSE).await;
                    continue;
                }
            };
            let same_user = stream.peer_cred().is_ok_and(|peer| peer.uid() == rustix::process::getuid().as_raw());
            if same_user {
                let app = this.clone();
                callers.retain(|caller| !caller.is_finished());
                if callers.len() >= MOST_CALLERS
                    && let Some(first) = callers.pop_front()
                {
                    first.abort();
                }
                callers.push_back(this.background(async move {
                    // A caller that went away needs no answer.
                    let _ = Box::pin(serve(&app, stream)).await;
                }));
            }
        }
    });
    Ok(())
}

async fn serve(app: &App, stream: UnixStream) -> io::Result<()> {
    let (read, mut write) = stream.into_split();
    let mut read = BufReader::new(read);
    while let Some(line) = line(&mut read).await? {
        let _answering = app.inner.farewells.answering.read().await;
        let mut locks = false;
        let answer = match serde_json::from_slice::<Question<&RawValue>>(&line) {
            Ok(question) => {
                locks = question.command == LockRequest::NAME;
                match rotator::admit(app, &question.command) {
                    Ok(()) => routes::dispatch(app, &question.command, question.request).await,
                    Err(error) => Err(error.into()),
                }
            }
            Err(error) => Err(Error::usage(
                "edge.malformed",
                "The request could not be read.",
                "Use a vitrine of the same version.",
            )
            .because(error)
            .into()),
        };
        let mut bytes = match answer {
            Ok(reply) => reply,
            Err(error) => Zeroizing::new(serde_json::to_vec(&Reply::<()>::Error(error))?),
        };
        bytes.push(b'\n');
        if locks && app.inner.host.ends_with_lock() {
            lock(&app.inner.farewells.last).push((write, bytes));
            return Ok(());
        }
        write.write_all(&bytes).await?;
    }
    Ok(())
}

/// Ends a locked agent: keys, database and data folder are let go of first, and whoever asked for it hears of it last.
pub(crate) async fn end(app: App) {
    // Whoever comes now finds nobody, instead of an agent that ends.
    stop_listening(&app);
    // A caller that reads nothing holds nobody up for long.
    let _ = tokio::time::timeout(LAST_WORDS, app.inner.farewells.answering.write()).await;
    app.shut_down();
    let background = tokio::time::timeout(LAST_WORDS, app.inner.background.end());
    let _ = background.await;
    let last = std::mem::take(&mut *lock(&app.inner.farewells.last));
    drop(app);
    for (mut write, bytes) in last {
        // A caller that went away needs no answer, and one that reads nothing gets none.
        let _ = tokio::time::timeout(LAST_WORDS, write.write_all(&bytes)).await;
    }
}

/// A socket left behind is found dead and removed by the next start.
pub(crate) fn stop_listening(app: &App) {
    let _ = std::fs::remove_file(socket_path(&app.config().folder));
}

/// The reply to a request that was answered.
pub(crate) fn answered<V: Serialize>(view: V) -> serde_json::Result<Zeroizing<Vec<u8>>> {
    // Most answers fit, so that no growing buffer leaves copies behind.
    let mut bytes = Zeroizing::new(Vec::with_capacity(16 << 10));
    serde_json::to_writer(&mut *bytes, &Reply::Ok(view))?;
    Ok(bytes)
}

async fn line(read: &mut (impl AsyncRead + AsyncBufReadExt + Unpin)) -> io::Result<Option<Zeroizing<Vec<u8>>>> {
    let mut bytes = Zeroizing::new(Vec::new());
    read.take(LONGEST).read_until(b'\n', &mut bytes).await?;
    Ok(bytes.ends_with(b"\n").then_some(bytes))
}

/// Has the agent of a data folder lock and end. It answers once the folder is free; one that is no such agent, or does not
/// answer, keeps it, which the next to open it is told.
pub(crate) async fn dismiss(folder: &Path) {
    if let Some(mut agent) = Agent::connect(folder).await {
        let _ = tokio::time::timeout(LAST_WORK, agent.call(LockRequest {})).await;
    }
}

/// A connection to a running agent.
pub struct Agent {
    read: BufReader<tokio::net::unix::OwnedReadHalf>,
    write: tokio::net::unix::OwnedWriteHalf,
}

impl Agent {
    /// Connects to the agent of a data folder. `None` where none answers.
    pub async fn connect(folder: &Path) -> Option<Self> {
        let stream = UnixStream::connect(socket_path(folder)).await.ok()?;
        // A socket of another user in a shared temporary folder must not receive a passphrase.
        if stream.peer_cred().ok()?.uid() != rustix::process::getuid().as_raw() {
            return None;
        }
        let (read, write) = stream.into_split();
        Some(Self { read: BufReader::new(read), write })
    }

    /// Asks the agent.
    ///
    /// # Errors
    /// What the application answered, or that the agent went away.
    pub async fn call<R: Command>(&mut self, request: R) -> Result<R::View, ErrorView> {
        let gone = |error: io::Error| -> ErrorView {
            Error::new(
                ErrorClass::Machine,
                "agent.gone",
                "The running Vitrine ended before it answered.",
                "Run the command again.",
            )
            .because(error)
            .into()
        };
        let question = Question { command: R::NAME.to_owned(), request };
        let mut bytes = Zeroizing::new(Vec::with_capacity(16 << 10));
        serde_json::to_writer(&mut *bytes, &question).map_err(|e| gone(e.into()))?;
        bytes.push(b'\n');
        self.write.write_all(&bytes).await.map_err(gone)?;
        let line =
            line(&mut self.read).await.map_err(gone)?.ok_or_else(|| gone(io::ErrorKind::UnexpectedEof.into()))?;
        match serde_json::from_slice(&line).map_err(|error| gone(error.into()))? {
            Reply::Ok(view) => Ok(view),
            Reply::Error(error) => Err(error),
        }
    }
}
