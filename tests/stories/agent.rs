//! The agent among others: a second one, callers that mean no good, and its end.

use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::process::Command;

use anyhow::{Context, Result, ensure};
use vitrine_kit::wait::PATIENCE;

use crate::desk::{Desk, Ended, PASSPHRASE, exit};
use crate::processes::{agent, agents, gone, signal, socket};

/// A vault with one organization.
async fn with_vault() -> Result<Desk> {
    let desk = Desk::alone()?;
    desk.init().await?;
    desk.does(["org", "add", "Contoso"]).await?;
    Ok(desk)
}

/// The same, held open by an agent.
async fn unlocked() -> Result<Desk> {
    let desk = with_vault().await?;
    desk.vitrine(["unlock"]).passphrase(PASSPHRASE).ends(exit::DONE).await?;
    Ok(desk)
}

/// The agent answers, without a passphrase.
async fn answers(desk: &Desk) -> Result<()> {
    let list = desk.vitrine(["org", "list"]).ends(exit::DONE).await?;
    ensure!(list["rows"][0]["name"] == "Contoso", "{list}");
    Ok(())
}

#[tokio::test]
async fn once_lock_has_answered_the_agent_is_gone_and_the_next_command_has_the_folder() -> Result<()> {
    let desk = unlocked().await?;
    for _ in 0..10 {
        let agent = agent(&desk)?;
        let status = desk.vitrine(["lock"]).ends(exit::DONE).await?;
        ensure!(status["phase"] == "locked", "{status}");
        // No waiting: a script goes on at once.
        desk.does(["org", "list"]).await?;
        gone(&agent).await?;
        desk.vitrine(["unlock"]).passphrase(PASSPHRASE).ends(exit::DONE).await?;
    }
    // Told to end by the system, it locks as well.
    let agent = agent(&desk)?;
    signal("TERM", &agent)?;
    gone(&agent).await?;
    desk.does(["org", "list"]).await?;
    Ok(())
}

#[tokio::test]
async fn a_second_unlock_finds_the_first_agent_and_two_at_once_leave_one() -> Result<()> {
    let desk = unlocked().await?;
    let first = agent(&desk)?;
    // Nobody is asked for a passphrase that is not needed, and a wrong one is not judged.
    for order in [desk.vitrine(["unlock"]), desk.vitrine(["unlock"]).passphrase("wrong")] {
        let status = order.ends(exit::DONE).await?;
        ensure!(status["phase"] == "unlocked", "{status}");
        ensure!(agent(&desk)? == first, "another agent");
    }
    desk.vitrine(["lock"]).ends(exit::DONE).await?;
    let unlock = || desk.vitrine(["unlock"]).passphrase(PASSPHRASE).end();
    let both: (Result<Ended>, Result<Ended>) = tokio::join!(unlock(), unlock());
    let both = [both.0?, both.1?];
    let done = both.iter().filter(|ended| ended.status.code() == Some(exit::DONE)).count();
    ensure!(done > 0, "neither of two is done: {} {}", both[0].out, both[1].out);
    for ended in both.iter().filter(|ended| ended.status.code() != Some(exit::DONE)) {
        ended.refused(exit::MACHINE, "store.in-use")?;
    }
    agent(&desk)?;
    answers(&desk).await
}

/// What a caller hears, to the end of what the agent has to say.
fn heard(mut stream: &UnixStream) -> Result<String> {
    stream.set_read_timeout(Some(PATIENCE))?;
    let (mut heard, mut byte) = (Vec::new(), [0]);
    while stream.read(&mut byte)? == 1 && byte != *b"\n" {
        heard.push(byte[0]);
    }
    Ok(String::from_utf8(heard)?)
}

#[tokio::test(flavor = "multi_thread")]
async fn callers_that_mean_no_good_are_answered_or_hung_up_on_and_others_are_heard() -> Result<()> {
    let desk = unlocked().await?;
    let (agent, socket) = (agent(&desk)?, socket(&desk)?);
    for garbage in [
        b"\n".as_slice(),
        b"hello\n",
        b"\x00\xff\xfe\n",
        b"{\"command\":\"status\"}\n",
        b"{\"command\":7,\"request\":{}}\n",
        b"{\"command\":\"no such\",\"request\":{}}\n",
        b"{\"command\":\"reveal\",\"request\":{\"organization\":[]}}\n",
        &[b"[".repeat(100_000).as_slice(), b"\n"].concat(),
    ] {
        let mut stream = UnixStream::connect(&socket)?;
        stream.write_all(garbage)?;
        let answer = heard(&stream)?;
        let words = &garbage[..garbage.len().min(60)];
        ensure!(answer.starts_with("{\"error\":{"), "{:?} got {answer}", String::from_utf8_lossy(words));
    }
    // Longer than any request: not kept until there is no memory left.
    let mut stream = UnixStream::connect(&socket)?;
    stream.set_write_timeout(Some(PATIENCE))?;
    let written = stream.write_all(&vec![b'x'; 64 << 20]);
    ensure!(written.is_err(), "the agent took 64 MiB without a line's end");
    // Half a request, and gone; a whole one, and gone before the answer.
    for half in [b"{\"command\":\"sta".as_slice(), b"{\"command\":\"status\",\"request\":{}}\n"] {
        for _ in 0..50 {
            UnixStream::connect(&socket)?.write_all(half)?;
        }
    }
    answers(&desk).await?;
    // More silent callers than it has descriptors for, all of them staying.
    let id = agent.file_name().context("no process")?.to_string_lossy().into_owned();
    let lowered = Command::new("prlimit").args(["--pid", &id, "--nofile=256:256"]).status()?;
    ensure!(lowered.success(), "the agent's descriptors could not be limited");
    let mut silent = Vec::new();
    for number in 0..2_000 {
        let mut stream = UnixStream::connect(&socket)?;
        if number % 2 == 0 {
            // Hung up on already, perhaps.
            let _ = stream.write_all(b"{\"command\":");
        }
        silent.push(stream);
    }
    let heard = tokio::time::timeout(PATIENCE, answers(&desk)).await;
    heard.context("nobody is heard beside silent callers")??;
    ensure!(agents(&desk)? == [agent.clone()], "it is another agent");
    drop(silent);
    answers(&desk).await?;
    desk.vitrine(["lock"]).ends(exit::DONE).await?;
    gone(&agent).await
}
