//! Taking what a home accepted, and making rows again from what is signed: the other half of a change, in which nothing is drafted.

use super::logs::is_log;
use super::reading::{damaged_item, open_object};
use super::{Change, Opened, begins_epoch};
use crate::error::{Error, Result};
use crate::founding::refused;
use crate::records::{self, Bytes16, Organization, key};
use crate::{accounts, attention, session};
use std::collections::BTreeMap;
use vitrine_ledger::{Body, Entry, ItemId, ItemKind, LedgerId, MspHistory, OrganizationBody, OrganizationState};
use vitrine_vault::items::{AccountItem, ConnectionItem, OrganizationItem};
use vitrine_vault::object;

impl Change<'_> {
    /// Stores objects that came from the home.
    pub(crate) async fn put_objects(&mut self, objects: &[Vec<u8>]) -> Result<()> {
        for sealed in objects {
            self.tx.put_object(&object::hash(sealed), sealed).await?;
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
        let (mut epoch, mut logs) = (opened.state.epoch().map_or(0, |epoch| epoch.epoch), Vec::new());
        for entry in entries {
            self.store(opened.id.as_bytes(), entry).await?;
            if begins_epoch(entry) {
                opened.row.epochs.push(records::place(entry.head()));
                epoch += 1;
            }
            if is_log(entry) {
                logs.push((epoch, entry.clone()));
            }
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
        opened.keys = self.keys(&opened.state, &opened.row.epochs).await?;
        for (item, at) in changed {
            self.show_item(opened, item.as_bytes(), at).await?;
        }
        self.read_logs(&opened.id, &mut opened.row, &opened.keys, &logs, false).await?;
        self.touched.insert(*opened.id.as_bytes());
        Ok(())
    }

    /// Brings the rows up to what one item says now.
    async fn show_item(&mut self, opened: &mut Opened, item: &Bytes16, at: u64) -> Result<()> {
        let Some(known) = opened.state.item(&ItemId::from_bytes(*item)) else { return Ok(()) };
        let kind = known.kind;
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

    /// Takes a whole ledger of the home that this device never saw.
    pub(crate) async fn found(
        &mut self,
        id: &LedgerId,
        entries: &[Entry],
        msp: &(dyn MspHistory + Sync),
    ) -> Result<()> {
        for entry in entries {
            self.store(id.as_bytes(), entry).await?;
        }
        self.rebuild_organization(*id, msp).await
    }

    /// Makes the rows of an organization again from its signed history and its objects.
    pub(crate) async fn rebuild_organization(&mut self, id: LedgerId, chain: &(dyn MspHistory + Sync)) -> Result<()> {
        let missing = || {
            Error::integrity(
                "vault.history-missing",
                "The signed history of an organization is missing.",
                "Restore from a newer backup.",
            )
        };
        let (mut state, mut times, mut seq) = (None::<OrganizationState>, BTreeMap::new(), 0);
        let (mut newest, mut epochs, mut logs) = (0, Vec::new(), Vec::new());
        while let Some(bytes) = self.tx.entry(id.as_bytes(), seq).await? {
            let entry = Entry::decode(&bytes).map_err(session::unreadable_keys)?;
            if let Body::Organization(OrganizationBody::Put { item, .. } | OrganizationBody::Drop { item, .. }) =
                entry.body()
            {
                times.entry(*item).or_insert(entry.time_ms());
                newest = entry.time_ms();
                let named = state.as_ref().and_then(|state: &OrganizationState| state.item(item)?.object);
                self.let_go(named, entry.time_ms()).await?;
            }
            state = Some(match state {
                None if entry.begins() == id => OrganizationState::genesis(&entry, chain).map_err(refused)?,
                None => return Err(missing()),
                Some(state) => state.apply(&entry, chain).map_err(refused)?,
            });
            if begins_epoch(&entry) {
                epochs.push(records::place(entry.head()));
            }
            if is_log(&entry) {
                logs.push((u32::try_from(epochs.len()).unwrap_or(u32::MAX), entry));
            }
            seq += 1;
        }
        let state = state.ok_or_else(missing)?;
        let keys = self.keys(&state, &epochs).await?;
        let (mut profile, mut connection, mut kept) = (None, None, Vec::new());
        for (item, known) in state.items() {
            let Some(hash) = known.object else { continue };
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
        let since = |item: &Bytes16| times.get(&ItemId::from_bytes(*item)).copied().unwrap_or_default();
        let mut row = Organization {
            state: Vec::new(),
            epochs,
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
        attention::settle(&mut row, newest);
        self.firm.tenant_connected |= row.tenant.is_some();
        self.firm.rotation_verified |= row.accounts.iter().any(|account| account.verified_at.is_some());
        // A restored device counts its objects on from all that are known, so that no count is ever used twice.
        self.firm.objects += state.items().values().map(|item| item.version).sum::<u64>();
        if let Some(tenant) = &row.tenant {
            self.tx.index_put(&key::tenant(&tenant.id), id.as_bytes()).await?;
        }
        self.save(Opened { id, row, state, keys, before: None }).await
    }
}
