//! Rows of the sealed local index: what this device has accepted and what lists show. All of it follows from signed
//! entries and objects, so a damaged index is made again, and so is one of another [`LAYOUT`].

use crate::api::{
    Action, AfterView, BlackoutWindow, ErrorClass, ErrorView, HealthCheck, OrganizationState, StrangerKind,
    StrangerPlace, Verdict,
};
use crate::certificates;
use crate::error::{Error, Result};
use crate::history::History;
use crate::own::Own;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::fmt;
use vitrine_entra::connection::ConnectionRecord;
use vitrine_entra::{ApplicationId, ClientId, Cloud, ServicePrincipalId, TenantId};
use vitrine_ledger::{EntryHash, Head};
use vitrine_vault::items::{ConnectionItem, KeptWay as StoredWay};
use zeroize::Zeroizing;

/// Bytes of an organization's ledger id, item ids: as in the ledger.
pub(crate) type Bytes32 = [u8; 32];
pub(crate) type Bytes16 = [u8; 16];

/// An entry by its place and hash.
pub(crate) type Place = (u64, Bytes32);

pub(crate) fn place(head: Head) -> Place {
    (head.seq, *head.hash.as_bytes())
}

pub(crate) fn heads(places: &[Place]) -> Vec<Head> {
    places.iter().map(|(seq, hash)| Head { seq: *seq, hash: EntryHash::from_bytes(*hash) }).collect()
}

/// Counts the layouts of rows. Rows say nothing of their fields, so those of another layout would be misread, not
/// refused: to be raised with every field that is added to a row, taken out or given another meaning.
pub(crate) const LAYOUT: u8 = 10;

/// Keys of the index.
pub(crate) mod key {
    use super::{Bytes16, Bytes32};

    /// The layout its rows were written in.
    pub(crate) const LAYOUT: &[u8] = b"v";
    pub(crate) const MSP: &[u8] = b"m";
    /// The entries of the MSP's own epochs.
    pub(crate) const MSP_EPOCHS: &[u8] = b"g";
    pub(crate) const FIRM: &[u8] = b"f";
    pub(crate) const COUNTS: &[u8] = b"c";
    /// There while the index is being made again and is not whole.
    pub(crate) const REBUILDING: &[u8] = b"r";
    /// Rows of the list, in order of names.
    pub(crate) const NAMES: &[u8] = b"n";
    /// Accounts in order of their due times, each with the standing of its organization: what is due is counted from
    /// these rows alone.
    pub(crate) const DUE: &[u8] = b"d";
    /// Organizations in order of when their tenant is looked at next.
    pub(crate) const LOOKS: &[u8] = b"l";
    /// Connections in order of the end of their certificates.
    pub(crate) const CERTIFICATES: &[u8] = b"k";
    /// What a person has to do something about, in the order in which it began.
    pub(crate) const PROBLEMS: &[u8] = b"p";
    /// What happened, newest first.
    pub(crate) const ACTIVITY: &[u8] = b"a";
    pub(crate) const ORGANIZATIONS: &[u8] = b"o";
    pub(crate) const DOMAINS: &[u8] = b"e";
    /// Objects that no item names any more, in the order in which they may go.
    pub(crate) const EXPIRING: &[u8] = b"x";
    /// How far the home's changes were taken.
    pub(crate) const CURSOR: &[u8] = b"q";
    /// Organizations that the MSP's ledger names and that are closed to this member.
    pub(crate) const CLOSED: &[u8] = b"j";
    /// Organizations that were begun at a checkpoint, with how far the history before it is checked.
    pub(crate) const UNCHECKED: &[u8] = b"y";
    /// What was done here and is in no ledger yet, in its order.
    pub(crate) const UNCARRIED: &[u8] = b"u";
    /// Which view records of other devices arrived.
    pub(crate) const VIEWS: &[u8] = b"s";
    /// Messages that wait to be sent, in the order they were made.
    pub(crate) const MESSAGES: &[u8] = b"w";

