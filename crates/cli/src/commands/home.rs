//! The home of the vault from a terminal. The operator's token is a secret: asked for without echo, or read from a
//! descriptor.

use vitrine_app::api::{
    BackendView, BringHomeRequest, ForkView, HomeRequest, HomeView, MoveHomeRequest, SaveProofRequest, SyncRequest,
};

use super::{Result, absolute};
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
        Home::Proof { path } => {
            let view = door.call(SaveProofRequest { path: absolute(&path)? }).await?;
            let words = format!("The proof lies in {}. Check it: vitrine audit verify", shown(&view.path));
            return Outcome::of(&view, words);
        }
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
    let BackendView { address, id, moving, synced_at, received, unchecked, problem, fork } = backend;
    let mut lines = vec![format!("The home of this vault is {} (backend {id}).", shown(address))];
    if *moving {
        lines.push("It is being copied there; nothing can be changed until that is done.".into());
    }
    if synced_at.is_some() {
        lines.push(format!("Everything it had was here {}; entries received: {received}.", time(*synced_at)));
    }
    if *unchecked > 0 {
        let what = "which can be read and not yet changed";
        lines.push(format!("The history of {unchecked} organizations is still being checked, {what}."));
    }
    if let Some(problem) = problem {
        lines.push(format!("{} {} ({})", shown(&problem.what), shown(&problem.next), problem.code));
    }
    if let Some(fork) = fork {
        let ForkView { ledger, organization_name, ours_seq, ours, theirs_seq, theirs } = fork;
        let of = organization_name.as_deref().map_or_else(|| ledger.clone(), shown);
        lines.push(format!("Two histories of {of}:\n  here  {ours_seq} {ours}\n  there {theirs_seq} {theirs}"));
        lines.push("Save the proof: vitrine home proof FILE".into());
    }
    lines.join("\n")
}
