//! One change of the vault: entries, objects and index rows that become durable together, or not at all.
//!
//! Everything a use case writes goes through [`Change`]. It drafts on the state this device accepted, lets the ledger
//! judge the draft like a stranger's, and only then stores it. [`taking`] is the other half, where nothing is drafted; [`reading`]
//! opens what was written.

mod logs;
mod reading;
mod taking;

pub(crate) use logs::Arrived;
pub(crate) use reading::{
    damaged_fold, keys_of, missing_versions, object_missing, object_named, open_object, read_account, read_connection,
    visit_account,
};
pub(crate) use taking::{Checked, following};

use reading::{damaged_item, object_kind, object_of, wrap_key};

use crate::api::{Action, Event, OrganizationState as Standing};
use crate::audit::record;
use crate::error::{Error, Result};
use crate::failpoint::protected;
use crate::founding::{refused, undrafted, wrap};
use crate::home::{self, Outgoing};
use crate::keyring::{self, EpochKeys, Keyring, Source, no_operate_key};
use crate::own::Own;
use crate::records::{
    self, Act, Activity, Bytes16, Bytes32, Firm, Organization, Place, ProblemRow, decode, encode, fold, key,
};
use crate::roots::Roots;
use crate::session::{self, Newest, Session, make, rng};
use crate::store::{Direction, Span, Tx};
use crate::vault::meta;
use crate::webhook::{self, Stood, Webhook};
use crate::{App, accounts, attention, organizations, people};
use std::collections::{BTreeMap, BTreeSet};
use tokio::sync::OwnedMutexGuard;
use vitrine_ledger::{
    Author, Body, Commitment, Commitments, DeviceWrap, Entry, Home, ItemId, ItemKind, KeyName, KeyWrap, LedgerId,
    Level, MemberId, MspBody, MspState, ObjectHash, OrganizationBody, OrganizationState, Salt, SealedKeys, SealedName,
    SealedRecords, TeamId, TeamWrap,
};
use vitrine_vault::SecretBytes;
use vitrine_vault::body::{BodyKind, seal_body};
use vitrine_vault::epoch::{self, OrganizationKeys, Which};
use vitrine_vault::handover::unwrap_on_device;
use vitrine_vault::items::{AccountItem, ConnectionItem, OrganizationItem};
use vitrine_vault::object::{self, Header};

/// How long an object is needed after the last item that named it.
const NEEDED_MS: u64 = 30 * 24 * 3600 * 1000;
const EXPIRED_AT_ONCE: usize = 16;
/// Layout of items.
const SCHEMA: u16 = 1;

/// A change under way. Dropped without [`Change::commit`], it never happened.
pub(crate) struct Change<'a> {
    app: &'a App,
    /// Whoever changes something waits for its end, which may be the home's answer.
    turn: OwnedMutexGuard<()>,
    /// What the home has to take before anything counts; none where this device is the home.
    outgoing: Option<Outgoing>,
    pub(crate) session: &'a Session,
    pub(crate) tx: Tx<'a>,
    /// Boxed, since every use case that changes something holds one across its waits.
    pub(crate) firm: Box<Firm>,
    /// What the firm's row said of this device before.
    own: Own,
    msp: MspState,
    msp_changed: bool,
    keys_changed: bool,
    /// New roots of this member.
    roots: Option<Roots>,
    touched: BTreeSet<Bytes32>,
}

/// An organization opened for a change.
pub(crate) struct Opened {
    pub(crate) id: LedgerId,
    pub(crate) row: Organization,
    pub(crate) state: OrganizationState,
    keys: EpochKeys,
    /// What its rows said before, to take them out of the index.
    before: Option<Before>,
}

struct Before {
    name: String,
    domains: BTreeSet<String>,
    standing: Standing,
    due: Vec<(u64, Bytes16)>,
    look: Option<u64>,
    certificate: Option<u64>,
    problems: Vec<(Vec<u8>, ProblemRow)>,
    stood: Stood,
}

impl Before {
    fn of(id: &Bytes32, row: &Organization) -> Result<Self> {
        let due = row.accounts.iter().filter_map(|account| account.due_at.map(|at| (at, account.item))).collect();
        Ok(Self {
            name: row.name.clone(),
            domains: row.domains(),
            standing: row.standing(),
            due,
            look: row.look_at,
            certificate: row.tenant.as_ref().map(records::Tenant::certificate_due_at),
            problems: attention::rows(id, row)?,
            stood: webhook::stood(&row.accounts),
        })
    }
}

