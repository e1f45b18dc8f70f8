//! What each entry of an organization does, and why it may be refused.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{
    CHECKPOINT_EVERY, Grant, Item, MAX_EPOCHS, MAX_ITEMS, Named, OrganizationEpoch, OrganizationState, Snapshot,
};
use crate::msp::{follows, next_epoch, permit};
use crate::{
    Action, Author, Body, Commitments, Entry, Head, ItemId, ItemKind, LedgerId, Level, MemberId, MspAt, MspHistory,
    ObjectHash, OrganizationBody, Place, Refusal, Role, TeamId, TeamKind, TeamWrap,
};

/// Checks that a witness is in the MSP ledger as it is known here.
fn check_witness(entry: &Entry, msp: &dyn MspHistory) -> Result<Head, Refusal> {
    let witness = entry.witness().ok_or(Refusal::Witness)?;
    if witness.seq > msp.state().head().seq {
        return Err(Refusal::WitnessAhead { witness });
    }
    match msp.hash_at(witness.seq) {
        Some(ours) if ours == witness.hash => Ok(witness),
        Some(ours) => Err(Refusal::WitnessForked { witness, ours }),
        None => Err(Refusal::WitnessAhead { witness }),
    }
}

/// The act that the authority table judges.
fn action(body: &OrganizationBody) -> Action {
    match body {
        OrganizationBody::Genesis { .. } => Action::Organizations,
        OrganizationBody::Access { .. } | OrganizationBody::Epoch { .. } => Action::Access,
        OrganizationBody::Put { item_kind, .. } => match item_kind {
            ItemKind::Organization => Action::PutOrganization,
            ItemKind::Account | ItemKind::Passkey => Action::PutAccount,
            ItemKind::Connection => Action::PutConnection,
        },
        OrganizationBody::Name { .. } => Action::PutOrganization,
        OrganizationBody::Drop { .. } => Action::Drop,
        OrganizationBody::Log { .. } => Action::Log,
        OrganizationBody::Checkpoint { .. } => Action::Checkpoint,
    }
}

/// The level of access that an act needs of those whose role alone does not suffice.
fn needs(action: Action) -> Level {
    match action {
        Action::Log | Action::Checkpoint => Level::Log,
        Action::PutConnection => Level::Full,
        _ => Level::Read,
    }
}

fn wraps_match(wrap: &TeamWrap, level: Level) -> bool {
    wrap.keys.iter().map(|wrap| wrap.key).eq(level.keys().iter().copied())
}

fn check_commitments(commitments: &Commitments, level: Level) -> Result<(), Refusal> {
    let whole = commitments.log.is_some() && commitments.name.is_some();
    if level == Level::Log && !whole { Err(Refusal::Recipients) } else { Ok(()) }
}

/// Checks that a wrap goes to a team's present key, held by nobody who left.
fn check_team_wrap(at: MspAt<'_>, wrap: &TeamWrap, level: Level) -> Result<TeamKind, Refusal> {
    let (kind, epoch) = at.team(&wrap.team).ok_or(Refusal::Team { team: wrap.team })?;
    if epoch.epoch != wrap.epoch || !at.is_fresh(&wrap.team) {
        return Err(Refusal::Team { team: wrap.team });
    }
    if wraps_match(wrap, level) { Ok(kind) } else { Err(Refusal::Recipients) }
}

impl OrganizationState {
    /// Begins a ledger. That it is one of this MSP's organizations says an `OrganizationAdd` with its id.
    ///
    /// # Errors
    /// A [`Refusal`] that says what is wrong with the genesis.
    pub fn genesis(entry: &Entry, msp: &dyn MspHistory) -> Result<Self, Refusal> {
        let Body::Organization(body @ OrganizationBody::Genesis { msp: named, .. }) = entry.body() else {
            return Err(Refusal::Genesis);
        };
        if entry.place() != Place::GENESIS {
            return Err(Refusal::Genesis);
        }
        if *named != msp.state().ledger() {
            return Err(Refusal::WrongLedger { found: Some(*named) });
        }
        let witness = check_witness(entry, msp)?;
        let at = msp.state().at(witness.seq);
        let (role, device) = at.author(&entry.author())?;
        entry.verify(&device.key)?;
        at.check_home(entry.device())?;
        permit(role, action(body))?;
        Ok(Self {
            ledger: entry.begins(),
            head: entry.head(),
            witness,
            fold: Snapshot {
                msp: *named,
                epoch: None,
                grants: Arc::new(BTreeMap::new()),
                withdrawn: false,
                items: Arc::new(BTreeMap::new()),
                named: None,
                epochs: Arc::new(BTreeMap::new()),
            },
            checkpoint: None,
            start: None,
        })
    }

