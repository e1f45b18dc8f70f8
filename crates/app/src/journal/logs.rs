//! Lines of what happened, from what is signed: entries of the MSP's ledger, and the records that travel in those of
//! organizations. A record is checked before it becomes a line, and one that is not what it says becomes a line of its own.

use super::Change;
use crate::audit::facts;
use crate::audit::record::{self, Doubt, Signed};
use crate::error::Result;
use crate::failpoint::protected;
use crate::keyring::EpochKeys;
use crate::records::{Activity, Bytes16, Bytes32, Organization, decode, encode, key};
use crate::session;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::collections::btree_map::Entry as Slot;
use vitrine_ledger::{Body, Entry, EntryHash, LedgerId, MemberId, MspBody, OrganizationBody, OrganizationState};
use vitrine_vault::body::{BodyKind, open_body};

/// Views of one device beyond the first gap that are kept in mind.
const MOST_BEYOND: usize = 4_096;

/// An entry with records, and the epoch under whose keys they were sealed.
pub(super) struct Log {
    epoch: u32,
    entry: Entry,
}

impl Log {
    /// None of an entry without records. `state` has the entry, or what comes after it.
    pub(super) fn of(state: &OrganizationState, entry: &Entry) -> Option<Self> {
        let records = matches!(entry.body(), Body::Organization(OrganizationBody::Log { .. }));
        let before = state.epochs().iter().rev().find(|(_, begun)| begun.seq < entry.seq());
        records.then(|| Self { epoch: before.map_or(0, |(epoch, _)| *epoch), entry: entry.clone() })
    }
}

/// Which views of a device arrived. They travel in the ledgers of many organizations, so they do not come in their order.
#[derive(Default, Serialize, Deserialize)]
pub(crate) struct Arrived {
    /// All up to this one, or given up.
    to: u64,
    /// Hash of that one.
    hash: Bytes32,
    /// Those beyond, each with its hash and that of the one before it.
    beyond: BTreeMap<u64, (Bytes32, Bytes32)>,
    /// Those that were not waited for any longer.
    given_up: u64,
}

impl Arrived {
    /// Takes a view in. False where another one has its number, or a neighbour names another one than this.
    pub(crate) fn take(&mut self, counter: u64, hash: Bytes32, previous: Bytes32) -> bool {
        if counter <= self.to {
            return counter < self.to || hash == self.hash;
        }
        let first = counter == self.to + 1 && previous != self.hash;
        let before = self.beyond.get(&(counter - 1)).is_some_and(|(hash, _)| *hash != previous);
        let after = counter.checked_add(1).and_then(|next| self.beyond.get(&next));
        let after = after.is_some_and(|(_, previous)| *previous != hash);
        if first || before || after || self.beyond.get(&counter).is_some_and(|(known, _)| *known != hash) {
            return false;
        }
        self.beyond.insert(counter, (hash, previous));
        self.advance();
        while self.beyond.len() > MOST_BEYOND {
            let Some((next, _)) = self.beyond.first_key_value() else { break };
            self.given_up += next - self.to - 1;
            self.to = next - 1;
            self.advance();
        }
        true
    }

    fn advance(&mut self) {
        while let Some(next) = self.beyond.first_entry().filter(|next| *next.key() == self.to + 1) {
            self.to += 1;
            self.hash = next.remove().0;
        }
    }

    /// How many did not arrive although later ones did.
    pub(crate) fn missing(&self) -> u64 {
        let newest = self.beyond.last_key_value().map_or(self.to, |(newest, _)| *newest);
        self.given_up.saturating_add(newest.saturating_sub(self.to).saturating_sub(self.beyond.len() as u64))
    }
}