impl<'a> Change<'a> {
    /// Begins a change. Others wait until it ends, so nothing slow belongs between.
    pub(crate) async fn begin(app: &'a App, session: &'a Session) -> Result<Self> {
        session.home.first_sync(session).await;
        let mut change = Self::begin_taking(app, session).await?;
        if let Home::Backend { .. } = change.msp.home() {
            change.tx.keep_steps();
            change.outgoing = Some(Outgoing::default());
        }
        Ok(change)
    }

    /// Begins a change of what only this device has, unless another one is under way, which may wait for the home.
    pub(crate) async fn begin_if_free(app: &'a App, session: &'a Session) -> Result<Option<Self>> {
        match app.inner.changing.clone().try_lock_owned() {
            Ok(turn) => Self::begin_in(app, session, turn).await.map(Some),
            Err(_) => Ok(None),
        }
    }

    /// Begins a change that only takes what the home has accepted already, or what only this device has.
    pub(crate) async fn begin_taking(app: &'a App, session: &'a Session) -> Result<Self> {
        let turn = app.inner.changing.clone().lock_owned().await;
        Self::begin_in(app, session, turn).await
    }

    async fn begin_in(app: &'a App, session: &'a Session, turn: OwnedMutexGuard<()>) -> Result<Self> {
        let mut tx = app.inner.store.begin().await?;
        let firm = tx.index_value(key::FIRM).await?;
        let firm = Box::new(firm.map_or(Ok(Firm::default()), |bytes| decode::<Firm>(&bytes))?);
        let (own, msp) = (firm.own.clone(), MspState::clone(&session.msp()));
        let (outgoing, roots, touched) = (None, None, BTreeSet::new());
        let (msp_changed, keys_changed) = (false, false);
        Ok(Self { app, turn, outgoing, session, tx, firm, own, msp, msp_changed, keys_changed, roots, touched })
    }

    /// The MSP ledger, with the change so far.
    pub(crate) fn msp(&self) -> &MspState {
        &self.msp
    }

    /// Appends to the MSP ledger.
    pub(crate) async fn append_msp(&mut self, body: MspBody) -> Result<Entry> {
        let draft = self.msp.draft(body, self.session.author, self.app.now_ms());
        let entry = draft.sign(self.session.device.signing_key()).map_err(undrafted)?;
        let next = self.msp.apply(&entry).map_err(refused)?;
        self.keep_msp(&entry, next).await?;
        Ok(entry)
    }

    /// Takes an entry of the MSP ledger that the home accepted.
    pub(crate) async fn take_msp(&mut self, entry: &Entry, next: MspState) -> Result<()> {
        self.line_of_msp(entry).await?;
        self.keep_msp(entry, next).await
    }

    /// Stores an entry of the MSP ledger with the state that follows from it.
    pub(crate) async fn keep_msp(&mut self, entry: &Entry, next: MspState) -> Result<()> {
        self.store(next.ledger().as_bytes(), entry).await?;
        self.tx.index_put(&key::msp_hash(entry.seq()), entry.hash().as_bytes()).await?;
        if let Body::Msp(body) = entry.body() {
            self.keys_changed |= keyring::changes_keys(body);
            if let MspBody::MspEpoch { .. } = body {
                let mut epochs = self.msp_epochs().await?;
                epochs.push(records::place(entry.head()));
                self.tx.index_put(key::MSP_EPOCHS, &encode(&epochs)?).await?;
            }
            if let MspBody::MemberRekey { subject, devices, account, .. } = body
                && *subject == self.session.author.member
                && let Err(error) = self.take_root(&next, devices, account).await
            {
                // The history stands, whatever somebody put into it for this device.
                crate::vault::warn(self.app, error);
            }
        }
        (self.msp, self.msp_changed) = (next, true);
        Ok(())
    }

