//! A record: what a device says that it showed, or that its person did, signed by it and complete in itself. Records travel
//! sealed in `log` entries, carried by any device, and never change.
//!
//! A view has a number of its device and the hash of the view before it, so that one which never arrives leaves a gap. An act
//! has none: what it tells of stands in entries of its own, which the chain of the ledger holds together.

use crate::api;
use crate::error::Result;
use crate::records::{Bytes16, Bytes32};
use crate::session::unreadable_keys;
use ed25519_dalek::{Signature, VerifyingKey};
use sha2::{Digest, Sha256};
use vitrine_ledger::{Author, DeviceId, EntryHash, Head, MemberId, MspState};
use vitrine_vault::account::DeviceKeys;
use vitrine_vault::cbor::{CborError, Reader, Writer, decode};

/// Most bytes of one record.
pub(crate) const LONGEST: usize = 1900;
/// Records in one entry of a ledger: a map of our formats has at most 23 fields.
pub(crate) const MOST_IN_A_BATCH: usize = 23;
/// Most bytes of a batch.
const LONGEST_BATCH: usize = MOST_IN_A_BATCH * (LONGEST + 8) + 8;
const VIEW: &[u8] = b"vitrine/1/view\0";
const ACT: &[u8] = b"vitrine/1/act\0";

/// What a record says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Record {
    pub(crate) organization: Bytes32,
    pub(crate) author: Author,
    /// The newest entry of the MSP's ledger that the device knew.
    pub(crate) seen: Head,
    pub(crate) at: u64,
    pub(crate) action: api::Action,
    /// Which account, where it is about one.
    pub(crate) user_name: Option<String>,
    /// The reason given, or what went wrong.
    pub(crate) note: String,
    /// Present where something was shown.
    pub(crate) view: Option<View>,
}

/// What a record of a view says beyond.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct View {
    /// Rises by one with each view of this device, from 1.
    pub(crate) counter: u64,
    /// Hash of the record before; zero bytes in the first.
    pub(crate) previous: Bytes32,
    pub(crate) item: Bytes16,
    /// Which value.
    pub(crate) what: String,
}

/// A record with the bytes that were signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Signed {
    pub(crate) record: Record,
    content: Vec<u8>,
    signature: [u8; 64],
}

/// Why a record is not what it says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Doubt {
    #[error("it belongs to another organization")]
    Elsewhere,
    #[error("no device of that member is known that could have signed it")]
    Device,
    #[error("its signature does not fit")]
    Signature,
    #[error("it names a head that the signed history does not have there")]
    Seen,
}

impl Record {
    /// Signs it.
    pub(crate) fn sign(&self, device: &DeviceKeys) -> Vec<u8> {
        let content = self.content();
        let signature = device.sign(&[self.label(), &content].concat());
        Writer::document(|map| {
            map.bytes(1, &content);
            map.bytes(2, &signature);
        })
    }

