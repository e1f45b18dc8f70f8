//! The keys that the signed history wraps to this member: of its teams and of the MSP, and through those teams the keys of
//! organizations; each in all its epochs, since the newest key opens the one before it.
//!
//! Whatever comes out was committed to in an entry that was verified. No key comes from a home.

use crate::error::{Error, Result};
use crate::founding::{self, unwrap_team};
use crate::records::{Bytes32, Place, decode, heads, key};
use crate::roots::Roots;
use crate::session;
use crate::store::{Store, Tx};
use std::collections::{BTreeMap, BTreeSet};
use vitrine_ledger::{
    Body, Commitment, Entry, Head, KeyName, Level, MemberId, MspBody, MspState, OrganizationBody, OrganizationState,
    SealedName, SealedNote, TeamId, TeamWrap,
};
use vitrine_vault::Key;
use vitrine_vault::body::{BodyKind, body_opening, open_body};
use vitrine_vault::epoch::{
    self, EncryptionKeys, MspKey, OperateKey, OrganizationKeys, PREVIOUS_LENGTH, ReadKey, TeamKeys, Which, WrapContext,
};
use vitrine_vault::items::MspItem;
use vitrine_vault::sheet::SheetNote;

/// Where entries are read: outside a change, or with what it has written so far.
pub(crate) enum Source<'s, 'tx> {
    Store(&'s Store),
    Change(&'s mut Tx<'tx>),
}

impl Source<'_, '_> {
    /// An entry, which must be the one that was verified: its row may have been replaced since.
    async fn entry(&mut self, ledger: &Bytes32, head: &Head) -> Result<Entry> {
        let replaced = || {
            Error::integrity(
                "vault.entry-replaced",
                "An entry of the signed history is missing or was replaced.",
                "Restore from the backup, and keep this data folder for examination.",
            )
        };
        let bytes = match self {
            Self::Store(store) => store.entry(ledger, head.seq).await?,
            Self::Change(tx) => tx.entry(ledger, head.seq).await?,
        };
        let entry = Entry::decode(&bytes.ok_or_else(replaced)?).map_err(|_| replaced())?;
        if entry.hash() == head.hash { Ok(entry) } else { Err(replaced()) }
    }
}

/// The keys of a member. Empty for one that has joined and was not given any yet, and for one that was removed.
#[derive(Default)]
pub(crate) struct Keyring {
    teams: BTreeMap<TeamId, BTreeMap<u32, TeamKeys>>,
    msp: BTreeMap<u32, MspKey>,
}

impl Keyring {
    /// The keys of a vault that begins.
    pub(crate) fn first(owners: TeamId, team: TeamKeys, msp: MspKey) -> Self {
        Self { teams: BTreeMap::from([(owners, BTreeMap::from([(1, team)]))]), msp: BTreeMap::from([(1, msp)]) }
    }

    /// Opens everything that is wrapped to a member. `epochs` are the entries of the MSP's own epochs, first to newest.
    pub(crate) async fn open(
        mut source: Source<'_, '_>,
        roots: &Roots,
        member: MemberId,
        state: &MspState,
        epochs: &[Head],
    ) -> Result<Self> {
        let (now, mut ring) = (state.at(state.head().seq), Self::default());
        for (id, _) in state.teams().iter().filter(|(id, _)| now.holds(id, &member)) {
            let keys = team(&mut source, roots, member, state, *id).await?;
            ring.teams.insert(*id, keys);
        }
        if state.epoch().is_some_and(|epoch| epoch.members.contains(&member)) {
            ring.msp = msp(&mut source, roots, member, state, epochs).await?;
        }
        Ok(ring)
    }

    /// The same, by what the index says of the MSP's epochs.
    pub(crate) async fn of(store: &Store, roots: &Roots, member: MemberId, state: &MspState) -> Result<Self> {
        let row = store.index_value(key::MSP_EPOCHS).await?;
        let epochs: Vec<Place> = row.map_or(Ok(Vec::new()), |bytes| decode(&bytes))?;
        Self::open(Source::Store(store), roots, member, state, &heads(&epochs)).await
    }

