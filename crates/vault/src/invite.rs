//! An invitation: the code that brings a person in, the two letters it seals, and the words that two people compare.
//!
//! The code goes from person to person, outside the backend. It pins the firm's genesis and the head that the inviting device
//! knew, so that a backend cannot show another firm or an older one, and it carries a secret. From the secret follow the address
//! of a mailbox, the key of both letters, and what the signed history will say of the invitation; each with everything else
//! in the code as its context, so an edited code finds nothing.

use crate::SUITE;
use crate::aead;
use crate::cbor::{self, CborError, Reader, Writer};
use crate::derive::derive;
use crate::padding::{body_bucket, pad, unpad};
use crate::passphrase::WORDS;
use crate::secret::{Key, Secret, SecretBytes, SecretText};
use data_encoding::BASE64URL_NOPAD;
use rand_core::CryptoRng;
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

/// What a code begins with, so that a person and a program know what it is.
const PREFIX: &str = "vitrine-invitation-1.";
const MAX_ADDRESS: usize = 512;
const MAX_CODE: usize = 2048;
/// Bytes of the sum that tells a code which was not copied whole.
const SUM: usize = 6;
/// No letter is longer, in bytes, before it is sealed.
const MAX_LETTER: usize = 8 * 1024;
const MAX_NAME: usize = 256;
/// Words that two people compare: 103 bits.
pub const COMPARED: usize = 8;

/// What a code says.
pub struct Invite {
    /// Ledger id of the MSP, the hash of its genesis.
    pub genesis: [u8; 32],
    /// Place of the newest entry of the MSP ledger that the inviting device knew.
    pub head_seq: u64,
    /// Its hash.
    pub head_hash: [u8; 32],
    /// When the invitation ends, Unix time in milliseconds. Shown; the backend decides.
    pub ends_at_ms: u64,
    /// Where the home answers.
    pub address: String,
    secret: Key,
}

/// Why a code was not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InviteError {
    /// It begins otherwise.
    #[error("this is no invitation")]
    Other,
    /// A part is missing or was changed.
    #[error("the invitation was not copied whole")]
    Broken,
    /// Of a suite this build does not know.
    #[error("the invitation was made by another version (suite {suite})")]
    Suite {
        /// What it says.
        suite: u8,
    },
}

impl InviteError {
    /// Stable code of the error.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Other => "vault.invite-other",
            Self::Broken => "vault.invite-broken",
            Self::Suite { .. } => "vault.suite-unknown",
        }
    }
}

impl Invite {
    /// A new invitation.
    pub fn make(
        genesis: [u8; 32],
        head: (u64, [u8; 32]),
        ends_at_ms: u64,
        address: String,
        rng: &mut impl CryptoRng,
    ) -> Self {
        let (head_seq, head_hash) = head;
        Self { genesis, head_seq, head_hash, ends_at_ms, address, secret: Key::make(rng) }
    }

    /// The code, as it is sent to the invited person.
    pub fn code(&self) -> SecretText {
        let bytes = self.to_bytes();
        // Read to be written out, which is what the code is for.
        let summed = Zeroizing::new([bytes.expose().as_slice(), &sum(bytes.expose())].concat());
        SecretText::new(format!("{PREFIX}{}", Zeroizing::new(BASE64URL_NOPAD.encode(&summed)).as_str()))
    }

    /// Reads a code as it was received: blanks and line breaks that a mail program put in do not count.
    ///
    /// # Errors
    /// An [`InviteError`] that says what is wrong.
    pub fn parse(code: &SecretText) -> Result<Self, InviteError> {
        // Read to be taken apart.
        let text: Zeroizing<String> =
            Zeroizing::new(code.expose().chars().filter(|letter| !letter.is_whitespace()).take(MAX_CODE + 1).collect());
        let encoded = text.strip_prefix(PREFIX).ok_or(InviteError::Other)?;
        let bytes = BASE64URL_NOPAD.decode(encoded.as_bytes()).map_err(|_| InviteError::Broken)?;
        let bytes = SecretBytes::new(bytes);
        // Read to be taken apart.
        let (content, summed) = bytes.expose().split_last_chunk::<SUM>().ok_or(InviteError::Broken)?;
        if sum(content) != *summed {
            return Err(InviteError::Broken);
        }
        Self::from_bytes(content)
    }

    /// As it is kept by the inviting device, sealed there.
    pub fn to_bytes(&self) -> SecretBytes {
        Writer::secret_document(|map| {
            map.uint(1, SUITE);
            map.bytes(2, &self.genesis);
            map.uint(3, self.head_seq);
            map.bytes(4, &self.head_hash);
            map.uint(5, self.ends_at_ms);
            map.text(6, &self.address);
            // Read to be written.
            map.bytes(7, self.secret.expose());
        })
    }