    fn join(prefix: &[u8], parts: &[&[u8]]) -> Vec<u8> {
        let mut key = prefix.to_vec();
        for part in parts {
            key.extend_from_slice(part);
        }
        key
    }

    pub(crate) fn organization(id: &Bytes32) -> Vec<u8> {
        join(ORGANIZATIONS, &[id])
    }

    pub(crate) fn closed(id: &Bytes32) -> Vec<u8> {
        join(CLOSED, &[id])
    }

    pub(crate) fn unchecked(id: &Bytes32) -> Vec<u8> {
        join(UNCHECKED, &[id])
    }

    /// The folded name first, so that a list needs no sorting; the id last, so that equal names do not collide.
    pub(crate) fn name(folded: &str, id: &Bytes32) -> Vec<u8> {
        join(NAMES, &[folded.as_bytes(), &[0], id])
    }

    pub(crate) fn names_like(folded: &str) -> Vec<u8> {
        join(NAMES, &[folded.as_bytes(), &[0]])
    }

    pub(crate) fn names_beginning(folded: &str) -> Vec<u8> {
        join(NAMES, &[folded.as_bytes()])
    }

    /// A domain of a tenant, so that a person may name its organization by it.
    pub(crate) fn domain(domain: &str, id: &Bytes32) -> Vec<u8> {
        join(DOMAINS, &[domain.as_bytes(), &[0], id])
    }

    pub(crate) fn domains_like(domain: &str) -> Vec<u8> {
        join(DOMAINS, &[domain.as_bytes(), &[0]])
    }

    pub(crate) fn msp_hash(seq: u64) -> Vec<u8> {
        join(b"h", &[&seq.to_be_bytes()])
    }

    pub(crate) fn due(at: u64, id: &Bytes32, item: &Bytes16) -> Vec<u8> {
        join(DUE, &[&at.to_be_bytes(), id, item])
    }

    pub(crate) fn look(at: u64, id: &Bytes32) -> Vec<u8> {
        join(LOOKS, &[&at.to_be_bytes(), id])
    }

    pub(crate) fn expiring(at: u64, object: &Bytes32) -> Vec<u8> {
        join(EXPIRING, &[&at.to_be_bytes(), object])
    }

    pub(crate) fn certificate(at: u64, id: &Bytes32) -> Vec<u8> {
        join(CERTIFICATES, &[&at.to_be_bytes(), id])
    }

    pub(crate) fn problem(since: u64, id: &Bytes32, name: [u8; 8]) -> Vec<u8> {
        join(PROBLEMS, &[&since.to_be_bytes(), id, &name])
    }

    pub(crate) fn message(number: u64) -> Vec<u8> {
        join(MESSAGES, &[&number.to_be_bytes()])
    }

    pub(crate) fn tenant(id: &str) -> Vec<u8> {
        join(b"t", &[id.as_bytes()])
    }

    /// By time, since what others did arrives later; what happened in one moment, by its number.
    pub(crate) fn activity(at: u64, number: u64) -> Vec<u8> {
        join(ACTIVITY, &[&(u64::MAX - at).to_be_bytes(), &(u64::MAX - number).to_be_bytes()])
    }

    pub(crate) fn activity_of(id: &Bytes32, at: u64, number: u64) -> Vec<u8> {
        join(b"b", &[id, &(u64::MAX - at).to_be_bytes(), &(u64::MAX - number).to_be_bytes()])
    }

    /// Where lines of this moment begin, among those that `prefix` begins.
    pub(crate) fn activity_at(prefix: &[u8], at: u64) -> Vec<u8> {
        join(prefix, &[&(u64::MAX - at).to_be_bytes()])
    }

    pub(crate) fn uncarried(number: u64) -> Vec<u8> {
        join(UNCARRIED, &[&number.to_be_bytes()])
    }

    pub(crate) fn views_of(device: &Bytes16) -> Vec<u8> {
        join(VIEWS, &[device])
    }

    pub(crate) fn activities_of(id: &Bytes32) -> Vec<u8> {
        join(b"b", &[id])
    }
}

