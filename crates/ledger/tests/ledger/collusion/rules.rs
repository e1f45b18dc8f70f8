//! What must hold, told from the entries that a client took and from nothing that the ledger's fold says of them, but for
//! the owners it comes to.

use std::collections::{BTreeMap, BTreeSet};

use vitrine_ledger::{Body, Entry, ForkProof, MemberId, MspBody, MspState, OrganizationBody, TeamId};

use super::archive::Archive;
use super::cast::Leaver;
use super::without::Protection;
use super::{Client, Key};
use crate::kit::team_id;

/// The rule that was broken.
pub type Broken = Option<&'static str>;

/// What the MSP entries of a client say.
struct Told {
    owners: BTreeSet<MemberId>,
    /// The entry that ended the leaver.
    ended: Option<u64>,
    /// The entry from which on nothing is wrapped to keys that the leaver knows.
    keys_ended: Option<u64>,
}

fn told(archive: &Archive, msp: &[Key]) -> Told {
    let cast = archive.cast();
    let (hostile, device) = (&cast.hostile, cast.leaver == Leaver::Device);
    let mut told = Told { owners: cast.firm.state().owners().collect(), ended: None, keys_ended: None };
    let mut asked = BTreeMap::new();
    for entry in msp.iter().map(|key| archive.entry(*key)) {
        let Body::Msp(body) = entry.body() else { continue };
        let removed = match body {
            MspBody::MemberRemove { subject } if told.owners.contains(subject) && told.owners.len() > 1 => {
                asked.insert(Key::from(entry.hash()), (entry.member(), *subject));
                None
            }
            MspBody::MemberRemove { subject } => Some(*subject),
            MspBody::Approve { entry: wish } => asked
                .get(&Key::from(*wish))
                .filter(|(by, _)| *by != entry.member() && told.owners.contains(&entry.member()))
                .map(|(_, subject)| *subject),
            MspBody::DeviceRevoke { subject } if device && *subject == hostile.device => {
                told.ended.get_or_insert(entry.seq());
                None
            }
            MspBody::MemberRekey { subject, .. } if device && *subject == hostile.member => {
                told.keys_ended.get_or_insert(entry.seq());
                None
            }
            _ => None,
        };
        if let Some(removed) = removed {
            told.owners.remove(&removed);
            if removed == hostile.member {
                told.ended.get_or_insert(entry.seq());
                told.keys_ended.get_or_insert(entry.seq());
            }
        }
    }
    told
}

pub fn is_epoch(entry: &Entry) -> bool {
    matches!(entry.body(), Body::Organization(OrganizationBody::Epoch { .. }))
}

/// The first epoch that somebody else made knowing of the removal: by its place among the entries.
fn settled(archive: &Archive, ended: Option<u64>, entries: &[Entry]) -> Option<usize> {
    let ended = ended?;
    entries.iter().position(|entry| {
        let knows = entry.witness().is_some_and(|witness| witness.seq >= ended);
        is_epoch(entry) && knows && !archive.cast().is_hostile(&entry.author())
    })
}

fn entries(archive: &Archive, keys: &[Key]) -> Vec<Entry> {
    keys.iter().map(|key| archive.entry(*key)).collect()
}

/// What holds wherever a client stands, however it came there.
pub fn standing(archive: &Archive, client: &Client) -> Broken {
    let told = told(archive, &client.msp);
    let (msp, organization) = (entries(archive, &client.msp), entries(archive, &client.organization));
    let hostile = |entry: &Entry| archive.cast().is_hostile(&entry.author());
    let ended = |entry: &Entry| told.ended.is_some_and(|ended| entry.seq() > ended);
    let after = settled(archive, told.ended, &organization).map_or(&[][..], |place| &organization[place..]);
    if client.msp.iter().chain(&client.organization).any(|key| archive.is_forged(*key)) {
        return Some("an entry stands that its author did not sign");
    }
    if msp.iter().any(|entry| ended(entry) && hostile(entry)) || after.iter().any(hostile) {
        return Some("the removed device wrote after its removal had taken hold");
    }
    let owners: BTreeSet<_> = archive.msp(&client.msp).state.owners().collect();
    if owners != told.owners {
        return Some("an owner was removed without a second owner");
    }
    keys(archive, told.keys_ended?, &msp, &organization)
}