    /// Takes the new root that a rekey of this member has for this device. The passphrase is not there to seal it under, so it lies
    /// beside the index until the next unlock; what the recovery kit opened is void.
    async fn take_root(&mut self, next: &MspState, devices: &[DeviceWrap], account: &SealedKeys) -> Result<()> {
        let Author { member, device } = self.session.author;
        let wrap = devices.iter().find(|wrap| wrap.device == device).ok_or_else(no_root)?;
        let (ledger, own) = (next.ledger(), device.as_bytes());
        let root = unwrap_on_device(wrap.wrap.as_bytes(), ledger.as_bytes(), own, &self.session.device)
            .map_err(|error| no_root().because(error))?;
        let keys = next.member(&member).ok_or_else(no_root)?.keys();
        let fits = *keys.identity.as_bytes() == root.identity().public()
            && *keys.encryption.as_bytes() == root.encryption().public();
        if !fits {
            return Err(no_root());
        }
        let roots = match &self.roots {
            Some(roots) => roots.renewed(root),
            None => self.session.roots().renewed(root),
        };
        self.tx.put_meta(meta::ROOTS, &roots.seal(&self.session.device)?).await?;
        self.tx.put_meta(meta::ACCOUNT_SECRET, account.as_bytes()).await?;
        self.tx.delete_meta(meta::ENROLMENT).await?;
        self.firm.own.kit_confirmed = false;
        self.roots = Some(roots);
        Ok(())
    }

    async fn msp_epochs(&mut self) -> Result<Vec<Place>> {
        let row = self.tx.index_value(key::MSP_EPOCHS).await?;
        row.map_or(Ok(Vec::new()), |bytes| decode(&bytes))
    }

    async fn store(&mut self, ledger: &Bytes32, entry: &Entry) -> Result<()> {
        self.tx.append_entry(ledger, entry.seq(), entry.bytes()).await?;
        self.firm.history.add(entry.bytes());
        if let Some(outgoing) = &mut self.outgoing {
            outgoing.entry(entry);
        }
        Ok(())
    }

    /// Founds an organization: adds it to the MSP ledger, begins its own, and gives it its first keys.
    /// `team` is the one that it is opened to, where that is not to be the one of all.
    pub(crate) async fn found_organization(&mut self, name: &str, notes: &str, team: Option<TeamId>) -> Result<Opened> {
        let (author, now) = (self.session.author, self.app.now_ms());
        let body = OrganizationBody::Genesis { msp: self.msp.ledger(), salt: Salt::from_bytes(make()) };
        let draft = vitrine_ledger::Draft::organization_genesis(body, author, now, self.msp.head());
        let genesis = draft.sign(self.session.device.signing_key()).map_err(undrafted)?;
        let id = genesis.begins();
        let empty = SealedName::new(Vec::new()).map_err(session::unreadable_keys)?;
        self.append_msp(MspBody::OrganizationAdd { organization: id, name: empty }).await?;
        let state =
            OrganizationState::genesis(&genesis, &Witnessed { state: &self.msp, at: &genesis }).map_err(refused)?;
        self.store(id.as_bytes(), &genesis).await?;
        let row = Organization {
            state: Vec::new(),
            name: name.to_owned(),
            notes: notes.to_owned(),
            tags: Vec::new(),
            tenant: None,
            laps: None,
            accounts: Vec::new(),
            checks: Vec::new(),
            problems: Vec::new(),
            strangers: Vec::new(),
            kept: Vec::new(),
            compared: None,
            look_at: None,
            connection_item: None,
            organization_item: make(),
        };
        let keys = OrganizationKeys::make(&mut rng());
        let body = self.epoch(&state, &keys, None)?;
        let mut opened = Opened { id, row, state, keys: EpochKeys::first(keys), before: None };
        self.append(&mut opened, body).await?;
        for owed in people::owed(&opened.state, &self.msp, team) {
            people::pay(self, &mut opened, owed).await?;
        }
        self.put_profile(&mut opened).await?;
        Ok(opened)
    }

    /// An epoch: the keys wrapped to the owners' team and to every team with access, those before sealed under them.
    fn epoch(
        &self,
        state: &OrganizationState,
        keys: &OrganizationKeys,
        before: Option<&OrganizationKeys>,
    ) -> Result<OrganizationBody> {
        let ledger = state.ledger();
        let number = state.epoch().map_or(1, |epoch| epoch.epoch.saturating_add(1));
        let owners = self.msp.owners_team().ok_or_else(no_team)?;
        let levels: BTreeMap<TeamId, Level> = state.levels().chain([(owners, Level::Full)]).collect();
        let wraps = levels.into_iter().map(|(team, level)| self.team_wrap(&ledger, number, keys, team, level));
        let commit =
            |which, key| Commitment::from_bytes(epoch::derive_commitment(which, ledger.as_bytes(), number, key));
        let operate = keys.operate.as_ref().ok_or_else(no_operate_key)?;
        let sealed = before.map(|before| keyring::seal_before(keys, before, ledger.as_bytes(), number)).transpose()?;
        Ok(OrganizationBody::Epoch {
            epoch: number,
            commitments: Commitments {
                read: commit(Which::Read, keys.read.key()),
                operate: commit(Which::Operate, operate.key()),
                // Always, so that an audit team can be given access without new keys.
                log: Some(commit(Which::Log, &keys.read.log_key())),
                name: Some(commit(Which::Name, &keys.read.name_key())),
            },
            teams: wraps.collect::<Result<_>>()?,
            previous: sealed.map(SealedKeys::new).transpose().map_err(session::unreadable_keys)?,
        })
    }

