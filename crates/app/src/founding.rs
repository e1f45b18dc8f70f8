//! The beginning of a vault: the first entries of the MSP ledger, and the boxes that hold its keys.

use crate::api::ErrorClass;
use crate::error::{Error, Result};
use crate::keyring::Keyring;
use crate::roots::Roots;
use crate::session::{self, Identity, Keys, make, rng};
use vitrine_ledger::{
    Author, Claim, Commitment, DeviceCard, DeviceId, DeviceKey, Draft, DraftError, EncryptionKey, Entry, IdentityKey,
    MemberId, MemberWrap, MspBody, MspState, Place, Refusal, Salt, SealedKeys, SealedName, SealedNote, TeamId,
    TeamKind, TransportKey, Wrap,
};
use vitrine_vault::Key;
use vitrine_vault::account::{DeviceKeys, RootKey};
use vitrine_vault::body::{BodyKind, open_body, seal_body};
use vitrine_vault::epoch::{self, EncryptionKeys, MspKey, TeamKeys, Which, WrapContext};
use vitrine_vault::items::MspItem;
use vitrine_vault::sheet::SheetNote;

/// A new vault in memory: its entries and keys, nothing stored yet.
pub(crate) struct Founded {
    /// Each with the state that follows from it.
    pub(crate) entries: Vec<(Entry, MspState)>,
    pub(crate) state: MspState,
    pub(crate) keys: Keys,
}

/// Founds a vault: genesis, the owners' team, the MSP's key, and the firm's settings under it, so that a restored vault
/// knows the firm's name.
pub(crate) fn found(firm: &MspItem, person_name: &str, device_name: &str, time_ms: u64) -> Result<Founded> {
    let (root, device) = (RootKey::make(&mut rng()), DeviceKeys::make(&mut rng()));
    let (member, device_id, team) =
        (MemberId::from_bytes(make()), DeviceId::from_bytes(make()), TeamId::from_bytes(make()));
    let (msp_key, team_keys) = (MspKey::make(&mut rng()), TeamKeys::make(&mut rng()));
    let author = Author { member, device: device_id };
    let (identity, encryption) = (root.identity(), root.encryption());
    let card = DeviceCard {
        device: device_id,
        key: DeviceKey::from_bytes(device.public()),
        transport: Some(TransportKey::from_bytes(device.transport().public())),
        name: seal_name(&msp_key, device_id.as_bytes(), device_name)?,
    };
    let claim = Claim {
        place: Place::GENESIS,
        member,
        device: device_id,
        device_key: card.key,
        identity: IdentityKey::from_bytes(identity.public()),
        encryption: EncryptionKey::from_bytes(encryption.public()),
    };
    let genesis = MspBody::Genesis {
        salt: Salt::from_bytes(make()),
        identity: claim.identity,
        encryption: claim.encryption,
        device: card,
        name: seal_name(&msp_key, member.as_bytes(), person_name)?,
        proof: claim.sign(&Identity(identity)).map_err(undrafted)?,
    };
    let genesis = Draft::msp_genesis(genesis, author, time_ms).sign(device.signing_key()).map_err(undrafted)?;
    let mut state = MspState::genesis(&genesis).map_err(refused)?;
    let mut entries = vec![(genesis, state.clone())];
    let ledger = *state.ledger().as_bytes();
    let bodies = [
        MspBody::TeamEpoch {
            team,
            team_kind: TeamKind::Owners,
            epoch: 1,
            public: EncryptionKey::from_bytes(team_keys.public()),
            members: vec![MemberWrap {
                member,
                wrap: wrap_team(&team_keys, &ledger, 1, team, member, &encryption.public())?,
            }],
            previous: None,
            name: seal_name(&msp_key, team.as_bytes(), "Owners")?,
        },
        {
            let commitment = epoch::derive_commitment(Which::Msp, &ledger, 1, msp_key.key());
            let wrap =
                wrap(msp_key.key(), Which::Msp, &ledger, 1, member.as_bytes(), commitment, &encryption.public())?;
            MspBody::MspEpoch {
                epoch: 1,
                commitment: Commitment::from_bytes(commitment),
                members: vec![MemberWrap { member, wrap }],
                previous: None,
            }
        },
        policy(&msp_key, &state, firm)?,
    ];
    for body in bodies {
        let entry = state.draft(body, author, time_ms).sign(device.signing_key()).map_err(undrafted)?;
        state = state.apply(&entry).map_err(refused)?;
        entries.push((entry, state.clone()));
    }
    let keys =
        Keys { roots: Roots::of(root), device, member, device_id, ring: Keyring::first(team, team_keys, msp_key) };
    Ok(Founded { entries, state, keys })
}

