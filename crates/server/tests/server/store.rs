//! Appending and reading: what is kept, in which order, and who sees it.

use reqwest::StatusCode;
use vitrine_ledger::wire::{Entries, EntriesWanted, Start, object_hash};
use vitrine_ledger::{Entry, Home, ItemKind, Level, MspBody, OrganizationBody, Role, SealedRecords, TeamKind};

use crate::firm::{Customer, Desk, Firm, WORK, item, log};
use crate::kit::{Database, Running, TOKEN, Vault, batch, object, on_both, register, tamper};

on_both!(
    what_is_appended_is_read_back_byte_for_byte,
    of_two_appends_to_one_head_exactly_one_is_taken,
    of_appends_that_share_a_transaction_what_does_not_stand_is_undone_alone,
    a_request_sent_again_changes_nothing,
    a_long_ledger_comes_in_pages,
    entries_come_by_themselves_in_the_order_asked,
    a_refused_entry_takes_the_whole_request_with_it,
    changes_come_once_and_in_order,
    an_object_must_be_named_and_a_named_object_must_be_there,
    many_objects_of_one_request_are_kept_let_go_and_given_in_the_order_asked,
    a_vault_that_is_copied_in_pieces_needs_its_objects_once_this_is_its_home,
    a_technician_sees_organizations_only_by_access,
    a_removed_member_is_nobody,
    a_new_member_reads_the_msp_ledger_and_joins,
    registration_needs_the_token_and_changes_nothing_the_second_time,
    only_an_owner_brings_entries_of_others,
    an_organization_takes_nothing_more_once_the_home_moved_away,
);

async fn what_is_appended_is_read_back_byte_for_byte(database: Database) {
    let running = Running::new(&database).await;
    let mut vault = Vault::moved_to(&running).await;
    let first = vault.rotate(1).await;
    let second = vault.rotate(1).await;
    let msp = vault.client.entries(vault.firm.state().ledger(), 0).await.unwrap();
    assert_eq!(msp, vault.firm.entries);
    let ledger = vault.customer.state.ledger();
    assert_eq!(vault.client.entries(ledger, 0).await.unwrap(), vault.customer.entries);
    assert_eq!(vault.client.entries(ledger, 2).await.unwrap(), vault.customer.entries[2..]);
    // The first version is no longer named, and still kept for a while.
    let objects = [first, second];
    assert_eq!(vault.client.objects(ledger, &objects).await.unwrap(), objects);
    assert_eq!(vault.client.objects(ledger, &[object(9, 9)]).await.unwrap(), Vec::<Vec<u8>>::new());
}

async fn of_two_appends_to_one_head_exactly_one_is_taken(database: Database) {
    let running = Running::new(&database).await;
    let vault = Vault::moved_to(&running).await;
    let rivals: Vec<_> = (1..=8).map(|n| vault.put(n, 1)).collect();
    let racing = rivals
        .iter()
        .map(|(entry, object)| vault.client.append(std::slice::from_ref(entry), std::slice::from_ref(object)));
    let outcomes = futures_util::future::join_all(racing).await;
    let (taken, refused): (Vec<_>, Vec<_>) = outcomes.into_iter().partition(Result::is_ok);
    assert_eq!(taken.len(), 1);
    let entries = vault.client.entries(vault.customer.state.ledger(), 0).await.unwrap();
    let head = entries.last().unwrap();
    assert!(rivals.iter().any(|(entry, _)| entry == head));
    for refusal in refused.into_iter().map(Result::unwrap_err) {
        assert_eq!((refusal.status, refusal.code.as_str()), (StatusCode::CONFLICT, "ledger.taken"));
        assert_eq!(refusal.document["head"]["hash"], head.hash().to_string());
    }
}