    /// What one team gets of an organization's keys.
    fn team_wrap(
        &self,
        ledger: &LedgerId,
        number: u32,
        keys: &OrganizationKeys,
        team: TeamId,
        level: Level,
    ) -> Result<TeamWrap> {
        let ledger = ledger.as_bytes();
        let epoch = self.msp.team(&team).ok_or_else(no_team)?.epoch();
        let wrapped = |name: &KeyName| {
            let (which, key) = match name {
                KeyName::Read => (Which::Read, keys.read.key().duplicate()),
                KeyName::Operate => {
                    (Which::Operate, keys.operate.as_ref().ok_or_else(no_operate_key)?.key().duplicate())
                }
                KeyName::Log => (Which::Log, keys.read.log_key()),
                KeyName::Name => (Which::Name, keys.read.name_key()),
            };
            let commitment = epoch::derive_commitment(which, ledger, number, &key);
            let wrap = wrap(&key, which, ledger, number, team.as_bytes(), commitment, epoch.public.as_bytes())?;
            Ok(KeyWrap { key: *name, wrap })
        };
        let keys = level.keys().iter().map(wrapped).collect::<Result<_>>()?;
        Ok(TeamWrap { team, epoch: epoch.epoch, keys })
    }

    /// Gives a team access: the present keys wrapped to it, or more of them than it had. Nothing is sealed again.
    pub(crate) async fn give(&mut self, opened: &mut Opened, team: TeamId, level: Level) -> Result<()> {
        let epoch = *opened.state.epoch().ok_or_else(no_operate_key)?;
        if level == Level::Log && epoch.commitments.log.is_none() {
            self.next_keys(opened).await?;
        }
        let number = opened.state.epoch().ok_or_else(no_operate_key)?.epoch;
        let wrap = self.team_wrap(&opened.id, number, opened.keys.present()?, team, level)?;
        self.append(opened, OrganizationBody::Access { team, level: Some(level), wrap: Some(wrap) }).await
    }

    /// Says what the organization is called to those who get log and names alone.
    pub(crate) async fn put_name(&mut self, opened: &mut Opened) -> Result<()> {
        let epoch = opened.state.epoch().ok_or_else(no_operate_key)?.epoch;
        let (key, name) = (opened.keys.name_key(epoch)?, opened.row.name.as_bytes());
        let sealed = seal_body(BodyKind::Name, &key, opened.id.as_bytes(), name, &mut rng());
        let sealed = sealed.map_err(session::unreadable_keys)?;
        let name = SealedName::new(sealed).map_err(session::unreadable_keys)?;
        self.append(opened, OrganizationBody::Name { name }).await
    }

    /// Gives an organization new keys, where somebody holds the present ones who should not. Says whether it did.
    pub(crate) async fn renew_keys(&mut self, opened: &mut Opened) -> Result<bool> {
        let owed = opened.state.owes_epoch(&self.msp).is_some();
        if owed {
            self.next_keys(opened).await?;
        }
        Ok(owed)
    }

    async fn next_keys(&mut self, opened: &mut Opened) -> Result<()> {
        let keys = OrganizationKeys::make(&mut rng());
        let body = self.epoch(&opened.state, &keys, Some(opened.keys.present()?))?;
        self.append(opened, body).await?;
        opened.keys.push(opened.state.epoch().ok_or_else(no_operate_key)?.epoch, keys);
        Ok(())
    }

    /// The keys of an organization.
    async fn keys(&mut self, state: &OrganizationState) -> Result<EpochKeys> {
        self.session.ring().organization(Source::Change(&mut self.tx), state).await
    }

