//! Taking what a home accepted, and making rows again from what is signed: the other half of a change, in which nothing is drafted.

use super::logs::Log;
use super::reading::{damaged_fold, damaged_item, open_object};
use super::{Change, Opened};
use crate::error::{Error, Result};
use crate::founding::refused;
use crate::home::Held;
use crate::keyring::{EpochKeys, no_access};
use crate::records::{self, Bytes16, Bytes32, Organization, encode, key};
use crate::session::make;
use crate::store::{Direction, Span};
use crate::{accounts, attention, session};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use vitrine_ledger::{
    Body, Entry, Home, ItemId, ItemKind, LedgerId, Level, MspHistory, ObjectHash, OrganizationBody, OrganizationState,
    Refusal,
};
use vitrine_vault::body::{BodyKind, open_body};
use vitrine_vault::items::{AccountItem, ConnectionItem, OrganizationItem};
use vitrine_vault::object;

/// Entries read at once.
const PAGE: usize = 500;

impl Change<'_> {
    /// Stores objects that came from the home.
    pub(crate) async fn put_objects(&mut self, objects: &[Vec<u8>]) -> Result<()> {
        for sealed in objects {
            self.tx.put_object(&object::hash(sealed), sealed).await?;
        }
        Ok(())
    }

    /// Stores objects of before, which are kept as long after they were replaced as those that were here then.
    pub(crate) async fn put_older(&mut self, objects: &[(Vec<u8>, u64)]) -> Result<()> {
        for (sealed, until) in objects {
            let hash = object::hash(sealed);
            self.tx.put_object(&hash, sealed).await?;
            self.let_go(Some(ObjectHash::from_bytes(hash)), *until).await?;
        }
        Ok(())
    }

    /// Stores entries of a ledger that the home accepted.
    pub(crate) async fn put_entries(&mut self, id: &LedgerId, entries: &[Entry]) -> Result<()> {
        let rows: Vec<_> = entries.iter().map(|entry| (entry.seq(), entry.bytes())).collect();
        self.tx.append_entries(id.as_bytes(), &rows).await?;
        for entry in entries {
            self.firm.history.add(entry.bytes());
        }
        Ok(())
    }

    /// Takes entries of the home that were judged to lead to `state`, and brings the rows up to what their items say. What
    /// only this device knows of an account stays.
    pub(crate) async fn take(
        &mut self,
        opened: &mut Opened,
        entries: &[Entry],
        state: OrganizationState,
    ) -> Result<()> {
        let mut changed = BTreeMap::new();
        self.put_entries(&opened.id, entries).await?;
        let logs: Vec<Log> = entries.iter().filter_map(|entry| Log::of(&state, entry)).collect();
        for entry in entries {
            if let Body::Organization(OrganizationBody::Put { item, .. } | OrganizationBody::Drop { item, .. }) =
                entry.body()
            {
                changed.insert(*item, entry.time_ms());
            }
        }
        for item in changed.keys() {
            let before = opened.state.item(item).and_then(|known| known.object);
            self.let_go(before, self.app.now_ms()).await?;
        }
        opened.state = state;
        let before = opened.keys.level()?;
        opened.keys = self.keys(&opened.state).await?;
        let level = opened.keys.level()?;
        if before == Level::Full && level < before {
            (opened.row.connection_item, opened.row.tenant) = (None, None);
        }
        // Given more than before, this member reads what lay here closed.
        let now = entries.last().map_or_else(|| self.app.now_ms(), Entry::time_ms);
        let opens = |kind| reads(level, kind) && !reads(before, kind);
        let further = opened.state.items().iter().filter(|(_, item)| opens(item.kind)).map(|(item, _)| (*item, now));
        changed.extend(further.collect::<Vec<_>>());
        for (item, at) in changed {
            self.show_item(opened, item.as_bytes(), at).await?;
        }
        if level == Level::Log {
            opened.row.name = self.sealed_name(&opened.state, &opened.keys).await?;
        }
        self.read_logs(&opened.id, &mut opened.row, &opened.keys, &logs, false).await?;
        self.touched.insert(*opened.id.as_bytes());
        Ok(())
    }

    /// Takes what was held back of a removed device, for new keys to follow it in this same change. The home has it already.
    /// Says whether it did: not where something was written here meanwhile, nor where no new keys are owed to follow.
    pub(crate) async fn take_held(&mut self, opened: &mut Opened, held: Held) -> Result<bool> {
        if opened.state.head() != held.before || opened.state.owes_epoch(self.msp()).is_none() {
            return Ok(false);
        }
        self.put_objects(&held.objects).await?;
        self.take(opened, &held.entries, held.tip).await?;
        Ok(true)
    }

    /// Brings the rows up to what one item says now.
    async fn show_item(&mut self, opened: &mut Opened, item: &Bytes16, at: u64) -> Result<()> {
        let Some(known) = opened.state.item(&ItemId::from_bytes(*item)) else { return Ok(()) };
        let kind = known.kind;
        if !reads(opened.keys.level()?, kind) {
            return Ok(());
        }
        let Some(hash) = known.object else {
            opened.row.accounts.retain(|account| account.item != *item);
            if opened.row.connection_item == Some(*item) {
                (opened.row.connection_item, opened.row.tenant) = (None, None);
            }
            return Ok(());
        };
        let plain = open_object(&opened.state, &opened.keys, item, self.tx.object(hash.as_bytes()).await?)?;
        match kind {
            ItemKind::Organization => {
                let profile = OrganizationItem::decode(&plain).map_err(damaged_item)?;
                let row = &mut opened.row;
                let enabled_at = row.laps.as_ref().map_or(at, |laps| laps.enabled_at);
                (row.name, row.notes, row.tags) = (profile.name, profile.notes, profile.tags);
                row.laps = profile.laps.map(|laps| records::Laps::from_settings(laps, enabled_at));
                row.kept = profile.kept.into_iter().map(Into::into).collect();
            }
            ItemKind::Connection => {
                let connection = ConnectionItem::decode(&plain).map_err(damaged_item)?;
                let since = opened.row.tenant.as_ref().map_or(at, |tenant| tenant.connected_at);
                opened.row.connection_item = Some(*item);
                opened.row.tenant = records::Tenant::from_item(&connection, since);
                if let Some(tenant) = &opened.row.tenant {
                    self.tx.index_put(&key::tenant(&tenant.id), opened.id.as_bytes()).await?;
                }
                self.firm.tenant_connected |= opened.row.tenant.is_some();
            }
            ItemKind::Account => {
                let account = AccountItem::decode(&plain).map_err(damaged_item)?;
                accounts::show_in(&mut opened.row, item, &account);
                self.firm.rotation_verified |= account.verified_at_ms.is_some();
            }
            ItemKind::Passkey => {}
        }
        Ok(())
    }

    /// The name of an organization for those who get no more of it than that and the log.
    async fn sealed_name(&mut self, state: &OrganizationState, keys: &EpochKeys) -> Result<String> {
        let named = state.named().ok_or_else(no_access)?;
        let bytes = self.tx.entry(state.ledger().as_bytes(), named.entry.seq).await?;
        let entry = bytes.and_then(|bytes| Entry::decode(&bytes).ok()).filter(|entry| entry.head() == named.entry);
        let entry = entry.ok_or_else(history_missing)?;
        let Body::Organization(OrganizationBody::Name { name }) = entry.body() else { return Err(history_missing()) };
        let key = keys.name_key(named.epoch)?;
        let plain = open_body(BodyKind::Name, &key, state.ledger().as_bytes(), name.as_bytes());
        // Exposed to be shown: a name is no secret to an auditor.
        String::from_utf8(plain.map_err(session::unreadable_keys)?.expose().clone()).map_err(damaged_item)
    }

    /// Closes an organization to this member, who was let into no team that opens it or was let out of them. What was stored
    /// of its ledger stays, so that the home cannot show another one later.
    pub(crate) async fn close(&mut self, id: &Bytes32, row: &Organization) -> Result<()> {
        self.remove(id, row).await?;
        Ok(self.tx.index_put(&key::closed(id), &[]).await?)
    }

    /// Closes every organization that this member may see no more of, by what the change says so far.
    pub(crate) async fn close_lost(&mut self) -> Result<()> {
        let member = self.session.author.member;
        for listed in self.tx.index_range(&Span::prefix(key::ORGANIZATIONS), Direction::Forward, usize::MAX).await? {
            let row: Organization = records::decode(&listed.value)?;
            let state = OrganizationState::decode(&row.state).map_err(damaged_fold)?;
            let now = self.msp().at(self.msp().head().seq);
            if let Some(id) = listed.key.last_chunk()
                && state.level_of(&member, now).is_none()
            {
                self.close(id, &row).await?;
            }
        }
        Ok(())
    }

    /// Takes a ledger of the home that was judged to lead to `state`: the whole of one that this device never saw, or the rest of
    /// one that was closed to it, of which these are `stored`.
    pub(crate) async fn found(&mut self, stored: &[Entry], entries: &[Entry], state: OrganizationState) -> Result<()> {
        self.put_entries(&state.ledger(), entries).await?;
        let mut past = Past::default();
        for entry in stored.iter().chain(entries) {
            past.see(Some(&state), entry);
        }
        // Objects of before were not fetched; what was here of one that was closed goes in its time.
        if !stored.is_empty() {
            self.let_past_go(&mut past).await?;
        }
        self.lay_out(state, past).await
    }

    /// Makes the rows of an organization again from its signed history and its objects.
    pub(crate) async fn rebuild_organization(&mut self, id: LedgerId, chain: &(dyn MspHistory + Sync)) -> Result<()> {
        let (mut state, mut past, mut from) = (None::<OrganizationState>, Past::default(), 0);
        loop {
            let page = self.tx.entries_from(id.as_bytes(), from, PAGE).await?;
            for (seq, bytes) in &page {
                let entry = Entry::decode(bytes).map_err(session::unreadable_keys)?;
                state = following(state, &id, &entry, chain).map_err(refused)?;
                past.see(state.as_ref(), &entry);
                from = seq + 1;
            }
            if page.len() < PAGE {
                break;
            }
        }
        // A device that is the home itself could fetch from nobody what is missing.
        let whole = |state: &OrganizationState| {
            state.unchecked_since().is_none() || matches!(chain.state().home(), Home::Backend { .. })
        };
        let state = state.filter(whole).ok_or_else(history_missing)?;
        self.let_past_go(&mut past).await?;
        self.lay_out(state, past).await
    }

    /// Stores what stands before the checkpoint that an organization was begun at. `state` is where it leads to from genesis on, and
    /// where that is the checkpoint, everything may be appended from now on.
    pub(crate) async fn put_past(&mut self, id: &LedgerId, entries: &[Entry], state: &OrganizationState) -> Result<()> {
        let place = key::unchecked(id.as_bytes());
        let checked = self.tx.index_value(&place).await?;
        let (Some(checked), Some(first)) = (checked, entries.first()) else { return Ok(()) };
        let mut checked: Checked = records::decode(&checked)?;
        // Closed meanwhile, or another page came first.
        let follows = checked.state()?.map_or(0, |state| state.head().seq.saturating_add(1)) == first.seq();
        if !follows || self.tx.index_value(&key::organization(id.as_bytes())).await?.is_none() {
            return Ok(());
        }
        let mut opened = self.open(id.as_bytes()).await?;
        // What was needed at once is here, and is what it was taken for only if it stands in this history.
        let here = self.tx.entries_from(id.as_bytes(), first.seq(), entries.len()).await?;
        let here: BTreeMap<u64, Vec<u8>> = here.into_iter().collect();
        let other = |entry: &&Entry| here.get(&entry.seq()).is_some_and(|bytes| bytes != entry.bytes());
        if entries.iter().any(|entry| other(&entry)) {
            return Err(refused(Refusal::FalseCheckpoint));
        }
        let new: Vec<Entry> = entries.iter().filter(|entry| !here.contains_key(&entry.seq())).cloned().collect();
        self.put_entries(id, &new).await?;
        let mut past = Past::default();
        for entry in &new {
            past.see(Some(&opened.state), entry);
        }
        for (item, at) in past.times {
            checked.times.entry(*item.as_bytes()).or_insert(at);
        }
        self.read_logs(id, &mut opened.row, &opened.keys, &past.logs, true).await?;
        if opened.state.unchecked_since() == Some(state.head()) {
            opened.state = opened.state.confirm(state).map_err(refused)?;
            date(&mut opened.row, &checked.times);
            self.tx.index_delete(&place).await?;
        } else {
            checked.state = state.encode();
            self.tx.index_put(&place, &encode(&checked)?).await?;
        }
        self.save(opened).await
    }

    /// Objects that were replaced are kept as long after that as those that were replaced here.
    async fn let_past_go(&mut self, past: &mut Past) -> Result<()> {
        for (object, since) in std::mem::take(&mut past.replaced) {
            self.let_go(Some(object), since).await?;
        }
        Ok(())
    }

    /// Writes the rows of an organization as its history and its objects say.
    async fn lay_out(&mut self, state: OrganizationState, past: Past) -> Result<()> {
        let (id, missing) = (state.ledger(), history_missing);
        let Past { begun, times, newest, logs, .. } = past;
        let keys = self.keys(&state).await?;
        let level = keys.level()?;
        let (mut profile, mut connection, mut kept) = (None, None, Vec::new());
        if level == Level::Log {
            let name = self.sealed_name(&state, &keys).await?;
            profile = Some((
                make(),
                OrganizationItem { name, notes: String::new(), tags: Vec::new(), laps: None, kept: Vec::new() },
            ));
        }
        for (item, known) in state.items() {
            let Some(hash) = known.object.filter(|_| reads(level, known.kind)) else { continue };
            let plain = open_object(&state, &keys, item.as_bytes(), self.tx.object(hash.as_bytes()).await?)?;
            match known.kind {
                ItemKind::Organization => {
                    profile = Some((*item.as_bytes(), OrganizationItem::decode(&plain).map_err(damaged_item)?));
                }
                ItemKind::Connection => {
                    connection = Some((*item.as_bytes(), ConnectionItem::decode(&plain).map_err(damaged_item)?));
                }
                ItemKind::Account => kept.push((*item.as_bytes(), AccountItem::decode(&plain).map_err(damaged_item)?)),
                ItemKind::Passkey => {}
            }
        }
        let (organization_item, profile) = profile.ok_or_else(missing)?;
        let since = |item: &Bytes16| times.get(&ItemId::from_bytes(*item)).copied().or(begun).unwrap_or_default();
        let mut row = Organization {
            state: Vec::new(),
            name: profile.name,
            notes: profile.notes,
            tags: profile.tags,
            tenant: connection
                .as_ref()
                .and_then(|(item, connection)| records::Tenant::from_item(connection, since(item))),
            laps: profile.laps.map(|laps| {
                let enabled_at = kept.iter().map(|(item, _)| since(item)).min().unwrap_or_default();
                records::Laps::from_settings(laps, enabled_at)
            }),
            accounts: Vec::new(),
            checks: Vec::new(),
            problems: Vec::new(),
            strangers: Vec::new(),
            kept: profile.kept.into_iter().map(Into::into).collect(),
            compared: None,
            look_at: None,
            connection_item: connection.map(|(item, _)| item),
            organization_item,
        };
        kept.sort_by_key(|(item, _)| since(item));
        for (item, account) in &kept {
            accounts::show_in(&mut row, item, account);
        }
        self.read_logs(&id, &mut row, &keys, &logs, true).await?;
        // When a problem began is in no entry; the last one that changed anything is nearest to it.
        attention::settle(&mut row, newest.or(begun).unwrap_or_default());
        self.firm.tenant_connected |= row.tenant.is_some();
        self.firm.rotation_verified |= row.accounts.iter().any(|account| account.verified_at.is_some());
        // A restored device counts its objects on from all that are known, so that no count is ever used twice.
        self.firm.objects += state.items().values().map(|item| item.version).sum::<u64>();
        if let Some(tenant) = &row.tenant {
            self.tx.index_put(&key::tenant(&tenant.id), id.as_bytes()).await?;
        }
        self.tx.index_delete(&key::closed(id.as_bytes())).await?;
        if state.unchecked_since().is_some() {
            self.tx.index_put(&key::unchecked(id.as_bytes()), &encode(&Checked::default())?).await?;
        }
        self.save(Opened { id, row, state, keys, before: None }).await
    }
}

