//! An emergency account: the values that may open it, in every state of rotation.

use super::{ItemError, fits};
use crate::cbor::{self, CborError, Reader, Writer};
use crate::padding::PREFIX;
use crate::secret::{SecretBytes, SecretText};
use crate::totp::TotpSecret;

/// Most bytes of a user name: the limit of Entra for a user principal name.
pub const MAX_USER_NAME: usize = 113;
/// Most bytes of a display name that is kept; a longer one is cut at a character.
pub const MAX_DISPLAY_NAME: usize = 96;
/// Most bytes of a password that is kept. Entra takes up to 256; ours have 32.
pub const MAX_PASSWORD: usize = 128;
/// Most bytes of a time as the tenant gave it.
pub const MAX_CHANGE: usize = 32;
/// Most past passwords beside the previous one. Older ones are in older versions of the item.
pub const MAX_PAST: usize = 8;
/// Most bytes of the encoded item: what the smallest size class of objects holds.
const CAPACITY: usize = 1024 - PREFIX;

/// Where a password came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// Set when Vitrine created the account.
    Created,
    /// Set by a rotation.
    Rotated,
    /// Set when Vitrine took over an account that existed.
    Adopted,
    /// Typed in by a person, after a change outside.
    Entered,
}

impl Origin {
    const ALL: [Self; 4] = [Self::Created, Self::Rotated, Self::Adopted, Self::Entered];
}

/// A password that was set.
pub struct Credential {
    /// The password.
    pub password: SecretText,
    /// When it was set, in Unix milliseconds.
    pub set_at_ms: u64,
    /// Where it came from.
    pub origin: Origin,
}

impl Credential {
    /// A second copy, made on purpose.
    #[must_use]
    pub fn duplicate(&self) -> Self {
        Self { password: self.password.duplicate(), ..*self }
    }
}

/// How far a candidate has come (design: rotation).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CandidateState {
    /// Stored and accepted by the home; not sent.
    Prepared,
    /// Sent; the answer is outstanding or was good.
    Sent,
    /// Sent, and the answer was lost: either value may open the account.
    Unclear,
    /// Seen to have taken effect; to be committed.
    Verified,
}

impl CandidateState {
    const ALL: [Self; 4] = [Self::Prepared, Self::Sent, Self::Unclear, Self::Verified];
}

/// Which device carries a rotation out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Claim {
    /// The device.
    pub device: [u8; 16],
    /// Length of its lease in milliseconds; a duration, as clocks are not trusted.
    pub lease_ms: u64,
}

/// A password on its way into the tenant.
pub struct Candidate {
    /// The password.
    pub password: SecretText,
    /// When it was made, in Unix milliseconds.
    pub made_at_ms: u64,
    /// How far it has come.
    pub state: CandidateState,
    /// Whether some send of it was never answered; then it is not given up, whatever is answered later.
    pub unanswered: bool,
    /// Who carries it.
    pub claim: Claim,
    /// What it will be once committed.
    pub origin: Origin,
    /// The tenant's `lastPasswordChangeDateTime` seen when it was verified.
    pub observed_change: Option<String>,
}

impl Candidate {
    /// A second copy, made on purpose.
    #[must_use]
    pub fn duplicate(&self) -> Self {
        Self { password: self.password.duplicate(), observed_change: self.observed_change.clone(), ..*self }
    }
}

/// A password that may once have opened the account.
pub struct PastPassword {
    /// The password.
    pub password: SecretText,
    /// Until when it is kept readable, in Unix milliseconds.
    pub until_ms: u64,
}

impl PastPassword {
    /// A second copy, made on purpose.
    #[must_use]
    pub fn duplicate(&self) -> Self {
        Self { password: self.password.duplicate(), until_ms: self.until_ms }
    }
}

/// Why rotation of an account has stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Attention {
    /// The tenant's value is not the one of the last commit: changed outside, or this vault is behind.
    ChangedOutside,
    /// A person must look, for the reason of this number (of the rotation room).
    NeedsPerson(u16),
}