    /// Opens an organization for this change.
    pub(crate) async fn open(&mut self, id: &Bytes32) -> Result<Opened> {
        let row = self.tx.index_value(&key::organization(id)).await?;
        let row: Organization =
            decode(&row.ok_or_else(|| records::unknown_organization(&records::organization_text(id)))?)?;
        let state = OrganizationState::decode(&row.state).map_err(damaged_fold)?;
        let keys = self.keys(&state).await?;
        let before = Some(Before::of(id, &row)?);
        Ok(Opened { id: LedgerId::from_bytes(*id), row, state, keys, before })
    }

    /// Appends to an organization's ledger, a checkpoint first where one is due.
    pub(crate) async fn append(&mut self, opened: &mut Opened, body: OrganizationBody) -> Result<()> {
        if opened.state.checkpoint_due() {
            let checkpoint = OrganizationBody::Checkpoint { snapshot: opened.state.snapshot() };
            self.append_one(opened, checkpoint).await?;
        }
        self.append_one(opened, body).await
    }

    async fn append_one(&mut self, opened: &mut Opened, body: OrganizationBody) -> Result<()> {
        let history = Newest(&self.msp);
        opened.state.appendable(&body, &self.session.author, &history).map_err(refused)?;
        let draft = opened.state.draft(body, self.session.author, self.app.now_ms(), self.msp.head());
        let entry = draft.sign(self.session.device.signing_key()).map_err(undrafted)?;
        let next = opened.state.apply(&entry, &history).map_err(refused)?;
        self.store(opened.id.as_bytes(), &entry).await?;
        opened.state = next;
        self.touched.insert(*opened.id.as_bytes());
        Ok(())
    }

    /// Whether an item has this content already.
    #[cfg(feature = "failpoints")]
    async fn has(&mut self, opened: &Opened, item: &Bytes16, plain: &SecretBytes) -> Result<bool> {
        let hash = opened.state.item(&ItemId::from_bytes(*item)).and_then(|known| known.object);
        let Some(hash) = hash else { return Ok(false) };
        let bytes = self.tx.object(hash.as_bytes()).await?;
        Ok(reading::open_object(&opened.state, &opened.keys, item, bytes)? == *plain)
    }

    /// Seals a new version of an item and appends its entry.
    async fn put(&mut self, opened: &mut Opened, item: &Bytes16, kind: ItemKind, plain: &SecretBytes) -> Result<()> {
        let id = ItemId::from_bytes(*item);
        let version = opened.state.next_version(&id).ok_or_else(|| records::unknown_account(&id))?;
        // Sparing what is there already would tell whoever counts that two contents are the same.
        if protected!("what is the same is sealed anew", false, self.has(opened, item, plain).await?) {
            return Ok(());
        }
        self.let_go(opened.state.item(&id).and_then(|known| known.object), self.app.now_ms()).await?;
        let epoch = opened.state.epoch().ok_or_else(no_operate_key)?.epoch;
        self.firm.objects += 1;
        let header = Header {
            suite: vitrine_vault::SUITE,
            kind: object_kind(kind),
            ledger: *opened.id.as_bytes(),
            item: *item,
            version,
            epoch,
            author: *self.session.author.device.as_bytes(),
            counter: self.firm.objects,
            schema: SCHEMA,
        };
        let wrap_key = wrap_key(opened.keys.present()?, kind)?;
        let sealed = object::seal(&header, plain, &wrap_key, &mut rng()).map_err(session::unreadable_keys)?;
        let hash = object::hash(&sealed);
        self.tx.put_object(&hash, &sealed).await?;
        if let Some(outgoing) = &mut self.outgoing {
            outgoing.object(&sealed);
        }
        let body = OrganizationBody::Put { item: id, item_kind: kind, version, object: ObjectHash::from_bytes(hash) };
        self.append(opened, body).await
    }

    /// Writes the organization's own item: name, notes, tags, and what is public of its tenant and settings.
    pub(crate) async fn put_profile(&mut self, opened: &mut Opened) -> Result<()> {
        let row = &opened.row;
        let names = row
            .accounts
            .iter()
            .filter_map(|account| account.user_name.split_once('@'))
            .map(|(local, _)| local.to_owned());
        let item = OrganizationItem {
            name: row.name.clone(),
            notes: row.notes.clone(),
            tags: row.tags.clone(),
            laps: row.laps.as_ref().map(|laps| laps.settings(names.collect())),
            kept: row.kept.iter().cloned().map(Into::into).collect(),
        };
        let (id, plain) = (row.organization_item, item.encode().map_err(damaged_item)?);
        self.put(opened, &id, ItemKind::Organization, &plain).await
    }

