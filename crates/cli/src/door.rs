//! The way to the application: the agent that holds the keys, or this process.

use serde_json::json;
use vitrine_app::{
    Answered, App, Error, Headless, Options,
    agent::Agent,
    api::{EdgeSecret, LockRequest, Phase, StatusRequest, StatusView, UnlockRequest},
};

use crate::{
    output::{Failure, usage, warning},
    person::Person,
};

/// An open way to the application.
pub(crate) struct Door {
    way: Way,
    /// The vault was locked and was opened for this command alone.
    lock_after: bool,
}

enum Way {
    Agent(Agent),
    Here(Box<App>),
}

impl Door {
    /// Whoever holds the data folder, in whatever state the vault is.
    pub(crate) async fn open() -> Result<Self, Failure> {
        let options = Options::from_environment()?;
        let way = match Agent::connect(&options.config.folder).await {
            Some(agent) => Way::Agent(agent),
            None => Way::Here(Box::new(App::open(options, Headless).await?)),
        };
        Ok(Self { way, lock_after: false })
    }

    /// The same, with an open vault; it is left as it was found.
    pub(crate) async fn unlocked(person: &mut Person) -> Result<Self, Failure> {
        let mut door = Self::open().await?;
        match door.status().await?.phase {
            Phase::Unlocked => {}
            Phase::NoVault => return Err(no_vault()),
            Phase::Joining => return Err(joining()),
            Phase::Locked if !person.can_unlock() => return Err(Error::locked().into()),
            Phase::Locked => {
                let passphrase = person.passphrase("Passphrase: ")?;
                door.unlock(passphrase, person).await?;
            }
        }
        Ok(door)
    }

    /// Opens the vault for this command alone.
    pub(crate) async fn unlock(&mut self, passphrase: EdgeSecret, person: &Person) -> Result<(), Failure> {
        let status = self.call(UnlockRequest { passphrase }).await?;
        if status.phase == Phase::Joining {
            return Err(joining());
        }
        for error in &status.warnings {
            // Beside the answer, whatever it is: a list that lacks a row must not look whole.
            person.progress(&json!({ "kind": "warning", "error": error }), &warning(error));
        }
        self.lock_after = true;
        Ok(())
    }

    /// Whether the application ends with this process, and with it a sign-in, a job, the clipboard's content.
    pub(crate) fn ends_with_us(&self) -> bool {
        matches!(self.way, Way::Here(_))
    }

    pub(crate) async fn call<R: Answered>(&mut self, request: R) -> Result<R::View, Failure> {
        Ok(match &mut self.way {
            Way::Agent(agent) => agent.call(request).await?,
            Way::Here(app) => app.call(request).await?,
        })
    }

    pub(crate) async fn status(&mut self) -> Result<StatusView, Failure> {
        self.call(StatusRequest {}).await
    }

    /// Leaves the vault as it was found. Called whatever came of the command; tells what was left for the next time.
    pub(crate) async fn close(mut self, person: &Person) {
        if self.lock_after && !self.ends_with_us() {
            // The command's own outcome is what counts; a vault that cannot be locked is one that is gone.
            let _ = self.call(LockRequest {}).await;
        }
        if let Way::Here(app) = self.way {
            for error in app.close().await {
                person.progress(&json!({ "kind": "warning", "error": error }), &warning(&error));
            }
        }
    }
}

/// There is no vault yet.
/// This device was not added to a vault yet.
pub(crate) fn joining() -> Failure {
    usage(
        "join.waiting",
        "This device waits to be added to a vault.",
        "Ask the person who invited you; vitrine join shows the words to compare.",
    )
}

pub(crate) fn no_vault() -> Failure {
    usage(
        "vault.none",
        "There is no vault in the data folder.",
        "Create one (vitrine init) or restore one (vitrine restore).",
    )
}
