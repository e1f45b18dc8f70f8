//! What each MSP entry does, and why it may be refused.

use std::collections::{BTreeMap, btree_map};
use std::sync::Arc;

use super::{Change, Device, History, Keys, Member, MspAt, MspEpoch, MspState, Pending, Stay, Team, TeamEpoch};
use crate::entry::is_weak;
use crate::{
    Action, Body, Claim, DeviceCard, DeviceId, DeviceWrap, EncryptionKey, Entry, EntryHash, Head, Home, IdentityKey,
    LedgerId, MemberId, MemberWrap, MspBody, Place, Refusal, Role, TeamId, TeamKind, Verification, allowed,
};

/// Checks that an entry is the next one of a ledger.
pub(crate) fn follows(ledger: LedgerId, head: Head, entry: &Entry) -> Result<(), Refusal> {
    match entry.ledger() {
        Some(found) if found == ledger => {}
        found => return Err(Refusal::WrongLedger { found }),
    }
    let expected = head.seq.checked_add(1).ok_or(Refusal::Full)?;
    if entry.seq() > expected {
        return Err(Refusal::Gap { expected, found: entry.seq() });
    }
    if entry.seq() < expected {
        return Err(Refusal::Taken { ours: head, theirs: entry.head() });
    }
    if entry.prev() != Some(head.hash) {
        return Err(Refusal::Fork { ours: head, theirs: entry.head() });
    }
    Ok(())
}

/// Checks an author's role against the table.
pub(crate) fn permit(role: Role, action: Action) -> Result<(), Refusal> {
    if allowed(role, action) { Ok(()) } else { Err(Refusal::NotAllowed { role, action }) }
}

/// Checks that an epoch is the next one, and brings the keys before it along exactly when there are any.
pub(crate) fn next_epoch(last: Option<u32>, found: u32, has_previous: bool) -> Result<(), Refusal> {
    let expected = last.unwrap_or(0).checked_add(1).ok_or(Refusal::Full)?;
    if found == expected && has_previous == last.is_some() { Ok(()) } else { Err(Refusal::Epoch { expected, found }) }
}

fn rising(wraps: &[MemberWrap]) -> bool {
    wraps.windows(2).all(|pair| pair[0].member < pair[1].member)
}

impl MspState {
    /// Begins a ledger.
    ///
    /// # Errors
    /// A [`Refusal`] that says what is wrong with the genesis.
    pub fn genesis(entry: &Entry) -> Result<Self, Refusal> {
        let Body::Msp(MspBody::Genesis { identity, encryption, device: card, proof, .. }) = entry.body() else {
            return Err(Refusal::Genesis);
        };
        if entry.place() != Place::GENESIS || card.device != entry.device() {
            return Err(Refusal::Genesis);
        }
        if entry.witness().is_some() {
            return Err(Refusal::Witness);
        }
        entry.verify(&card.key)?;
        let mut state = Self {
            ledger: entry.begins(),
            head: entry.head(),
            members: Arc::new(BTreeMap::new()),
            devices: Arc::new(BTreeMap::new()),
            teams: Arc::new(BTreeMap::new()),
            epoch: None,
            homes: History::new(0, Home::Device(card.device)),
            safe_sheet: None,
            policy: None,
            pending: Vec::new(),
            last_loss: 0,
        };
        let keys = Keys { identity: *identity, encryption: *encryption };
        state.add_member(entry.member(), keys, Role::Owner, card, None, None)?;
        claim(entry, card.device, card, &keys).verify(proof)?;
        state.change_member(entry.member(), |owner| owner.joined = Some(0))?;
        Ok(state)
    }