    /// Writes an account's item.
    pub(crate) async fn put_account(
        &mut self,
        opened: &mut Opened,
        item: &Bytes16,
        account: &AccountItem,
    ) -> Result<()> {
        self.put(opened, item, ItemKind::Account, &account.encode().map_err(damaged_item)?).await
    }

    /// Writes the connection's item.
    pub(crate) async fn put_connection(&mut self, opened: &mut Opened, connection: &ConnectionItem) -> Result<()> {
        let item = *opened.row.connection_item.get_or_insert_with(make);
        self.put(opened, &item, ItemKind::Connection, &connection.encode().map_err(damaged_item)?).await
    }

    /// Ends an item.
    pub(crate) async fn drop_item(&mut self, opened: &mut Opened, item: &Bytes16) -> Result<()> {
        let id = ItemId::from_bytes(*item);
        let known = opened.state.item(&id).ok_or_else(|| records::unknown_account(&id))?;
        let (version, object) = (known.version, known.object);
        self.let_go(object, self.app.now_ms()).await?;
        self.append(opened, OrganizationBody::Drop { item: id, version }).await
    }

    /// An item named this object until `since`; it is needed for a while after.
    async fn let_go(&mut self, object: Option<ObjectHash>, since: u64) -> Result<()> {
        let Some(object) = object else { return Ok(()) };
        Ok(self.tx.index_put(&key::expiring(since.saturating_add(NEEDED_MS), object.as_bytes()), &[]).await?)
    }

    /// Throws out objects that no item has named for long enough, a few with each change: so they go about as fast as
    /// new ones come, and no change is slow.
    async fn expire(&mut self) -> Result<()> {
        let over = key::expiring(self.app.now_ms().saturating_add(1), &[0; 32]);
        let over = Span::between(key::EXPIRING, &over);
        for row in self.tx.index_range(&over, Direction::Forward, EXPIRED_AT_ONCE).await? {
            if let Some(object) = row.key.last_chunk() {
                self.tx.delete_object(object).await?;
            }
            self.tx.index_delete(&row.key).await?;
        }
        Ok(())
    }

    /// Reads an account's item.
    pub(crate) async fn account(&mut self, opened: &Opened, item: &Bytes16) -> Result<AccountItem> {
        let hash = object_of(&opened.state, item)?;
        let bytes = self.tx.object(hash.as_bytes()).await?;
        let plain = open_object(&opened.state, &opened.keys, item, bytes)?;
        AccountItem::decode(&plain).map_err(damaged_item)
    }

    /// Reads the connection's item.
    pub(crate) async fn connection(&mut self, opened: &Opened) -> Result<ConnectionItem> {
        let item = opened.row.connection_item.ok_or_else(crate::connect::not_connected)?;
        let hash = object_of(&opened.state, &item)?;
        let bytes = self.tx.object(hash.as_bytes()).await?;
        let plain = open_object(&opened.state, &opened.keys, &item, bytes)?;
        ConnectionItem::decode(&plain).map_err(damaged_item)
    }

    /// The time that everything in this change carries.
    pub(crate) fn now_ms(&self) -> u64 {
        self.app.now_ms()
    }

    /// Notes what this person did, as a line for lists. What was done to an organization travels to everybody else as a record
    /// in its ledger; the rest follows from entries, or is this device's.
    pub(crate) async fn note(
        &mut self,
        action: Action,
        organization: Option<(&Bytes32, &str)>,
        user_name: Option<&str>,
        note: Option<String>,
    ) -> Result<()> {
        self.line(&self.done(action, organization, user_name, note.clone())).await?;
        // The MSP's ledger says these two.
        if let Some((id, _)) = organization
            && !matches!(action, Action::OrganizationAdded | Action::OrganizationArchived)
        {
            let user_name = user_name.map(str::to_owned);
            let act = Act { at: self.app.now_ms(), organization: *id, action, user_name, note };
            self.tx.index_put(&key::uncarried(self.firm.activity), &encode(&act)?).await?;
        }
        Ok(())
    }

    /// Notes what this person did to a member.
    pub(crate) async fn note_of_member(
        &mut self,
        action: Action,
        subject: &MemberId,
        note: Option<String>,
    ) -> Result<()> {
        let line = Activity { subject: Some(*subject.as_bytes()), ..self.done(action, None, None, note) };
        self.line(&line).await
    }