    /// Begins at a checkpoint, to read at once while the history before it is still fetched and checked. Until
    /// [`OrganizationState::confirm`] nothing but logs may be appended.
    ///
    /// # Errors
    /// A [`Refusal`]; the checkpoint must be signed by a device valid at its witness, whose role may append it.
    pub fn from_checkpoint(entry: &Entry, ledger: LedgerId, msp: &dyn MspHistory) -> Result<Self, Refusal> {
        let Body::Organization(body @ OrganizationBody::Checkpoint { snapshot }) = entry.body() else {
            return Err(Refusal::WrongKind);
        };
        if entry.ledger() != Some(ledger) || snapshot.msp != msp.state().ledger() {
            return Err(Refusal::WrongLedger { found: entry.ledger() });
        }
        if entry.seq() == 0 || !entry.seq().is_multiple_of(CHECKPOINT_EVERY) {
            return Err(Refusal::CheckpointPlace);
        }
        let witness = check_witness(entry, msp)?;
        let state = Self {
            ledger,
            head: entry.head(),
            witness,
            fold: snapshot.clone(),
            checkpoint: Some(entry.head()),
            start: Some(entry.head()),
        };
        state.check_author(entry, body, msp.state().at(witness.seq))?;
        Ok(state)
    }

    /// Ends the time of unchecked history: `verified` is the fold from genesis up to the checkpoint that `self` began
    /// at, so that its entries all lead there.
    ///
    /// # Errors
    /// [`Refusal::FalseCheckpoint`] when `verified` leads elsewhere; then the checkpoint was a lie or a fork.
    pub fn confirm(&self, verified: &Self) -> Result<Self, Refusal> {
        let whole = verified.ledger == self.ledger && verified.start.is_none();
        if whole && self.start.is_none_or(|start| verified.head == start) {
            Ok(Self { start: None, ..self.clone() })
        } else {
            Err(Refusal::FalseCheckpoint)
        }
    }

    /// The state after an entry. Pure; a refusal leaves `self` as it was. This is validity alone: a client takes
    /// entries by [`OrganizationState::accept`], which also holds back what a removed device wrote.
    ///
    /// # Errors
    /// A [`Refusal`] that says why.
    pub fn apply(&self, entry: &Entry, msp: &dyn MspHistory) -> Result<Self, Refusal> {
        let Body::Organization(body) = entry.body() else { return Err(Refusal::WrongKind) };
        if matches!(body, OrganizationBody::Genesis { .. }) {
            return Err(Refusal::Genesis);
        }
        follows(self.ledger, self.head, entry)?;
        if self.fold.msp != msp.state().ledger() {
            return Err(Refusal::WrongLedger { found: Some(self.fold.msp) });
        }
        let witness = check_witness(entry, msp)?;
        if witness.seq < self.witness.seq {
            return Err(Refusal::WitnessBack { witness });
        }
        let at = msp.state().at(witness.seq);
        self.check_author(entry, body, at)?;
        let mut next = self.clone();
        next.head = entry.head();
        next.witness = witness;
        next.act(entry, body, at)?;
        Ok(next)
    }

