//! The MSP state as it was at one place of its ledger.

use super::{Device, Loss, Member, MspState, Stay, Team, TeamEpoch, Unfinished};
use crate::{Author, Home, Keys, MemberId, Refusal, Role, TeamId, TeamKind};

/// A view of [`MspState`] at a place: what happened later does not count.
#[derive(Clone, Copy, Debug)]
pub struct MspAt<'a> {
    state: &'a MspState,
    seq: u64,
}

fn ended(until: Option<u64>, seq: u64) -> bool {
    until.is_some_and(|until| until <= seq)
}

fn fits(role: Role, kind: TeamKind) -> bool {
    match kind {
        TeamKind::Owners => role == Role::Owner,
        TeamKind::Work => role != Role::Auditor,
        TeamKind::Audit => role == Role::Auditor || role.stands_alone(),
    }
}

impl<'a> MspAt<'a> {
    pub(crate) fn new(state: &'a MspState, seq: u64) -> Self {
        Self { state, seq }
    }

    /// The role of a member who had joined and was not removed.
    pub fn role(&self, member: &MemberId) -> Option<Role> {
        let member = self.state.members.get(member)?;
        let joined = member.joined.is_some_and(|joined| joined <= self.seq);
        if joined && !ended(member.removed, self.seq) {
            member.roles.at(self.seq).map(|since| since.value)
        } else {
            None
        }
    }

    /// The keys of a member.
    pub fn keys(&self, member: &MemberId) -> Option<&'a Keys> {
        self.state.members.get(member)?.keys.at(self.seq).map(|since| &since.value)
    }

    /// The author's role and device, both valid here.
    ///
    /// # Errors
    /// [`Refusal::Member`] or [`Refusal::Device`].
    pub fn author(&self, author: &Author) -> Result<(Role, &'a Device), Refusal> {
        let role = self.role(&author.member).ok_or(Refusal::Member { member: author.member })?;
        self.state
            .devices
            .get(&author.device)
            .filter(|it| it.member == author.member && it.from <= self.seq && !ended(it.until, self.seq))
            .map(|device| (role, device))
            .ok_or(Refusal::Device { device: author.device })
    }

    /// The home.
    pub fn home(&self) -> Home {
        // The founding device is the home from the first place on.
        self.state.homes.at(self.seq).unwrap_or(self.state.homes.now()).value
    }

    /// A team's kind and epoch; `None` before it was made.
    pub fn team(&self, team: &TeamId) -> Option<(TeamKind, &'a TeamEpoch)> {
        let team = self.state.teams.get(team)?;
        let epoch = team.epochs.at(self.seq)?;
        Some((team.kind, &epoch.value))
    }

    /// The owners' team; `None` before it was made.
    pub fn owners_team(&self) -> Option<TeamId> {
        self.state.owners_team().filter(|team| self.team(team).is_some())
    }

    /// Whether a member held a team's key.
    pub fn holds(&self, team: &TeamId, member: &MemberId) -> bool {
        self.state.teams.get(team).is_some_and(|team| self.stays(team).any(|stay| stay.member == *member))
    }

    /// Whether a role may be in a team of a kind.
    pub(crate) fn fits(&self, member: &MemberId, kind: TeamKind) -> bool {
        self.role(member).is_some_and(|role| fits(role, kind))
    }

    /// Whether everybody who holds the team's key still may, by the keys they have now. Wrapping to a team that is not
    /// fresh would hand new keys to somebody who was removed.
    pub fn is_fresh(&self, team: &TeamId) -> bool {
        let (Some(held), Some((kind, epoch))) = (self.state.teams.get(team), self.team(team)) else { return false };
        self.stays(held).all(|stay| self.fits(&stay.member, kind) && !self.rekeyed_since(&stay.member, epoch.entry.seq))
    }

    fn stays(&self, team: &'a Team) -> impl Iterator<Item = &'a Stay> {
        let seq = self.seq;
        team.stays.iter().filter(move |stay| stay.from <= seq && !ended(stay.until, seq))
    }

    fn rekeyed_since(&self, member: &MemberId, seq: u64) -> bool {
        self.state.members.get(member).and_then(|member| member.keys.at(self.seq)).is_some_and(|keys| keys.seq > seq)
    }
}