/// The keys that the leaver can open: those of team epochs wrapped to it, and so what is wrapped to these.
fn keys(archive: &Archive, ended: u64, msp: &[Entry], organization: &[Entry]) -> Broken {
    let cast = archive.cast();
    let begun = team_id(cast.team.0);
    let first = cast.firm.state().team(&begun).map_or(0, |team| team.epoch().epoch);
    let mut opens: BTreeSet<(TeamId, u32)> = (1..=first).map(|epoch| (begun, epoch)).collect();
    for entry in msp {
        let (team, members) = match entry.body() {
            Body::Msp(MspBody::TeamEpoch { team, epoch, members, .. }) => (Some((*team, *epoch)), members),
            Body::Msp(MspBody::MspEpoch { members, .. }) => (None, members),
            _ => continue,
        };
        if !members.iter().any(|wrap| wrap.member == cast.hostile.member) {
            continue;
        }
        if entry.seq() < ended {
            opens.extend(team);
        } else if cast.leaver != Leaver::Device {
            return Some("a removed member was given a key of the firm or a team made after its removal");
        }
    }
    let given =
        organization.iter().filter(|entry| entry.witness().is_some_and(|witness| witness.seq >= ended)).any(|entry| {
            match entry.body() {
                Body::Organization(OrganizationBody::Epoch { teams, .. }) => {
                    teams.iter().any(|wrap| opens.contains(&(wrap.team, wrap.epoch)))
                }
                Body::Organization(OrganizationBody::Access { wrap: Some(wrap), .. }) => {
                    opens.contains(&(wrap.team, wrap.epoch))
                }
                _ => false,
            }
        });
    given.then_some("a removed member was given keys of an epoch made after its removal")
}

/// What holds of each step that a client takes.
pub fn step(archive: &Archive, old: &Client, new: &Client) -> Broken {
    if !new.msp.starts_with(&old.msp) || !new.organization.starts_with(&old.organization) {
        return Some("a head went back or sideways");
    }
    let (msp, organization) = (archive.cast().firm.state().head(), archive.cast().customer.state.head());
    for (path, mut head, folded) in [
        (&new.msp, msp, archive.msp(&new.msp).state.head()),
        (&new.organization, organization, archive.organization(&new.organization).head()),
    ] {
        for entry in entries(archive, path) {
            if entry.prev() != Some(head.hash) || entry.seq() != head.seq + 1 {
                return Some("a history was merged that does not descend from the head");
            }
            head = entry.head();
        }
        if folded != head {
            return Some("a state is not at the head of what was taken");
        }
    }
    let told = told(archive, &old.msp);
    let all = entries(archive, &new.organization);
    let taken = &all[old.organization.len()..];
    let hostile = |entry: &Entry| archive.cast().is_hostile(&entry.author());
    let last = taken.iter().rposition(hostile)?;
    let follows = settled(archive, told.ended, &all[old.organization.len() + last..]).is_some();
    (told.ended.is_some() && !follows).then_some("something of the removed device was taken once its removal was known")
}

/// What holds when a client appends something else than an epoch.
pub fn append(archive: &Archive, client: &Client) -> Broken {
    let told = told(archive, &client.msp);
    let all = entries(archive, &[&client.organization[..], &client.held].concat());
    let owed = told.ended.is_some() && settled(archive, told.ended, &all).is_none();
    owed.then_some("something else was appended while an epoch was owed")
}

/// Two clients tell each other their heads; whoever is ahead compares. A meeting changes nothing but that both stop, so
/// every state asks what one would find.
pub fn meeting(archive: &Archive, a: &Client, b: &Client) -> Broken {
    archive.meeting(a, b, || {
        let (ours, theirs) = (archive.msp(&a.msp).state, archive.msp(&b.msp).state);
        let newest = if ours.head().seq >= theirs.head().seq { &ours } else { &theirs };
        found(archive, &a.msp, &b.msp, &[&ours, &theirs])
            // Beside a fork of the MSP's ledger one of an organization's says nothing more.
            .and_then(
                |forked| if forked { Ok(true) } else { found(archive, &a.organization, &b.organization, &[newest]) },
            )
            .err()
    })
}

/// Whether two histories part, and a proof of it is found that everybody can check.
fn found(archive: &Archive, a: &[Key], b: &[Key], readers: &[&MspState]) -> Result<bool, &'static str> {
    let parted = !a.starts_with(b) && !b.starts_with(a);
    let shared = a.len().min(b.len());
    let differ = archive.off() != Some(Protection::HashCompared) && shared > 0 && a[shared - 1] != b[shared - 1];
    let proof = differ
        .then(|| a.iter().zip(b).find(|(a, b)| a != b))
        .flatten()
        .and_then(|(a, b)| ForkProof::new(archive.entry(*a), archive.entry(*b)).ok())
        .and_then(|proof| ForkProof::from_bytes(&proof.to_bytes()).ok())
        .filter(|proof| readers.iter().all(|reader| proof.verify(reader).is_ok()));
    match (parted, proof) {
        (true, None) => Err("a fork was not proven when two met"),
        (false, Some(_)) => Err("a fork was proven where there is none"),
        (parted, _) => Ok(parted),
    }
}

pub fn took_hold(archive: &Archive, client: &Client) -> bool {
    let told = told(archive, &client.msp);
    settled(archive, told.ended, &entries(archive, &client.organization)).is_some()
}

pub fn took_late(archive: &Archive, client: &Client) -> bool {
    let all = entries(archive, &client.organization);
    let told = told(archive, &client.msp);
    let settled = settled(archive, told.ended, &all).unwrap_or(0);
    all[..settled].iter().any(|entry| archive.cast().is_hostile(&entry.author()))
}