/// The firm and this member, as names were unsealed when they were accepted.
#[derive(Clone, Default, Serialize, Deserialize)]
pub(crate) struct Firm {
    pub(crate) msp_name: String,
    pub(crate) person_name: String,
    /// The firm's own rule: a reason is asked for before anything is shown.
    pub(crate) reason_required: bool,
    /// The entry whose safe sheet this device keeps for its backup.
    pub(crate) sheet: Option<Place>,
    pub(crate) tenant_connected: bool,
    pub(crate) rotation_verified: bool,
    /// What no signed entry says.
    pub(crate) own: Own,
    /// Every entry that was stored.
    pub(crate) history: History,
    /// Objects this device ever sealed.
    pub(crate) objects: u64,
    /// Lines of activity ever written; numbers them.
    pub(crate) activity: u64,
    /// View records up to this number have their lines.
    pub(crate) told_to: u64,
    /// Organizations whose signed history could not be read when the index was made last: they are in no list.
    pub(crate) unreadable: u32,
}

/// How many organizations there are. Those that are due follow from the time and are counted when asked.
#[derive(Clone, Copy, Default, Serialize, Deserialize)]
pub(crate) struct Counts {
    pub(crate) total: u32,
    pub(crate) failed: u32,
    pub(crate) not_connected: u32,
}

/// One organization, whole, but for what is in its sealed objects.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Organization {
    /// The fold of its ledger, as the ledger encodes it.
    pub(crate) state: Vec<u8>,
    pub(crate) name: String,
    pub(crate) notes: String,
    pub(crate) tags: Vec<String>,
    pub(crate) tenant: Option<Tenant>,
    pub(crate) laps: Option<Laps>,
    pub(crate) accounts: Vec<Account>,
    pub(crate) checks: Vec<Check>,
    /// What a person has to do something about. Follows from the rest; here it has its beginning.
    pub(crate) problems: Vec<Problem>,
    /// Ways into the tenant that Vitrine did not make: those that stand, and those that were removed lately.
    pub(crate) strangers: Vec<Stranger>,
    /// Those of them that a person answers for.
    pub(crate) kept: Vec<KeptWay>,
    /// What the last comparison could read.
    pub(crate) compared: Option<Compared>,
    /// When the tenant is looked at next, if there is something to look at.
    pub(crate) look_at: Option<u64>,
    /// A set-up was begun: its certificate is stored and the tenant may know it.
    pub(crate) connection_item: Option<Bytes16>,
    pub(crate) organization_item: Bytes16,
}

#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Tenant {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) domain: String,
    pub(crate) initial_domain: String,
    pub(crate) app_id: String,
    pub(crate) connected_at: u64,
    pub(crate) certificate_ends_at: u64,
    /// When the certificate that signs in was made.
    pub(crate) certificate_made_at: u64,
    /// The certificate before may still be in the tenant's list.
    pub(crate) certificate_before: bool,
    /// A renewal was begun and is to be finished.
    pub(crate) certificate_unfinished: bool,
}

/// How the accounts of an organization are kept.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Laps {
    pub(crate) interval_hours: u32,
    pub(crate) enabled_at: u64,
    pub(crate) after_view: AfterView,
    pub(crate) blackout: Vec<BlackoutWindow>,
    pub(crate) zone: Option<String>,
    pub(crate) password_length: u16,
    pub(crate) look_alikes: bool,
}

