//! Quick access: what a few letters find, and in which order.

use super::*;

async fn found(app: &App, filter: &str) -> QuickAccessView {
    app.call(QuickAccessRequest { filter: filter.into() }).await.unwrap()
}

fn names(view: &QuickAccessView) -> Vec<&str> {
    view.rows.iter().map(|row| row.organization_name.as_str()).collect()
}

#[tokio::test]
async fn the_beginning_of_a_name_comes_before_all_that_hold_it_somewhere() {
    let machine = Machine::new();
    let app = machine.create().await;
    for number in 0..8 {
        add(&app, &format!("Aircon {number}")).await;
    }
    add(&app, "Contoso").await;
    let view = found(&app, " CON ").await;
    assert_eq!(names(&view)[..2], ["Contoso", "Aircon 0"]);
    assert_eq!((view.rows.len(), view.matching, view.total), (8, 9, 9));
    assert!(found(&app, "zzz").await.rows.is_empty());
    app.lock(LockReason::Hand).await;
    assert_eq!(code(app.call(QuickAccessRequest { filter: "con".into() }).await), "vault.locked");
}

#[tokio::test]
async fn before_anything_is_typed_the_organizations_used_last_come_first() {
    let machine = Machine::new();
    let app = machine.create().await;
    add(&app, "Adatum").await;
    let last = add(&app, "Woodgrove").await.id;
    app.call(OrganizationRequest { organization: last }).await.unwrap();
    assert_eq!(names(&found(&app, "").await), ["Woodgrove", "Adatum"]);
}

#[tokio::test]
async fn each_account_is_a_row_and_a_doubtful_one_is_a_row_for_each_password_to_try() {
    let machine = Machine::new();
    let app = machine.create().await;
    let id = add(&app, "Contoso").await.id;
    assert!(found(&app, "conto").await.rows[0].account.is_none());
    keep(&app, &id).await;
    let tried = |view: &QuickAccessView| {
        let accounts = view.rows.iter().filter_map(|row| row.account.as_ref());
        accounts.map(|account| (account.order, account.which)).collect::<Vec<_>>()
    };
    let view = found(&app, "example").await;
    assert_eq!(tried(&view), [(None, WhichValue::Current)]);
    let account = view.rows[0].account.as_ref().unwrap();
    assert!(account.has_second_factor && account.state == AccountState::Fresh);
    rotated(&machine, &app, &id, async || {
        let both = [(Some(1), WhichValue::Current), (Some(2), WhichValue::Pending)];
        assert_eq!(tried(&found(&app, "conto").await), both);
    })
    .await;
    // The one before opens nothing any more once the tenant has confirmed the new one.
    assert_eq!(tried(&found(&app, "conto").await), [(None, WhichValue::Current)]);
    machine.passes(2 * DAY);
    assert_eq!(found(&app, "conto").await.rows[0].account.as_ref().unwrap().state, AccountState::Due);
}
