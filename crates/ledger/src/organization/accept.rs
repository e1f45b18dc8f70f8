//! How a client takes what a home sends: validity, and a removal that takes hold with the next epoch.
//!
//! An entry by a removed device stays valid as long as its witness is older than the removal, or a verifier who starts
//! from genesis could not follow the history. But a home in league with that device could let it write for ever by an
//! old witness. So a client that knows of the removal takes such entries only when an epoch that knows of it, too,
//! already follows them, and marks them. An epoch at whose witness the author had lost its access to this organization
//! some other way settles them, too: nothing of theirs can have come after it.

use super::OrganizationState;
use crate::{Body, Entry, MspHistory, OrganizationBody, Refusal};

/// What came of a batch of entries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Accepted {
    /// The state after the entries taken.
    pub state: OrganizationState,
    /// How many were taken, from the first on.
    pub taken: usize,
    /// Which of those taken were written by a device or member that is removed by now: to be marked.
    pub late: Vec<usize>,
    /// How many valid entries were held back, from `taken` on: by a removed device, and no epoch follows yet.
    pub held: usize,
    /// The state after the entries held back, too: the home's order. Nothing is shown by it. Whoever may, drafts the
    /// epoch on it; offered again together with that epoch, what was held is taken.
    pub tip: OrganizationState,
    /// Why the entry after those was refused; the rest was not looked at.
    pub refused: Option<Refusal>,
}

impl OrganizationState {
    /// Takes entries in their order, as far as they stand. Several make one step: an epoch in the batch settles what
    /// stands before it.
    pub fn accept(&self, entries: &[Entry], msp: &dyn MspHistory) -> Accepted {
        let mut state = self.clone();
        let mut refused = None;
        // Valid entries so far by authors who are removed by now: place in the batch, the removal, the state before.
        let mut late: Vec<(usize, u64, Self)> = Vec::new();
        let mut settled = 0;
        let mut valid = 0;
        for entry in entries {
            let next = match state.apply(entry, msp) {
                Ok(next) => next,
                Err(refusal) => {
                    refused = Some(refusal);
                    break;
                }
            };
            if let Some(removed) = msp.state().ended(&entry.author()) {
                late.push((valid, removed, state));
            } else if matches!(entry.body(), Body::Organization(OrganizationBody::Epoch { .. })) {
                let at = msp.state().at(next.witness.seq);
                let settles = |(place, removed, _): &&(usize, u64, Self)| {
                    *removed <= next.witness.seq || !next.has_standing(&entries[*place].member(), at)
                };
                settled += late[settled..].iter().take_while(settles).count();
            }
            state = next;
            valid += 1;
        }
        let tip = state;
        let (taken, state) = match late.get(settled) {
            Some((place, _, before)) => (*place, before.clone()),
            None => (valid, tip.clone()),
        };
        let late = late.into_iter().take(settled).map(|(place, ..)| place).collect();
        Accepted { state, taken, late, held: valid - taken, tip, refused }
    }
}