    /// Whether an author may append a body now, by the newest MSP state: asked before drafting, so that a refusal is
    /// shown before anything is sealed or sent. Where a checkpoint is due, that comes first, whatever is asked.
    ///
    /// # Errors
    /// The [`Refusal`] that the entry would meet, or [`Refusal::EpochOwed`], [`Refusal::HistoryUnchecked`],
    /// [`Refusal::CheckpointPlace`].
    pub fn appendable(&self, body: &OrganizationBody, author: &Author, msp: &dyn MspHistory) -> Result<(), Refusal> {
        let log = matches!(body, OrganizationBody::Log { .. });
        let checkpoint = matches!(body, OrganizationBody::Checkpoint { .. });
        let epoch = matches!(body, OrganizationBody::Epoch { .. });
        let at = msp.state().at(msp.state().head().seq);
        let (role, _) = at.author(author)?;
        self.check_act(author, role, body, at)?;
        if self.checkpoint_due() != checkpoint {
            return Err(Refusal::CheckpointPlace);
        }
        if self.start.is_some() && !log {
            return Err(Refusal::HistoryUnchecked);
        }
        if !(epoch || checkpoint) && self.owes_epoch(msp.state()).is_some() {
            return Err(Refusal::EpochOwed);
        }
        at.check_home(author.device)
    }

    /// The greatest level that a member's teams have here.
    pub fn level_of(&self, member: &MemberId, at: MspAt<'_>) -> Option<Level> {
        let owner = at.owners_team().filter(|team| at.holds(team, member)).map(|_| Level::Full);
        let granted = self.levels().filter(|(team, _)| at.holds(team, member)).map(|(_, level)| level);
        granted.chain(owner).max()
    }

    /// Whether a member is in a team that has access or had it once. What follows is told to it, so that it learns from
    /// the history that its access was taken, and not from a silence that could as well be the home's.
    pub fn knows_of(&self, member: &MemberId, at: MspAt<'_>) -> bool {
        self.level_of(member, at).is_some() || self.fold.grants.keys().any(|team| at.holds(team, member))
    }

    /// Whether a member could append anything at all.
    pub(super) fn has_standing(&self, member: &MemberId, at: MspAt<'_>) -> bool {
        at.role(member).is_some_and(Role::stands_alone) || self.level_of(member, at).is_some()
    }

    fn check_author(&self, entry: &Entry, body: &OrganizationBody, at: MspAt<'_>) -> Result<(), Refusal> {
        let (role, device) = at.author(&entry.author())?;
        entry.verify(&device.key)?;
        at.check_home(entry.device())?;
        self.check_act(&entry.author(), role, body, at)
    }

    fn check_act(&self, author: &Author, role: Role, body: &OrganizationBody, at: MspAt<'_>) -> Result<(), Refusal> {
        let action = action(body);
        permit(role, action)?;
        if role.stands_alone() || self.level_of(&author.member, at) >= Some(needs(action)) {
            Ok(())
        } else {
            Err(Refusal::NoAccess { member: author.member })
        }
    }

    /// `self` is already at the entry's place.
    fn act(&mut self, entry: &Entry, body: &OrganizationBody, at: MspAt<'_>) -> Result<(), Refusal> {
        let checkpoint = matches!(body, OrganizationBody::Checkpoint { .. });
        if entry.seq().is_multiple_of(CHECKPOINT_EVERY) != checkpoint {
            return Err(Refusal::CheckpointPlace);
        }
        // Without keys there is nothing to seal an item or a record under.
        if self.fold.epoch.is_none() && !checkpoint && !matches!(body, OrganizationBody::Epoch { .. }) {
            return Err(Refusal::NoEpoch);
        }
        match body {
            OrganizationBody::Genesis { .. } => Err(Refusal::Genesis),
            OrganizationBody::Log { .. } => Ok(()),
            OrganizationBody::Name { .. } => {
                let epoch = self.fold.epoch.ok_or(Refusal::NoEpoch)?.epoch;
                self.fold.named = Some(Named { entry: entry.head(), epoch });
                Ok(())
            }
            OrganizationBody::Access { team, level, wrap } => self.access(entry, at, *team, *level, wrap.as_ref()),
            OrganizationBody::Epoch { epoch, commitments, teams, previous } => {
                next_epoch(self.fold.epoch.map(|epoch| epoch.epoch), *epoch, previous.is_some())?;
                self.check_epoch_recipients(at, commitments, teams)?;
                if self.fold.epochs.len() >= MAX_EPOCHS {
                    return Err(Refusal::Full);
                }
                Arc::make_mut(&mut self.fold.epochs).insert(*epoch, entry.head());
                self.fold.epoch = Some(OrganizationEpoch {
                    epoch: *epoch,
                    entry: entry.head(),
                    witness: self.witness.seq,
                    commitments: *commitments,
                });
                self.fold.withdrawn = false;
                Ok(())
            }
            OrganizationBody::Put { item, item_kind, version, object } => {
                self.put(entry, *item, *item_kind, *version, *object)
            }
            OrganizationBody::Drop { item, version } => {
                let held = Arc::make_mut(&mut self.fold.items).get_mut(item).ok_or(Refusal::NoItem { item: *item })?;
                if held.object.is_none() || held.version != *version {
                    let expected = if held.object.is_none() { 0 } else { held.version };
                    return Err(Refusal::Version { item: *item, found: *version, expected });
                }
                held.object = None;
                held.entry = entry.seq();
                Ok(())
            }
            OrganizationBody::Checkpoint { snapshot } => {
                if *snapshot != self.fold {
                    return Err(Refusal::FalseCheckpoint);
                }
                self.checkpoint = Some(entry.head());
                Ok(())
            }
        }
    }