    /// Reads what [`Invite::to_bytes`] wrote.
    ///
    /// # Errors
    /// An [`InviteError`] that says what is wrong.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, InviteError> {
        let (suite, invite) = cbor::decode(bytes, MAX_CODE, |reader| {
            reader.map(|map| {
                let suite = map.required(1, Reader::uint::<u8>)?;
                let invite = Self {
                    genesis: map.required(2, Reader::array)?,
                    head_seq: map.required(3, Reader::uint)?,
                    head_hash: map.required(4, Reader::array)?,
                    ends_at_ms: map.required(5, Reader::uint)?,
                    address: map.required(6, |reader| reader.text(MAX_ADDRESS))?.to_owned(),
                    secret: map.required(7, Reader::secret_array)?,
                };
                Ok((suite, invite))
            })
        })
        .map_err(|_| InviteError::Broken)?;
        if suite == SUITE { Ok(invite) } else { Err(InviteError::Suite { suite }) }
    }

    /// Where both letters lie at the backend.
    pub fn locator(&self) -> [u8; 32] {
        *self.derive("vitrine/1/invite/locator").expose()
    }

    /// Where a new device of a member finds what it is given once it was approved.
    pub fn handover_locator(&self) -> [u8; 32] {
        *self.derive("vitrine/1/invite/handover/locator").expose()
    }

    /// What the signed history says of the invitation: it tells nothing of the secret.
    pub fn commitment(&self) -> [u8; 32] {
        *self.derive("vitrine/1/invite/commitment").expose()
    }

    fn derive(&self, label: &str) -> Key {
        // Read to derive.
        derive(self.secret.expose(), label, &[&self.context()])
    }

    fn context(&self) -> Vec<u8> {
        [
            &self.genesis[..],
            &self.head_seq.to_be_bytes(),
            &self.head_hash,
            &self.ends_at_ms.to_be_bytes(),
            self.address.as_bytes(),
        ]
        .concat()
    }

    /// The words that both sides see alike. They cover every key that the invited person brings, so whoever knows the code and
    /// stands between shows two people different words.
    pub fn words(&self, answer: &Answer) -> Vec<&'static str> {
        let list: Vec<&str> = WORDS.lines().collect();
        // Read to derive words, which are said aloud.
        let bytes: Secret<[u8; 4 * COMPARED]> =
            derive(self.secret.expose(), "vitrine/1/invite/words", &[&self.context(), &answer.keys()]);
        let numbers = bytes.expose().chunks_exact(4);
        let numbers = numbers.map(|four| four.iter().fold(0_u64, |number, byte| number << 8 | u64::from(*byte)));
        // A list of words is never empty, and a remainder is smaller than its length.
        let place = |number: u64| usize::try_from(number % list.len().max(1) as u64).unwrap_or(0);
        numbers.filter_map(|number| list.get(place(number)).copied()).collect()
    }

    /// Padded, so that the length of a letter tells nothing of the names in it.
    pub(crate) fn seal(&self, label: &str, plain: &[u8], rng: &mut impl CryptoRng) -> Vec<u8> {
        let padded = pad(plain, body_bucket);
        // Read to seal.
        aead::seal(self.derive("vitrine/1/invite/letters").expose(), label, &[], padded.expose(), rng)
    }

    pub(crate) fn open(&self, label: &str, sealed: &[u8]) -> Result<SecretBytes, InviteError> {
        // Read to open.
        let padded = aead::open(self.derive("vitrine/1/invite/letters").expose(), label, &[], sealed)
            .map_err(|_| InviteError::Broken)?;
        unpad(padded, body_bucket).ok_or(InviteError::Broken)
    }
}

fn sum(bytes: &[u8]) -> [u8; SUM] {
    let digest = Sha256::new().chain_update(PREFIX).chain_update(bytes).finalize();
    let mut sum = [0; SUM];
    sum.copy_from_slice(&digest[..SUM]);
    sum
}

const OFFER: &str = "vitrine/1/invite/offer";
const ANSWER: &str = "vitrine/1/invite/answer";

/// What the invited person is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Offer {
    /// Name of the firm.
    pub firm: String,
    /// Who invites.
    pub by: String,
    /// Number of the role, as the ledger numbers them.
    pub role: u64,
    /// Id of the backend that is the home.
    pub backend: [u8; 16],
    /// The member who is given a further device; none where the code is for a new member.
    pub device_of: Option<[u8; 16]>,
}