    fn label(&self) -> &'static [u8] {
        if self.view.is_some() { VIEW } else { ACT }
    }

    fn content(&self) -> Vec<u8> {
        Writer::document(|map| {
            map.bytes(1, &self.organization);
            map.bytes(2, self.author.member.as_bytes());
            map.bytes(3, self.author.device.as_bytes());
            map.uint(4, self.seen.seq);
            map.bytes(5, self.seen.hash.as_bytes());
            map.uint(6, self.at);
            map.text(7, &name_of(self.action));
            if let Some(user_name) = &self.user_name {
                map.text(8, user_name);
            }
            map.text(9, &self.note);
            if let Some(view) = &self.view {
                map.uint(10, view.counter);
                map.bytes(11, &view.previous);
                map.bytes(12, &view.item);
                map.text(13, &view.what);
            }
        })
    }

    fn read(content: &[u8]) -> Result<Self, CborError> {
        decode(content, LONGEST, |reader| {
            reader.map(|map| {
                let organization = map.required(1, Reader::array)?;
                let member = MemberId::from_bytes(map.required(2, Reader::array)?);
                let device = DeviceId::from_bytes(map.required(3, Reader::array)?);
                let seq = map.required(4, Reader::uint)?;
                let hash = EntryHash::from_bytes(map.required(5, Reader::array)?);
                let at = map.required(6, Reader::uint)?;
                let action = map.required(7, |reader| {
                    let at = reader.position();
                    action_of(reader.text(64)?).ok_or(CborError::Value { at })
                })?;
                let user_name = map.optional(8, |reader| reader.text(LONGEST))?.map(str::to_owned);
                let note = map.required(9, |reader| reader.text(LONGEST))?.to_owned();
                let view = match map.optional(10, Reader::uint)? {
                    None => None,
                    Some(counter) => Some(View {
                        counter,
                        previous: map.required(11, Reader::array)?,
                        item: map.required(12, Reader::array)?,
                        what: map.required(13, |reader| reader.text(64))?.to_owned(),
                    }),
                };
                let (author, seen) = (Author { member, device }, Head { seq, hash });
                Ok(Self { organization, author, seen, at, action, user_name, note, view })
            })
        })
    }

    /// What a person reads beside it.
    pub(crate) fn remark(&self) -> Option<String> {
        let what = self.view.as_ref().map(|view| view.what.as_str());
        let parts = [what, Some(self.note.as_str())];
        let parts: Vec<&str> = parts.into_iter().flatten().filter(|part| !part.is_empty()).collect();
        (!parts.is_empty()).then(|| parts.join(": "))
    }
}

impl Signed {
    /// Reads one. Its form is proven by that, not its author.
    pub(crate) fn read(bytes: &[u8]) -> Result<Self> {
        decode(bytes, LONGEST, |reader| {
            reader.map(|map| {
                let content = map.required(1, |reader| reader.bytes(LONGEST))?.to_vec();
                let signature = map.required(2, Reader::array)?;
                Ok(Self { record: Record::read(&content)?, content, signature })
            })
        })
        .map_err(unreadable_keys)
    }

    /// Checks that the device it names signed it, for this ledger. `there` is the entry that the MSP's ledger has where the
    /// record says that it saw its newest one.
    pub(crate) fn check(&self, ledger: &Bytes32, msp: &MspState, there: Option<EntryHash>) -> Result<(), Doubt> {
        let record = &self.record;
        if record.organization != *ledger {
            return Err(Doubt::Elsewhere);
        }
        let device = msp.device(&record.author.device).filter(|device| device.member == record.author.member);
        let device = device.ok_or(Doubt::Device)?;
        let message = [record.label(), &self.content].concat();
        let signature = Signature::from_bytes(&self.signature);
        VerifyingKey::from_bytes(device.key.as_bytes())
            .and_then(|key| key.verify_strict(&message, &signature))
            .map_err(|_| Doubt::Signature)?;
        if there == Some(record.seen.hash) && record.seen.seq >= device.from { Ok(()) } else { Err(Doubt::Seen) }
    }
}

/// The hash that the next view names.
pub(crate) fn hash(record: &[u8]) -> Bytes32 {
    Sha256::digest(record).into()
}

/// Puts records together, as one entry carries them.
pub(crate) fn batch(records: &[Vec<u8>]) -> Vec<u8> {
    Writer::document(|map| {
        for (number, record) in (1..).zip(records) {
            map.bytes(number, record);
        }
    })
}

/// Takes them apart.
pub(crate) fn unbatch(batch: &[u8]) -> Result<Vec<Vec<u8>>> {
    decode(batch, LONGEST_BATCH, |reader| {
        reader.map(|map| {
            let mut records = Vec::new();
            for number in 1..=MOST_IN_A_BATCH as u64 {
                let Some(record) = map.optional(number, |reader| reader.bytes(LONGEST))? else { break };
                records.push(record.to_vec());
            }
            Ok(records)
        })
    })
    .map_err(unreadable_keys)
}

/// Where a body of records stands, which is part of its sealing: one that is moved does not open.
pub(crate) fn context(ledger: &Bytes32, seq: u64) -> Vec<u8> {
    [ledger.as_slice(), &seq.to_be_bytes()].concat()
}

/// An action as it is written: one name everywhere.
pub(crate) fn name_of(action: api::Action) -> String {
    serde_json::to_value(action).ok().and_then(|name| name.as_str().map(str::to_owned)).unwrap_or_default()
}