    fn access(
        &mut self,
        entry: &Entry,
        at: MspAt<'_>,
        team: TeamId,
        level: Option<Level>,
        wrap: Option<&TeamWrap>,
    ) -> Result<(), Refusal> {
        let epoch = self.fold.epoch.ok_or(Refusal::NoEpoch)?;
        let held = self.fold.grants.get(&team).and_then(|grant| grant.level);
        // Less than before, or nothing: what the team knows stays known until the next epoch.
        let lowered = held.is_some() && level < held;
        match (level, wrap) {
            (None, None) if held.is_some() => {
                let grant = Grant { level: None, entry: entry.head(), epoch: epoch.epoch };
                Arc::make_mut(&mut self.fold.grants).insert(team, grant);
            }
            (Some(level), Some(wrap)) if wrap.team == team => {
                let kind = check_team_wrap(at, wrap, level)?;
                // An audit team never gets more than log and names, and nobody else gets them alone.
                if kind == TeamKind::Owners || (kind == TeamKind::Audit) != (level == Level::Log) {
                    return Err(Refusal::Team { team });
                }
                check_commitments(&epoch.commitments, level)?;
                let grant = Grant { level: Some(level), entry: entry.head(), epoch: epoch.epoch };
                Arc::make_mut(&mut self.fold.grants).insert(team, grant);
            }
            (None, None) => return Err(Refusal::Team { team }),
            _ => return Err(Refusal::Recipients),
        }
        self.fold.withdrawn |= lowered;
        Ok(())
    }

    /// Owners and every team with access, no more and no fewer: one left out would be locked out silently, one added
    /// would be let in silently.
    fn check_epoch_recipients(
        &self,
        at: MspAt<'_>,
        commitments: &Commitments,
        wraps: &[TeamWrap],
    ) -> Result<(), Refusal> {
        let owners = at.owners_team().ok_or(Refusal::Recipients)?;
        let mut wanted: BTreeMap<TeamId, Level> = self.levels().collect();
        wanted.insert(owners, Level::Full);
        if !wraps.iter().map(|wrap| wrap.team).eq(wanted.keys().copied()) {
            return Err(Refusal::Recipients);
        }
        for (wrap, level) in wraps.iter().zip(wanted.into_values()) {
            check_team_wrap(at, wrap, level)?;
            check_commitments(commitments, level)?;
        }
        Ok(())
    }

    fn put(
        &mut self,
        entry: &Entry,
        item: ItemId,
        kind: ItemKind,
        version: u64,
        object: ObjectHash,
    ) -> Result<(), Refusal> {
        let held = self.fold.items.get(&item);
        let expected = match held {
            Some(held) if held.kind != kind => 0,
            _ => self.next_version(&item).unwrap_or(0),
        };
        if version != expected || version == 0 {
            return Err(Refusal::Version { item, found: version, expected });
        }
        if held.is_none() && self.fold.items.len() >= MAX_ITEMS {
            return Err(Refusal::TooManyItems);
        }
        let made = Item { kind, version, object: Some(object), entry: entry.seq() };
        Arc::make_mut(&mut self.fold.items).insert(item, made);
        Ok(())
    }
}
