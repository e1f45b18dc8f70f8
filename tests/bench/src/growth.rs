//! How cost grows, by counts: pages of the sealed index that an operation reads and writes. Times are never asserted.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

use tempfile::TempDir;
use vitrine_app::api::{AfterView, AttentionRequest, OrganizationsRequest, RevealRequest, WhichValue};
use vitrine_app::{App, synthetic};

use crate::vaults::{self, Vault};

/// Organizations in the small and the large vault.
const SMALL: u32 = 40;
const LARGE: u32 = 20 * SMALL;
/// The way from the root to a leaf may be this much longer in the large vault, once down and once along the border of
/// two leaves.
const DEEPER: u64 = 2;

/// Pages read and written by one operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Cost {
    read: u64,
    written: u64,
}

struct Measured {
    _folder: TempDir,
    app: App,
    vault: Vault,
}

impl Measured {
    async fn of(organizations: u32, rotations: u32) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (app, vault) = vaults::make(&folder.path().join("vault"), organizations, 2, rotations).await.unwrap();
        Self { _folder: folder, app, vault }
    }

    /// What `work` costs right after an unlock, with no page in memory but those of the first list.
    async fn cost(&self, work: impl AsyncFnOnce(&Self)) -> Cost {
        synthetic::reopen(&self.app, 50).await.unwrap();
        let before = synthetic::pages(&self.app).await;
        work(self).await;
        let after = synthetic::pages(&self.app).await;
        Cost { read: after.pages_read - before.pages_read, written: after.pages_written - before.pages_written }
    }

    async fn first_page(&self) -> Cost {
        // A reopening counts from nothing.
        synthetic::reopen(&self.app, 50).await.unwrap();
        let counts = synthetic::pages(&self.app).await;
        Cost { read: counts.pages_read, written: counts.pages_written }
    }

    async fn reveal(&self) -> Cost {
        self.cost(async |this| {
            let request = RevealRequest {
                organization: this.vault.organization.clone(),
                account: this.vault.account.clone(),
                which: WhichValue::Current,
                reason: "counted".into(),
                then: AfterView::Keep,
            };
            this.app.call(request).await.map(drop).unwrap();
        })
        .await
    }

    async fn rotate(&self) -> Cost {
        self.cost(async |this| synthetic::rotate(&this.app, &this.vault.place(), 1).await.unwrap()).await
    }

    async fn list(&self) -> Cost {
        self.cost(async |this| {
            let mut offset = 0;
            loop {
                let request = OrganizationsRequest { offset, limit: 20, ..OrganizationsRequest::default() };
                let rows = this.app.call(request).await.unwrap().rows.len();
                if rows == 0 {
                    break;
                }
                offset += u32::try_from(rows).unwrap();
            }
        })
        .await
    }

    async fn attention(&self, problems: u32) -> Cost {
        self.cost(async |this| {
            let view = this.app.call(AttentionRequest { limit: 10, ..AttentionRequest::default() }).await.unwrap();
            assert_eq!((view.open, view.problems.len()), (problems, 10));
        })
        .await
    }

    async fn search(&self) -> Cost {
        self.cost(async |this| {
            let request =
                OrganizationsRequest { filter: "000007".into(), limit: 50, ..OrganizationsRequest::default() };
            assert_eq!(this.app.call(request).await.unwrap().rows.len(), 1);
        })
        .await
    }
}

#[tokio::test]
async fn g1_first_page_reveal_and_rotation_cost_the_same_in_a_vault_twenty_times_larger() {
    let (small, large) = (Measured::of(SMALL, 0).await, Measured::of(LARGE, 0).await);
    for (what, small, large) in [
        ("first page", small.first_page().await, large.first_page().await),
        ("reveal", small.reveal().await, large.reveal().await),
        ("rotate", small.rotate().await, large.rotate().await),
    ] {
        // Rows that one operation touches stand in so many places of the index.
        let places = 6;
        assert!(large.read <= small.read + places * DEEPER, "{what}: {small:?}, then {large:?}");
        assert!(large.written <= small.written + places * DEEPER, "{what}: {small:?}, then {large:?}");
    }
}

#[tokio::test]
async fn the_inbox_costs_what_its_problems_cost_however_many_organizations_are_well() {
    let (small, large) = (Measured::of(SMALL, 0).await, Measured::of(LARGE, 0).await);
    for vault in [&small, &large] {
        synthetic::trouble(&vault.app, SMALL as usize).await.unwrap();
    }
    let (few, many) = (small.attention(SMALL).await, large.attention(SMALL).await);
    // The problems, the firm's row, and the organizations of one page.
    let places = 12;
    assert!(many.read <= few.read + places * DEEPER, "{few:?}, then {many:?}");
    assert_eq!((few.written, many.written), (0, 0));
    let all = large.search().await.read;
    assert!(many.read < all, "{many:?}, and {all} pages of names: it reads the whole list");
}

#[tokio::test]
async fn g2_a_list_and_a_search_read_each_page_of_names_once() {
    let (small, large) = (Measured::of(SMALL, 0).await, Measured::of(LARGE, 0).await);
    let (list, search) = (large.list().await, large.search().await);
    // No page of names is read again for the next page of the list: both read the same ones.
    assert!(list.read <= search.read + DEEPER, "{list:?}, {search:?}");
    let (few, many) = (small.search().await.read.max(1), search.read);
    assert!(many <= few * u64::from(LARGE / SMALL) + DEEPER, "{few} pages, then {many}");
    assert_eq!((list.written, search.written), (0, 0));
}

#[tokio::test]
async fn g8_after_a_year_of_daily_rotations_an_unlock_and_a_reveal_cost_what_they_did() {
    let (fresh, old) = (Measured::of(3, 0).await, Measured::of(3, 730).await);
    for (what, fresh, old) in [
        ("first page", fresh.first_page().await, old.first_page().await),
        ("reveal", fresh.reveal().await, old.reveal().await),
        ("rotate", fresh.rotate().await, old.rotate().await),
    ] {
        let places = 6;
        assert!(old.read <= fresh.read + places * DEEPER, "{what}: {fresh:?}, then {old:?}");
        assert!(old.written <= fresh.written + places * DEEPER, "{what}: {fresh:?}, then {old:?}");
    }
}
