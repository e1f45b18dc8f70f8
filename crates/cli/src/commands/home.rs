//! The home of the vault from a terminal. The operator's token is a secret: asked for without echo, or read from a
//! descriptor.

use vitrine_app::api::{BackendView, BringHomeRequest, HomeRequest, HomeView, MoveHomeRequest, SyncRequest};

use super::Result;
use crate::{
    args::Home,
    door::Door,
    output::Outcome,
    person::{Lines, Person},
    text::{shown, time},
};

pub(super) async fn run(door: &mut Door, person: &mut Person, home: Home) -> Result {
    let view = match home {
        Home::Show => door.call(HomeRequest {}).await?,
        Home::Move { address, token_fd } => {
            let mut lines = token_fd.map(Lines::open).transpose()?;
            let token = person.secret("Registration token of the backend: ", lines.as_mut())?;
            door.call(MoveHomeRequest { address, token }).await?
        }
        Home::BringBack => door.call(BringHomeRequest {}).await?,
    };
    Outcome::of(&view, in_words(&view))
}

pub(super) async fn sync(door: &mut Door) -> Result {
    let view = door.call(SyncRequest {}).await?;
    Outcome::of(&view, in_words(&view))
}

fn in_words(view: &HomeView) -> String {
    let Some(backend) = &view.backend else {
        return "The home of this vault is a device. Give it to a backend: vitrine home move".into();
    };
    let BackendView { address, id, moving, synced_at, received, problem } = backend;
    let mut lines = vec![format!("The home of this vault is {} (backend {id}).", shown(address))];
    if *moving {
        lines.push("It is being copied there; nothing can be changed until that is done.".into());
    }
    if synced_at.is_some() {
        lines.push(format!("Everything it had was here {}; entries received: {received}.", time(*synced_at)));
    }
    if let Some(problem) = problem {
        lines.push(format!("{} {} ({})", shown(&problem.what), shown(&problem.next), problem.code));
    }
    lines.join("\n")
}