impl Change<'_> {
    /// A line for an entry of the MSP's ledger that somebody else wrote, or this device before its index was made again.
    pub(crate) async fn line_of_msp(&mut self, entry: &Entry) -> Result<()> {
        match facts::of_msp(entry) {
            Some(line) => self.line(&line).await,
            None => Ok(()),
        }
    }

    /// Makes lines of records. `again` where the whole history is read: then those of this device, too.
    pub(super) async fn read_logs(
        &mut self,
        id: &LedgerId,
        row: &mut Organization,
        keys: &EpochKeys,
        logs: &[Log],
        again: bool,
    ) -> Result<()> {
        let own = self.session.author.device;
        let mut devices: BTreeMap<Bytes16, Arrived> = BTreeMap::new();
        for Log { epoch, entry } in logs {
            if entry.device() == own && !again {
                continue;
            }
            let Some(records) = open(keys, *epoch, id, entry) else {
                self.line(&named(facts::refused(entry, "a batch of records cannot be opened"), row)).await?;
                continue;
            };
            for bytes in records {
                let Ok(signed) = Signed::read(&bytes) else {
                    self.line(&named(facts::refused(entry, facts::UNREADABLE), row)).await?;
                    continue;
                };
                if let Err(doubt) = self.check(id, &signed).await? {
                    self.line(&named(facts::refused(entry, &facts::not_genuine(doubt)), row)).await?;
                    continue;
                }
                let device = *signed.record.author.device.as_bytes();
                if let Some(view) = signed.record.view.as_ref().filter(|_| signed.record.author.device != own) {
                    let arrived = match devices.entry(device) {
                        Slot::Occupied(known) => known.into_mut(),
                        Slot::Vacant(new) => {
                            let known = self.tx.index_value(&key::views_of(&device)).await?;
                            new.insert(known.map_or(Ok(Arrived::default()), |bytes| decode(&bytes))?)
                        }
                    };
                    let fits = arrived.take(view.counter, record::hash(&bytes), view.previous);
                    if !protected!("views follow each other", fits, true) {
                        let what = facts::contradicts(view.counter);
                        self.line(&named(facts::refused(entry, &what), row)).await?;
                        continue;
                    }
                }
                self.line_of_record(row, entry, &signed, again).await?;
            }
        }
        for (device, arrived) in devices {
            self.tx.index_put(&key::views_of(&device), &encode(&arrived)?).await?;
        }
        Ok(())
    }

    async fn check(&mut self, id: &LedgerId, signed: &Signed) -> Result<std::result::Result<(), Doubt>> {
        let there = self.tx.index_value(&key::msp_hash(signed.record.seen.seq)).await?;
        let there = there.and_then(|hash| <[u8; 32]>::try_from(&hash[..]).ok()).map(EntryHash::from_bytes);
        Ok(protected!("records are checked", signed.check(id.as_bytes(), self.msp(), there), Ok(())))
    }

    async fn line_of_record(
        &mut self,
        row: &mut Organization,
        entry: &Entry,
        signed: &Signed,
        again: bool,
    ) -> Result<()> {
        let record = &signed.record;
        let witness = entry.witness().map_or(0, |witness| witness.seq);
        let late = self.msp().ended(&record.author).is_some_and(|ended| !again || witness >= ended);
        if let Some(view) = &record.view {
            let who = self.name_in(&record.author.member).await?;
            if let Some(account) = row.account_mut(&view.item)
                && account.last_viewed.as_ref().is_none_or(|(_, at)| *at < record.at)
            {
                account.last_viewed = Some((who, record.at));
            }
        }
        self.line(&named(facts::of_record(record, late), row)).await
    }

    /// A member's name, as it was sealed when the member was added.
    async fn name_in(&mut self, member: &MemberId) -> Result<String> {
        let Some(added) = self.msp().member(member).map(|member| member.added) else { return Ok(String::new()) };
        let bytes = self.tx.entry(self.session.vault().as_bytes(), added).await?;
        let entry = bytes.and_then(|bytes| Entry::decode(&bytes).ok());
        let name = entry.as_ref().and_then(|entry| match entry.body() {
            Body::Msp(MspBody::Genesis { name, .. } | MspBody::MemberAdd { name, .. }) => {
                self.session.ring().name(member.as_bytes(), name)
            }
            _ => None,
        });
        Ok(name.unwrap_or_default())
    }
}

/// A line with the name of its organization.
fn named(line: Activity, row: &Organization) -> Activity {
    Activity { organization_name: Some(row.name.clone()), ..line }
}

/// The records of an entry, if they open.
fn open(keys: &EpochKeys, epoch: u32, id: &LedgerId, entry: &Entry) -> Option<Vec<Vec<u8>>> {
    let Body::Organization(OrganizationBody::Log { records }) = entry.body() else { return None };
    let context = record::context(id.as_bytes(), entry.seq());
    let plain = open_body(BodyKind::Log, &keys.log_key(epoch).ok()?, &context, records.as_bytes());
    // Exposed to be read; a record holds no secret.
    record::unbatch(plain.map_err(session::unreadable_keys).ok()?.expose()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hash(counter: u64) -> Bytes32 {
        [u8::try_from(counter).unwrap_or_default(); 32]
    }

    fn take(arrived: &mut Arrived, counter: u64) -> bool {
        arrived.take(counter, hash(counter), hash(counter - 1))
    }

    #[test]
    fn a_view_that_does_not_arrive_is_missed_until_it_does() {
        let mut arrived = Arrived::default();
        for counter in [1, 2, 5, 4, 9] {
            assert!(take(&mut arrived, counter), "{counter}");
        }
        assert_eq!(arrived.missing(), 4, "3, 6, 7 and 8");
        assert!(take(&mut arrived, 3));
        assert_eq!((arrived.missing(), arrived.to), (3, 5));
        // Once more is nothing new.
        assert!(take(&mut arrived, 5) && take(&mut arrived, 9) && take(&mut arrived, 2));
        assert_eq!(arrived.missing(), 3);
    }

    #[test]
    fn a_view_that_its_neighbours_do_not_know_is_refused() {
        let mut arrived = Arrived::default();
        assert!(!arrived.take(1, hash(1), hash(7)), "nothing comes before the first");
        assert!(take(&mut arrived, 1) && take(&mut arrived, 4));
        assert!(!arrived.take(1, hash(7), hash(0)), "another with the number of one that arrived");
        assert!(!arrived.take(2, hash(2), hash(7)), "it names another one before it");
        assert!(!arrived.take(3, hash(7), hash(2)), "the one after it names another one");
        assert!(!arrived.take(5, hash(5), hash(7)), "it names another one before it, beyond a gap");
        assert!(take(&mut arrived, 2) && take(&mut arrived, 3));
        assert_eq!((arrived.missing(), arrived.to), (0, 4));
    }

    #[test]
    fn what_lies_far_beyond_a_gap_takes_no_memory_without_end() {
        let mut arrived = Arrived::default();
        for counter in (2..20_000).step_by(2) {
            assert!(arrived.take(counter, hash(1), hash(2)));
        }
        assert!(arrived.beyond.len() <= MOST_BEYOND);
        assert_eq!(arrived.missing(), 9_999);
    }
}
