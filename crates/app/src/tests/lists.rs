//! What lists, exports, imports and the audit show.

use super::*;

#[tokio::test]
async fn a_reason_is_asked_for_by_the_firm_and_not_by_a_file_alone() {
    let machine = Machine::new();
    let app = machine.create().await;
    std::fs::write(machine.path("vault").join("config.toml"), "[settings]\naskReason = false\n").unwrap();
    cut(app).await;
    let app = machine.unlocked().await;
    let settings = app.call(SettingsRequest {}).await.unwrap().settings;
    assert!(settings.ask_reason, "whoever edits a file switches the firm's rule off");
    let entries = vault::firm(&app).await.unwrap().history.entries;
    let off = SetSettingsRequest { settings: Settings { ask_reason: false, ..settings } };
    assert!(!app.call(off).await.unwrap().settings.ask_reason);
    assert_eq!(vault::firm(&app).await.unwrap().history.entries, entries + 1, "the rule's change is not signed");
    cut(app).await;
    assert!(!machine.unlocked().await.call(SettingsRequest {}).await.unwrap().settings.ask_reason);
}

#[tokio::test]
async fn saved_views_outlive_a_restart_and_a_damaged_index_and_lie_readable_nowhere() {
    let machine = Machine::new();
    let app = machine.create().await;
    let saved = SavedView {
        name: "The bank".into(),
        filter: "Woodgrove".into(),
        state: Some(OrganizationState::Due),
        sort: OrganizationSort::NextRotation,
        descending: true,
        hidden: vec![ListColumn::Domain],
    };
    let wanted = ListViews { hidden: vec![ListColumn::LastRotation], saved: vec![saved.clone()] };
    let set = |saved: Vec<SavedView>| SetListViewsRequest { views: ListViews { saved, ..wanted.clone() } };
    assert_eq!(app.call(set(vec![saved.clone()])).await.unwrap(), wanted);
    let twice = SavedView { name: " the BANK ".into(), ..saved.clone() };
    assert_eq!(code(app.call(set(vec![saved.clone(), twice])).await), "lists.name-taken");
    assert_eq!(code(app.call(set(vec![SavedView { name: " ".into(), ..saved.clone() }])).await), "lists.name");
    vault::mark_damaged(&app).await;
    cut(app).await;
    for entry in std::fs::read_dir(machine.path("vault")).unwrap().map(Result::unwrap) {
        let bytes = std::fs::read(entry.path()).unwrap();
        for name in ["Woodgrove", "The bank"] {
            assert!(!bytes.windows(name.len()).any(|part| part == name.as_bytes()), "{name} in {:?}", entry.path());
        }
    }
    let app = machine.unlocked().await;
    assert_eq!(app.call(ListViewsRequest {}).await.unwrap(), wanted);
    app.lock(LockReason::Hand).await;
    assert_eq!(code(app.call(ListViewsRequest {}).await), "vault.locked");
}

#[tokio::test]
async fn a_list_is_written_for_its_owner_alone_and_over_no_other_file() {
    let machine = Machine::new();
    let app = machine.create().await;
    add(&app, "Contoso").await;
    let only = add(&app, "=Fabrikam").await.id;
    let request = |only: &[String], filter: &str, file: &str| ExportRequest {
        list: ExportedList::Organizations { filter: filter.into(), state: None, only: only.to_vec() },
        path: machine.path(file).display().to_string(),
    };
    assert_eq!(app.call(request(&[], "", "all.csv")).await.unwrap().rows, 2);
    assert_eq!(app.call(request(&[], "conto", "some.csv")).await.unwrap().rows, 1);
    assert_eq!(app.call(request(std::slice::from_ref(&only), "", "one.csv")).await.unwrap().rows, 1);
    let one = std::fs::read_to_string(machine.path("one.csv")).unwrap();
    assert_eq!(one.lines().nth(1), Some(&*format!("'=Fabrikam,,not connected,0,,,{only}")));
    assert_eq!(code(app.call(request(&[], "", "one.csv")).await), "file.exists");
    assert_eq!(std::fs::read_to_string(machine.path("one.csv")).unwrap(), one);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(std::fs::metadata(machine.path("one.csv")).unwrap().permissions().mode() & 0o777, 0o600);
    }
    let happened = ExportAuditRequest {
        filter: AuditFilter::default(),
        format: AuditFormat::Csv,
        path: machine.path("audit.csv").display().to_string(),
    };
    assert_eq!(app.call(happened).await.unwrap().rows, 3);
}