/// The state after a stored entry. A history that was begun at a checkpoint lacks most of what comes before it; what is there of
/// it was needed by itself, and leads to no state.
pub(crate) fn following(
    state: Option<OrganizationState>,
    id: &LedgerId,
    entry: &Entry,
    history: &dyn MspHistory,
) -> std::result::Result<Option<OrganizationState>, Refusal> {
    let follows = |state: &OrganizationState| state.head().seq.checked_add(1) == Some(entry.seq());
    match state {
        Some(state) if follows(&state) => state.apply(entry, history).map(Some),
        _ if entry.begins() == *id => OrganizationState::genesis(entry, history).map(Some),
        _ if matches!(entry.body(), Body::Organization(OrganizationBody::Checkpoint { .. })) => {
            OrganizationState::from_checkpoint(entry, *id, history).map(Some)
        }
        _ => Ok(None),
    }
}

/// How far the history before a checkpoint was checked.
#[derive(Default, Serialize, Deserialize)]
pub(crate) struct Checked {
    /// The state that it leads to from genesis on, as the ledger encodes it; empty before anything was checked.
    state: Vec<u8>,
    /// When each item was first written.
    times: BTreeMap<Bytes16, u64>,
}

impl Checked {
    /// The state that the checked part leads to.
    pub(crate) fn state(&self) -> Result<Option<OrganizationState>> {
        let state = (!self.state.is_empty()).then(|| OrganizationState::decode(&self.state).map_err(damaged_fold));
        state.transpose()
    }
}

