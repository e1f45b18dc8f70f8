//! Whoever comes to a vault of years reads at once, and decides nothing until the whole history is checked.

use super::three::{ACCOUNT, ADDRESS, Home, TOKEN, Wire, edit, eventually, head, joined, sees, stored, wired};
use super::{Machine, cut, secret, with_account};
use crate::App;
use crate::api::*;
use crate::home::STEP;
use crate::journal::Change;
use crate::records::{self, Bytes32};
use crate::session::Session;
use std::sync::{Arc, Mutex};
use vitrine_ledger::{CHECKPOINT_EVERY, Draft, Entry, LedgerId, OrganizationBody, OrganizationState, Place};
use vitrine_vault::SecretText;
use vitrine_vault::items::{Credential, Origin};

/// A vault whose history was long when Grace came.
struct Long {
    machines: [Machine; 3],
    wire: Arc<Mutex<Wire>>,
    owner: App,
    grace: App,
    organization: Bytes32,
}

/// What newcomers are shown.
#[derive(PartialEq)]
enum Shown {
    True,
    /// A checkpoint, signed by a device of the vault, that says what was true long before.
    False,
    /// The same, by the device of somebody who was removed since.
    FalseByWhoLeft,
}

impl Long {
    async fn of(seed: u64, shown: Shown) -> Self {
        let (port, wire) = wired(Home::new(), seed);
        let machines = [Machine::new(), Machine::new(), Machine::new()];
        let owner = machines[0].create().await;
        let organization = with_account(&owner, "Contoso", 1).await;
        owner.call(MoveHomeRequest { address: format!("{ADDRESS}{port}"), token: secret(TOKEN) }).await.unwrap();
        let mary = joined(&owner, &machines[1], "Mary", Role::Technician).await;
        sees(&owner, &mary, &organization).await;
        let old = rotations(&owner, &organization, 1, 3).await;
        rotations(&owner, &organization, 4, 300).await;
        let (owners, marys) = (owner.session().await.unwrap(), mary.session().await.unwrap());
        {
            let mut wire = wire.lock().unwrap();
            wire.gives_of_the_past = 0;
            let ledger = LedgerId::from_bytes(organization);
            let known = [&owners, &marys].map(|session| session.author.device.to_string()).into();
            let forged = || with_a_false_checkpoint(&wire.home.entries[&ledger], &old, &marys);
            wire.newcomers_see = (shown != Shown::True).then(|| (known, ledger, forged()));
        }
        drop((owners, marys));
        cut(mary).await;
        if shown == Shown::FalseByWhoLeft {
            wire.lock().unwrap().gives_of_the_past = usize::MAX;
            let people = owner.call(PeopleRequest {}).await.unwrap();
            let member = people.members.iter().find(|member| member.name == "Mary").unwrap().id.clone();
            owner.call(RemoveMemberRequest { member, reason: "left".into() }).await.unwrap();
        }
        let grace = joined(&owner, &machines[2], "Grace", Role::Admin).await;
        if shown != Shown::FalseByWhoLeft {
            sees(&owner, &grace, &organization).await;
        }
        Self { machines, wire, owner, grace, organization }
    }

    async fn view(&self) -> OrganizationView {
        let organization = records::organization_text(&self.organization);
        self.grace.call(OrganizationRequest { organization }).await.unwrap()
    }

    async fn checked(&self) {
        self.wire.lock().unwrap().gives_of_the_past = usize::MAX;
        eventually("the whole history", async || {
            self.grace.call(SyncRequest {}).await.unwrap();
            !self.view().await.unchecked
        })
        .await;
    }
}