async fn of_appends_that_share_a_transaction_what_does_not_stand_is_undone_alone(database: Database) {
    let running = Running::new(&database).await;
    let vault = Vault::moved_to(&running).await;
    let mut customers = Vec::new();
    for n in 0..24 {
        let customer = Customer::connect(&vault.firm, &vault.owner, 100 + n);
        vault.client.append(&customer.entries, &[]).await.unwrap();
        customers.push(customer);
    }
    // While one is stored the others come, and wait together. Every third lacks its object, which is found out last, when
    // its entry is written already.
    let mut before = vault.client.changes(0).await.unwrap().cursor;
    for version in 1..=4 {
        let (_, object) = vault.put(1, version);
        let (body, mut stands) = (put_of(&object, version), Vec::new());
        let appends = customers.iter().enumerate().map(|(place, customer)| {
            let entry = customer.sign(&vault.firm, &vault.owner, body.clone());
            let objects = if place % 3 == 0 { Vec::new() } else { vec![object.clone()] };
            let client = vault.client.clone();
            async move { (client.append(std::slice::from_ref(&entry), &objects).await, entry) }
        });
        for (place, (answer, entry)) in futures_util::future::join_all(appends).await.into_iter().enumerate() {
            match answer {
                Ok(number) => {
                    stands.push(number);
                    customers[place].take(&vault.firm, entry).unwrap();
                }
                Err(refused) => assert_eq!((place % 3, refused.code.as_str()), (0, "server.object-missing")),
            }
        }
        stands.sort_unstable();
        assert_eq!(stands, (before + 1..=before + 16).collect::<Vec<_>>());
        before += 16;
        for customer in &customers {
            assert_eq!(vault.client.entries(customer.state.ledger(), 0).await.unwrap(), customer.entries);
        }
        customers.iter_mut().step_by(3).for_each(|late| {
            let entry = late.sign(&vault.firm, &vault.owner, body.clone());
            drop(late.take(&vault.firm, entry).unwrap());
        });
        for late in customers.iter().step_by(3) {
            let newest = late.entries.last().cloned().unwrap();
            before = vault.client.append(&[newest], std::slice::from_ref(&object)).await.unwrap();
        }
    }
}

fn put_of(object: &[u8], version: u64) -> OrganizationBody {
    OrganizationBody::Put { item: item(1), item_kind: ItemKind::Account, version, object: object_hash(object) }
}

// 35: the same request, sent again within its minute.
async fn a_request_sent_again_changes_nothing(database: Database) {
    let running = Running::new(&database).await;
    let vault = Vault::moved_to(&running).await;
    let (entry, object) = vault.put(1, 1);
    let body = vitrine_ledger::wire::Message::to_bytes(&batch(&[entry], &[object]));
    let client = &vault.client;
    let post = reqwest::Method::POST;
    let send = || client.raw(post.clone(), "/v1/append", body.clone(), client.sign(&post, "/v1/append", &body));
    assert_eq!(send().await.status(), StatusCode::OK);
    let before = client.changes(0).await.unwrap();
    assert_eq!(send().await.status(), StatusCode::CONFLICT);
    assert_eq!(client.changes(0).await.unwrap(), before);
}

async fn a_refused_entry_takes_the_whole_request_with_it(database: Database) {
    let running = Running::new(&database).await;
    let mut vault = Vault::moved_to(&running).await;
    let before = vault.client.changes(0).await.unwrap();
    let good = vault.customer.sign(&vault.firm, &vault.owner, log());
    vault.customer.take(&vault.firm, good.clone()).unwrap();
    let gap = {
        let mut ahead = vault.customer.clone();
        ahead.add(&vault.firm, &vault.owner, log()).unwrap();
        ahead.sign(&vault.firm, &vault.owner, log())
    };
    let refused = vault.client.append(&[good, gap], &[]).await.unwrap_err();
    assert_eq!((refused.status, refused.code.as_str()), (StatusCode::CONFLICT, "ledger.gap"));
    assert_eq!(vault.client.changes(0).await.unwrap(), before);
}

async fn changes_come_once_and_in_order(database: Database) {
    let running = Running::new(&database).await;
    let mut vault = Vault::moved_to(&running).await;
    let all = vault.client.changes(0).await.unwrap();
    assert_eq!(all.ledgers.len(), 2);
    assert!(!all.more);
    assert!(vault.client.changes(all.cursor).await.unwrap().ledgers.is_empty());
    vault.rotate(1).await;
    let new = vault.client.changes(all.cursor).await.unwrap();
    let [changed] = &new.ledgers[..] else { panic!("{new:?}") };
    assert_eq!((changed.ledger, changed.head), (vault.customer.state.ledger(), vault.customer.state.head()));
    let ahead = vault.client.changes(new.cursor + 1).await.unwrap_err();
    assert_eq!((ahead.status, ahead.code.as_str()), (StatusCode::CONFLICT, "server.behind"));
}

