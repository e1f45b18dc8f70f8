//! Somebody edits the database while the vault is locked.

use super::{LEDGER, Veil, append, hash, unlocked};
use crate::store::{Direction, Span, Store, StoreError};
use std::ops::ControlFlow;

async fn edit(store: &Store, sql: &'static str) {
    store.lock_index().await;
    sqlx::raw_sql(sql).execute(&mut store.state.lock().await.connection).await.unwrap();
}

async fn read_all(store: &Store) -> Result<(), StoreError> {
    store.unlock_index(Veil).await?;
    store.index_scan(&Span::all(), Direction::Forward, |_, _| ControlFlow::Continue(())).await
}

async fn filled(folder: &std::path::Path) -> Store {
    let store = unlocked(folder).await;
    for seq in 0..200 {
        append(&store, seq).await;
    }
    store
}

#[tokio::test]
async fn edited_pages_are_noticed_and_named() {
    let edits = [
        "UPDATE pages SET bytes = (SELECT bytes FROM pages WHERE id = 2) WHERE id = 1",
        "UPDATE pages SET id = -1 WHERE id = 1; UPDATE pages SET id = 1 WHERE id = 2; \
         UPDATE pages SET id = 2 WHERE id = -1",
        "UPDATE pages SET bytes = substr(bytes, 1, length(bytes) - 1) WHERE id = 1",
        "UPDATE pages SET bytes = zeroblob(length(bytes)) WHERE id = 2",
        "DELETE FROM pages WHERE id = 1",
        "UPDATE pages SET bytes = substr(bytes, 1, 12) WHERE id = 0",
        "UPDATE pages SET bytes = x'00' WHERE id = 0",
        "DELETE FROM pages WHERE id = 0",
        "DELETE FROM pages",
    ];
    for sql in edits {
        let folder = tempfile::tempdir().unwrap();
        let store = filled(folder.path()).await;
        read_all(&store).await.unwrap();
        edit(&store, sql).await;
        assert!(matches!(read_all(&store).await, Err(StoreError::PageDamaged { page: 0..=2 })), "{sql}");
    }
}

#[tokio::test]
async fn page_of_an_earlier_day_is_noticed() {
    let folder = tempfile::tempdir().unwrap();
    let store = filled(folder.path()).await;
    edit(&store, "CREATE TEMP TABLE old AS SELECT * FROM pages").await;
    store.unlock_index(Veil).await.unwrap();
    append(&store, 200).await;
    edit(
        &store,
        "UPDATE pages SET bytes = (SELECT bytes FROM old WHERE old.id = pages.id) WHERE id = \
         (SELECT max(old.id) FROM old JOIN pages ON pages.id = old.id AND pages.bytes <> old.bytes)",
    )
    .await;
    assert!(matches!(read_all(&store).await, Err(StoreError::PageDamaged { .. })));
}

#[tokio::test]
async fn whole_index_of_an_earlier_day_shows_an_earlier_generation() {
    let folder = tempfile::tempdir().unwrap();
    let store = filled(folder.path()).await;
    edit(&store, "CREATE TEMP TABLE old AS SELECT * FROM pages").await;
    store.unlock_index(Veil).await.unwrap();
    append(&store, 200).await;
    let seen = store.index_generation().await.unwrap();
    edit(&store, "DELETE FROM pages; INSERT INTO pages SELECT * FROM old").await;
    read_all(&store).await.unwrap();
    assert_eq!(store.index_generation().await.unwrap(), seen - 1);
}

#[tokio::test]
async fn damaged_index_is_rebuilt_from_the_entries_and_its_generation_goes_on() {
    for sql in ["DELETE FROM pages WHERE id = 1", "DELETE FROM pages WHERE id = 0"] {
        let folder = tempfile::tempdir().unwrap();
        let store = filled(folder.path()).await;
        let seen = store.index_generation().await.unwrap();
        edit(&store, sql).await;
        assert!(read_all(&store).await.is_err());
        let entries = store.entries_by_arrival(0, 1000).await.unwrap();
        let mut tx = store.begin().await.unwrap();
        tx.reset_index(seen).await.unwrap();
        for entry in &entries {
            tx.index_put(&hash(entry.seq), &[3; 150]).await.unwrap();
        }
        tx.index_put(b"head", &entries.last().unwrap().bytes).await.unwrap();
        tx.commit().await.unwrap();
        read_all(&store).await.unwrap();
        assert_eq!(store.index_len().await.unwrap(), 201);
        assert!(store.index_generation().await.unwrap() > seen);
        assert_eq!(store.newest_seq(&LEDGER).await.unwrap(), Some(199));
    }
}

#[tokio::test]
async fn reset_that_is_dropped_changes_nothing_and_an_empty_reset_is_stored() {
    let folder = tempfile::tempdir().unwrap();
    let store = filled(folder.path()).await;
    let mut tx = store.begin().await.unwrap();
    tx.reset_index(0).await.unwrap();
    drop(tx);
    assert_eq!(store.index_len().await.unwrap(), 201);
    read_all(&store).await.unwrap();
    let seen = store.index_generation().await.unwrap();
    let mut tx = store.begin().await.unwrap();
    tx.reset_index(0).await.unwrap();
    tx.commit().await.unwrap();
    store.lock_index().await;
    store.unlock_index(Veil).await.unwrap();
    assert_eq!((store.index_len().await.unwrap(), store.index_generation().await.unwrap()), (0, seen + 1));
}