/// Seals a name under the MSP's key, for the one it names.
pub(crate) fn seal_name(key: &MspKey, subject: &[u8], name: &str) -> Result<SealedName> {
    let sealed = seal_body(BodyKind::Name, &key.name_key(), subject, name.as_bytes(), &mut rng())
        .map_err(session::unreadable_keys)?;
    SealedName::new(sealed).map_err(session::unreadable_keys)
}

/// Wraps a key to a public key of the verified ledger.
pub(crate) fn wrap(
    key: &Key,
    which: Which,
    ledger: &[u8; 32],
    number: u32,
    recipient: &[u8; 16],
    commitment: [u8; 32],
    public: &[u8; 32],
) -> Result<Wrap> {
    let context = WrapContext { ledger: *ledger, epoch: number, recipient: *recipient, which, commitment };
    let wrapped = epoch::wrap(key, &context, public, &mut rng()).map_err(session::unreadable_keys)?;
    Wrap::new(wrapped).map_err(session::unreadable_keys)
}

/// A team's key is committed to by its public half in the signed entry; the commitment to the private half travels
/// before the wrap and is checked against that public half when it is opened.
pub(crate) fn wrap_team(
    keys: &TeamKeys,
    ledger: &[u8; 32],
    number: u32,
    team: TeamId,
    member: MemberId,
    to: &[u8; 32],
) -> Result<Wrap> {
    let which = Which::Team(*team.as_bytes());
    let commitment = epoch::derive_commitment(which, ledger, number, keys.private());
    let wrapped = wrap(keys.private(), which, ledger, number, member.as_bytes(), commitment, to)?;
    Wrap::new([&commitment, wrapped.as_bytes()].concat()).map_err(session::unreadable_keys)
}

/// Opens a team's key and checks it against the public half in the signed entry.
pub(crate) fn unwrap_team(
    wrapped: &Wrap,
    ledger: &[u8; 32],
    number: u32,
    team: TeamId,
    member: MemberId,
    public: &EncryptionKey,
    own: &EncryptionKeys,
) -> Result<TeamKeys> {
    let (commitment, wrapped) = wrapped.as_bytes().split_first_chunk::<32>().ok_or_else(other_team_key)?;
    let which = Which::Team(*team.as_bytes());
    let context =
        WrapContext { ledger: *ledger, epoch: number, recipient: *member.as_bytes(), which, commitment: *commitment };
    let keys = TeamKeys::from_private(epoch::unwrap(wrapped, &context, own).map_err(session::unreadable_keys)?);
    if keys.public() == *public.as_bytes() { Ok(keys) } else { Err(other_team_key()) }
}

/// Seals a team's key under its next one, whose number this is, with its commitment in front as in a wrap.
pub(crate) fn seal_team_before(
    next: &TeamKeys,
    before: &TeamKeys,
    ledger: &[u8; 32],
    number: u32,
    team: TeamId,
) -> Result<SealedKeys> {
    let which = Which::Team(*team.as_bytes());
    let commitment = epoch::derive_commitment(which, ledger, number.saturating_sub(1), before.private());
    let sealed = epoch::seal_previous(next.private(), before.private(), which, ledger, number, &mut rng());
    SealedKeys::new([&commitment[..], &sealed].concat()).map_err(session::unreadable_keys)
}

/// Opens what [`seal_team_before`] sealed, and checks it against the public half in the signed entry.
pub(crate) fn open_team_before(
    next: &TeamKeys,
    sealed: Option<&SealedKeys>,
    ledger: &[u8; 32],
    number: u32,
    team: TeamId,
    public: &EncryptionKey,
) -> Result<TeamKeys> {
    let sealed = sealed.ok_or_else(other_team_key)?.as_bytes();
    let (commitment, sealed) = sealed.split_first_chunk::<32>().ok_or_else(other_team_key)?;
    let which = Which::Team(*team.as_bytes());
    let opened = epoch::open_previous(next.private(), sealed, which, ledger, number, commitment);
    let keys = TeamKeys::from_private(opened.map_err(session::unreadable_keys)?);
    if keys.public() == *public.as_bytes() { Ok(keys) } else { Err(other_team_key()) }
}