async fn an_object_must_be_named_and_a_named_object_must_be_there(database: Database) {
    let running = Running::new(&database).await;
    let vault = Vault::moved_to(&running).await;
    let (entry, good) = vault.put(1, 1);
    let refused = vault.client.append(std::slice::from_ref(&entry), &[]).await.unwrap_err();
    assert_eq!(refused.code, "server.object-missing");
    // 30: a flipped bit is another hash.
    let mut bent = good.clone();
    bent[100] ^= 1;
    let refused = vault.client.append(std::slice::from_ref(&entry), &[bent]).await.unwrap_err();
    assert_eq!(refused.code, "server.object-stray");
    let refused = vault.client.append(std::slice::from_ref(&entry), &[good.clone(), object(7, 7)]).await.unwrap_err();
    assert_eq!(refused.code, "server.object-stray");
    vault.client.append(&[entry], &[good]).await.unwrap();
}

/// Puts these versions of seventy items in one request: more than go into one statement. Answers with their objects.
async fn put_many(vault: &mut Vault, versions: std::ops::RangeInclusive<u64>) -> Vec<Vec<u8>> {
    let (mut entries, mut objects) = (Vec::new(), Vec::new());
    for version in versions {
        for n in 1..=70 {
            let (entry, object) = vault.put(n, version);
            vault.customer.take(&vault.firm, entry.clone()).unwrap();
            entries.push(entry);
            objects.push(object);
        }
    }
    vault.client.append(&entries, &objects).await.unwrap();
    objects
}

async fn many_objects_of_one_request_are_kept_let_go_and_given_in_the_order_asked(database: Database) {
    let running = Running::new(&database).await;
    let mut vault = Vault::moved_to(&running).await;
    let ledger = vault.customer.state.ledger();
    let first = put_many(&mut vault, 1..=1).await;
    // Of these, one version of each is superseded by the request that brings it.
    let later = put_many(&mut vault, 2..=3).await;
    let (second, third) = later.split_at(70);
    let asked: Vec<_> = [third, &[object(99, 9)], second, &first, &first[..1]].concat().into_iter().rev().collect();
    let given = vault.client.objects(ledger, &asked).await.unwrap();
    let kept: Vec<_> = asked.iter().filter(|wanted| **wanted != object(99, 9)).cloned().collect();
    assert!(given == kept, "{} of {} objects, or in another order", given.len(), kept.len());

    tamper(&running.config.database().unwrap(), "UPDATE objects SET released_ms = 1 WHERE released_ms > 0").await;
    let (folder, config) = running.stop().await;
    // What is swept at a start is swept every minute after.
    let running = Running::start(folder, config).await;
    let client = running.client(&vault.firm, &vault.owner);
    for _ in 0..5_000 {
        if client.objects(ledger, &first[..1]).await.unwrap().is_empty() {
            break;
        }
    }
    let needed: Vec<_> = third.iter().rev().cloned().collect();
    assert!(client.objects(ledger, &asked).await.unwrap() == needed, "not those that an item names");
}

// What was named at the end of a piece may have expired where the vault was; what is named in the end has not.
async fn a_vault_that_is_copied_in_pieces_needs_its_objects_once_this_is_its_home(database: Database) {
    let running = Running::new(&database).await;
    let owner = Desk::new(1);
    let firm = Firm::found_with_keys(&owner);
    let customer = Customer::connect(&firm, &owner, 5);
    let client = running.client(&firm, &owner);
    assert_eq!(register(&running.url, TOKEN, &firm.entries[0]).await.status(), StatusCode::NO_CONTENT);
    client.append(&firm.entries[1..], &[]).await.unwrap();
    client.append(&customer.entries, &[]).await.unwrap();
    let mut vault = Vault { owner: owner.clone(), firm, customer, client };
    for version in 1..=2 {
        let (entry, _) = vault.put(1, version);
        vault.client.append(std::slice::from_ref(&entry), &[]).await.unwrap();
        vault.customer.take(&vault.firm, entry).unwrap();
    }

    let home = Home::Backend { id: running.identity.id, key: running.identity.key };
    let mut moved = vault.firm.clone();
    let home = moved.add(&owner, MspBody::Home { home }).unwrap();
    let refused = vault.client.append(std::slice::from_ref(&home), &[]).await.unwrap_err();
    assert_eq!(refused.code, "server.object-missing");
    vault.rotate(1).await;
    vault.client.append(&[home], &[]).await.unwrap();
    vault.firm = moved;

    let (entry, _) = vault.put(1, 4);
    let refused = vault.client.append(std::slice::from_ref(&entry), &[]).await.unwrap_err();
    assert_eq!(refused.code, "server.object-missing");
    vault.rotate(1).await;
}

