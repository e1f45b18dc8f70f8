//! Records in the ledgers: what is not genuine is said, and what is stands in the list and in evidence again.

use super::*;
use crate::audit::record::{self, Record, View};
use crate::credentials;
use crate::session::Session;
use crate::store::{Direction, Span};
use vitrine_vault::account::DeviceKeys;

/// An organization whose ledger carries these records, written by this device.
async fn carried(app: &App, id: &records::Bytes32, made: impl Fn(&Session) -> Vec<Vec<u8>>) {
    let session = app.session().await.unwrap();
    let mut change = Change::begin(app, &session).await.unwrap();
    let mut opened = change.open(id).await.unwrap();
    change.log(&mut opened, &record::batch(&made(&session))).await.unwrap();
    change.save(opened).await.unwrap();
    change.commit().await.unwrap();
}

fn viewed(session: &Session, organization: records::Bytes32, counter: u64) -> Record {
    Record {
        organization,
        author: session.author,
        seen: session.msp().head(),
        at: 1_800_000_000_000 + counter,
        action: Action::Viewed,
        user_name: Some("ea-1@contoso.example".into()),
        note: format!("ticket {counter}"),
        view: Some(View { counter, previous: [0; 32], item: [5; 16], what: "current password".into() }),
    }
}

#[tokio::test]
async fn a_record_that_is_not_genuine_is_a_line_of_its_own_and_no_view() {
    let machine = Machine::new();
    let app = machine.create().await;
    let organization = add(&app, "Contoso").await.id;
    let id = records::parse_organization(&organization).unwrap();
    carried(&app, &id, |session| {
        let genuine = viewed(session, id, 1).sign(&session.device);
        let elsewhere = viewed(session, [9; 32], 2).sign(&session.device);
        let stranger = viewed(session, id, 3).sign(&DeviceKeys::make(&mut crate::session::rng()));
        vec![genuine, elsewhere, stranger, b"no record".to_vec()]
    })
    .await;
    // What this device wrote it lists by itself, until it has to read its history again.
    vault::mark_damaged(&app).await;
    cut(app).await;
    let app = machine.unlocked().await;
    let audit = app.call(AuditRequest::default()).await.unwrap();
    let of = |action: Action| audit.lines.iter().filter(|line| line.action == action).collect::<Vec<_>>();
    let viewed = of(Action::Viewed);
    assert_eq!(viewed.len(), 1);
    assert_eq!((viewed[0].who.as_str(), viewed[0].late), ("Ada Byron", false));
    assert_eq!(viewed[0].note.as_deref(), Some("current password: ticket 1"));
    assert_eq!(viewed[0].organization_name.as_deref(), Some("Contoso"));
    assert_eq!(of(Action::RecordRefused).len(), 3);
    assert_eq!(of(Action::VaultCreated).len(), 1);

    // Evidence says the same of them, and verifies.
    let path = machine.path("evidence.json");
    let request = ExportAuditRequest {
        filter: AuditFilter::default(),
        format: AuditFormat::Json,
        path: path.display().to_string(),
    };
    app.call(request).await.unwrap();
    let bytes = std::fs::read(&path).unwrap();
    let verified = crate::verify_evidence(&bytes, &audit.vault).unwrap();
    assert_eq!((verified.organizations, verified.records, verified.unlisted, verified.closed), (1, 1, 0, 0));
    let text = String::from_utf8(bytes).unwrap();
    assert_eq!(text.matches("\"recordRefused\"").count(), 3);
}

#[tokio::test]
async fn what_is_done_waits_in_the_index_until_its_ledger_carries_it_and_no_longer() {
    let app = Machine::new().create().await;
    let organization = add(&app, "Contoso").await.id;
    let id = records::parse_organization(&organization).unwrap();
    let request = EditOrganizationRequest {
        organization: organization.clone(),
        name: "Contoso Ltd".into(),
        notes: String::new(),
        tags: Vec::new(),
    };
    app.call(request).await.unwrap();
    let waiting = async || {
        let all = Span::prefix(records::key::UNCARRIED);
        app.inner.store.index_range(&all, Direction::Forward, 10).await.unwrap().len()
    };
    // That it was added stands in the vault's own ledger.
    assert_eq!(waiting().await, 1);
    let before = app.inner.store.newest_seq(&id).await.unwrap();
    let session = app.session().await.unwrap();
    credentials::carry(&app, &session).await.unwrap();
    assert_eq!(waiting().await, 0);
    assert_eq!(app.inner.store.newest_seq(&id).await.unwrap(), before.map(|seq| seq + 1));
    credentials::carry(&app, &session).await.unwrap();
    assert_eq!(app.inner.store.newest_seq(&id).await.unwrap(), before.map(|seq| seq + 1), "carried twice");
    let audit = app.call(AuditRequest::default()).await.unwrap();
    assert_eq!(audit.lines.iter().filter(|line| line.action == Action::OrganizationEdited).count(), 1);
}