    /// A line of what this person does now.
    pub(crate) fn done(
        &self,
        action: Action,
        organization: Option<(&Bytes32, &str)>,
        user_name: Option<&str>,
        note: Option<String>,
    ) -> Activity {
        Activity {
            at: self.app.now_ms(),
            member: *self.session.author.member.as_bytes(),
            subject: None,
            action,
            organization: organization.map(|(id, _)| *id),
            organization_name: organization.map(|(_, name)| name.to_owned()),
            user_name: user_name.map(str::to_owned),
            note,
            late: false,
        }
    }

    /// Writes a line of activity.
    pub(crate) async fn line(&mut self, line: &Activity) -> Result<()> {
        self.firm.activity += 1;
        let bytes = encode(line)?;
        self.tx.index_put(&key::activity(line.at, self.firm.activity), &bytes).await?;
        if let Some(id) = &line.organization {
            self.tx.index_put(&key::activity_of(id, line.at, self.firm.activity), &bytes).await?;
        }
        Ok(())
    }

    /// Appends a batch of sealed records.
    pub(crate) async fn log(&mut self, opened: &mut Opened, records: &[u8]) -> Result<()> {
        let place = opened.state.place();
        let context = record::context(opened.id.as_bytes(), place.seq);
        let sealed = seal_body(BodyKind::Log, &opened.keys.present_log_key()?, &context, records, &mut rng())
            .map_err(session::unreadable_keys)?;
        let records = SealedRecords::new(sealed).map_err(session::unreadable_keys)?;
        self.append(opened, OrganizationBody::Log { records }).await
    }

    /// Writes the rows of an organization.
    pub(crate) async fn save(&mut self, mut opened: Opened) -> Result<()> {
        opened.row.state = opened.state.encode();
        opened.row.schedule_look(self.app.now_ms(), opened.id.as_bytes());
        accounts::schedule(&mut opened.row, opened.id.as_bytes(), self.app.now_ms());
        // Whoever may only look is reminded of nothing, nor is anybody of what nothing may be appended to yet.
        if opened.keys.level()? < Level::Full || opened.state.unchecked_since().is_some() {
            opened.row.accounts.iter_mut().for_each(|account| account.due_at = None);
        }
        attention::settle(&mut opened.row, self.app.now_ms());
        // What is founded, or made again, is no news.
        if let Some(before) = opened.before.as_mut().map(|before| std::mem::take(&mut before.stood)) {
            webhook::tell_standing(self, &mut opened, &before).await?;
        }
        let (id, row) = (opened.id.as_bytes(), &opened.row);
        let after = Before::of(id, row)?;
        self.clear(id, opened.before.as_ref(), Some(&after)).await?;
        self.tx.index_put(&key::organization(id), &encode(row)?).await?;
        self.tx.index_put(&key::name(&fold(&row.name), id), &encode(&row.row())?).await?;
        for domain in &after.domains {
            if opened.before.as_ref().is_none_or(|before| !before.domains.contains(domain)) {
                self.tx.index_put(&key::domain(domain, id), &[]).await?;
            }
        }
        let standing = encode(&after.standing)?;
        for (at, item) in &after.due {
            let known = |before: &Before| before.standing == after.standing && before.due.contains(&(*at, *item));
            if !opened.before.as_ref().is_some_and(known) {
                self.tx.index_put(&key::due(*at, id, item), &standing).await?;
            }
        }
        if let Some(at) = after.look {
            self.tx.index_put(&key::look(at, id), &[]).await?;
        }
        if let Some((at, tenant)) = after.certificate.zip(row.tenant.as_ref()) {
            self.tx.index_put(&key::certificate(at, id), &tenant.certificate_ends_at.to_be_bytes()).await?;
        }
        for listed in &after.problems {
            if opened.before.as_ref().is_none_or(|before| !before.problems.contains(listed)) {
                self.tx.index_put(&listed.0, &encode(&listed.1)?).await?;
            }
        }
        organizations::recount(self, opened.before.map(|before| before.standing), Some(after.standing)).await?;
        self.touched.insert(*id);
        Ok(())
    }

    /// Takes an organization out of the index. Its ledger stays.
    pub(crate) async fn remove(&mut self, id: &Bytes32, row: &Organization) -> Result<()> {
        let before = Before::of(id, row)?;
        self.clear(id, Some(&before), None).await?;
        self.tx.index_delete(&key::organization(id)).await?;
        self.tx.index_delete(&key::unchecked(id)).await?;
        if let Some(tenant) = &row.tenant {
            self.tx.index_delete(&key::tenant(&tenant.id)).await?;
        }
        organizations::recount(self, Some(before.standing), None).await?;
        self.touched.insert(*id);
        Ok(())
    }