impl MspState {
    /// The first loss in a team after a place: somebody who held its key and was removed, dropped from the team,
    /// rekeyed, changed to a role that does not fit, or had a device revoked.
    pub fn loss_since(&self, team: &TeamId, seq: u64) -> Option<Loss> {
        if self.last_loss <= seq {
            return None;
        }
        let team = self.teams.get(team)?;
        team.stays.iter().filter_map(|stay| self.loss_in(stay, team.kind, seq)).min_by_key(|loss| loss.seq)
    }

    fn loss_in(&self, stay: &Stay, kind: TeamKind, seq: u64) -> Option<Loss> {
        let member = self.members.get(&stay.member)?;
        let after = seq.max(stay.from);
        let counts = |at: u64| at > after && stay.until.is_none_or(|until| at <= until);
        let rekeys = member.keys.iter().map(|keys| keys.seq);
        let roles = member.roles.iter().filter(|role| !fits(role.value, kind)).map(|role| role.seq);
        let devices =
            self.devices.values().filter(|device| device.member == stay.member).filter_map(|device| device.until);
        let first = stay
            .until
            .into_iter()
            .chain(member.removed)
            .chain(rekeys)
            .chain(roles)
            .chain(devices)
            .filter(|at| counts(*at))
            .min()?;
        Some(Loss { member: stay.member, seq: first })
    }

    /// The first loss after a place among those whose role alone gives them standing in every organization, with or
    /// without keys: removed, changed to a role that does not, or had a device revoked.
    pub fn standing_lost_since(&self, seq: u64) -> Option<Loss> {
        if self.last_loss <= seq {
            return None;
        }
        let lost = |(id, member): (&MemberId, &Member)| {
            let stood = member.roles.iter().find(|role| role.value.stands_alone())?.seq.max(seq);
            let roles = member.roles.iter().filter(|role| !role.value.stands_alone()).map(|role| role.seq);
            let devices = self.devices.values().filter(|device| device.member == *id).filter_map(|it| it.until);
            // Somebody who stopped standing alone before the place may count once more; that costs an epoch, no more.
            let ends = member.removed.into_iter().chain(roles).chain(devices).filter(|at| *at > stood);
            Some(Loss { member: *id, seq: ends.min()? })
        };
        self.members.iter().filter_map(lost).min_by_key(|loss| loss.seq)
    }

    /// What is left to do until every removal and revocation is complete in this ledger. Organizations say for
    /// themselves what they owe: [`crate::OrganizationState::owes_epoch`].
    pub fn unfinished(&self) -> Vec<Unfinished> {
        let now = self.at(self.head.seq);
        let mut left = Vec::new();
        for (id, device) in self.devices.iter() {
            let Some(member) = self.members.get(&device.member).filter(|member| member.is_active()) else { continue };
            if device.until.is_some_and(|until| until > member.keys.now().seq) {
                left.push(Unfinished::Rekey { member: device.member, device: *id });
            }
        }
        for (id, team) in self.teams.iter() {
            let lacks = team.kind == TeamKind::Owners && self.owners().any(|owner| !now.holds(id, &owner));
            if lacks || !now.is_fresh(id) {
                left.push(Unfinished::Team { team: *id });
            }
        }
        if let Some(epoch) = &self.epoch {
            let gone = epoch.members.iter().any(|member| {
                self.members.get(member).is_none_or(|it| it.removed.is_some())
                    || now.rekeyed_since(member, epoch.entry.seq)
            });
            let lacks = self.members.iter().any(|(id, member)| member.is_active() && !epoch.members.contains(id));
            if gone || lacks {
                left.push(Unfinished::Msp);
            }
        }
        left
    }
}