    /// The state after an entry. Pure; a refusal leaves `self` as it was.
    ///
    /// # Errors
    /// A [`Refusal`] that says why.
    pub fn apply(&self, entry: &Entry) -> Result<Self, Refusal> {
        let Body::Msp(body) = entry.body() else { return Err(Refusal::WrongKind) };
        if matches!(body, MspBody::Genesis { .. }) {
            return Err(if entry.seq() == 0 && self.head.seq > 0 {
                Refusal::Taken { ours: self.head, theirs: entry.head() }
            } else {
                Refusal::Genesis
            });
        }
        follows(self.ledger, self.head, entry)?;
        if entry.witness().is_some() {
            return Err(Refusal::Witness);
        }
        let mut next = self.clone();
        next.head = entry.head();
        match body {
            MspBody::MemberJoin { proof } => {
                self.join(&mut next, entry, proof)?;
            }
            MspBody::DeviceAdd { card, proof: Some(proof) } => {
                self.come_back(&mut next, entry, card, proof)?;
            }
            _ => {
                let (role, device) = self.now().author(&entry.author())?;
                entry.verify(&device.key)?;
                if !matches!(body, MspBody::HomeRecovery { .. }) {
                    self.now().check_home(entry.device())?;
                }
                self.act(&mut next, entry, body, role)?;
            }
        }
        Ok(next)
    }