    async fn clear(&mut self, id: &Bytes32, before: Option<&Before>, after: Option<&Before>) -> Result<()> {
        let Some(before) = before else { return Ok(()) };
        if after.is_none_or(|after| after.name != before.name) {
            self.tx.index_delete(&key::name(&fold(&before.name), id)).await?;
        }
        for domain in &before.domains {
            if after.is_none_or(|after| !after.domains.contains(domain)) {
                self.tx.index_delete(&key::domain(domain, id)).await?;
            }
        }
        if let Some(at) = before.certificate.filter(|at| after.is_none_or(|after| after.certificate != Some(*at))) {
            self.tx.index_delete(&key::certificate(at, id)).await?;
        }
        for (at, item) in &before.due {
            if after.is_none_or(|after| !after.due.contains(&(*at, *item))) {
                self.tx.index_delete(&key::due(*at, id, item)).await?;
            }
        }
        if let Some(at) = before.look
            && after.is_none_or(|after| after.look != Some(at))
        {
            self.tx.index_delete(&key::look(at, id)).await?;
        }
        for (key, _) in &before.problems {
            if after.is_none_or(|after| !after.problems.iter().any(|(kept, _)| kept == key)) {
                self.tx.index_delete(key).await?;
            }
        }
        Ok(())
    }

    /// Makes the change durable, after the home has taken its part of it, then tells who wants to know.
    pub(crate) async fn commit(mut self) -> Result<()> {
        self.expire().await?;
        if self.firm.own != self.own {
            self.tx.put_meta(meta::OWN, &self.firm.own.seal(&self.session.device)?).await?;
        }
        self.tx.index_put(key::FIRM, &encode(&self.firm)?).await?;
        if self.msp_changed {
            self.tx.index_put_long(key::MSP, &self.msp.encode()).await?;
        }
        match self.outgoing {
            Some(outgoing) if !outgoing.is_empty() => {
                // Boxed: a home that is a device pays no room for it.
                Box::pin(home::commit(self.app, self.session, self.tx, &outgoing)).await?;
            }
            _ => self.tx.commit().await?,
        }
        if made(&self.firm.own) != made(&self.own) {
            self.session.sender.wake();
        }
        if self.msp_changed {
            self.session.set_msp(self.msp);
        }
        if let Some(roots) = self.roots {
            self.session.set_roots(roots);
            crate::vault::warn(self.app, crate::papers::renewed());
        }
        if self.keys_changed {
            let (roots, member) = (self.session.roots(), self.session.author.member);
            match Keyring::of(&self.app.inner.store, &roots, member, &self.session.msp()).await {
                Ok(ring) => self.session.set_ring(ring),
                // The change is durable, whatever becomes of this. What was open before stays open.
                Err(error) => crate::vault::warn(self.app, error),
            }
        }
        for id in &self.touched {
            self.app.tell(Event::OrganizationChanged { organization: records::organization_text(id) });
        }
        drop(self.turn);
        crate::backup::changed(self.app);
        crate::tray::refresh(self.app, Some(self.session)).await;
        Ok(())
    }
}

/// The entry that gave the member new keys has none for this device.
fn no_root() -> Error {
    Error::integrity(
        "devices.no-root",
        "Your keys were renewed, and this device was not given them.",
        "Revoke this device from another one of yours, and approve it anew; or ask an owner of the vault.",
    )
    .holds("What this device has can be viewed.")
}

/// Messages ever made for the webhook.
fn made(own: &Own) -> Option<u64> {
    own.webhook.as_ref().map(Webhook::made)
}

/// The MSP state just after an organization was added, for its genesis whose witness is the head just before.
struct Witnessed<'a> {
    state: &'a MspState,
    at: &'a Entry,
}

impl vitrine_ledger::MspHistory for Witnessed<'_> {
    fn state(&self) -> &MspState {
        self.state
    }

    fn hash_at(&self, seq: u64) -> Option<vitrine_ledger::EntryHash> {
        // The genesis was drafted on our own verified head; its witness is that head by construction.
        self.at.witness().filter(|witness| witness.seq == seq).map(|witness| witness.hash)
    }
}

fn no_team() -> Error {
    Error::integrity(
        "vault.no-team",
        "The team of this vault's owners is missing in its signed history.",
        "Restore from the backup, and keep this data folder for examination.",
    )
}