/// One emergency account, without secrets.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Account {
    pub(crate) item: Bytes16,
    pub(crate) user_name: String,
    pub(crate) phase: Phase,
    /// What a person is needed for, by its number in the item; 0 while nobody is.
    pub(crate) need: u16,
    pub(crate) rotated_at: Option<u64>,
    pub(crate) verified_at: Option<u64>,
    pub(crate) due_at: Option<u64>,
    pub(crate) has_second_factor: bool,
    pub(crate) last_viewed: Option<(String, u64)>,
    pub(crate) pending_since: Option<u64>,
    /// When the current value was made, where this device saw it: until it was set it lay in the vault as a candidate.
    pub(crate) made_at: Option<u64>,
    pub(crate) previous_since: Option<u64>,
    pub(crate) problem: Option<ErrorView>,
    /// The tenant has made it: its object id is known.
    pub(crate) created: bool,
    /// The candidate (by when it was made) that this device surely never sent. Taken away, durably, before it is sent;
    /// where it is missing, after damage or a restore, a candidate counts as sent.
    pub(crate) unsent: Option<u64>,
    /// Not taken up by itself before this: a person was asked for something. Read by [`Account::rests_until`].
    pub(crate) retry_at: Option<u64>,
    /// What opens it was seen, and a rotation is to follow.
    pub(crate) rotate_by: Option<RotateBy>,
    /// What the tenant said of it when it was looked at last.
    pub(crate) facts: Option<Facts>,
    /// When every session of the account was ended last.
    pub(crate) sessions_ended_at: Option<u64>,
    /// The webhook was told that it is overdue. Taken back by `accounts::schedule` once it is due no more.
    pub(crate) told_overdue: bool,
    /// The failure that the webhook was told of, or would have been.
    pub(crate) told_failed: Option<Trouble>,
}

/// Why a rotation does not end well.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(crate) struct Trouble {
    pub(crate) code: String,
    /// Nothing goes on by itself.
    pub(crate) needs_person: bool,
}

/// A rotation that follows a view.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(crate) struct RotateBy {
    /// The newest view that asks for it.
    pub(crate) seen_at: u64,
    /// When it is due, by the view that wants it soonest.
    pub(crate) at: u64,
}

/// How long an account that needs a person rests before it is tried again, at most: what was asked for may have been
/// done, and nobody said so.
pub(crate) const LONGEST_REST_MS: u64 = 24 * 3600 * 1000;

/// How long a snooze is at most: until the morning after next midnight, on a day of 25 hours.
pub(crate) const LONGEST_SNOOZE_MS: u64 = 33 * 3600 * 1000;

/// What a tenant says of an account.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(crate) struct Facts {
    pub(crate) at: u64,
    pub(crate) exists: bool,
    pub(crate) enabled: bool,
    /// Whether it holds Global Administrator, where that was read.
    pub(crate) role: Option<bool>,
    /// Its user name there, where it is another than here.
    pub(crate) other_name: Option<String>,
}

/// What somebody changed about an account outside Vitrine. The password has states of its own.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(crate) enum Drift {
    Gone,
    Disabled,
    RoleGone,
    Renamed,
}

impl Facts {
    /// What stands in the way of a sign-in most.
    pub(crate) fn drift(&self) -> Option<Drift> {
        if !self.exists {
            Some(Drift::Gone)
        } else if !self.enabled {
            Some(Drift::Disabled)
        } else if self.role == Some(false) {
            Some(Drift::RoleGone)
        } else {
            self.other_name.as_ref().map(|_| Drift::Renamed)
        }
    }
}

/// Where an account stands, apart from time.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(crate) enum Phase {
    Creating,
    Steady,
    Rotating,
    Unclear,
    ChangedOutside,
    NeedsPerson,
}

/// A way into the connection or an account that the tenant lists and the vault does not know.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(crate) struct Stranger {
    /// Names it: a hash over what it is.
    pub(crate) id: Bytes16,
    pub(crate) kind: StrangerKind,
    pub(crate) place: StrangerPlace,
    /// Of an account.
    pub(crate) account: Option<Bytes16>,
    /// What it is called in the tenant; may hold any text.
    pub(crate) name: String,
    pub(crate) found_at: u64,
    /// Who took it away, and when. Without a name, it was gone by itself.
    pub(crate) removed: Option<(u64, String)>,
}

/// A way in that a person answers for.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(crate) struct KeptWay {
    pub(crate) id: Bytes16,
    pub(crate) at: u64,
    pub(crate) member: Bytes16,
    pub(crate) reason: String,
}

impl From<StoredWay> for KeptWay {
    fn from(stored: StoredWay) -> Self {
        Self { id: stored.id, at: stored.at_ms, member: stored.member, reason: stored.reason }
    }
}

impl From<KeptWay> for StoredWay {
    fn from(kept: KeptWay) -> Self {
        Self { id: kept.id, at_ms: kept.at, member: kept.member, reason: kept.reason }
    }
}