/// An emergency account.
pub struct AccountItem {
    /// User principal name.
    pub user_name: String,
    /// Object id in the tenant; none until the tenant has made the account.
    pub object_id: Option<[u8; 16]>,
    /// Display name, at most [`MAX_DISPLAY_NAME`] bytes; see [`AccountItem::fit_display_name`].
    pub display_name: String,
    /// The password that opens it; none until creation was verified.
    pub current: Option<Credential>,
    /// The password before.
    pub previous: Option<Credential>,
    /// The password on its way.
    pub pending: Option<Candidate>,
    /// Passwords of candidates that were given up after a send, newest first; see [`AccountItem::remember`].
    pub past: Vec<PastPassword>,
    /// The tenant's `lastPasswordChangeDateTime` at the last commit, as the tenant wrote it (RFC 3339).
    pub last_password_change: Option<String>,
    /// The account's one-time-code key.
    pub totp: Option<TotpSecret>,
    /// Whether the Global Administrator role was seen to be assigned.
    pub role_assigned: bool,
    /// When the stored value was last seen to be the tenant's, in Unix milliseconds.
    pub verified_at_ms: Option<u64>,
    /// Why rotation has stopped.
    pub attention: Option<Attention>,
}

impl AccountItem {
    /// An account that is about to be created: nothing opens it yet.
    pub fn new(user_name: &str, display_name: &str) -> Self {
        Self {
            user_name: user_name.to_owned(),
            object_id: None,
            display_name: Self::fit_display_name(display_name).to_owned(),
            current: None,
            previous: None,
            pending: None,
            past: Vec::new(),
            last_password_change: None,
            totp: None,
            role_assigned: false,
            verified_at_ms: None,
            attention: None,
        }
    }

    /// The longest start of a display name that is kept.
    pub fn fit_display_name(name: &str) -> &str {
        let end = (0..=MAX_DISPLAY_NAME.min(name.len())).rev().find(|end| name.is_char_boundary(*end));
        &name[..end.unwrap_or(0)]
    }

    /// A second copy, made on purpose: the next state is built from it while this one stays.
    #[must_use]
    pub fn duplicate(&self) -> Self {
        Self {
            user_name: self.user_name.clone(),
            object_id: self.object_id,
            display_name: self.display_name.clone(),
            current: self.current.as_ref().map(Credential::duplicate),
            previous: self.previous.as_ref().map(Credential::duplicate),
            pending: self.pending.as_ref().map(Candidate::duplicate),
            past: self.past.iter().map(PastPassword::duplicate).collect(),
            last_password_change: self.last_password_change.clone(),
            totp: self.totp.as_ref().map(TotpSecret::duplicate),
            role_assigned: self.role_assigned,
            verified_at_ms: self.verified_at_ms,
            attention: self.attention,
        }
    }

    /// Keeps a password that may have been set and is no longer current, previous or pending. The oldest ones leave the
    /// item when it is full; they stay readable in its older versions.
    pub fn remember(&mut self, password: SecretText, until_ms: u64) {
        self.past.insert(0, PastPassword { password, until_ms });
    }

    /// Encodes the item for [`crate::object::seal`].
    ///
    /// The past is cut to what fits beside the largest current, previous and pending value, so the size class is the
    /// same whatever rotation does next.
    pub fn encode(&self) -> Result<SecretBytes, ItemError> {
        self.check()?;
        let room = CAPACITY - self.fullest();
        let mut kept = 0;
        let mut used = 0;
        for past in self.past.iter().take(MAX_PAST) {
            used += PAST_AROUND + past.password.expose().len(); // read for its length
            if used > room {
                break;
            }
            kept += 1;
        }
        Ok(self.write(&self.past[..kept]))
    }

    fn check(&self) -> Result<(), ItemError> {
        fits("user_name", self.user_name.len(), MAX_USER_NAME)?;
        fits("display_name", self.display_name.len(), MAX_DISPLAY_NAME)?;
        let credentials = self.current.iter().chain(&self.previous).map(|credential| &credential.password);
        let passwords = credentials
            .chain(self.pending.iter().map(|candidate| &candidate.password))
            .chain(self.past.iter().map(|past| &past.password));
        for password in passwords {
            fits("password", password.expose().len(), MAX_PASSWORD)?; // read for its length
        }
        let changes = self.last_password_change.iter();
        for change in changes.chain(self.pending.iter().filter_map(|candidate| candidate.observed_change.as_ref())) {
            fits("last_password_change", change.len(), MAX_CHANGE)?;
        }
        Ok(())
    }