    fn now(&self) -> MspAt<'_> {
        self.at(self.head.seq)
    }

    /// An invited member's own consent: without it an administrator, or a server, could make anybody a member.
    fn join(&self, next: &mut Self, entry: &Entry, proof: &crate::Proof) -> Result<(), Refusal> {
        let id = entry.member();
        let member = self
            .members
            .get(&id)
            .filter(|member| member.joined.is_none() && member.removed.is_none())
            .ok_or(Refusal::Member { member: id })?;
        let device = self
            .devices
            .get(&entry.device())
            .filter(|device| member.first_device == entry.device() && device.until.is_none())
            .ok_or(Refusal::Device { device: entry.device() })?;
        entry.verify(&device.key)?;
        self.now().check_home(entry.device())?;
        Claim { device_key: device.key, ..own_claim(entry, member.keys()) }.verify(proof)?;
        next.change_member(id, |member| member.joined = Some(entry.seq()))
    }

    /// A device added with the recovery kit: it signs for itself, and the identity vouches. It need not come from the
    /// home, since that may be what was lost.
    fn come_back(
        &self,
        next: &mut Self,
        entry: &Entry,
        card: &DeviceCard,
        proof: &crate::Proof,
    ) -> Result<(), Refusal> {
        let id = entry.member();
        let role = self.now().role(&id).ok_or(Refusal::Member { member: id })?;
        let keys = self.member(&id).ok_or(Refusal::Member { member: id })?.keys();
        vouched(entry, card, proof, keys)?;
        permit(role, Action::OwnDevices)?;
        next.add_device(id, card)
    }

    /// Whether an entry is by a device that adds itself, with the word of the identity that its member had there.
    pub(crate) fn is_own_addition(&self, entry: &Entry) -> bool {
        let Body::Msp(MspBody::DeviceAdd { card, proof: Some(proof) }) = entry.body() else { return false };
        let before = entry.seq().saturating_sub(1);
        self.at(before).keys(&entry.member()).is_some_and(|keys| vouched(entry, card, proof, keys).is_ok())
    }

    fn act(&self, next: &mut Self, entry: &Entry, body: &MspBody, role: Role) -> Result<(), Refusal> {
        let author = entry.member();
        let seq = entry.seq();
        match body {
            MspBody::Genesis { .. } | MspBody::MemberJoin { .. } => Err(Refusal::Genesis),
            MspBody::Home { home } | MspBody::HomeRecovery { home, .. } => {
                permit(role, Action::Home)?;
                self.check_new_home(home)?;
                next.homes.push(seq, *home);
                Ok(())
            }
            MspBody::MemberAdd { subject, role: given, identity, encryption, card, verification, team, .. } => {
                permit(role, Action::Members)?;
                if *given == Role::Owner {
                    return Err(Refusal::RoleUnfit { role: *given });
                }
                if let Some(team) = team {
                    let known = self.teams.get(team).filter(|known| known.kind == TeamKind::Work);
                    known.filter(|_| *given != Role::Auditor).ok_or(Refusal::Team { team: *team })?;
                }
                let keys = Keys { identity: *identity, encryption: *encryption };
                next.add_member(*subject, keys, *given, card, Some(*verification), *team)
            }
            MspBody::MemberRole { subject, role: given } => {
                let member = self.present(subject)?;
                let now = member.role();
                let owners = now == Role::Owner || *given == Role::Owner;
                permit(role, if owners { Action::Owners } else { Action::Members })?;
                let rotator = now == Role::Rotator || *given == Role::Rotator;
                if now == *given || rotator || (owners && !member.is_active()) {
                    return Err(Refusal::RoleUnfit { role: *given });
                }
                self.change(next, entry, Change::Role { subject: *subject, role: *given }, owners)
            }
            MspBody::MemberRemove { subject } => {
                let owners = self.present(subject)?.role() == Role::Owner;
                permit(role, if owners { Action::Owners } else { Action::Members })?;
                self.change(next, entry, Change::Remove { subject: *subject }, owners)
            }
            MspBody::MemberRekey { subject, identity, encryption, proof, devices, .. } => {
                let member = self.present(subject).and_then(|member| {
                    if member.is_active() { Ok(member) } else { Err(Refusal::Subject { member: *subject }) }
                })?;
                let own = *subject == author;
                permit(role, if own { Action::OwnDevices } else { Action::Owners })?;
                let keys = Keys { identity: *identity, encryption: *encryption };
                self.check_keys(&keys)?;
                let device = self.devices.get(&entry.device()).ok_or(Refusal::Device { device: entry.device() })?;
                Claim { member: *subject, device_key: device.key, ..own_claim(entry, &keys) }.verify(proof)?;
                // A root that is wrapped to a device which was revoked would be known to it again.
                let keeps = |wrap: &DeviceWrap| {
                    self.devices.get(&wrap.device).is_some_and(|it| it.member == *subject && it.until.is_none())
                };
                if !devices.iter().all(keeps) || !devices.windows(2).all(|pair| pair[0].device < pair[1].device) {
                    return Err(Refusal::Recipients);
                }
                // Whoever can rekey an owner can speak as that owner: not alone.
                let two = !own && member.role() == Role::Owner;
                self.change(next, entry, Change::Rekey { subject: *subject, keys }, two)
            }
            MspBody::DeviceAdd { card, .. } => {
                permit(role, Action::OwnDevices)?;
                next.add_device(author, card)
            }
            MspBody::DeviceRevoke { subject } => self.revoke(next, author, role, *subject),
            MspBody::TeamEpoch { team, team_kind, epoch, public, members, previous, .. } => {
                permit(role, if *team_kind == TeamKind::Owners { Action::Owners } else { Action::Teams })?;
                let made = TeamEpoch { epoch: *epoch, entry: entry.head(), public: *public };
                self.team_epoch(next, *team, *team_kind, made, members, previous.is_some())
            }
            MspBody::MspEpoch { epoch, commitment, members, previous } => {
                permit(role, Action::Teams)?;
                next_epoch(self.epoch.as_ref().map(|epoch| epoch.epoch), *epoch, previous.is_some())?;
                self.check_msp_recipients(members)?;
                next.epoch = Some(MspEpoch {
                    epoch: *epoch,
                    entry: entry.head(),
                    commitment: *commitment,
                    members: members.iter().map(|wrap| wrap.member).collect(),
                });
                Ok(())
            }
            MspBody::OrganizationAdd { .. } | MspBody::OrganizationArchive { .. } => {
                permit(role, Action::Organizations)
            }
            MspBody::Policy { .. } => {
                permit(role, Action::Policy)?;
                next.policy = Some(entry.head());
                Ok(())
            }
            MspBody::RecoverySet { sheet, .. } => {
                permit(role, Action::Recovery)?;
                self.change(next, entry, Change::Recovery { sheet: sheet.then(|| entry.head()) }, true)
            }
            MspBody::RecoveryUse { .. } => permit(role, Action::Recovery),
            MspBody::Approve { entry: asked } => {
                permit(role, Action::Approve)?;
                self.approve(next, author, *asked)
            }
        }
    }

    /// Makes a change now, or lets it wait for a second owner where it needs one and there is one.
    fn change(&self, next: &mut Self, entry: &Entry, change: Change, two: bool) -> Result<(), Refusal> {
        // One wish at a time for each subject, so that what waits cannot grow without end.
        next.pending.retain(|pending| pending.change.subject() != change.subject());
        // Tried out in any case: a change that could not stand now does not wait, either.
        let mut tried = next.clone();
        tried.make(&change)?;
        if two && self.owners().nth(1).is_some() {
            next.pending.push(Pending { entry: entry.head(), by: entry.member(), change });
        } else {
            *next = tried;
        }
        Ok(())
    }

    fn approve(&self, next: &mut Self, author: MemberId, asked: EntryHash) -> Result<(), Refusal> {
        let place = self
            .pending
            .iter()
            .position(|pending| pending.entry.hash == asked && pending.by != author)
            .ok_or(Refusal::NotPending { entry: asked })?;
        let pending = next.pending.remove(place);
        next.make(&pending.change)
    }

    /// Makes a change at the head of `self`, which is already the entry that brings it about.
    fn make(&mut self, change: &Change) -> Result<(), Refusal> {
        let seq = self.head.seq;
        match change {
            Change::Role { subject, role } => {
                self.change_member(*subject, |member| member.roles.push(seq, *role))?;
                self.last_loss = seq;
            }
            Change::Remove { subject } => {
                if let Home::Device(device) = self.home()
                    && self.devices.get(&device).is_some_and(|home| home.member == *subject)
                {
                    return Err(Refusal::IsHome { device });
                }
                self.change_member(*subject, |member| member.removed = Some(seq))?;
                for device in Arc::make_mut(&mut self.devices).values_mut() {
                    if device.member == *subject && device.until.is_none() {
                        device.until = Some(seq);
                    }
                }
                self.last_loss = seq;
            }
            Change::Rekey { subject, keys } => {
                self.check_keys(keys)?;
                self.change_member(*subject, |member| member.keys.push(seq, *keys))?;
                self.last_loss = seq;
            }
            Change::Recovery { sheet } => self.safe_sheet = *sheet,
        }
        if self.owners().next().is_none() {
            return Err(Refusal::LastOwner);
        }
        // The wishes of somebody who is an owner no more, or about somebody who is gone, are void.
        let owners: Vec<_> = self.owners().collect();
        let members = Arc::clone(&self.members);
        self.pending.retain(|pending| {
            owners.contains(&pending.by)
                && pending.change.subject().is_none_or(|it| members.get(&it).is_some_and(|it| it.removed.is_none()))
        });
        Ok(())
    }

    fn present(&self, subject: &MemberId) -> Result<&Member, Refusal> {
        self.members.get(subject).filter(|member| member.removed.is_none()).ok_or(Refusal::Subject { member: *subject })
    }

    fn change_member(&mut self, subject: MemberId, change: impl FnOnce(&mut Member)) -> Result<(), Refusal> {
        let member = Arc::make_mut(&mut self.members)
            .get_mut(&subject)
            .filter(|member| member.removed.is_none())
            .ok_or(Refusal::Subject { member: subject })?;
        change(member);
        Ok(())
    }

    /// New keys must be strong, and nobody's before: a copied key would let one member pass for another.
    fn check_keys(&self, keys: &Keys) -> Result<(), Refusal> {
        if is_weak(keys.identity.as_bytes()) || keys.encryption.is_weak() {
            return Err(Refusal::WeakKey);
        }
        let used = |identity: &IdentityKey, encryption: &EncryptionKey| {
            *identity == keys.identity || *encryption == keys.encryption
        };
        let mut all = self.members.values().flat_map(|member| member.keys.iter());
        if all.any(|old| used(&old.value.identity, &old.value.encryption)) { Err(Refusal::Reused) } else { Ok(()) }
    }

    fn add_member(
        &mut self,
        id: MemberId,
        keys: Keys,
        role: Role,
        card: &DeviceCard,
        verification: Option<Verification>,
        team: Option<TeamId>,
    ) -> Result<(), Refusal> {
        if self.members.contains_key(&id) {
            return Err(Refusal::Reused);
        }
        self.check_keys(&keys)?;
        self.add_device(id, card)?;
        let seq = self.head.seq;
        let member = Member {
            keys: History::new(seq, keys),
            roles: History::new(seq, role),
            added: seq,
            joined: None,
            removed: None,
            first_device: card.device,
            verification,
            team,
        };
        Arc::make_mut(&mut self.members).insert(id, member);
        Ok(())
    }

    fn add_device(&mut self, member: MemberId, card: &DeviceCard) -> Result<(), Refusal> {
        if is_weak(card.key.as_bytes()) || card.transport.is_some_and(|key| is_weak(key.as_bytes())) {
            return Err(Refusal::WeakKey);
        }
        // The transport key lies in the keychain of a locked device: it must never be one that signs entries.
        let own_twice = card.transport.is_some_and(|key| key.as_bytes() == card.key.as_bytes());
        let used = |device: &Device| {
            let signs =
                device.key == card.key || card.transport.is_some_and(|key| key.as_bytes() == device.key.as_bytes());
            let reads = device
                .transport
                .is_some_and(|key| card.transport == Some(key) || key.as_bytes() == card.key.as_bytes());
            signs || reads
        };
        if own_twice || self.devices.contains_key(&card.device) || self.devices.values().any(used) {
            return Err(Refusal::Reused);
        }
        let device = Device { member, key: card.key, transport: card.transport, from: self.head.seq, until: None };
        Arc::make_mut(&mut self.devices).insert(card.device, device);
        Ok(())
    }

    fn check_new_home(&self, home: &Home) -> Result<(), Refusal> {
        match home {
            Home::Device(id) => {
                let active = |device: &&Device| {
                    device.until.is_none() && self.members.get(&device.member).is_some_and(Member::is_active)
                };
                self.devices.get(id).filter(active).map(|_| ()).ok_or(Refusal::SubjectDevice { device: *id })
            }
            Home::Backend { key, .. } => {
                if is_weak(key.as_bytes()) {
                    Err(Refusal::WeakKey)
                } else {
                    Ok(())
                }
            }
        }
    }

    fn revoke(&self, next: &mut Self, author: MemberId, role: Role, subject: DeviceId) -> Result<(), Refusal> {
        let device = self
            .devices
            .get(&subject)
            .filter(|device| device.until.is_none())
            .ok_or(Refusal::SubjectDevice { device: subject })?;
        let owner = self.members.get(&device.member).is_some_and(|member| member.role() == Role::Owner);
        permit(
            role,
            match (device.member == author, owner) {
                (true, _) => Action::OwnDevices,
                (false, true) => Action::Owners,
                (false, false) => Action::Members,
            },
        )?;
        if self.home() == Home::Device(subject) {
            return Err(Refusal::IsHome { device: subject });
        }
        let seq = next.head.seq;
        if let Some(device) = Arc::make_mut(&mut next.devices).get_mut(&subject) {
            device.until = Some(seq);
        }
        next.last_loss = seq;
        let mut live = next.devices.values().filter(|device| device.until.is_none());
        if live.any(|device| next.owners().any(|owner| owner == device.member)) {
            Ok(())
        } else {
            Err(Refusal::LastOwner)
        }
    }

    fn team_epoch(
        &self,
        next: &mut Self,
        id: TeamId,
        kind: TeamKind,
        made: TeamEpoch,
        wraps: &[MemberWrap],
        has_previous: bool,
    ) -> Result<(), Refusal> {
        let known = self.teams.get(&id);
        let second_owners = kind == TeamKind::Owners && self.owners_team().is_some_and(|team| team != id);
        if second_owners || known.is_some_and(|team| team.kind != kind) {
            return Err(Refusal::Team { team: id });
        }
        next_epoch(known.map(|team| team.epoch().epoch), made.epoch, has_previous)?;
        if made.public.is_weak() {
            return Err(Refusal::WeakKey);
        }
        // An epoch with an old key would leave those who left with the key to everything new.
        if self.teams.values().flat_map(|team| team.epochs.iter()).any(|old| old.value.public == made.public) {
            return Err(Refusal::Reused);
        }
        let fit = wraps.iter().all(|wrap| self.now().fits(&wrap.member, kind));
        let all_owners = kind != TeamKind::Owners || wraps.len() == self.owners().count();
        if !fit || !all_owners || !rising(wraps) {
            return Err(Refusal::Recipients);
        }
        let seq = made.entry.seq;
        let team = match Arc::make_mut(&mut next.teams).entry(id) {
            btree_map::Entry::Vacant(free) => {
                free.insert(Team { kind, epochs: History::new(seq, made), stays: Vec::new() })
            }
            btree_map::Entry::Occupied(held) => {
                let team = held.into_mut();
                team.epochs.push(seq, made);
                team
            }
        };
        for stay in team.stays.iter_mut().filter(|stay| stay.until.is_none()) {
            if !wraps.iter().any(|wrap| wrap.member == stay.member) {
                stay.until = Some(seq);
                next.last_loss = seq;
            }
        }
        for wrap in wraps {
            if !team.stays.iter().any(|stay| stay.member == wrap.member && stay.until.is_none()) {
                team.stays.push(Stay { member: wrap.member, from: seq, until: None });
            }
        }
        Ok(())
    }

    fn check_msp_recipients(&self, wraps: &[MemberWrap]) -> Result<(), Refusal> {
        let known = wraps.iter().all(|wrap| self.present(&wrap.member).is_ok());
        let named = |id: &MemberId| wraps.binary_search_by(|wrap| wrap.member.cmp(id)).is_ok();
        let all = self.members.iter().filter(|(_, member)| member.is_active()).all(|(id, _)| named(id));
        if rising(wraps) && known && all { Ok(()) } else { Err(Refusal::Recipients) }
    }
}