/// Rotates the account so often in one change. Says where that leads.
async fn rotations(app: &App, organization: &Bytes32, from: u32, to: u32) -> OrganizationState {
    let session = app.session().await.unwrap();
    let mut change = Change::begin(app, &session).await.unwrap();
    let mut opened = change.open(organization).await.unwrap();
    for number in from..=to {
        let mut item = change.account(&opened, &ACCOUNT).await.unwrap();
        item.previous = item.current.take();
        let password = SecretText::new(format!("password {number}"));
        item.current = Some(Credential { password, set_at_ms: app.now_ms(), origin: Origin::Rotated });
        change.put_account(&mut opened, &ACCOUNT, &item).await.unwrap();
    }
    let state = opened.state.clone();
    change.save(opened).await.unwrap();
    change.commit().await.unwrap();
    state
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_newcomer_reads_at_once_and_changes_nothing_until_the_history_is_checked() {
    let long = Long::of(11, Shown::True).await;
    let (grace, organization) = (&long.grace, &long.organization);
    assert_eq!(stored(grace, organization).await.as_deref(), Some("password 300"));
    assert!(long.view().await.unchecked);
    assert!(grace.inner.store.entry(organization, CHECKPOINT_EVERY - 1).await.unwrap().is_none(), "all was fetched");
    let refused = edit(grace, organization, "by Grace").await.unwrap_err();
    assert_eq!(refused.code, "ledger.history-unchecked");
    assert!(long.view().await.accounts.iter().all(|account| account.due_at.is_none()), "something is due");
    // What others write meanwhile arrives.
    edit(&long.owner, organization, "by Ada").await.unwrap();
    grace.call(SyncRequest {}).await.unwrap();
    assert_eq!(long.view().await.notes, "by Ada");
    long.checked().await;
    edit(grace, organization, "by Grace").await.unwrap();
    long.owner.call(SyncRequest {}).await.unwrap();
    let ledger = LedgerId::from_bytes(*organization);
    assert_eq!(head(grace, &ledger).await, head(&long.owner, &ledger).await);
    for seq in 0..=head(grace, &ledger).await.unwrap().seq {
        assert!(grace.inner.store.entry(organization, seq).await.unwrap().is_some(), "{seq} is missing");
    }
    let created = |view: &OrganizationView| view.accounts.iter().map(|account| account.id.clone()).collect::<Vec<_>>();
    let owners = long.owner.call(OrganizationRequest { organization: records::organization_text(organization) });
    assert_eq!(created(&long.view().await), created(&owners.await.unwrap()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_index_lost_before_the_history_was_checked_is_made_again_and_checked_then() {
    let long = Long::of(12, Shown::True).await;
    crate::vault::mark_damaged(&long.grace).await;
    let Long { machines, wire, owner, grace, organization } = long;
    cut(grace).await;
    let grace = machines[2].unlocked().await;
    assert_eq!(stored(&grace, &organization).await.as_deref(), Some("password 300"));
    let long = Long { machines, wire, owner, grace, organization };
    assert!(long.view().await.unchecked);
    long.checked().await;
    edit(&long.grace, &long.organization, "by Grace").await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_check_that_was_cut_goes_on_where_it_stood() {
    let long = Long::of(17, Shown::True).await;
    {
        let mut wire = long.wire.lock().unwrap();
        wire.given_of_the_past.clear();
        wire.gives_of_the_past = 1;
    }
    let first = STEP as u64 - 1;
    eventually("the first page", async || {
        drop(long.grace.call(SyncRequest {}).await);
        long.grace.inner.store.entry(&long.organization, first).await.unwrap().is_some()
    })
    .await;
    assert!(long.grace.inner.store.entry(&long.organization, first + 1).await.unwrap().is_none(), "more than a page");
    let Long { machines, wire, owner, grace, organization } = long;
    cut(grace).await;
    let grace = machines[2].unlocked().await;
    let long = Long { machines, wire, owner, grace, organization };
    assert!(long.view().await.unchecked);
    long.checked().await;
    let pages: Vec<_> = (0..CHECKPOINT_EVERY).step_by(STEP).collect();
    assert_eq!(long.wire.lock().unwrap().given_of_the_past, pages);
    edit(&long.grace, &long.organization, "by Grace").await.unwrap();
}

/// The beginning of a ledger, with a checkpoint after it that says something else.
fn with_a_false_checkpoint(entries: &[Entry], says: &OrganizationState, by: &Session) -> Vec<Entry> {
    let before = &entries[..usize::try_from(CHECKPOINT_EVERY).unwrap()];
    let last = before.last().unwrap();
    let body = OrganizationBody::Checkpoint { snapshot: says.snapshot() };
    let forged = Draft {
        place: Place { ledger: Some(says.ledger()), seq: CHECKPOINT_EVERY, prev: Some(last.hash()) },
        body: body.into(),
        author: by.author,
        time_ms: last.time_ms(),
        witness: last.witness(),
    };
    let forged = forged.sign(by.device.signing_key()).unwrap();
    before.iter().cloned().chain([forged]).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_checkpoint_that_its_history_does_not_lead_to_is_told_and_decides_nothing() {
    let long = Long::of(13, Shown::False).await;
    let grace = &long.grace;
    assert_eq!(stored(grace, &long.organization).await.as_deref(), Some("password 3"), "it was not begun there");
    {
        // What is before it leads to it, in all that the home gives.
        let mut wire = long.wire.lock().unwrap();
        let (_, ledger, forged) = wire.newcomers_see.take().unwrap();
        wire.home.entries.insert(ledger, forged);
        wire.gives_of_the_past = usize::MAX;
    }
    eventually("a warning", async || {
        drop(grace.call(SyncRequest {}).await);
        let warnings = grace.call(StatusRequest {}).await.unwrap().warnings;
        warnings.iter().any(|warning| warning.code == "home.refused-entry")
    })
    .await;
    assert!(long.view().await.unchecked);
    assert_eq!(edit(grace, &long.organization, "by Grace").await.unwrap_err().code, "ledger.history-unchecked");
    assert!(long.grace.call(HomeRequest {}).await.unwrap().backend.unwrap().unchecked == 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_checkpoint_of_another_history_is_proven_by_both() {
    let long = Long::of(14, Shown::False).await;
    // The past that the home gives is the true one.
    long.wire.lock().unwrap().gives_of_the_past = usize::MAX;
    eventually("a proof", async || {
        drop(long.grace.call(SyncRequest {}).await);
        long.grace.call(HomeRequest {}).await.unwrap().backend.unwrap().fork.is_some()
    })
    .await;
    assert!(long.view().await.unchecked);
}

/// Waits until a newcomer says that the home names an entry and does not give it.
async fn withheld(owner: &App, newcomer: &App) {
    eventually("a refusal", async || {
        drop((owner.call(SyncRequest {}).await, newcomer.call(SyncRequest {}).await));
        let problem = newcomer.call(HomeRequest {}).await.unwrap().backend.unwrap().problem;
        problem.is_some_and(|problem| problem.code == "home.entry-withheld")
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_checkpoint_of_somebody_who_left_begins_nothing() {
    let long = Long::of(15, Shown::FalseByWhoLeft).await;
    withheld(&long.owner, &long.grace).await;
    assert!(stored(&long.grace, &long.organization).await.is_none(), "it was begun there");
    long.wire.lock().unwrap().newcomers_see = None;
    sees(&long.owner, &long.grace, &long.organization).await;
    assert_eq!(stored(&long.grace, &long.organization).await.as_deref(), Some("password 300"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_checkpoint_names_is_not_taken_from_another_place() {
    let long = Long::of(16, Shown::True).await;
    long.checked().await;
    let third = Machine::new();
    long.wire.lock().unwrap().mixes_up = true;
    let vera = joined(&long.owner, &third, "Vera", Role::Admin).await;
    withheld(&long.owner, &vera).await;
    long.wire.lock().unwrap().mixes_up = false;
    sees(&long.owner, &vera, &long.organization).await;
    cut(vera).await;
}