fn other_team_key() -> Error {
    Error::integrity(
        "vault.team-key",
        "The key of a team does not fit its signed entry.",
        "Restore from the backup, and keep this data folder for examination.",
    )
}

/// The ledger refused what we drafted: this member may not do it, or our own state and the ledger disagree.
pub(crate) fn refused(refusal: Refusal) -> Error {
    let made = match refusal {
        Refusal::NotAllowed { .. } | Refusal::NoAccess { .. } => not_allowed(),
        Refusal::EpochOwed => Error::new(
            ErrorClass::Partly,
            "ledger.keys-owed",
            "Somebody was removed, and this organization has no new keys yet.",
            "The device of an owner or admin makes them as soon as it is unlocked and reaches the home.",
        ),
        Refusal::HistoryUnchecked => Error::new(
            ErrorClass::Partly,
            "ledger.history-unchecked",
            "The history that this needs is still being checked.",
            "Wait a moment: it goes on by itself while the vault's home is in reach. Credentials can be viewed meanwhile.",
        ),
        Refusal::LastOwner => {
            Error::usage("ledger.last-owner", "A vault has to have an owner.", "Make somebody else an owner first.")
        }
        _ => Error::integrity(
            "ledger.refused",
            "The signed history does not allow this change.",
            "Copy the details and report this; nothing was written.",
        ),
    };
    made.holds("Nothing was changed.").because(refusal)
}

/// What this member's role does not allow.
pub(crate) fn not_allowed() -> Error {
    Error::usage(
        "ledger.not-allowed",
        "Your role in this vault does not allow this.",
        "Ask an owner or admin of the vault to do it.",
    )
}

/// A draft could not be signed.
pub(crate) fn undrafted(error: DraftError) -> Error {
    Error::machine("ledger.undrafted", "The change is too large to be written in one piece.", "Make it smaller.")
        .because(error)
}

/// The firm's settings as an entry: sealed under the MSP key, for every member.
pub(crate) fn policy(key: &MspKey, state: &MspState, item: &MspItem) -> Result<MspBody> {
    let plain = item.encode().map_err(session::unreadable_keys)?;
    // Exposed to be sealed under the MSP key.
    let sealed = seal_body(BodyKind::Name, &key.name_key(), &policy_context(state), plain.expose(), &mut rng())
        .map_err(session::unreadable_keys)?;
    Ok(MspBody::Policy { settings: SealedNote::new(sealed).map_err(session::unreadable_keys)? })
}

/// Reads the firm's settings.
pub(crate) fn read_policy(key: &MspKey, state: &MspState, settings: &SealedNote) -> Result<MspItem> {
    let plain = open_body(BodyKind::Name, &key.name_key(), &policy_context(state), settings.as_bytes())
        .map_err(session::unreadable_keys)?;
    MspItem::decode(&plain).map_err(session::unreadable_keys)
}

/// Seals what every member is told of the safe sheet.
pub(crate) fn seal_note(key: &MspKey, state: &MspState, note: &SheetNote) -> Result<SealedNote> {
    // Exposed to be sealed under the MSP key.
    let sealed = seal_body(BodyKind::Name, &key.name_key(), &sheet_context(state), note.encode().expose(), &mut rng())
        .map_err(session::unreadable_keys)?;
    SealedNote::new(sealed).map_err(session::unreadable_keys)
}

/// Reads it; nothing where another key sealed it.
pub(crate) fn open_note(key: &MspKey, state: &MspState, note: &SealedNote) -> Option<SheetNote> {
    let plain = open_body(BodyKind::Name, &key.name_key(), &sheet_context(state), note.as_bytes()).ok()?;
    SheetNote::decode(&plain).ok()
}

fn sheet_context(state: &MspState) -> Vec<u8> {
    [b"sheet".as_slice(), state.ledger().as_bytes()].concat()
}

fn policy_context(state: &MspState) -> Vec<u8> {
    [b"policy".as_slice(), state.ledger().as_bytes()].concat()
}

/// Opens a name sealed under the MSP's key.
pub(crate) fn open_name(key: &MspKey, subject: &[u8], name: &SealedName) -> Option<String> {
    let plain = open_body(BodyKind::Name, &key.name_key(), subject, name.as_bytes()).ok()?;
    // Exposed to be shown: a name is no secret to a member.
    String::from_utf8(plain.expose().clone()).ok()
}