async fn a_technician_sees_organizations_only_by_access(database: Database) {
    let running = Running::new(&database).await;
    let mut vault = Vault::moved_to(&running).await;
    let (tech, client) = vault.welcome(&running, 2, Role::Technician).await;
    let ledger = vault.customer.state.ledger();
    let object = vault.rotate(1).await;
    // One answer for what is not there and what is not theirs.
    for ledger in [ledger, vitrine_ledger::LedgerId::from_bytes([1; 32])] {
        assert_eq!(client.entries(ledger, 0).await.unwrap_err().status, StatusCode::NOT_FOUND);
        assert_eq!(
            client.objects(ledger, std::slice::from_ref(&object)).await.unwrap_err().status,
            StatusCode::NOT_FOUND
        );
    }
    let seen = client.changes(0).await.unwrap();
    assert!(seen.ledgers.iter().all(|changed| changed.ledger != ledger));

    let owner = vault.owner.clone();
    let team = vault.firm.team_body(WORK, TeamKind::Work, &[tech.member]);
    vault.append_msp(&owner, team).await;
    let grant = Customer::grant_body(&vault.firm, WORK, Level::Read);
    let grant = vault.customer.add(&vault.firm, &owner, grant).unwrap();
    vault.client.append(&[grant], &[]).await.unwrap();
    assert_eq!(client.entries(ledger, 0).await.unwrap(), vault.customer.entries);
    assert_eq!(client.objects(ledger, std::slice::from_ref(&object)).await.unwrap(), [object]);
    assert!(client.changes(seen.cursor).await.unwrap().ledgers.iter().any(|changed| changed.ledger == ledger));
}

async fn a_removed_member_is_nobody(database: Database) {
    let running = Running::new(&database).await;
    let mut vault = Vault::moved_to(&running).await;
    let (tech, client) = vault.welcome(&running, 2, Role::Technician).await;
    client.changes(0).await.unwrap();
    let owner = vault.owner.clone();
    vault.append_msp(&owner, MspBody::MemberRemove { subject: tech.member }).await;
    let refused = client.changes(0).await.unwrap_err();
    assert_eq!((refused.status, refused.code.as_str()), (StatusCode::UNAUTHORIZED, "server.device"));
}

async fn a_new_member_reads_the_msp_ledger_and_joins(database: Database) {
    let running = Running::new(&database).await;
    let mut vault = Vault::moved_to(&running).await;
    let desk = Desk::new(2);
    let owner = vault.owner.clone();
    vault.append_msp(&owner, desk.invited(Role::Admin)).await;
    let client = running.client(&vault.firm, &desk);
    assert_eq!(client.entries(vault.firm.state().ledger(), 0).await.unwrap(), vault.firm.entries);
    // Invited only: an administrator's rights begin with joining.
    let ledger = vault.customer.state.ledger();
    assert_eq!(client.entries(ledger, 0).await.unwrap_err().status, StatusCode::NOT_FOUND);
    let early = vault.customer.sign(&vault.firm, &desk, log());
    assert_eq!(client.append(&[early], &[]).await.unwrap_err().status, StatusCode::FORBIDDEN);
    let proof = desk.proof(vault.firm.state().place());
    let join = vault.firm.add(&desk, MspBody::MemberJoin { proof }).unwrap();
    client.append(&[join], &[]).await.unwrap();
    assert_eq!(client.entries(ledger, 0).await.unwrap(), vault.customer.entries);
}