    /// Bytes this item can come to without its past: what it holds for good, and the largest of all that changes.
    fn fullest(&self) -> usize {
        let lasting = self.user_name.len() + self.display_name.len() + TotpSecret::MAX_ENCODED;
        lasting + 3 * MAX_PASSWORD + AROUND
    }

    fn write(&self, past: &[PastPassword]) -> SecretBytes {
        // Read to be encoded into a buffer that is wiped.
        Writer::secret_document(|map| {
            map.text(1, &self.user_name);
            map.maybe(2, self.object_id, |writer, id| writer.bytes(&id));
            map.text(3, &self.display_name);
            map.maybe(4, self.current.as_ref(), write_credential);
            map.maybe(5, self.previous.as_ref(), write_credential);
            map.maybe(6, self.pending.as_ref(), write_candidate);
            map.field(7, |writer| {
                writer.list(past, |writer, past| {
                    writer.map(|map| {
                        map.text(1, past.password.expose());
                        map.uint(2, past.until_ms);
                    });
                });
            });
            map.maybe(8, self.last_password_change.as_deref(), Writer::text);
            map.maybe(9, self.totp.as_ref(), |writer, totp| totp.write(writer));
            map.bool(10, self.role_assigned);
            map.maybe(11, self.verified_at_ms, Writer::uint);
            map.maybe(12, self.attention, |writer, attention| {
                writer.uint(match attention {
                    Attention::ChangedOutside => 0,
                    Attention::NeedsPerson(reason) => 1 + u64::from(reason),
                });
            });
        })
    }

    /// Decodes an opened item.
    pub fn decode(bytes: &SecretBytes) -> Result<Self, ItemError> {
        // Read to take the fields out.
        Ok(cbor::decode(bytes.expose(), CAPACITY, |reader| {
            reader.map(|map| {
                Ok(Self {
                    user_name: map.required(1, |reader| reader.text(MAX_USER_NAME))?.to_owned(),
                    object_id: map.optional(2, Reader::array)?,
                    display_name: map.required(3, |reader| reader.text(MAX_DISPLAY_NAME))?.to_owned(),
                    current: map.optional(4, read_credential)?,
                    previous: map.optional(5, read_credential)?,
                    pending: map.optional(6, read_candidate)?,
                    past: map.required(7, |reader| reader.list(MAX_PAST as u64, read_past))?,
                    last_password_change: map.optional(8, |reader| reader.text(MAX_CHANGE).map(str::to_owned))?,
                    totp: map.optional(9, TotpSecret::read)?,
                    role_assigned: map.required(10, Reader::bool)?,
                    verified_at_ms: map.optional(11, Reader::uint)?,
                    attention: map.optional(12, |reader| {
                        let number: u32 = reader.uint()?;
                        let at = reader.position();
                        Ok(match number.checked_sub(1) {
                            None => Attention::ChangedOutside,
                            Some(reason) => {
                                Attention::NeedsPerson(u16::try_from(reason).map_err(|_| CborError::Value { at })?)
                            }
                        })
                    })?,
                })
            })
        })?)
    }
}

/// Bytes around one past password: list head and map, keys, text head, time.
const PAST_AROUND: usize = 1 + 1 + 2 + 1 + 9;
/// Bytes around everything else in the fullest item; `every_fullest_item_is_exactly_accounted_for` adds them up.
const AROUND: usize = 199;

fn write_credential(writer: &mut Writer, credential: &Credential) {
    writer.map(|map| {
        // Read to be encoded into a buffer that is wiped.
        map.text(1, credential.password.expose());
        map.uint(2, credential.set_at_ms);
        map.uint(3, credential.origin as u8);
    });
}

fn read_credential(reader: &mut Reader<'_>) -> Result<Credential, CborError> {
    reader.map(|map| {
        Ok(Credential {
            password: map.required(1, |reader| reader.secret_text(MAX_PASSWORD))?,
            set_at_ms: map.required(2, Reader::uint)?,
            origin: map.required(3, |reader| choose(reader, &Origin::ALL))?,
        })
    })
}