/// When the ways in were compared with the vault, and which of them could be read.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(crate) struct Compared {
    /// When it began: what was done meanwhile may be missing.
    pub(crate) at: u64,
    pub(crate) keys: bool,
    pub(crate) owners: bool,
    pub(crate) methods: bool,
}

impl Compared {
    pub(crate) fn whole(self) -> bool {
        self.keys && self.owners && self.methods
    }
}

#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Check {
    pub(crate) check: HealthCheck,
    pub(crate) account: Option<Bytes16>,
    pub(crate) verdict: Verdict,
    pub(crate) at: u64,
    pub(crate) words: String,
}

/// Something that stays wrong until a person does something about it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(crate) struct Problem {
    pub(crate) wrong: Wrong,
    /// Of an account, or of the organization.
    pub(crate) account: Option<Bytes16>,
    pub(crate) since: u64,
    pub(crate) snoozed: Option<Snoozed>,
    /// Of a rotation: the code of what was said of it when its last try had ended.
    pub(crate) said: Option<String>,
}

/// What is wrong. Two that differ are two problems, each with its own beginning and snooze.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(crate) enum Wrong {
    /// Its rotation does not come to an end, for reasons of this kind.
    Failing(ErrorClass),
    Unclear,
    ChangedOutside,
    /// Its rotation needs a person, for what has this number in the item.
    NeedsPerson(u16),
    Drifted(Drift),
    NeverCreated,
    /// Sessions that an older password opened could not be ended.
    SessionsLive,
    ConnectionRefused,
    CertificateNotRenewed,
    CertificateEnded,
    /// There are ways in that the vault does not know: a hash of all of them, so that one more is another problem.
    Strangers([u8; 8]),
}

/// Until when a problem is not to be heard of.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(crate) enum Snoozed {
    Until(u64),
    /// For as long as it lasts.
    Fixed,
}

/// A row of the list of problems; what it says in words stands with its organization.
#[derive(PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ProblemRow {
    pub(crate) organization: String,
    pub(crate) domain: Option<String>,
    pub(crate) user_name: Option<String>,
    pub(crate) problem: Problem,
}

/// A row of the list.
#[derive(Serialize, Deserialize)]
pub(crate) struct Row {
    pub(crate) name: String,
    pub(crate) domain: Option<String>,
    /// Without time: `Due` never stands here.
    pub(crate) state: OrganizationState,
    pub(crate) accounts: u8,
    pub(crate) last_rotation: Option<u64>,
    pub(crate) next_rotation: Option<u64>,
}

/// Something that happened.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Activity {
    pub(crate) at: u64,
    /// The member who did it, and the one it was done to.
    pub(crate) member: Bytes16,
    pub(crate) subject: Option<Bytes16>,
    pub(crate) action: Action,
    pub(crate) organization: Option<Bytes32>,
    pub(crate) organization_name: Option<String>,
    pub(crate) user_name: Option<String>,
    pub(crate) note: Option<String>,
    /// Its device had been ended when its record came into the ledger.
    pub(crate) late: bool,
}

/// Something that was done here and waits for its way into the ledger of its organization.
#[derive(Serialize, Deserialize)]
pub(crate) struct Act {
    pub(crate) at: u64,
    pub(crate) organization: Bytes32,
    pub(crate) action: Action,
    pub(crate) user_name: Option<String>,
    pub(crate) note: Option<String>,
}

impl Organization {
    /// State without time.
    pub(crate) fn standing(&self) -> OrganizationState {
        let wrong = |account: &Account| {
            (account.phase != Phase::Rotating && account.rotation_wrong().is_some()) || account.drift().is_some()
        };
        if self.accounts.iter().any(wrong) {
            OrganizationState::Failed
        } else if self.tenant.is_none() || !self.accounts.iter().any(|account| account.created) {
            OrganizationState::NotConnected
        } else {
            OrganizationState::Healthy
        }
    }