impl Offer {
    /// Seals it for whoever has the code.
    pub fn seal(&self, invite: &Invite, rng: &mut impl CryptoRng) -> Vec<u8> {
        let plain = Writer::document(|map| {
            map.text(1, &self.firm);
            map.text(2, &self.by);
            map.uint(3, self.role);
            map.bytes(4, &self.backend);
            map.maybe(5, self.device_of, |writer, member| writer.bytes(&member));
        });
        invite.seal(OFFER, &plain, rng)
    }

    /// Opens what lies in the mailbox.
    ///
    /// # Errors
    /// [`InviteError::Broken`] where it was not sealed by whoever made the code.
    pub fn open(invite: &Invite, sealed: &[u8]) -> Result<Self, InviteError> {
        let plain = invite.open(OFFER, sealed)?;
        // Read to take the fields out, none of which is secret.
        let read: Result<Self, CborError> = cbor::decode(plain.expose(), MAX_LETTER, |reader| {
            reader.map(|map| {
                Ok(Self {
                    firm: map.required(1, |reader| reader.text(MAX_NAME))?.to_owned(),
                    by: map.required(2, |reader| reader.text(MAX_NAME))?.to_owned(),
                    role: map.required(3, Reader::uint)?,
                    backend: map.required(4, Reader::array)?,
                    device_of: map.optional(5, Reader::array)?,
                })
            })
        });
        read.map_err(|_| InviteError::Broken)
    }
}

/// What the invited person brings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// Its member id, random.
    pub member: [u8; 16],
    /// Its identity key.
    pub identity: [u8; 32],
    /// Its encryption key.
    pub encryption: [u8; 32],
    /// Id of its first device, random.
    pub device: [u8; 16],
    /// The device's key.
    pub device_key: [u8; 32],
    /// The key by which that device asks while it is locked.
    pub transport: [u8; 32],
    /// Its own name.
    pub name: String,
    /// The device's name.
    pub device_name: String,
}

impl Answer {
    /// As it is kept by the inviting device, sealed there.
    pub fn to_bytes(&self) -> Vec<u8> {
        Writer::document(|map| {
            map.bytes(1, &self.member);
            map.bytes(2, &self.identity);
            map.bytes(3, &self.encryption);
            map.bytes(4, &self.device);
            map.bytes(5, &self.device_key);
            map.bytes(6, &self.transport);
            map.text(7, &self.name);
            map.text(8, &self.device_name);
        })
    }

