//! Taking what is new in the MSP's ledger, by which all others are judged.

use super::note_fork;
use super::numbers::note;
use super::source::{Source, Wanted, fetch, reaches};
use super::violation::refused_at;
use crate::error::Result;
use crate::failpoint::protected;
use crate::journal::Change;
use crate::papers::sheet;
use crate::records::{decode, key};
use crate::session::Session;
use crate::{App, people};
use std::collections::BTreeSet;
use vitrine_ledger::{Body, MspBody, MspState, Refusal, Role};

/// Takes it, and what follows from it on this device. Says how many entries it was.
pub(super) async fn take_msp(app: &App, session: &Session, source: Source<'_>, wanted: &Wanted) -> Result<u32> {
    let msp = session.vault();
    let entries = fetch(session, source, wanted.start).await?;
    let sees_all = session.msp().member(&session.author.member).is_some_and(|own| Role::stands_alone(own.role()));
    let (mut owed, mut policy) = (BTreeSet::new(), None);
    let mut change = Change::begin_taking(app, session).await?;
    let mut taken = 0;
    for entry in &entries {
        // Written here meanwhile.
        if entry.seq() <= change.msp().head().seq {
            continue;
        }
        let next = change.msp().apply(entry);
        if let Err(Refusal::Fork { ours, .. }) = &next {
            let ours = change.tx.entry(msp.as_bytes(), ours.seq).await?;
            note_fork(session, ours, entry);
        }
        let next = next.map_err(|refusal| refused_at(change.msp(), &msp, entry, refusal));
        let Some(next) = protected!("what is refused is told", Some(next?), next.ok()) else { break };
        if let Body::Msp(MspBody::Policy { settings }) = entry.body() {
            policy = Some(settings.clone());
        }
        if let Body::Msp(MspBody::OrganizationAdd { organization, .. }) = entry.body()
            && sees_all
            && change.tx.entry(organization.as_bytes(), 0).await?.is_none()
        {
            owed.insert(*organization.as_bytes());
        }
        if let Body::Msp(MspBody::OrganizationAdd { organization, .. }) = entry.body()
            && change.tx.entry(organization.as_bytes(), 0).await?.is_none()
        {
            change.tx.index_put(&key::closed(organization.as_bytes()), &[]).await?;
        }
        if let Body::Msp(MspBody::OrganizationArchive { organization }) = entry.body() {
            change.tx.index_delete(&key::closed(organization.as_bytes())).await?;
            owed.remove(organization.as_bytes());
            note(&mut change.tx, |numbers| _ = numbers.owed.remove(organization.as_bytes())).await?;
            if let Some(row) = change.tx.index_value(&key::organization(organization.as_bytes())).await? {
                change.remove(organization.as_bytes(), &decode(&row)?).await?;
            }
        }
        change.take_msp(entry, next).await?;
        taken += 1;
    }
    reaches(wanted, &entries)?;
    let member = session.author.member;
    let held = |msp: &MspState, team| msp.at(msp.head().seq).holds(team, &member);
    if session.msp().teams().keys().any(|team| held(&session.msp(), team) && !held(change.msp(), team)) {
        change.close_lost().await?;
    }
    note(&mut change.tx, |numbers| numbers.owed.append(&mut owed)).await?;
    change.commit().await?;
    if let Some(settings) = policy {
        // Read last: it may be sealed under a key that came with these entries.
        let item = session.ring().policy(&session.msp(), &settings)?;
        let mut change = Change::begin_taking(app, session).await?;
        (change.firm.msp_name, change.firm.reason_required) = (item.name, item.reason_required);
        change.commit().await?;
    }
    Box::pin(sheet::keep(app, session)).await?;
    for entry in protected!("who is let in is told", &entries[..], &[]) {
        Box::pin(people::tell(app, session, entry)).await;
    }
    Ok(taken)
}