    /// State at a moment.
    pub(crate) fn state_at(&self, now: u64) -> OrganizationState {
        due_or(self.standing(), self.next_rotation(), now)
    }

    /// The domains its tenant is known by, as the index orders them.
    pub(crate) fn domains(&self) -> BTreeSet<String> {
        let tenant = self.tenant.iter();
        tenant.flat_map(|tenant| [&tenant.domain, &tenant.initial_domain]).map(|domain| fold_domain(domain)).collect()
    }

    pub(crate) fn last_rotation(&self) -> Option<u64> {
        self.accounts.iter().map(|account| account.rotated_at).min().flatten()
    }

    /// When a credential of it was shown or copied last.
    pub(crate) fn last_viewed(&self) -> Option<u64> {
        self.accounts.iter().filter_map(|account| account.last_viewed.as_ref().map(|(_, at)| *at)).max()
    }

    pub(crate) fn next_rotation(&self) -> Option<u64> {
        self.accounts.iter().filter_map(|account| account.due_at).min()
    }

    pub(crate) fn row(&self) -> Row {
        Row {
            name: self.name.clone(),
            domain: self.tenant.as_ref().map(|tenant| tenant.domain.clone()),
            state: self.standing(),
            accounts: u8::try_from(self.accounts.len()).unwrap_or(u8::MAX),
            last_rotation: self.last_rotation(),
            next_rotation: self.next_rotation(),
        }
    }

    /// Ways in that nobody answers for.
    pub(crate) fn standing_strangers(&self) -> impl Iterator<Item = &Stranger> {
        let kept = |stranger: &&Stranger| self.kept.iter().any(|kept| kept.id == stranger.id);
        self.strangers.iter().filter(|stranger| stranger.removed.is_none()).filter(move |stranger| !kept(stranger))
    }

    pub(crate) fn account(&self, item: &Bytes16) -> Option<&Account> {
        self.accounts.iter().find(|account| account.item == *item)
    }

    /// Whether a candidate of another account than this one may be on its way. What the tenant never made, or has no
    /// more, is no account of it, and must not hold the one back that opens it.
    pub(crate) fn other_in_flight(&self, item: &Bytes16) -> bool {
        let there = |account: &Account| account.created && account.drift() != Some(Drift::Gone);
        self.accounts.iter().any(|account| account.item != *item && account.pending_since.is_some() && there(account))
    }

    /// The accounts that its tenant has.
    pub(crate) fn in_tenant(&self) -> impl Iterator<Item = &Account> {
        self.accounts.iter().filter(|account| account.created && account.drift() != Some(Drift::Gone))
    }

    pub(crate) fn account_mut(&mut self, item: &Bytes16) -> Option<&mut Account> {
        self.accounts.iter_mut().find(|account| account.item == *item)
    }

    /// Sees to it that a connected tenant is looked at within a day, and none other. Spread over the day by its id,
    /// so that thousands that were connected together are not read together.
    pub(crate) fn schedule_look(&mut self, now: u64, id: &Bytes32) {
        self.look_at = match (self.tenant.is_some(), self.look_at) {
            (false, _) => None,
            // A clock that was a year ahead must not put it off for a year.
            (true, Some(at)) if at <= now.saturating_add(LOOK_EVERY_MS) => Some(at),
            (true, _) => Some(now.saturating_add(spread(id, LOOK_EVERY_MS))),
        };
    }

    /// Replaces the verdict of a check.
    pub(crate) fn checked(&mut self, check: Check) {
        self.checks.retain(|old| (old.check, old.account) != (check.check, check.account));
        self.checks.push(check);
    }
}

impl Account {
    /// A row without facts: what an item says is put in by `accounts::show_in`.
    pub(crate) fn new(item: Bytes16) -> Self {
        Self {
            item,
            user_name: String::new(),
            phase: Phase::Creating,
            need: 0,
            rotated_at: None,
            verified_at: None,
            due_at: None,
            has_second_factor: false,
            last_viewed: None,
            pending_since: None,
            made_at: None,
            previous_since: None,
            problem: None,
            created: false,
            unsent: None,
            retry_at: None,
            rotate_by: None,
            facts: None,
            sessions_ended_at: None,
            told_overdue: false,
            told_failed: None,
        }
    }

