//! Each check that the rules lean on, taken out by itself.
//!
//! The ledger has no switches. Where a check is the reader's own step, the reader leaves it away. Where it stands inside
//! `apply`, what it refuses is taken nonetheless: the state after it comes from a twin, the same entry as the check would
//! have let it pass, and gets the hash of the entry that was shown.

use vitrine_ledger::{
    Accepted, Body, Draft, Entry, EntryHash, MspBody, MspChain, MspHistory, MspState, OrganizationState, Place, Refusal,
};

use super::OWNER;
use super::cast::Cast;
use super::rules::is_epoch;

/// One check.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Protection {
    /// What a removed device wrote is held back once the removal is known.
    HeldBack,
    /// Only an epoch that knows of the removal settles what was held back.
    EpochKnows,
    /// While an epoch is owed nothing else is drafted.
    AskedFirst,
    /// The author is valid at the witness.
    ValidAuthor,
    /// The witness never goes back.
    WitnessForward,
    /// The signature is the author's.
    Signed,
    /// Keys are wrapped to nobody who left.
    Recipients,
    /// Keys are wrapped to no team that somebody who left holds the key of.
    FreshTeam,
    /// An owner is removed by two.
    SecondOwner,
    /// An entry descends from the head.
    Descends,
    /// The head that was accepted is remembered.
    Remembered,
    /// Two who meet compare the hash, not the place alone.
    HashCompared,
    /// An entry is judged by the MSP's state at its witness, not by the newest.
    JudgedAtWitness,
}

/// How many entries of a batch were taken and held back, and the states after either.
pub struct Took {
    pub taken: usize,
    pub held: usize,
    pub state: OrganizationState,
    pub tip: OrganizationState,
}

impl From<Accepted> for Took {
    fn from(accepted: Accepted) -> Self {
        let Accepted { state, taken, held, tip, .. } = accepted;
        Self { taken, held, state, tip }
    }
}

/// A reader of an organization's ledger, with all checks or without one.
pub fn accept(
    off: Option<Protection>,
    cast: &Cast,
    from: &OrganizationState,
    entries: &[Entry],
    msp: &MspChain,
) -> Took {
    let now = msp.state().at(msp.state().head().seq);
    let entries = match off {
        Some(Protection::JudgedAtWitness) => {
            let fit = entries.iter().take_while(|entry| now.author(&entry.author()).is_ok()).count();
            &entries[..fit]
        }
        _ => entries,
    };
    let accepted = from.accept(entries, msp);
    let (taken, held) = (accepted.taken, accepted.held);
    let settled = match off {
        Some(Protection::HeldBack) => true,
        Some(Protection::EpochKnows) => entries[taken..taken + held].iter().any(is_epoch),
        _ => false,
    };
    if settled {
        return Took { taken: taken + held, held: 0, state: accepted.tip.clone(), tip: accepted.tip };
    }
    let refused = accepted.refused.filter(|_| held == 0);
    let Some(state) =
        refused.and_then(|refusal| organization(off, cast, &accepted.state, &entries[taken], refusal, msp))
    else {
        return accepted.into();
    };
    // Whoever is gone is held back all the same, until some epoch follows.
    let gone = matches!(off, Some(Protection::ValidAuthor | Protection::WitnessForward));
    if gone && !entries[taken..].iter().any(is_epoch) {
        return Took { taken, held: 1, state: accepted.state, tip: state };
    }
    let rest = accept(off, cast, &state, &entries[taken + 1..], msp);
    Took { taken: taken + 1 + rest.taken, ..rest }
}

/// The state after an organization's entry that was refused by the check that is out.
fn organization(
    off: Option<Protection>,
    cast: &Cast,
    state: &OrganizationState,
    entry: &Entry,
    refusal: Refusal,
    msp: &MspChain,
) -> Option<OrganizationState> {
    let mut twin = as_shown(entry);
    match (off?, refusal) {
        (Protection::ValidAuthor, Refusal::Member { .. } | Refusal::Device { .. }) => {
            twin.author = cast.desks[OWNER].author();
        }
        (Protection::WitnessForward, Refusal::WitnessBack { witness }) => {
            // The witness is all that is wrong with it.
            let at = msp.state().at(witness.seq);
            let (_, device) = at.author(&entry.author()).ok()?;
            entry.verify(&device.key).ok()?;
            (twin.author, twin.witness) = (cast.desks[OWNER].author(), Some(state.witness()));
        }
        (Protection::Signed, Refusal::Signature) => {}
        (Protection::FreshTeam, Refusal::Team { .. }) => twin.witness = Some(state.witness()),
        (Protection::Descends, Refusal::Fork { .. }) => twin.place = state.place(),
        _ => return None,
    }
    let twin = signed(cast, &twin)?;
    let after = state.apply(&twin, msp).ok()?;
    OrganizationState::decode(&renamed(after.encode(), twin.hash(), entry.hash())).ok()
}

/// The state after an MSP entry that was refused by the check that is out.
pub fn msp(
    off: Option<Protection>,
    cast: &Cast,
    state: &MspState,
    entry: &Entry,
    refusal: Refusal,
) -> Option<MspState> {
    let mut twin = as_shown(entry);
    match (off?, refusal) {
        (Protection::ValidAuthor, Refusal::Member { .. } | Refusal::Device { .. }) => {
            twin.author = cast.desks[OWNER].author();
        }
        (Protection::Descends, Refusal::Fork { .. }) => twin.place = state.place(),
        (Protection::SecondOwner, Refusal::NotPending { entry: asked }) => {
            let asked = state.pending().iter().find(|pending| pending.entry.hash == asked)?;
            let mut owners = cast.desks.iter().filter(|desk| state.owners().any(|owner| owner == desk.member));
            twin.author = owners.find(|desk| desk.member != asked.by)?.author();
        }
        (Protection::Recipients, Refusal::Recipients) => match &mut twin.body {
            Body::Msp(MspBody::TeamEpoch { members, .. } | MspBody::MspEpoch { members, .. }) => {
                members.retain(|wrap| state.member(&wrap.member).is_some_and(|member| member.removed.is_none()));
            }
            _ => return None,
        },
        _ => return None,
    }
    let twin = signed(cast, &twin)?;
    let after = state.apply(&twin).ok()?;
    MspState::decode(&renamed(after.encode(), twin.hash(), entry.hash())).ok()
}

fn as_shown(entry: &Entry) -> Draft {
    Draft {
        place: Place { ledger: entry.ledger(), seq: entry.seq(), prev: entry.prev() },
        body: entry.body().clone(),
        author: entry.author(),
        time_ms: entry.time_ms(),
        witness: entry.witness(),
    }
}

fn signed(cast: &Cast, draft: &Draft) -> Option<Entry> {
    draft.sign(cast.key(&draft.author.device)?).ok()
}

/// One hash in the place of another, wherever a stored state names it.
fn renamed(mut bytes: Vec<u8>, from: EntryHash, to: EntryHash) -> Vec<u8> {
    for at in 0..bytes.len().saturating_sub(31) {
        if bytes[at..at + 32] == from.as_bytes()[..] {
            bytes[at..at + 32].copy_from_slice(to.as_bytes());
        }
    }
    bytes
}
