//! What each fuzz target of the ledger does with its bytes. The same bodies run on the stable compiler over a sample and
//! its mutations, in the tests of the ledger. Beyond "no panic": what is accepted has one form only.

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
        let _ = (state.home(), state.recovery(), state.unfinished(), state.owners().count());
        for (id, member) in state.members() {
            let _ = (member.role(), member.keys(), state.at(state.head().seq).role(id));
        }
    }
    if let Ok(state) = OrganizationState::decode(bytes) {
        assert_eq!(state.encode(), bytes);
        let _ = (state.checkpoint_due(), state.place());
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