    /// Until when it is not taken up by itself. Longer than a rest can be, a clock was wrong when it began.
    pub(crate) fn rests_until(&self, now: u64) -> Option<u64> {
        self.retry_at.filter(|at| (now + 1..=now.saturating_add(LONGEST_REST_MS)).contains(at))
    }

    /// Takes note of a view of what opens the account, and of the moment at which it is to be rotated for that: sooner than
    /// was wanted before, never later.
    pub(crate) fn rotate_by(&mut self, seen_at: u64, at: u64) {
        let before = self.rotate_by.unwrap_or(RotateBy { seen_at, at });
        self.rotate_by = Some(RotateBy { seen_at: seen_at.max(before.seen_at), at: at.min(before.at) });
    }

    /// Whether whoever knew everything at that moment has nothing left of it: neither the password nor a session.
    pub(crate) fn replaced_since(&self, moment: u64) -> bool {
        let after = |at: Option<u64>| at.is_some_and(|at| at >= moment);
        self.pending_since.is_none() && after(self.made_at) && after(self.sessions_ended_at)
    }

    /// What is wrong with its rotation.
    pub(crate) fn rotation_wrong(&self) -> Option<Wrong> {
        match self.phase {
            Phase::Unclear => Some(Wrong::Unclear),
            Phase::ChangedOutside => Some(Wrong::ChangedOutside),
            Phase::NeedsPerson => Some(Wrong::NeedsPerson(self.need)),
            Phase::Creating | Phase::Steady | Phase::Rotating => {
                self.problem.as_ref().map(|problem| Wrong::Failing(problem.class))
            }
        }
    }

    /// What is known to differ in the tenant.
    pub(crate) fn drift(&self) -> Option<Drift> {
        self.facts.as_ref().and_then(Facts::drift)
    }

    /// Whether somebody may hold a session that a new password alone does not end: who saw the password since sessions
    /// were ended last, or who had the account before Vitrine.
    pub(crate) fn may_be_signed_in(&self) -> bool {
        let viewed = self.last_viewed.as_ref().map(|(_, at)| *at);
        self.sessions_ended_at.is_none_or(|ended| viewed.is_some_and(|viewed| viewed >= ended))
    }
}

/// A healthy organization with a rotation due is due.
pub(crate) fn due_or(standing: OrganizationState, next: Option<u64>, now: u64) -> OrganizationState {
    match standing {
        OrganizationState::Healthy if next.is_some_and(|next| next <= now) => OrganizationState::Due,
        standing => standing,
    }
}

/// How often a tenant is looked at.
pub(crate) const LOOK_EVERY_MS: u64 = 24 * 3600 * 1000;

/// A number below `most` that stays the same for an organization and differs between them.
fn spread(id: &Bytes32, most: u64) -> u64 {
    u64::from_be_bytes(*id.first_chunk().unwrap_or(&[0; 8])) % most
}

/// Names are compared without case; the index orders them so.
pub(crate) fn fold(name: &str) -> String {
    // A key of the index is short; the rest of a long name only breaks ties.
    let folded = name.to_lowercase().replace('\0', " ");
    folded.chars().take(100).collect()
}

/// Domains are compared without case.
pub(crate) fn fold_domain(domain: &str) -> String {
    // A key of the index is short; no domain that exists is longer.
    domain.trim().to_lowercase().replace('\0', " ").chars().take(100).collect()
}

/// Encodes a row.
pub(crate) fn encode<T: Serialize>(row: &T) -> Result<Zeroizing<Vec<u8>>> {
    postcard::to_stdvec(row).map(Zeroizing::new).map_err(unreadable)
}

/// Decodes a row.
pub(crate) fn decode<T: DeserializeOwned>(bytes: &[u8]) -> Result<T> {
    postcard::from_bytes(bytes).map_err(unreadable)
}

fn unreadable(error: postcard::Error) -> Error {
    Error::integrity(
        "index.unreadable",
        "A row of the local index cannot be read.",
        "Lock and unlock the vault: the index is then made again from the signed history.",
    )
    .because(error)
}