fn action_of(name: &str) -> Option<api::Action> {
    serde_json::from_value(serde_json::Value::String(name.to_owned())).ok()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;
    use crate::founding::{self, Founded};
    use crate::session::rng;
    use vitrine_vault::items::MspItem;

    const LEDGER: Bytes32 = [7; 32];

    fn founded() -> Founded {
        let firm = MspItem { name: "Example MSP".into(), reason_required: false };
        founding::found(&firm, "Ada Byron", "Ada's laptop", 1_800_000_000_000).unwrap()
    }

    fn view(founded: &Founded) -> Record {
        Record {
            organization: LEDGER,
            author: Author { member: founded.keys.member, device: founded.keys.device_id },
            seen: founded.state.head(),
            at: 1_800_000_000_000,
            action: api::Action::Viewed,
            user_name: Some("ea-1@contoso.example".into()),
            note: "Ticket 4711".into(),
            view: Some(View { counter: 1, previous: [0; 32], item: [5; 16], what: "current password".into() }),
        }
    }

    fn check(founded: &Founded, signed: &Signed) -> std::result::Result<(), Doubt> {
        signed.check(&LEDGER, &founded.state, Some(founded.state.head().hash))
    }

    #[test]
    fn a_record_is_read_as_it_was_signed_and_an_act_has_no_number() {
        let founded = founded();
        for record in [view(&founded), Record { view: None, user_name: None, ..view(&founded) }] {
            let signed = Signed::read(&record.sign(&founded.keys.device)).unwrap();
            assert_eq!(signed.record, record);
            assert_eq!(check(&founded, &signed), Ok(()));
        }
        assert_eq!(view(&founded).remark().as_deref(), Some("current password: Ticket 4711"));
    }

    #[test]
    fn whoever_alters_a_record_or_signs_for_another_is_found_out() {
        let founded = founded();
        let bytes = view(&founded).sign(&founded.keys.device);
        for place in 0..bytes.len() {
            let mut altered = bytes.clone();
            altered[place] ^= 1;
            let genuine = Signed::read(&altered).is_ok_and(|signed| check(&founded, &signed).is_ok());
            assert!(!genuine, "byte {place}");
        }
        let stranger = Signed::read(&view(&founded).sign(&DeviceKeys::make(&mut rng()))).unwrap();
        assert_eq!(check(&founded, &stranger), Err(Doubt::Signature));
        let (mut other, mut elsewhere) = (view(&founded), view(&founded));
        other.author.device = DeviceId::from_bytes([9; 16]);
        let other = Signed::read(&other.sign(&founded.keys.device)).unwrap();
        assert_eq!(check(&founded, &other), Err(Doubt::Device));
        elsewhere.organization = [8; 32];
        let elsewhere = Signed::read(&elsewhere.sign(&founded.keys.device)).unwrap();
        assert_eq!(check(&founded, &elsewhere), Err(Doubt::Elsewhere));
        let signed = Signed::read(&bytes).unwrap();
        assert_eq!(signed.check(&LEDGER, &founded.state, None), Err(Doubt::Seen));
    }

    #[test]
    fn a_view_cannot_be_passed_off_as_an_act() {
        let founded = founded();
        let record = view(&founded);
        let signed = Signed::read(&record.sign(&founded.keys.device)).unwrap();
        let act = Record { view: None, ..record };
        let passed_off = Signed { content: act.content(), record: act, signature: signed.signature };
        assert_eq!(check(&founded, &passed_off), Err(Doubt::Signature));
    }

    #[test]
    fn a_full_batch_of_the_longest_records_fits_one_entry() {
        let founded = founded();
        let long = |letters: usize| "\u{10FFFF}".repeat(letters);
        let record = Record { user_name: Some(long(113)), note: long(200), ..view(&founded) };
        let bytes = record.sign(&founded.keys.device);
        assert!(bytes.len() <= LONGEST, "{}", bytes.len());
        let records = vec![bytes; MOST_IN_A_BATCH];
        let batch = batch(&records);
        assert!(batch.len() <= vitrine_vault::body::MAX_BODY, "{}", batch.len());
        assert_eq!(unbatch(&batch).unwrap(), records);
    }
}
