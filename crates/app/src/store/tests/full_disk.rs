//! A disk without a free byte: nothing half-stored, everything readable, and a view can still be recorded.

use std::{fs, path::Path};

use super::{LEDGER, append, hash, unlocked};
use crate::store::{Store, StoreError};

/// Writes until the store refuses, and returns what it said and the number of the change that failed.
async fn fill(store: &Store) -> (StoreError, u64) {
    let mut seq = 0;
    loop {
        let change = async {
            let mut tx = store.begin().await?;
            tx.append_entry(&LEDGER, seq, &seq.to_le_bytes()).await?;
            tx.put_object(&hash(seq), &vec![9; 20_000]).await?;
            tx.index_put(b"head", &seq.to_le_bytes()).await?;
            tx.commit().await
        };
        if let Err(error) = change.await {
            return (error, seq);
        }
        seq += 1;
    }
}

async fn check_readable_and_viewable(store: &Store, folder: &Path, failed: u64) {
    assert_eq!(store.newest_seq(&LEDGER).await.unwrap(), failed.checked_sub(1));
    assert_eq!(store.object(&hash(failed)).await.unwrap(), None);
    let head = store.index_value(b"head").await.unwrap().unwrap();
    assert_eq!(head.as_slice(), (failed - 1).to_le_bytes());
    let size = fs::metadata(folder.join("views")).unwrap().len();
    for counter in 1..=256 {
        store.write_view_record(counter, vec![5; 900]).await.unwrap();
    }
    assert_eq!(store.view_records_after(0, 1000).await.unwrap().len(), 256);
    assert!(size >= 256 * 2048, "the reserve was there before it was needed");
}

#[tokio::test]
async fn full_database_rolls_back_and_recovers_when_space_returns() {
    let folder = tempfile::tempdir().unwrap();
    let store = unlocked(folder.path()).await;
    limit(&store, "PRAGMA max_page_count = 60").await;
    let (error, failed) = fill(&store).await;
    assert!(matches!(error, StoreError::DiskFull), "{error}");
    check_readable_and_viewable(&store, folder.path(), failed).await;
    limit(&store, "PRAGMA max_page_count = 100000").await;
    append(&store, failed).await;
    assert_eq!(store.newest_seq(&LEDGER).await.unwrap(), Some(failed));
}

#[tokio::test]
async fn change_goes_no_further_after_the_disk_was_full() {
    let folder = tempfile::tempdir().unwrap();
    let store = unlocked(folder.path()).await;
    limit(&store, "PRAGMA max_page_count = 20").await;
    let mut tx = store.begin().await.unwrap();
    tx.append_entry(&LEDGER, 0, b"first half").await.unwrap();
    assert!(matches!(tx.append_entry(&LEDGER, 1, &vec![9; 500_000]).await, Err(StoreError::DiskFull)));
    limit_in(&mut tx, "PRAGMA max_page_count = 100000").await;
    assert!(matches!(tx.append_entry(&LEDGER, 2, b"second half").await, Err(StoreError::Abandoned)));
    assert!(matches!(tx.commit().await, Err(StoreError::Abandoned)));
    assert_eq!(store.newest_seq(&LEDGER).await.unwrap(), None);
}

/// The system itself refuses to let any file grow: what an overwritten row cannot survive, a reserved slot can.
#[cfg(unix)]
#[test]
fn view_is_recorded_when_no_file_can_grow() {
    let folder = tempfile::tempdir().unwrap();
    let test = concat!(module_path!(), "::fills_a_disk_that_is_small");
    let test = test.split_once("::").unwrap().1;
    // 1,100 blocks of 512 bytes: a little more than the reserve.
    let output = std::process::Command::new("sh")
        .args(["-c", "trap '' XFSZ; ulimit -f 1100; exec \"$0\" --exact \"$1\" --nocapture"])
        .arg(std::env::current_exe().unwrap())
        .arg(test)
        .env("VITRINE_TEST_SMALL_DISK", folder.path())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
    assert!(said.contains("1 passed"), "{said}");
    assert!(folder.path().join("recorded").exists(), "{said}");
}

/// Runs in the process that [`view_is_recorded_when_no_file_can_grow`] starts; elsewhere there is nothing to do.
#[cfg(unix)]
#[tokio::test]
async fn fills_a_disk_that_is_small() {
    let Some(folder) = std::env::var_os("VITRINE_TEST_SMALL_DISK") else { return };
    let folder = Path::new(&folder);
    let store = unlocked(folder).await;
    let (_, failed) = fill(&store).await;
    assert!(failed > 3);
    check_readable_and_viewable(&store, folder, failed).await;
    fs::write(folder.join("recorded"), b"").unwrap();
}

async fn limit(store: &Store, sql: &'static str) {
    sqlx::raw_sql(sql).execute(&mut store.state.lock().await.connection).await.unwrap();
}

async fn limit_in(tx: &mut crate::store::Tx<'_>, sql: &'static str) {
    sqlx::raw_sql(sql).execute(tx.connection()).await.unwrap();
}
