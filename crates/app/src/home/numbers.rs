//! How far the home's numbers are known: it gives one to every entry, and they only rise.

use super::violation::numbers_gone_back;
use crate::App;
use crate::error::Result;
use crate::failpoint::protected;
use crate::records::{self, decode, key};
use crate::store::Tx;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// How far the home's numbers are known.
#[derive(Clone, Default, Serialize, Deserialize)]
pub(super) struct Numbers {
    /// Everything up to this one was taken.
    pub(super) taken: u64,
    /// The highest that the home ever gave: it never goes back.
    pub(super) highest: u64,
    /// When every head was compared last.
    pub(super) whole_at: u64,
    /// Organizations that the MSP's ledger names and whose own ledger is still to come.
    pub(super) owed: BTreeSet<[u8; 32]>,
}

impl Numbers {
    /// As they stand in the index; all at nothing where no row does.
    pub(super) fn of(row: Option<impl AsRef<[u8]>>) -> Result<Self> {
        row.map_or(Ok(Self::default()), |bytes| decode(bytes.as_ref()))
    }
}

/// The highest number that the home ever gave.
pub(super) async fn highest(app: &App) -> Result<u64> {
    Ok(Numbers::of(app.inner.store.index_value(key::CURSOR).await?)?.highest)
}

/// Remembers the number that the home gave an entry of this device.
pub(super) async fn remember(tx: &mut Tx<'_>, number: Option<u64>) -> Result<()> {
    let Some(number) = number else { return Ok(()) };
    let highest = Numbers::of(tx.index_value(key::CURSOR).await?)?.highest;
    // What was taken last has the highest of all; under an older one it would never be told to anybody.
    if protected!("the home's numbers rise", number <= highest, false) {
        return Err(numbers_gone_back(highest, number));
    }
    note(tx, |numbers| numbers.highest = number).await
}

/// Changes them.
pub(super) async fn note(tx: &mut Tx<'_>, change: impl FnOnce(&mut Numbers)) -> Result<()> {
    let mut numbers = Numbers::of(tx.index_value(key::CURSOR).await?)?;
    change(&mut numbers);
    Ok(tx.index_put(key::CURSOR, &records::encode(&numbers)?).await?)
}