#[tokio::test]
async fn two_imports_at_once_add_each_name_once() {
    let app = Machine::new().create().await;
    let csv: String = (0..30).fold("name\n".into(), |csv, number| format!("{csv}Customer {number}\n"));
    let import = || app.call(ImportRequest { csv: csv.clone() });
    let (one, other) = tokio::join!(import(), import());
    let (one, other) = (one.unwrap(), other.unwrap());
    assert_eq!(one.added + other.added, 30);
    assert_eq!(one.left_out.len() + other.left_out.len(), 30);
    assert!(other.left_out.iter().chain(&one.left_out).all(|row| row.problem.is_some()));
    assert_eq!(app.call(OrganizationsRequest::default()).await.unwrap().counts.total, 30);
}

#[tokio::test]
async fn what_is_due_is_counted_by_organization_and_a_failed_one_as_failed() {
    let machine = Machine::new();
    let app = machine.create().await;
    let (past, future) = (machine.clock.now_ms() - 1, machine.clock.now_ms() + DAY);
    let mut ids = Vec::new();
    for (name, accounts) in [
        ("Both due", [(Stands::Steady, past), (Stands::Steady, past)]),
        ("One due", [(Stands::Steady, future), (Stands::Steady, past)]),
        ("None due", [(Stands::Steady, future), (Stands::Steady, future)]),
        ("Failed", [(Stands::NeedsPerson, past), (Stands::Steady, past)]),
    ] {
        let id = add(&app, name).await.id;
        enroll(&app, &id, "example", &accounts).await;
        ids.push(id);
    }
    let counts = async || app.call(OrganizationsRequest::default()).await.unwrap().counts;
    let expected = OrganizationCounts { total: 4, healthy: 1, due: 2, failed: 1, not_connected: 0 };
    assert_eq!(counts().await, expected);
    assert_eq!(app.tray().due, 5);
    // It recovers without any due time changing.
    enroll(&app, &ids[3], "example", &[(Stands::Steady, past), (Stands::Steady, past)]).await;
    assert_eq!(counts().await, OrganizationCounts { due: 3, failed: 0, ..expected });
    machine.passes(DAY);
    assert_eq!(counts().await, OrganizationCounts { due: 4, failed: 0, healthy: 0, ..expected });
}

#[tokio::test]
async fn an_organization_is_looked_up_by_its_whole_name_domain_or_id() {
    let app = Machine::new().create().await;
    let (contoso, other) = (add(&app, "Contoso Ltd").await.id, add(&app, "Contoso").await.id);
    enroll(&app, &contoso, "Contoso.Example", &[]).await;
    let find = async |named: &str| -> Vec<String> {
        let found = app.call(FindOrganizationRequest { named: named.into() }).await.unwrap();
        found.rows.into_iter().map(|row| row.id).collect()
    };
    for named in ["contoso ltd", " CONTOSO LTD ", "contoso.example", "contoso.example.onmicrosoft.EXAMPLE", &contoso] {
        assert_eq!(find(named).await, std::slice::from_ref(&contoso), "{named}");
    }
    assert_eq!(find("Contoso").await, [other]);
    assert!(find("Conto").await.is_empty() && find("").await.is_empty() && find(&"x".repeat(5_000)).await.is_empty());
    // A name and another's domain: the person has to say which.
    add(&app, "contoso.example").await;
    assert_eq!(find("contoso.example").await.len(), 2);
    // Gone with the organization.
    let archived = ArchiveOrganizationRequest { organization: contoso, typed_name: "Contoso Ltd".into() };
    app.call(archived).await.unwrap();
    assert_eq!(find("contoso.example").await.len(), 1);
}

#[tokio::test]
async fn the_audit_says_how_far_the_signed_history_was_verified() {
    let app = Machine::new().create().await;
    let organization = add(&app, "Contoso").await.id;
    let all = app.call(AuditRequest::default()).await.unwrap();
    // Genesis, team, key, policy, and the organization.
    assert_eq!((all.verified.entries, all.total, all.lines.len()), (5, 2, 2));
    let request = AuditRequest {
        filter: AuditFilter { organization: Some(organization), ..AuditFilter::default() },
        ..AuditRequest::default()
    };
    let own = app.call(request).await.unwrap();
    assert_eq!((own.verified.entries, own.total, own.lines.len()), (3, 1, 1));
    assert!(own.verified.head.len() == 64 && own.verified.head != all.verified.head);
    let second = app.call(AuditRequest { offset: 1, limit: 1, ..AuditRequest::default() }).await.unwrap();
    assert_eq!((second.lines[0].action, second.total), (Action::VaultCreated, 2));
}