/// Reads an id as the edges write it.
pub(crate) fn parse_organization(text: &str) -> Result<Bytes32> {
    hex(text).ok_or_else(|| unknown_organization(&text))
}

/// Reads an account's id as the edges write it.
pub(crate) fn parse_item(text: &str) -> Result<Bytes16> {
    hex(text).ok_or_else(|| unknown_account(&text))
}

pub(crate) fn unknown_organization(id: &dyn fmt::Display) -> Error {
    Error::usage("organization.unknown", "There is no such organization.", "Look it up in the list of organizations.")
        .details(format!("organization {id}"))
}

pub(crate) fn unknown_account(id: &dyn fmt::Display) -> Error {
    Error::usage(
        "account.unknown",
        "There is no such emergency account.",
        "Open the organization and pick one of its accounts.",
    )
    .details(format!("account {id}"))
}

pub(crate) fn organization_text(id: &Bytes32) -> String {
    // Not by the id's `Display`, which writes digit by digit: every row of a list has one.
    data_encoding::HEXLOWER.encode(id)
}

pub(crate) fn item_text(item: &Bytes16) -> String {
    data_encoding::HEXLOWER.encode(item)
}

fn hex<const N: usize>(text: &str) -> Option<[u8; N]> {
    data_encoding::HEXLOWER_PERMISSIVE.decode(text.as_bytes()).ok()?.try_into().ok()
}

impl Tenant {
    /// What the stored connection says of the tenant; none while set-up has not come that far.
    pub(crate) fn from_item(item: &ConnectionItem, connected_at: u64) -> Option<Self> {
        is_set_up(item).then(|| Self {
            id: TenantId::from_bytes(item.tenant_id).to_string(),
            name: item.tenant_name.clone(),
            domain: item.default_domain.clone(),
            initial_domain: item.initial_domain.clone(),
            app_id: ClientId::from_bytes(item.app_id).to_string(),
            connected_at,
            certificate_ends_at: item.certificate.not_after_ms,
            certificate_made_at: certificates::made_at(&item.certificate),
            certificate_before: item.previous.is_some(),
            certificate_unfinished: item.pending.is_some()
                || item.previous.as_ref().is_some_and(|previous| previous.key_id.is_some()),
        })
    }

    /// From when on its certificate is to be looked at: what was begun, at once.
    pub(crate) fn certificate_due_at(&self) -> u64 {
        if self.certificate_unfinished { 0 } else { self.certificate_ends_at }
    }
}

/// Whether set-up has come so far that the connection can sign in: a certificate is stored before that.
pub(crate) fn is_set_up(item: &ConnectionItem) -> bool {
    item.app_id != [0; 16]
}

/// The connection as the client takes it.
pub(crate) fn connection_record(item: &ConnectionItem, cloud: &Cloud) -> Option<ConnectionRecord> {
    is_set_up(item).then(|| ConnectionRecord {
        cloud: cloud.clone(),
        tenant_id: TenantId::from_bytes(item.tenant_id),
        tenant_name: item.tenant_name.clone(),
        default_domain: item.default_domain.clone(),
        initial_domain: item.initial_domain.clone(),
        client_id: ClientId::from_bytes(item.app_id),
        application_id: ApplicationId::from_bytes(item.app_object_id),
        service_principal_id: ServicePrincipalId::from_bytes(item.service_principal_id),
    })
}

/// Writes what set-up found or created into the connection's item.
pub(crate) fn set_record(item: &mut ConnectionItem, record: &ConnectionRecord) {
    item.tenant_id = *record.tenant_id.as_bytes();
    item.tenant_name.clone_from(&record.tenant_name);
    item.default_domain.clone_from(&record.default_domain);
    item.initial_domain.clone_from(&record.initial_domain);
    item.app_id = *record.client_id.as_bytes();
    item.app_object_id = *record.application_id.as_bytes();
    item.service_principal_id = *record.service_principal_id.as_bytes();
    item.cloud = record.cloud.name().to_string();
}