async fn registration_needs_the_token_and_changes_nothing_the_second_time(database: Database) {
    let running = Running::new(&database).await;
    let stranger = Firm::found(&Desk::new(3));
    for token in ["", "another token, as long as the operator's own is......"] {
        assert_eq!(register(&running.url, token, &stranger.entries[0]).await.status(), StatusCode::UNAUTHORIZED);
    }
    let vault = Vault::moved_to(&running).await;
    let before = vault.client.changes(0).await.unwrap();
    assert_eq!(register(&running.url, TOKEN, &vault.firm.entries[0]).await.status(), StatusCode::NO_CONTENT);
    assert_eq!(vault.client.changes(0).await.unwrap(), before);
    // Not the beginning of anything.
    assert_eq!(register(&running.url, TOKEN, &vault.firm.entries[1]).await.status(), StatusCode::UNPROCESSABLE_ENTITY);
}

async fn only_an_owner_brings_entries_of_others(database: Database) {
    let running = Running::new(&database).await;
    let mut vault = Vault::moved_to(&running).await;
    let (_, admin) = vault.welcome(&running, 2, Role::Admin).await;
    let (entry, object) = vault.put(1, 1);
    let refused = admin.append(std::slice::from_ref(&entry), std::slice::from_ref(&object)).await.unwrap_err();
    assert_eq!((refused.status, refused.code.as_str()), (StatusCode::FORBIDDEN, "server.author"));
    vault.client.append(&[entry], &[object]).await.unwrap();
}

async fn an_organization_takes_nothing_more_once_the_home_moved_away(database: Database) {
    let running = Running::new(&database).await;
    let mut vault = Vault::moved_to(&running).await;
    let owner = vault.owner.clone();
    vault.append_msp(&owner, MspBody::Home { home: crate::firm::backend() }).await;
    let (entry, object) = vault.put(1, 1);
    let refused = vault.client.append(&[entry], &[object]).await.unwrap_err();
    assert_eq!((refused.status, refused.code.as_str()), (StatusCode::MISDIRECTED_REQUEST, "server.moved"));
}

async fn entries_come_by_themselves_in_the_order_asked(database: Database) {
    let running = Running::new(&database).await;
    let mut vault = Vault::moved_to(&running).await;
    for _ in 0..3 {
        vault.rotate(1).await;
    }
    let (ledger, msp) = (vault.customer.state.ledger(), vault.firm.state().ledger());
    let asked = [(ledger, 3), (msp, 1), (ledger, 900), (ledger, 0)].map(|(ledger, seq)| Start { ledger, seq });
    let answer: Entries = vault.client.post("/v1/entries", &EntriesWanted::alone(asked.to_vec())).await.unwrap();
    let read: Vec<Entry> = answer.entries.iter().map(|bytes| Entry::decode(bytes.as_bytes()).unwrap()).collect();
    let there = [&vault.customer.entries[3], &vault.firm.entries[1], &vault.customer.entries[0]];
    assert_eq!((read.iter().collect::<Vec<_>>(), answer.more), (there.to_vec(), false));
    // Who may not read a ledger is given no entry of it either.
    let (_, stranger) = vault.welcome(&running, 9, Role::Technician).await;
    let one = EntriesWanted::alone(vec![Start { ledger, seq: 0 }]);
    let refused = stranger.post::<Entries>("/v1/entries", &one).await.unwrap_err();
    assert_eq!((refused.status, refused.code.as_str()), (StatusCode::NOT_FOUND, "server.not-found"));
}

async fn a_long_ledger_comes_in_pages(database: Database) {
    let running = Running::new(&database).await;
    let mut vault = Vault::moved_to(&running).await;
    for n in 0..12 {
        let records = SealedRecords::new(vec![n; 250_000]).unwrap();
        let entry = vault.customer.add(&vault.firm, &vault.owner, OrganizationBody::Log { records }).unwrap();
        vault.client.append(&[entry], &[]).await.unwrap();
    }
    let (ledger, mut read, mut pages) = (vault.customer.state.ledger(), Vec::new(), 0);
    loop {
        let from = vec![Start { ledger, seq: read.len() as u64 }];
        let page: Entries = vault.client.post("/v1/entries", &EntriesWanted::from(from)).await.unwrap();
        read.extend(page.entries.iter().map(|bytes| Entry::decode(bytes.as_bytes()).unwrap()));
        pages += 1;
        if !page.more {
            break;
        }
    }
    assert!(pages > 1);
    assert_eq!(read, vault.customer.entries);
}