    /// The MSP's present key.
    pub(crate) fn msp_key(&self) -> Result<&MspKey> {
        self.msp.values().next_back().ok_or_else(no_keys)
    }

    /// A team's present key.
    pub(crate) fn team(&self, team: &TeamId) -> Option<&TeamKeys> {
        self.teams.get(team)?.values().next_back()
    }

    /// Reads a name that was sealed under any of the MSP's keys.
    pub(crate) fn name(&self, subject: &[u8], name: &SealedName) -> Option<String> {
        self.msp.values().rev().find_map(|key| founding::open_name(key, subject, name))
    }

    /// Reads what every member is told of the safe sheet; nothing where the key was not given to this member yet.
    pub(crate) fn note(&self, state: &MspState, note: &SealedNote) -> Option<SheetNote> {
        self.msp.values().rev().find_map(|key| founding::open_note(key, state, note))
    }

    /// What opens the same name, and nothing else.
    pub(crate) fn name_opening(&self, subject: &[u8], name: &[u8]) -> Option<Key> {
        let mut newest = self.msp.values().rev().map(MspKey::name_key);
        let key = newest.find(|key| open_body(BodyKind::Name, key, subject, name).is_ok())?;
        Some(body_opening(BodyKind::Name, &key, subject))
    }

    /// Reads the firm's settings.
    pub(crate) fn policy(&self, state: &MspState, settings: &SealedNote) -> Result<MspItem> {
        let mut newest = self.msp.values().rev().map(|key| founding::read_policy(key, state, settings));
        newest.find(Result::is_ok).unwrap_or_else(|| Err(no_keys()))
    }

    /// The teams whose keys it holds.
    pub(crate) fn team_ids(&self) -> BTreeSet<TeamId> {
        self.teams.keys().copied().collect()
    }

    /// How much of an organization it opens; nothing where what is opened has no name yet.
    pub(crate) fn level(&self, state: &OrganizationState, msp: &MspState) -> Option<Level> {
        let owners = msp.owners_team().filter(|team| self.teams.contains_key(team)).map(|_| Level::Full);
        let given = state.levels().filter(|(team, _)| self.teams.contains_key(team)).map(|(_, level)| level);
        given.chain(owners).max().filter(|level| *level > Level::Log || state.named().is_some())
    }

    /// Opens the keys of an organization, as far as this member has them.
    pub(crate) async fn organization(
        &self,
        mut source: Source<'_, '_>,
        state: &OrganizationState,
    ) -> Result<EpochKeys> {
        let ledger = *state.ledger().as_bytes();
        let present = *state.epoch().ok_or_else(no_epoch)?;
        let entry = source.entry(&ledger, &present.entry).await?;
        let Body::Organization(OrganizationBody::Epoch { teams, previous, .. }) = entry.body() else {
            return Err(no_epoch());
        };
        let mut wraps = teams.clone();
        for grant in state.grants().values().filter(|grant| grant.epoch == present.epoch) {
            let given = source.entry(&ledger, &grant.entry).await?;
            if let Body::Organization(OrganizationBody::Access { wrap: Some(wrap), .. }) = given.body() {
                wraps.push(wrap.clone());
            }
        }
        let mut best: Option<Held> = None;
        for wrap in &wraps {
            let Some(keys) = self.teams.get(&wrap.team).and_then(|epochs| epochs.get(&wrap.epoch)) else { continue };
            let opened = unwrap_organization(wrap, &ledger, present.epoch, keys, &present.commitments)?;
            if let Some(opened) = opened.filter(|new| best.as_ref().map(Held::level) < Some(new.level())) {
                best = Some(opened);
            }
        }
        let mut keys = EpochKeys { epochs: BTreeMap::from([(present.epoch, best.ok_or_else(no_access)?)]) };
        let mut sealed = previous.clone();
        for head in state.epochs().values().rev().skip(1) {
            let entry = source.entry(&ledger, head).await?;
            let Body::Organization(OrganizationBody::Epoch { epoch, commitments, previous, .. }) = entry.body() else {
                return Err(no_epoch());
            };
            // What was sealed before auditors could be given anything stays closed to them.
            let Some(older) = open_before(keys.oldest()?, sealed.as_ref(), &ledger, *epoch, commitments)? else {
                break;
            };
            keys.epochs.insert(*epoch, older);
            sealed.clone_from(previous);
        }
        Ok(keys)
    }
}

/// The keys of one epoch of an organization, as far as this member has them.
enum Held {
    /// Those from which all others follow.
    Whole(OrganizationKeys),
    /// What an auditor gets.
    Audit { log: Key, name: Key },
}

impl Held {
    fn level(&self) -> Level {
        match self {
            Self::Whole(OrganizationKeys { operate: Some(_), .. }) => Level::Full,
            Self::Whole(_) => Level::Read,
            Self::Audit { .. } => Level::Log,
        }
    }
}

/// The keys of an organization, epoch by epoch.
pub(crate) struct EpochKeys {
    epochs: BTreeMap<u32, Held>,
}

impl EpochKeys {
    /// The first keys of a new organization.
    pub(crate) fn first(keys: OrganizationKeys) -> Self {
        Self { epochs: BTreeMap::from([(1, Held::Whole(keys))]) }
    }