/// What a ledger's entries say beside the state that they lead to, noted one after the other.
#[derive(Default)]
struct Past {
    /// When the first of them was written.
    begun: Option<u64>,
    /// When each item was first written.
    times: BTreeMap<ItemId, u64>,
    /// When an item was written last.
    newest: Option<u64>,
    logs: Vec<Log>,
    /// The object of each item.
    named: BTreeMap<ItemId, ObjectHash>,
    /// Objects that an item named until then.
    replaced: Vec<(ObjectHash, u64)>,
}

impl Past {
    /// `state` is one that has the entry: the one that it leads to, or any after it.
    fn see(&mut self, state: Option<&OrganizationState>, entry: &Entry) {
        let at = entry.time_ms();
        self.begun.get_or_insert(at);
        self.logs.extend(state.and_then(|state| Log::of(state, entry)));
        let (item, before) = match entry.body() {
            Body::Organization(OrganizationBody::Put { item, object, .. }) => (item, self.named.insert(*item, *object)),
            Body::Organization(OrganizationBody::Drop { item, .. }) => (item, self.named.remove(item)),
            _ => return,
        };
        self.times.entry(*item).or_insert(at);
        self.newest = Some(at);
        self.replaced.extend(before.map(|object| (object, at)));
    }
}

/// Brings what is dated by an item's first version to what the whole history says.
fn date(row: &mut Organization, times: &BTreeMap<Bytes16, u64>) {
    let since = |item: &Bytes16| times.get(item).copied();
    if let (Some(tenant), Some(item)) = (&mut row.tenant, &row.connection_item) {
        tenant.connected_at = since(item).unwrap_or(tenant.connected_at);
    }
    let first = row.accounts.iter().filter_map(|account| since(&account.item)).min();
    if let (Some(laps), Some(first)) = (&mut row.laps, first) {
        laps.enabled_at = first;
    }
    row.accounts.sort_by_key(|account| since(&account.item).unwrap_or(u64::MAX));
}

/// Whether a member with this much access can open an item of this kind.
fn reads(level: Level, kind: ItemKind) -> bool {
    match kind {
        ItemKind::Connection => level == Level::Full,
        ItemKind::Organization | ItemKind::Account | ItemKind::Passkey => level >= Level::Read,
    }
}

fn history_missing() -> Error {
    Error::integrity(
        "vault.history-missing",
        "The signed history of an organization is missing.",
        "Restore from a newer backup.",
    )
}
