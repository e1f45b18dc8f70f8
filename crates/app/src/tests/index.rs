//! What survives a lost or altered index, an older database, an object that nobody needs any more.

use super::*;

#[tokio::test]
async fn a_backup_that_lacks_the_last_change_of_a_killed_program_is_known_to_be_old() {
    let machine = Machine::new();
    let app = machine.create().await;
    let folder = machine.path("backup");
    app.call(SetBackupRequest { folder: folder.display().to_string() }).await.unwrap();
    assert!(backup(&app).await.current);
    let old = std::fs::read(folder.join("Vitrine.backup")).unwrap();
    add(&app, "Contoso").await;
    cut(app).await;
    let app = machine.unlocked().await;
    assert!(!backup(&app).await.current, "a file without the last change is shown as current");
    let end = Instant::now() + Duration::from_secs(30);
    while !backup(&app).await.current {
        assert!(Instant::now() < end, "the next unlock does not write it anew");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_ne!(std::fs::read(folder.join("Vitrine.backup")).unwrap(), old);
    cut(app).await;
    assert!(backup(&machine.unlocked().await).await.current, "what was written is forgotten");
}

#[tokio::test]
async fn an_index_made_again_keeps_what_only_this_device_knows_and_says_so() {
    let machine = Machine::without_keychain();
    let app = machine.create().await;
    let folder = machine.path("backup").display().to_string();
    app.call(SetBackupRequest { folder: folder.clone() }).await.unwrap();
    let session = app.session().await.unwrap();
    let noted = own::note(&app, &session, |own| {
        (own.kit_confirmed, own.carried_to, own.carried_hash) = (true, 7, Some([3; 32]));
    });
    noted.await.unwrap();
    drop(session);
    add(&app, "Contoso").await;
    let history = vault::firm(&app).await.unwrap().history;
    vault::mark_damaged(&app).await;
    cut(app).await;
    let app = machine.unlocked().await;
    let status = app.call(StatusRequest {}).await.unwrap();
    let told: Vec<&str> = status.warnings.iter().map(|warning| warning.code.as_str()).collect();
    assert_eq!(told, ["index.rebuilt"], "with no keychain, and so no generation, nothing was said");
    assert_eq!(status.backup.unwrap().folder, Some(folder));
    let firm = vault::firm(&app).await.unwrap();
    assert!(firm.own.kit_confirmed && firm.own.carried_to == 7 && firm.own.carried_hash == Some([3; 32]));
    assert!(firm.reason_required && firm.msp_name == "Northern Lights IT" && firm.history == history);
}

#[tokio::test]
async fn an_index_of_another_layout_is_made_again_and_not_misread() {
    let machine = Machine::new();
    let app = machine.create().await;
    add(&app, "Contoso").await;
    let mut tx = app.inner.store.begin().await.unwrap();
    tx.index_put(records::key::LAYOUT, &[records::LAYOUT.wrapping_sub(1)]).await.unwrap();
    // What another version wrote there, and this one would take for a firm of some other name.
    tx.index_put(records::key::FIRM, &[0; 64]).await.unwrap();
    tx.commit().await.unwrap();
    app.lock(LockReason::Hand).await;
    for warned in [1, 0] {
        let status = unlock(&app, PASSPHRASE).await.unwrap();
        assert_eq!(status.warnings.iter().filter(|warning| warning.code == "index.rebuilt").count(), warned);
        assert_eq!(vault::firm(&app).await.unwrap().msp_name, "Northern Lights IT");
        assert_eq!(app.call(OrganizationsRequest::default()).await.unwrap().counts.total, 1);
        app.lock(LockReason::Hand).await;
    }
}

#[tokio::test]
async fn an_older_database_with_a_damaged_index_is_still_a_rollback() {
    let machine = Machine::new();
    let app = machine.create().await;
    add(&app, "Contoso").await;
    app.lock(LockReason::Hand).await;
    cut(app).await;
    copy(&machine.path("vault"), &machine.path("older"));
    let app = machine.unlocked().await;
    add(&app, "Fabrikam").await;
    app.lock(LockReason::Hand).await;
    cut(app).await;
    copy(&machine.path("vault"), &machine.path("newer"));
    for (folder, expected) in [("older", "vault.rolled-back"), ("newer", "")] {
        copy(&machine.path(folder), &machine.path("vault"));
        damage_index(&machine.path("vault")).await;
        let app = machine.start().await;
        assert_eq!(code(unlock(&app, PASSPHRASE).await), expected, "{folder}");
        cut(app).await;
    }
}

#[tokio::test]
async fn a_history_with_a_gap_is_not_taken_for_a_shorter_one() {
    let machine = Machine::without_keychain();
    let app = machine.create().await;
    let organization = add(&app, "Contoso").await.id;
    for notes in ["one", "two", "three"] {
        let (organization, name, notes) = (organization.clone(), "Contoso".into(), notes.into());
        app.call(EditOrganizationRequest { organization, name, notes, tags: vec![] }).await.unwrap();
    }
    vault::mark_damaged(&app).await;
    cut(app).await;
    let newest_but_one = "DELETE FROM entries WHERE id = (SELECT max(id) - 1 FROM entries)";
    alter(&machine.path("vault"), newest_but_one).await;
    let app = machine.unlocked().await;
    let status = app.call(StatusRequest {}).await.unwrap();
    assert!(status.warnings.iter().any(|warning| warning.code == "vault.organizations-unreadable"));
    assert_eq!(app.call(OrganizationsRequest::default()).await.unwrap().counts.total, 0);
}

async fn damage_index(folder: &Path) {
    alter(folder, "UPDATE pages SET bytes = zeroblob(length(bytes))").await;
}

async fn alter(folder: &Path, sql: &'static str) {
    use sqlx::{ConnectOptions as _, Connection as _};
    let database = sqlx::sqlite::SqliteConnectOptions::new().filename(folder.join("vitrine.db"));
    let mut connection = database.connect().await.unwrap();
    sqlx::raw_sql(sql).execute(&mut connection).await.unwrap();
    connection.close().await.unwrap();
}

fn copy(from: &Path, to: &Path) {
    let _ = std::fs::remove_dir_all(to);
    std::fs::create_dir(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap().map(Result::unwrap) {
        std::fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
    }
}

#[tokio::test]
async fn an_object_goes_thirty_days_after_the_last_item_named_it() {
    let machine = Machine::new();
    let app = machine.create().await;
    let organization = add(&app, "Contoso").await.id;
    let edit = async |notes: &str| {
        let (organization, name, notes) = (organization.clone(), "Contoso".into(), notes.into());
        app.call(EditOrganizationRequest { organization, name, notes, tags: vec![] }).await.unwrap();
    };
    let objects = async || app.inner.store.objects_by_arrival(0, 100).await.unwrap().len();
    edit("one").await;
    edit("two").await;
    assert_eq!(objects().await, 3);
    machine.passes(30 * DAY - 1);
    edit("three").await;
    assert_eq!(objects().await, 4, "an object went while it was still needed");
    machine.passes(1);
    edit("four").await;
    assert_eq!(objects().await, 3, "what nobody needs any more is kept");
    // An index made again knows as well what may go, by the times in the signed history.
    vault::mark_damaged(&app).await;
    app.lock(LockReason::Hand).await;
    unlock(&app, PASSPHRASE).await.unwrap();
    machine.passes(30 * DAY);
    edit("five").await;
    assert_eq!(objects().await, 2);
    let row = app.call(OrganizationRequest { organization: organization.clone() }).await.unwrap();
    assert_eq!(row.notes, "five");
}