impl MspAt<'_> {
    /// While a device is the home, what another device appended was accepted elsewhere: a fork.
    pub(crate) fn check_home(&self, device: DeviceId) -> Result<(), Refusal> {
        match self.home() {
            Home::Device(home) if home != device => Err(Refusal::NotHome { device }),
            _ => Ok(()),
        }
    }
}

/// Checks that a device which adds itself signed, and that the identity vouches for it.
fn vouched(entry: &Entry, card: &DeviceCard, proof: &crate::Proof, keys: &Keys) -> Result<(), Refusal> {
    if card.device != entry.device() {
        return Err(Refusal::Device { device: entry.device() });
    }
    entry.verify(&card.key)?;
    claim(entry, card.device, card, keys).verify(proof)
}

/// What an identity vouches for when the entry's own device is known already; the device's key is filled in by the
/// caller.
fn own_claim(entry: &Entry, keys: &Keys) -> Claim {
    Claim {
        place: entry.place(),
        member: entry.member(),
        device: entry.device(),
        device_key: crate::DeviceKey::from_bytes([0; 32]),
        identity: keys.identity,
        encryption: keys.encryption,
    }
}

fn claim(entry: &Entry, device: DeviceId, card: &DeviceCard, keys: &Keys) -> Claim {
    Claim { device, device_key: card.key, ..own_claim(entry, keys) }
}