fn write_candidate(writer: &mut Writer, candidate: &Candidate) {
    writer.map(|map| {
        // Read to be encoded into a buffer that is wiped.
        map.text(1, candidate.password.expose());
        map.uint(2, candidate.made_at_ms);
        map.uint(3, candidate.state as u8);
        map.bool(4, candidate.unanswered);
        map.bytes(5, &candidate.claim.device);
        map.uint(6, candidate.claim.lease_ms);
        map.uint(7, candidate.origin as u8);
        map.maybe(8, candidate.observed_change.as_deref(), Writer::text);
    });
}

fn read_candidate(reader: &mut Reader<'_>) -> Result<Candidate, CborError> {
    reader.map(|map| {
        Ok(Candidate {
            password: map.required(1, |reader| reader.secret_text(MAX_PASSWORD))?,
            made_at_ms: map.required(2, Reader::uint)?,
            state: map.required(3, |reader| choose(reader, &CandidateState::ALL))?,
            unanswered: map.required(4, Reader::bool)?,
            claim: Claim { device: map.required(5, Reader::array)?, lease_ms: map.required(6, Reader::uint)? },
            origin: map.required(7, |reader| choose(reader, &Origin::ALL))?,
            observed_change: map.optional(8, |reader| reader.text(MAX_CHANGE).map(str::to_owned))?,
        })
    })
}

fn read_past(reader: &mut Reader<'_>) -> Result<PastPassword, CborError> {
    reader.map(|map| {
        Ok(PastPassword {
            password: map.required(1, |reader| reader.secret_text(MAX_PASSWORD))?,
            until_ms: map.required(2, Reader::uint)?,
        })
    })
}

