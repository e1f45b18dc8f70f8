//! What each fuzz target of the ledger does with its bytes. The same bodies run on the stable compiler over a sample and
//! its mutations, in the tests of the ledger. Beyond "no panic": what is accepted has one form only.

use vitrine_ledger::wire::{
    Append, Appended, Backend, Changes, Enrolment, EnrolmentPut, Entries, EntriesWanted, Invitation, InvitationAnswer,
    KeyId, Locator, Message, Objects, ObjectsWanted, Register,
};
use vitrine_ledger::{Draft, Entry, ForkProof, MspChain, MspState, OrganizationState, Place, SigningKey};

/// What decodes is the one encoding of what it says, and keeps its bytes.
pub fn entry(bytes: &[u8]) {
    if let Ok(entry) = Entry::decode(bytes) {
        assert_eq!(entry.bytes(), bytes);
        let draft = Draft {
            place: Place { ledger: entry.ledger(), seq: entry.seq(), prev: entry.prev() },
            body: entry.body().clone(),
            author: entry.author(),
            time_ms: entry.time_ms(),
            witness: entry.witness(),
        };
        // All but the signature, which stands at the end.
        let again = draft.sign(&SigningKey::from_bytes(&[1; 32])).expect("what was read can be written");
        let signature = bytes.len() - 64;
        assert_eq!(again.bytes()[..signature], bytes[..signature]);
    }
}

/// A proof that reads is written as it was read.
pub fn fork_proof(bytes: &[u8]) {
    if let Ok(proof) = ForkProof::from_bytes(bytes) {
        assert_eq!(proof.to_bytes(), bytes);
    }
}

/// A state that reads is written as it was read, and answers without a panic.
pub fn state(bytes: &[u8]) {
    if let Ok(state) = MspState::decode(bytes) {
        assert_eq!(state.encode(), bytes);
        let _ = (state.home(), state.safe_sheet(), state.unfinished(), state.owners().count());
        for (id, member) in state.members() {
            let _ = (member.role(), member.keys(), state.at(state.head().seq).role(id));
        }
    }
    if let Ok(state) = OrganizationState::decode(bytes) {
        assert_eq!(state.encode(), bytes);
        let _ = (state.checkpoint_due(), state.place());
    }
}

/// A body of a request or answer that reads is written as it was read, and so are the ids of header fields.
pub fn wire(bytes: &[u8]) {
    fn one<M: Message>(bytes: &[u8]) {
        if let Ok(message) = M::from_bytes(bytes) {
            assert_eq!(message.to_bytes(), bytes);
        }
    }
    one::<Append>(bytes);
    one::<Appended>(bytes);
    one::<Backend>(bytes);
    one::<Changes>(bytes);
    one::<Enrolment>(bytes);
    one::<EnrolmentPut>(bytes);
    one::<Entries>(bytes);
    one::<EntriesWanted>(bytes);
    one::<Invitation>(bytes);
    one::<InvitationAnswer>(bytes);
    one::<Objects>(bytes);
    one::<ObjectsWanted>(bytes);
    one::<Register>(bytes);
    if let Ok(text) = std::str::from_utf8(bytes) {
        if let Ok(id) = text.parse::<KeyId>() {
            assert_eq!(id.to_string(), text);
        }
        if let Ok(locator) = text.parse::<Locator>() {
            assert_eq!(locator.to_string(), text);
        }
    }
}

/// Entries one after the other, each behind a length of two bytes (big-endian): whatever stands is folded.
pub fn apply(bytes: &[u8]) {
    let mut rest = bytes;
    let mut chain: Option<MspChain> = None;
    let mut organization: Option<OrganizationState> = None;
    while let Some((length, after)) = rest.split_first_chunk::<2>() {
        let length = usize::from(u16::from_be_bytes(*length)).min(after.len());
        let (one, after) = after.split_at(length);
        rest = after;
        let Ok(entry) = Entry::decode(one) else { continue };
        match &mut chain {
            None => chain = MspChain::genesis(&entry).ok(),
            Some(chain) => {
                let _ = chain.apply(&entry);
                organization = match organization {
                    None => OrganizationState::genesis(&entry, chain).ok(),
                    Some(state) => Some(state.accept(&[entry], chain).state),
                };
            }
        }
    }
}