    /// Reads what [`Answer::to_bytes`] wrote.
    ///
    /// # Errors
    /// [`InviteError::Broken`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, InviteError> {
        let read: Result<Self, CborError> = cbor::decode(bytes, MAX_LETTER, |reader| {
            reader.map(|map| {
                Ok(Self {
                    member: map.required(1, Reader::array)?,
                    identity: map.required(2, Reader::array)?,
                    encryption: map.required(3, Reader::array)?,
                    device: map.required(4, Reader::array)?,
                    device_key: map.required(5, Reader::array)?,
                    transport: map.required(6, Reader::array)?,
                    name: map.required(7, |reader| reader.text(MAX_NAME))?.to_owned(),
                    device_name: map.required(8, |reader| reader.text(MAX_NAME))?.to_owned(),
                })
            })
        });
        read.map_err(|_| InviteError::Broken)
    }

    /// Seals it for whoever made the code.
    pub fn seal(&self, invite: &Invite, rng: &mut impl CryptoRng) -> Vec<u8> {
        invite.seal(ANSWER, &self.to_bytes(), rng)
    }

    /// Opens what was left in the mailbox.
    ///
    /// # Errors
    /// [`InviteError::Broken`] where it was not sealed by whoever has the code.
    pub fn open(invite: &Invite, sealed: &[u8]) -> Result<Self, InviteError> {
        // Read to take the fields out, none of which is secret.
        Self::from_bytes(invite.open(ANSWER, sealed)?.expose())
    }

    fn keys(&self) -> Vec<u8> {
        let Self { member, identity, encryption, device, device_key, transport, .. } = self;
        [&member[..], identity, encryption, device, device_key, transport].concat()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;
    use rand::{SeedableRng, rngs::StdRng};

    fn invite(seed: u64) -> Invite {
        Invite::make([7; 32], (9, [8; 32]), 1_000, "https://vault.example".into(), &mut StdRng::seed_from_u64(seed))
    }

    fn answer() -> Answer {
        Answer {
            member: [1; 16],
            identity: [2; 32],
            encryption: [3; 32],
            device: [4; 16],
            device_key: [5; 32],
            transport: [6; 32],
            name: "Grace Hopper".into(),
            device_name: "grace-laptop".into(),
        }
    }

    #[test]
    fn a_code_comes_back_whole_also_when_a_mail_program_broke_its_lines() {
        let invite = invite(1);
        let code = invite.code();
        let broken: String = code.expose().chars().enumerate().fold(String::new(), |mut text, (at, letter)| {
            if at % 40 == 39 {
                text.push_str("\r\n  ");
            }
            text.push(letter);
            text
        });
        let read = Invite::parse(&SecretText::new(broken)).unwrap();
        assert!(read.to_bytes() == invite.to_bytes());
        assert_eq!(read.address, "https://vault.example");
    }

    #[test]
    fn a_code_that_lost_or_changed_a_character_is_told_from_something_else() {
        let code = invite(2).code();
        let text = code.expose();
        for at in PREFIX.len()..text.len() {
            let mut bytes = text.clone().into_bytes();
            bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
            let edited = SecretText::new(String::from_utf8(bytes).unwrap());
            assert_eq!(Invite::parse(&edited).err(), Some(InviteError::Broken), "character {at}");
        }
        assert_eq!(Invite::parse(&SecretText::new(text[..60].into())).err(), Some(InviteError::Broken));
        assert_eq!(Invite::parse(&SecretText::new("hello".into())).err(), Some(InviteError::Other));
    }

    #[test]
    fn an_edited_code_with_a_right_sum_finds_another_mailbox_and_opens_no_letter() {
        let (ours, rng) = (invite(3), &mut StdRng::seed_from_u64(4));
        let offer =
            Offer { firm: "Northern Lights".into(), by: "Ada".into(), role: 3, backend: [6; 16], device_of: None };
        let sealed = offer.seal(&ours, rng);
        assert_eq!(Offer::open(&ours, &sealed).unwrap(), offer);
        let edits: [fn(&mut Invite); 5] = [
            |invite| invite.genesis[0] ^= 1,
            |invite| invite.head_seq += 1,
            |invite| invite.head_hash[0] ^= 1,
            |invite| invite.ends_at_ms += 1,
            |invite| invite.address.push('x'),
        ];
        for edit in edits {
            let mut edited = Invite::parse(&ours.code()).unwrap();
            edit(&mut edited);
            assert_ne!(edited.locator(), ours.locator());
            assert_eq!(Offer::open(&edited, &sealed).err(), Some(InviteError::Broken));
        }
    }

    #[test]
    fn size_buckets_hide_the_length_of_the_names_in_a_letter() {
        let (invite, rng) = (invite(9), &mut StdRng::seed_from_u64(10));
        let mut sizes = std::collections::BTreeSet::new();
        for length in 1..=40 {
            let offer =
                Offer { firm: "n".repeat(length), by: "Ada".into(), role: 3, backend: [6; 16], device_of: None };
            let answer = Answer { name: "n".repeat(length), ..answer() };
            sizes.extend([offer.seal(&invite, rng).len(), answer.seal(&invite, rng).len()]);
        }
        assert_eq!(sizes.into_iter().collect::<Vec<_>>(), [aead::OVERHEAD + 256]);
    }

    #[test]
    fn the_words_are_eight_and_differ_by_every_key_that_is_brought() {
        let (invite, honest) = (invite(5), answer());
        let words = invite.words(&honest);
        assert_eq!(words.len(), COMPARED);
        assert_eq!(words, Invite::parse(&invite.code()).unwrap().words(&honest));
        let swaps: [fn(&mut Answer); 6] = [
            |answer| answer.member[0] ^= 1,
            |answer| answer.identity[0] ^= 1,
            |answer| answer.encryption[0] ^= 1,
            |answer| answer.device[0] ^= 1,
            |answer| answer.device_key[0] ^= 1,
            |answer| answer.transport[0] ^= 1,
        ];
        for swap in swaps {
            let mut swapped = honest.clone();
            swap(&mut swapped);
            assert_ne!(invite.words(&swapped), words);
        }
    }

    #[test]
    fn an_answer_opens_for_its_invitation_alone_and_is_no_offer() {
        let rng = &mut StdRng::seed_from_u64(6);
        let sealed = answer().seal(&invite(7), rng);
        assert_eq!(Answer::open(&invite(7), &sealed).unwrap(), answer());
        assert_eq!(Answer::open(&invite(8), &sealed).err(), Some(InviteError::Broken));
        assert_eq!(Offer::open(&invite(7), &sealed).err(), Some(InviteError::Broken));
    }
}