    /// Takes the keys of the next epoch.
    pub(crate) fn push(&mut self, epoch: u32, keys: OrganizationKeys) {
        self.epochs.insert(epoch, Held::Whole(keys));
    }

    /// Those under which everything new is sealed.
    pub(crate) fn present(&self) -> Result<&OrganizationKeys> {
        whole(self.newest()?)
    }

    /// Those of an epoch.
    pub(crate) fn of(&self, epoch: u32) -> Result<&OrganizationKeys> {
        whole(self.epochs.get(&epoch).ok_or_else(no_epoch)?)
    }

    /// What reads the records of an epoch; an auditor has it, too.
    pub(crate) fn log_key(&self, epoch: u32) -> Result<Key> {
        Ok(match self.epochs.get(&epoch).ok_or_else(no_epoch)? {
            Held::Whole(keys) => keys.read.log_key(),
            Held::Audit { log, .. } => log.duplicate(),
        })
    }

    /// What records are sealed under now.
    pub(crate) fn present_log_key(&self) -> Result<Key> {
        self.log_key(*self.epochs.keys().next_back().ok_or_else(no_epoch)?)
    }

    /// What reads the name that was sealed in an epoch.
    pub(crate) fn name_key(&self, epoch: u32) -> Result<Key> {
        Ok(match self.epochs.get(&epoch).ok_or_else(no_epoch)? {
            Held::Whole(keys) => keys.read.name_key(),
            Held::Audit { name, .. } => name.duplicate(),
        })
    }

    /// How much of the organization they open.
    pub(crate) fn level(&self) -> Result<Level> {
        Ok(self.newest()?.level())
    }

    fn newest(&self) -> Result<&Held> {
        self.epochs.values().next_back().ok_or_else(no_epoch)
    }