/// The value of an enumeration whose numbers are its places in `all`.
fn choose<T: Copy>(reader: &mut Reader<'_>, all: &[T]) -> Result<T, CborError> {
    let at = reader.position();
    let number: usize = reader.uint()?;
    all.get(number).copied().ok_or(CborError::Value { at })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;
    use crate::object::{self, Header, ObjectKind};
    use crate::secret::Key;
    use rand::{SeedableRng, rngs::StdRng};

    fn credential(length: usize) -> Credential {
        Credential { password: SecretText::new("p".repeat(length)), set_at_ms: u64::MAX, origin: Origin::Entered }
    }

    fn candidate(length: usize, state: CandidateState, observed: bool) -> Candidate {
        Candidate {
            password: SecretText::new("q".repeat(length)),
            made_at_ms: u64::MAX,
            state,
            unanswered: true,
            claim: Claim { device: [1; 16], lease_ms: u64::MAX },
            origin: Origin::Rotated,
            observed_change: observed.then(|| "2026-11-23T06:00:00.0000000Z".into()),
        }
    }

    /// The fullest item the layout allows, its past aside.
    fn fullest() -> AccountItem {
        AccountItem {
            object_id: Some([2; 16]),
            current: Some(credential(MAX_PASSWORD)),
            previous: Some(credential(MAX_PASSWORD)),
            pending: Some(Candidate {
                observed_change: Some("c".repeat(MAX_CHANGE)),
                ..candidate(MAX_PASSWORD, CandidateState::Verified, true)
            }),
            last_password_change: Some("c".repeat(MAX_CHANGE)),
            totp: Some(TotpSecret::largest()),
            role_assigned: true,
            verified_at_ms: Some(u64::MAX),
            attention: Some(Attention::NeedsPerson(u16::MAX)),
            ..AccountItem::new(&"u".repeat(MAX_USER_NAME), &"d".repeat(MAX_DISPLAY_NAME))
        }
    }

    #[test]
    fn every_fullest_item_is_exactly_accounted_for() {
        let item = fullest();
        let length = item.write(&[]).expose().len();
        assert_eq!(length, item.fullest());
        assert!(item.fullest() <= CAPACITY, "{} > {CAPACITY}", item.fullest());
    }

    /// Every state an account passes through, from the first claim to a stop.
    fn journey(length: usize) -> Vec<AccountItem> {
        let mut states = Vec::new();
        for current in [false, true] {
            for previous in [false, true] {
                for pending in [
                    None,
                    Some((CandidateState::Prepared, false)),
                    Some((CandidateState::Sent, false)),
                    Some((CandidateState::Unclear, false)),
                    Some((CandidateState::Verified, true)),
                ] {
                    for attention in [None, Some(Attention::ChangedOutside), Some(Attention::NeedsPerson(9))] {
                        let mut item = fullest();
                        item.current = current.then(|| credential(length));
                        item.previous = previous.then(|| credential(length));
                        item.pending = pending.map(|(state, observed)| candidate(length, state, observed));
                        item.attention = attention;
                        for past in 0..12 {
                            item.remember(SecretText::new("o".repeat(length)), past);
                        }
                        states.push(item);
                    }
                }
            }
        }
        states
    }

    #[test]
    fn an_account_has_one_size_in_every_state_of_rotation() {
        let rng = &mut StdRng::seed_from_u64(40);
        let key = Key::make(rng);
        let header = Header {
            suite: crate::SUITE,
            kind: ObjectKind::Account,
            ledger: [0; 32],
            item: [0; 16],
            version: 9,
            epoch: 1,
            author: [0; 16],
            counter: 9,
            schema: super::super::SCHEMA,
        };
        let mut sizes = std::collections::BTreeSet::new();
        for length in [8, 32, MAX_PASSWORD] {
            for item in journey(length) {
                sizes.insert(object::seal(&header, &item.encode().unwrap(), &key, rng).unwrap().len());
            }
        }
        sizes.insert(object::seal(&header, &AccountItem::new("a@b", "").encode().unwrap(), &key, rng).unwrap().len());
        assert_eq!(sizes.len(), 1, "{sizes:?}");
        assert!(sizes.iter().all(|size| *size < 1300), "{sizes:?}");
    }

    #[test]
    fn every_state_survives_storing() {
        for item in journey(32) {
            let encoded = item.encode().unwrap();
            let back = AccountItem::decode(&encoded).unwrap();
            assert!(back.encode().unwrap() == encoded);
            assert!(back.duplicate().encode().unwrap() == encoded);
            assert_eq!(back.pending.map(|pending| pending.state), item.pending.map(|pending| pending.state));
            assert_eq!(back.attention, item.attention);
        }
    }

    #[test]
    fn the_newest_past_passwords_stay_and_the_oldest_leave() {
        let mut item = fullest();
        for number in 0..20_u64 {
            item.remember(SecretText::new(format!("{number:032}")), number);
        }
        let back = AccountItem::decode(&item.encode().unwrap()).unwrap();
        assert!(!back.past.is_empty());
        let until: Vec<u64> = back.past.iter().map(|past| past.until_ms).collect();
        let newest: Vec<u64> = (0..20).rev().take(until.len()).collect();
        assert_eq!(until, newest);
    }

    #[test]
    fn a_field_that_is_too_long_is_refused_by_name() {
        let long = AccountItem::new(&"u".repeat(MAX_USER_NAME + 1), "");
        assert!(matches!(long.encode(), Err(ItemError::TooLong { field: "user_name", .. })));
        let mut long = AccountItem::new("a@b", "");
        long.current = Some(credential(MAX_PASSWORD + 1));
        assert!(matches!(long.encode(), Err(ItemError::TooLong { field: "password", .. })));
    }

    #[test]
    fn a_long_display_name_is_cut_at_a_character() {
        let name = "\u{1f510}".repeat(40);
        let cut = AccountItem::fit_display_name(&name);
        assert_eq!(cut.len(), 96);
        assert_eq!(AccountItem::fit_display_name("short"), "short");
        assert_eq!(AccountItem::fit_display_name(&format!("x{name}")).len(), 93);
    }

    #[test]
    fn an_unknown_state_or_field_is_refused() {
        let encoded = fullest().encode().unwrap();
        let mut bytes = encoded.expose().clone();
        assert!(AccountItem::decode(&SecretBytes::new(bytes.clone())).is_ok());
        bytes[0] += 1;
        bytes.extend_from_slice(&[13, 0]);
        let refused = AccountItem::decode(&SecretBytes::new(bytes)).err();
        assert_eq!(refused, Some(ItemError::Format(CborError::Unknown { key: 13 })));
    }
}
