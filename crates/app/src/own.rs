//! What only this device knows and no signed entry says: where its backup goes and what that holds, how far its view
//! records were carried, whether its person typed the kit back, how it shows its lists, what it tells its webhook.
//!
//! The index shows it. A sealed copy beside the index brings it back where the index has to be made again: an index
//! follows from what is signed, and this does not.

use crate::api::ListViews;
use crate::beside::Beside;
use crate::error::Result;
use crate::records::{Bytes32, Firm, Snoozed, decode, encode, key};
use crate::session::Session;
use crate::store::Tx;
use crate::vault::meta;
use crate::webhook::Webhook;
use crate::{App, home};
use serde::{Deserialize, Serialize};
use vitrine_vault::account::DeviceKeys;

/// Counts the layouts of the sealed copy, apart from those of the index: what it holds outlives an index made again.
const LAYOUT: u8 = 5;

#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Own {
    pub(crate) kit_confirmed: bool,
    pub(crate) backup_folder: Option<String>,
    /// The file in that folder.
    pub(crate) backup: Option<Written>,
    /// View records up to this number are in the ledgers.
    pub(crate) carried_to: u64,
    /// Hash of the newest carried record, which the next one names.
    pub(crate) carried_hash: Option<Bytes32>,
    /// It came from a backup, and nothing outside has said yet that the backup was the newest.
    pub(crate) unconfirmed: bool,
    /// How it shows its lists.
    pub(crate) lists: ListViews,
    /// That accounts are overdue was put aside.
    pub(crate) overdue: Option<TogetherSnooze>,
    /// That Microsoft does not answer was put aside.
    pub(crate) unanswered: Option<TogetherSnooze>,
    /// What it tells to whom.
    pub(crate) webhook: Option<Webhook>,
    /// View records up to this number were told, or nobody wanted to know.
    pub(crate) views_told_to: u64,
    /// Where the backend answers that is the home.
    pub(crate) home: Option<home::Address>,
    /// Hash of the backend's id and of what this member's kit opens, as it was left there last.
    pub(crate) enrolled: Option<Bytes32>,
}

/// A problem that many organizations have at once was put aside.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct TogetherSnooze {
    pub(crate) snoozed: Snoozed,
    /// When the last of them came to have it.
    pub(crate) seen_to: u64,
}

/// A backup that was written.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Written {
    pub(crate) at: u64,
    /// What it holds, in one hash: compared with what a backup would hold now.
    pub(crate) content: Bytes32,
}

impl Own {
    /// Seals the copy, its layout first: fields of another would be misread, not refused.
    pub(crate) fn seal(&self, device: &DeviceKeys) -> Result<Vec<u8>> {
        Beside::Own.seal(device, &encode(&(LAYOUT, self))?)
    }

    /// Opens the copy. None where it is damaged, another device's, or of another layout.
    pub(crate) fn open(sealed: &[u8], device: &DeviceKeys) -> Option<Self> {
        let plain = Beside::Own.open(device, sealed).ok()?;
        // Exposed to be decoded; no secret is among it.
        let plain = plain.expose();
        if plain.first() != Some(&LAYOUT) {
            return None;
        }
        decode(plain).ok().map(|(_, own): (u8, Self)| own)
    }
}

/// Changes it alone. A matter of this device, not of the vault: no entry, so no further backup either.
pub(crate) async fn note(app: &App, session: &Session, change: impl FnOnce(&mut Own)) -> Result<()> {
    // A change that waits for the home will write this row again, and must not undo this.
    let _turn = app.inner.changing.lock().await;
    let mut tx = app.inner.store.begin().await?;
    note_in(&mut tx, session, change).await?;
    Ok(tx.commit().await?)
}

/// The same, together with something else.
pub(crate) async fn note_in(tx: &mut Tx<'_>, session: &Session, change: impl FnOnce(&mut Own)) -> Result<()> {
    let row = tx.index_value(key::FIRM).await?;
    let mut firm: Firm = row.map_or(Ok(Firm::default()), |bytes| decode(&bytes))?;
    change(&mut firm.own);
    tx.index_put(key::FIRM, &encode(&firm)?).await?;
    Ok(tx.put_meta(meta::OWN, &firm.own.seal(&session.device)?).await?)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;
    use crate::session::rng;

    #[test]
    fn a_copy_of_another_layout_is_none_and_not_misread() {
        let device = DeviceKeys::make(&mut rng());
        let own = Own { carried_to: 7, ..Own::default() };
        let sealed = own.seal(&device).unwrap();
        assert!(Own::open(&sealed, &device).is_some_and(|opened| opened == own));
        assert!(Own::open(&sealed, &DeviceKeys::make(&mut rng())).is_none(), "another device opens it");
        let other = encode(&(LAYOUT + 1, &own)).unwrap();
        let other = Beside::Own.seal(&device, &other).unwrap();
        assert!(Own::open(&other, &device).is_none());
    }
}