    fn oldest(&self) -> Result<&Held> {
        self.epochs.values().next().ok_or_else(no_epoch)
    }
}

fn whole(held: &Held) -> Result<&OrganizationKeys> {
    match held {
        Held::Whole(keys) => Ok(keys),
        Held::Audit { .. } => Err(log_only()),
    }
}

/// Seals the keys of an epoch under those of the next one, whose number this is: read, operate, and then what auditors get.
pub(crate) fn seal_before(
    next: &OrganizationKeys,
    before: &OrganizationKeys,
    ledger: &Bytes32,
    epoch: u32,
) -> Result<Vec<u8>> {
    let mut rng = session::rng();
    let (new, old) =
        (next.operate.as_ref().ok_or_else(no_operate_key)?, before.operate.as_ref().ok_or_else(no_operate_key)?);
    let mut seal = |new: &Key, old: &Key, which| epoch::seal_previous(new, old, which, ledger, epoch, &mut rng);
    Ok([
        seal(next.read.key(), before.read.key(), Which::Read),
        seal(new.key(), old.key(), Which::Operate),
        seal(&next.read.log_key(), &before.read.log_key(), Which::Log),
        seal(&next.read.name_key(), &before.read.name_key(), Which::Name),
    ]
    .concat())
}

/// The keys before; none where an epoch has nothing for auditors.
fn open_before(
    next: &Held,
    sealed: Option<&vitrine_ledger::SealedKeys>,
    ledger: &Bytes32,
    epoch: u32,
    commitments: &vitrine_ledger::Commitments,
) -> Result<Option<Held>> {
    let parts: Vec<&[u8]> = sealed.ok_or_else(no_epoch)?.as_bytes().chunks(PREVIOUS_LENGTH).collect();
    let open = |key: &Key, part: usize, which, commitment: &Commitment| {
        let (sealed, next) = (parts.get(part).ok_or_else(no_epoch)?, epoch.checked_add(1).ok_or_else(no_epoch)?);
        epoch::open_previous(key, sealed, which, ledger, next, commitment.as_bytes()).map_err(session::unreadable_keys)
    };
    Ok(match (next, commitments.log.as_ref().zip(commitments.name.as_ref())) {
        (Held::Whole(next), _) => {
            let operate = next.operate.as_ref().map(|key| open(key.key(), 1, Which::Operate, &commitments.operate));
            Some(Held::Whole(OrganizationKeys {
                read: ReadKey::from_key(open(next.read.key(), 0, Which::Read, &commitments.read)?),
                operate: operate.transpose()?.map(OperateKey::from_key),
            }))
        }
        (Held::Audit { log, name }, Some(committed)) => Some(Held::Audit {
            log: open(log, 2, Which::Log, committed.0)?,
            name: open(name, 3, Which::Name, committed.1)?,
        }),
        (Held::Audit { .. }, None) => None,
    })
}

/// What one team gets.
fn unwrap_organization(
    wraps: &TeamWrap,
    ledger: &Bytes32,
    epoch: u32,
    team: &TeamKeys,
    commitments: &vitrine_ledger::Commitments,
) -> Result<Option<Held>> {
    let open = |name: KeyName, which: Which, commitment: &Commitment| {
        let wrap = wraps.keys.iter().find(|wrap| wrap.key == name)?;
        let context = WrapContext {
            ledger: *ledger,
            epoch,
            recipient: *wraps.team.as_bytes(),
            which,
            commitment: *commitment.as_bytes(),
        };
        Some(epoch::unwrap(wrap.wrap.as_bytes(), &context, team).map_err(session::unreadable_keys))
    };
    if let Some(read) = open(KeyName::Read, Which::Read, &commitments.read).transpose()? {
        let operate = open(KeyName::Operate, Which::Operate, &commitments.operate).transpose()?;
        let operate = operate.map(OperateKey::from_key);
        return Ok(Some(Held::Whole(OrganizationKeys { read: ReadKey::from_key(read), operate })));
    }
    let Some((log, name)) = commitments.log.as_ref().zip(commitments.name.as_ref()) else { return Ok(None) };
    let log = open(KeyName::Log, Which::Log, log).transpose()?;
    let name = open(KeyName::Name, Which::Name, name).transpose()?;
    Ok(log.zip(name).map(|(log, name)| Held::Audit { log, name }))
}

/// What opens a wrap of an entry: the key that the member had then.
fn own(roots: &Roots, state: &MspState, member: &MemberId, seq: u64) -> Result<EncryptionKeys> {
    let then = state.at(seq).keys(member).ok_or_else(no_keys)?;
    roots.encryption(&then.encryption).ok_or_else(no_keys)
}

/// All keys of a team that a member is in.
async fn team(
    source: &mut Source<'_, '_>,
    roots: &Roots,
    member: MemberId,
    state: &MspState,
    id: TeamId,
) -> Result<BTreeMap<u32, TeamKeys>> {
    let ledger = *state.ledger().as_bytes();
    let epochs: Vec<_> = state.team(&id).ok_or_else(no_keys)?.epochs().iter().map(|since| since.value).collect();
    let (mut keys, mut sealed) = (BTreeMap::<u32, TeamKeys>::new(), None);
    for (made, next) in epochs.iter().rev().zip(std::iter::once(None).chain(epochs.iter().rev().map(Some))) {
        let entry = source.entry(&ledger, &made.entry).await?;
        let Body::Msp(MspBody::TeamEpoch { members, previous, .. }) = entry.body() else { return Err(no_keys()) };
        let opened = match next {
            None => {
                let wrap = &members.iter().find(|wrap| wrap.member == member).ok_or_else(no_keys)?.wrap;
                let own = own(roots, state, &member, made.entry.seq)?;
                unwrap_team(wrap, &ledger, made.epoch, id, member, &made.public, &own)?
            }
            Some(next) => {
                let newer = keys.get(&next.epoch).ok_or_else(no_keys)?;
                founding::open_team_before(newer, sealed.as_ref(), &ledger, next.epoch, id, &made.public)?
            }
        };
        keys.insert(made.epoch, opened);
        sealed.clone_from(previous);
    }
    Ok(keys)
}

/// All keys of the MSP.
async fn msp(
    source: &mut Source<'_, '_>,
    roots: &Roots,
    member: MemberId,
    state: &MspState,
    epochs: &[Head],
) -> Result<BTreeMap<u32, MspKey>> {
    let ledger = *state.ledger().as_bytes();
    let present = state.epoch().ok_or_else(no_keys)?;
    let (mut keys, mut sealed) = (BTreeMap::<u32, MspKey>::new(), None);
    for head in epochs.iter().rev() {
        let entry = source.entry(&ledger, head).await?;
        let Body::Msp(MspBody::MspEpoch { epoch, commitment, members, previous, .. }) = entry.body() else {
            return Err(no_keys());
        };
        let key = match keys.values().next() {
            None if *epoch == present.epoch => {
                let wrap = &members.iter().find(|wrap| wrap.member == member).ok_or_else(no_keys)?.wrap;
                let context = WrapContext {
                    ledger,
                    epoch: *epoch,
                    recipient: *member.as_bytes(),
                    which: Which::Msp,
                    commitment: *commitment.as_bytes(),
                };
                epoch::unwrap(wrap.as_bytes(), &context, &own(roots, state, &member, head.seq)?)
            }
            Some(newer) => {
                let sealed: &vitrine_ledger::SealedKeys = sealed.as_ref().ok_or_else(no_keys)?;
                let next = epoch.checked_add(1).ok_or_else(no_keys)?;
                epoch::open_previous(newer.key(), sealed.as_bytes(), Which::Msp, &ledger, next, commitment.as_bytes())
            }
            None => return Err(no_keys()),
        };
        keys.insert(*epoch, MspKey::from_key(key.map_err(session::unreadable_keys)?));
        sealed.clone_from(previous);
    }
    Ok(keys)
}

/// Whether an entry begins an epoch of the MSP or of a team: the keyring is then another.
pub(crate) fn changes_keys(body: &MspBody) -> bool {
    matches!(
        body,
        MspBody::TeamEpoch { .. }
            | MspBody::MspEpoch { .. }
            | MspBody::MemberRole { .. }
            | MspBody::MemberRekey { .. }
            | MspBody::MemberRemove { .. }
            | MspBody::Approve { .. }
    )
}

fn no_keys() -> Error {
    Error::integrity(
        "vault.no-team",
        "The vault's keys are not wrapped to this member.",
        "Ask an owner of the vault; after a removal this is how it ends.",
    )
}

/// Code of an organization that is closed to this member.
pub(crate) const NO_ACCESS: &str = "vault.no-access";

pub(crate) fn no_access() -> Error {
    Error::integrity(
        NO_ACCESS,
        "The organization's keys are not wrapped to this member.",
        "Ask an owner or admin of the vault.",
    )
}

fn log_only() -> Error {
    Error::usage(
        "vault.log-only",
        "An auditor reads names and what happened, and no credential.",
        "Ask an owner or admin of the vault.",
    )
}

fn no_epoch() -> Error {
    Error::integrity(
        "vault.epoch-missing",
        "The entry that holds an organization's keys is missing.",
        "Restore from the backup, and keep this data folder for examination.",
    )
}

pub(crate) fn no_operate_key() -> Error {
    Error::integrity(
        "vault.no-operate-key",
        "This member lacks the key that operates the connection.",
        "Ask an owner or admin of the vault.",
    )
}
