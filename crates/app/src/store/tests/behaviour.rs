//! What the store promises on a good day.

use std::{fs, ops::ControlFlow, str::FromStr};

use sqlx::{ConnectOptions, Connection, sqlite::SqliteConnectOptions};

use super::{LEDGER, Veil, append, hash, unlocked};
use crate::store::{Direction, Span, Store, StoreError, VIEW_LIMIT};

#[tokio::test]
async fn what_was_committed_is_there_after_reopening() {
    let folder = tempfile::tempdir().unwrap();
    let store = unlocked(folder.path()).await;
    for seq in 0..20 {
        append(&store, seq).await;
    }
    let mut tx = store.begin().await.unwrap();
    tx.put_meta("device", b"first").await.unwrap();
    tx.put_meta("device", b"second").await.unwrap();
    assert!(tx.delete_object(&hash(3)).await.unwrap());
    assert!(!tx.delete_object(&hash(3)).await.unwrap());
    tx.commit().await.unwrap();
    store.close().await.unwrap();

    let store = unlocked(folder.path()).await;
    assert_eq!(store.entry(&LEDGER, 7).await.unwrap().unwrap(), 7_u64.to_le_bytes());
    assert_eq!(store.entry(&LEDGER, 20).await.unwrap(), None);
    assert_eq!(store.entry(&[2; 32], 7).await.unwrap(), None);
    assert_eq!(store.newest_seq(&LEDGER).await.unwrap(), Some(19));
    assert_eq!(store.newest_seq(&[2; 32]).await.unwrap(), None);
    let some = store.entries_from(&LEDGER, 15, 3).await.unwrap();
    assert_eq!(some.iter().map(|(seq, _)| *seq).collect::<Vec<_>>(), [15, 16, 17]);
    assert_eq!(store.object(&hash(4)).await.unwrap().unwrap(), [9; 1200]);
    assert_eq!(store.object(&hash(3)).await.unwrap(), None);
    assert_eq!(store.meta("device").await.unwrap().unwrap(), b"second");
    assert_eq!(store.index_value(b"head").await.unwrap().unwrap().as_slice(), 19_u64.to_le_bytes());
    assert_eq!((store.index_len().await.unwrap(), store.index_generation().await.unwrap()), (21, 20));

    let entries = store.entries_by_arrival(0, 100).await.unwrap();
    assert_eq!(entries.len(), 20);
    assert!(entries.iter().all(|entry| entry.ledger == LEDGER));
    assert_eq!(store.entries_by_arrival(entries[18].arrival, 100).await.unwrap(), entries[19..]);
    assert_eq!(store.objects_by_arrival(0, 100).await.unwrap().len(), 19);
}

#[tokio::test]
async fn place_that_is_taken_refuses_a_second_entry_and_the_change_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let store = unlocked(folder.path()).await;
    append(&store, 0).await;
    let mut tx = store.begin().await.unwrap();
    let refused = tx.append_entry(&LEDGER, 0, b"other").await;
    assert!(matches!(refused, Err(StoreError::EntryExists { seq: 0 })));
    tx.append_entry(&LEDGER, 1, b"next").await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(store.entry(&LEDGER, 0).await.unwrap().unwrap(), 0_u64.to_le_bytes());
    assert_eq!(store.entry(&LEDGER, 1).await.unwrap().unwrap(), b"next");
}

#[tokio::test]
async fn many_entries_of_a_ledger_are_appended_together_and_none_in_a_place_that_is_taken() {
    let folder = tempfile::tempdir().unwrap();
    let store = unlocked(folder.path()).await;
    let entries: Vec<_> = (0..100_u64).map(|seq| (seq, seq.to_le_bytes())).collect();
    let all: Vec<_> = entries.iter().map(|(seq, bytes)| (*seq, &bytes[..])).collect();
    let mut tx = store.begin().await.unwrap();
    tx.append_entries(&LEDGER, &all[..70]).await.unwrap();
    assert_eq!(tx.entries_from(&LEDGER, 60, 5).await.unwrap().len(), 5);
    tx.commit().await.unwrap();
    let mut tx = store.begin().await.unwrap();
    let refused = tx.append_entries(&LEDGER, &all[69..]).await;
    assert!(matches!(refused, Err(StoreError::EntryExists { seq: 69 })));
    drop(tx);
    let stored = store.entries_from(&LEDGER, 0, 200).await.unwrap();
    let expected: Vec<_> = entries[..70].iter().map(|(seq, bytes)| (*seq, bytes.to_vec())).collect();
    assert_eq!(stored, expected);
}

#[tokio::test]
async fn parked_change_leaves_nothing_lets_others_go_on_and_is_written_again_whole() {
    let folder = tempfile::tempdir().unwrap();
    let store = unlocked(folder.path()).await;
    append(&store, 0).await;
    append(&store, 1).await;
    let long = vec![7; 200_000];
    let mut tx = store.begin().await.unwrap();
    tx.keep_steps();
    tx.append_entry(&LEDGER, 2, b"next").await.unwrap();
    tx.put_object(&hash(2), b"sealed").await.unwrap();
    assert!(tx.delete_object(&hash(0)).await.unwrap());
    tx.put_meta("device", b"named").await.unwrap();
    tx.index_put(b"key", b"value").await.unwrap();
    tx.index_put_long(b"long", &long).await.unwrap();
    assert!(tx.index_delete(&hash(1)).await.unwrap());
    let parked = tx.park();

    assert_eq!(store.newest_seq(&LEDGER).await.unwrap(), Some(1));
    assert!(store.object(&hash(0)).await.unwrap().is_some() && store.object(&hash(2)).await.unwrap().is_none());
    assert!(store.meta("device").await.unwrap().is_none() && store.index_value(b"key").await.unwrap().is_none());
    assert!(store.index_value(&hash(1)).await.unwrap().is_some());
    // Somebody else's change, of something else.
    let mut other = store.begin().await.unwrap();
    other.index_put(b"other", b"theirs").await.unwrap();
    other.commit().await.unwrap();

    let mut tx = store.begin().await.unwrap();
    tx.replay(&parked).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(store.entry(&LEDGER, 2).await.unwrap().unwrap(), b"next");
    assert_eq!(store.object(&hash(2)).await.unwrap().unwrap(), b"sealed");
    assert!(store.object(&hash(0)).await.unwrap().is_none());
    assert_eq!(store.meta("device").await.unwrap().unwrap(), b"named");
    assert_eq!(store.index_value(b"key").await.unwrap().unwrap().as_slice(), b"value");
    assert_eq!(store.index_long_value(b"long").await.unwrap().unwrap().as_slice(), long);
    assert!(store.index_value(&hash(1)).await.unwrap().is_none());
    assert_eq!(store.index_value(b"other").await.unwrap().unwrap().as_slice(), b"theirs");
}

#[tokio::test]
async fn change_that_is_dropped_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let store = unlocked(folder.path()).await;
    append(&store, 0).await;
    let mut tx = store.begin().await.unwrap();
    tx.append_entry(&LEDGER, 1, b"gone").await.unwrap();
    tx.put_object(&hash(1), b"gone").await.unwrap();
    tx.index_put(b"head", b"gone").await.unwrap();
    tx.index_delete(&hash(0)).await.unwrap();
    assert_eq!(tx.index_value(b"head").await.unwrap().unwrap().as_slice(), b"gone");
    assert_eq!(tx.entry(&LEDGER, 1).await.unwrap().unwrap(), b"gone");
    drop(tx);
    assert_eq!(store.entry(&LEDGER, 1).await.unwrap(), None);
    assert_eq!(store.object(&hash(1)).await.unwrap(), None);
    assert_eq!(store.index_value(b"head").await.unwrap().unwrap().as_slice(), 0_u64.to_le_bytes());
    assert!(store.index_value(&hash(0)).await.unwrap().is_some());
    append(&store, 1).await;
}

#[tokio::test]
async fn commit_cut_off_at_any_await_leaves_memory_and_disk_agreed() {
    let folder = tempfile::tempdir().unwrap();
    let store = unlocked(folder.path()).await;
    append(&store, 0).await;
    for polls in 0..12_u64 {
        let seq = store.newest_seq(&LEDGER).await.unwrap().unwrap() + 1;
        let mut tx = store.begin().await.unwrap();
        tx.append_entry(&LEDGER, seq, b"cut").await.unwrap();
        tx.index_put(b"head", &seq.to_le_bytes()).await.unwrap();
        let mut commit = Box::pin(tx.commit());
        for _ in 0..=polls {
            if std::future::poll_fn(|context| std::task::Poll::Ready(commit.as_mut().poll(context).is_ready())).await {
                break;
            }
            tokio::task::yield_now().await;
        }
        drop(commit);
        let newest = store.newest_seq(&LEDGER).await.unwrap().unwrap();
        assert_eq!(store.index_value(b"head").await.unwrap().unwrap().as_slice(), newest.to_le_bytes());
    }
}

#[tokio::test]
async fn lists_go_both_ways_and_stop_when_told() {
    let folder = tempfile::tempdir().unwrap();
    let store = unlocked(folder.path()).await;
    let mut tx = store.begin().await.unwrap();
    for number in 0..1000_u16 {
        tx.index_put(&[b"row/".as_slice(), &number.to_be_bytes()].concat(), &[0; 200]).await.unwrap();
        tx.index_put(&[b"sow/".as_slice(), &number.to_be_bytes()].concat(), &[0; 200]).await.unwrap();
    }
    tx.commit().await.unwrap();
    let span = Span::prefix(b"row/");
    let first = store.index_range(&span, Direction::Forward, 50).await.unwrap();
    assert_eq!((first.len(), first[49].key.as_slice()), (50, b"row/\0\x31".as_slice()));
    let next = store.index_range(&span.clone().from(b"row/\0\x32"), Direction::Forward, 1).await.unwrap();
    assert_eq!(next[0].key.as_slice(), b"row/\0\x32");
    let last = store.index_range(&span, Direction::Backward, 1).await.unwrap();
    assert_eq!(last[0].key.as_slice(), b"row/\x03\xe7");
    let before = store.index_range(&span.clone().before(b"row/\x03\xe7"), Direction::Backward, 1).await.unwrap();
    assert_eq!(before[0].key.as_slice(), b"row/\x03\xe6");
    let mut seen = 0;
    store
        .index_scan(&Span::all(), Direction::Forward, |_, _| {
            seen += 1;
            if seen == 1500 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        })
        .await
        .unwrap();
    assert_eq!(seen, 1500);
    assert_eq!(store.index_range(&Span::prefix(&[255, 255]), Direction::Forward, 9).await.unwrap().len(), 0);
    assert_eq!(store.index_range(&Span::between(b"s", b"r"), Direction::Backward, 9).await.unwrap().len(), 0);
}

#[tokio::test]
async fn second_process_is_told_that_the_folder_is_in_use() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path()).await.unwrap();
    assert!(matches!(Store::open(folder.path()).await, Err(StoreError::InUse { .. })));
    store.close().await.unwrap();
    Store::open(folder.path()).await.unwrap();
}

#[tokio::test]
async fn locked_index_answers_nothing_and_entries_stay_readable() {
    let folder = tempfile::tempdir().unwrap();
    let store = unlocked(folder.path()).await;
    append(&store, 0).await;
    store.lock_index().await;
    assert!(matches!(store.index_value(b"head").await, Err(StoreError::IndexLocked)));
    let mut tx = store.begin().await.unwrap();
    assert!(matches!(tx.index_put(b"head", b"").await, Err(StoreError::IndexLocked)));
    tx.append_entry(&LEDGER, 1, b"staged").await.unwrap();
    tx.commit().await.unwrap();
    assert!(store.entry(&LEDGER, 1).await.unwrap().is_some());
    store.unlock_index(Veil).await.unwrap();
    assert!(store.index_value(b"head").await.unwrap().is_some());
}

#[tokio::test]
async fn only_what_the_seal_made_reaches_the_disk() {
    let folder = tempfile::tempdir().unwrap();
    let store = unlocked(folder.path()).await;
    let mut tx = store.begin().await.unwrap();
    for number in 0..2000_u32 {
        tx.index_put(format!("canary-name-{number}").as_bytes(), b"canary-value").await.unwrap();
    }
    tx.commit().await.unwrap();
    let look = || {
        for file in fs::read_dir(folder.path()).unwrap() {
            let bytes = fs::read(file.unwrap().path()).unwrap();
            assert!(!bytes.windows(7).any(|window| window == b"canary-"));
        }
    };
    look();
    store.close().await.unwrap();
    look();
}

#[tokio::test]
async fn deleted_object_is_overwritten_in_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let store = unlocked(folder.path()).await;
    let mut tx = store.begin().await.unwrap();
    tx.put_object(&hash(1), b"bytes-to-vanish").await.unwrap();
    tx.commit().await.unwrap();
    let mut tx = store.begin().await.unwrap();
    tx.delete_object(&hash(1)).await.unwrap();
    tx.commit().await.unwrap();
    store.close().await.unwrap();
    let bytes = fs::read(folder.path().join("vitrine.db")).unwrap();
    assert!(!bytes.windows(15).any(|window| window == b"bytes-to-vanish"));
}

#[cfg(unix)]
#[tokio::test]
async fn folder_and_files_are_closed_to_other_users() {
    use std::os::unix::fs::PermissionsExt;

    let parent = tempfile::tempdir().unwrap();
    let folder = parent.path().join("vault");
    fs::create_dir(&folder).unwrap();
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o755)).unwrap();
    fs::write(folder.join("vitrine.db"), b"").unwrap();
    fs::set_permissions(folder.join("vitrine.db"), fs::Permissions::from_mode(0o664)).unwrap();
    let store = unlocked(&folder).await;
    append(&store, 0).await;
    let mode = |path: &std::path::Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&folder), 0o700);
    let files: Vec<_> = fs::read_dir(&folder).unwrap().map(|file| file.unwrap().path()).collect();
    assert!(files.len() >= 4, "{files:?}");
    for file in files {
        assert_eq!(mode(&file), 0o600, "{}", file.display());
    }
}

#[tokio::test]
async fn folder_that_cannot_be_made_is_named() {
    let parent = tempfile::tempdir().unwrap();
    let file = parent.path().join("file");
    fs::write(&file, b"").unwrap();
    let error = Store::open(&file.join("vault")).await.err().unwrap();
    assert!(error.to_string().contains("vault"), "{error}");
}

#[tokio::test]
async fn database_of_a_newer_version_is_refused_untouched() {
    let folder = tempfile::tempdir().unwrap();
    unlocked(folder.path()).await.close().await.unwrap();
    pragma(folder.path(), "PRAGMA user_version = 99").await;
    let error = Store::open(folder.path()).await.err().unwrap();
    assert!(matches!(error, StoreError::Newer { found: 99, known: 2 }), "{error}");
}

#[tokio::test]
async fn foreign_and_damaged_databases_are_told_apart() {
    let folder = tempfile::tempdir().unwrap();
    pragma(folder.path(), "CREATE TABLE contacts (name TEXT)").await;
    assert!(matches!(Store::open(folder.path()).await, Err(StoreError::Foreign)));
    fs::write(folder.path().join("vitrine.db"), vec![0x42; 20_000]).unwrap();
    assert!(matches!(Store::open(folder.path()).await, Err(StoreError::Corrupted)));
}

#[tokio::test]
async fn rows_beyond_their_limits_are_refused_and_the_change_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let store = unlocked(folder.path()).await;
    let mut tx = store.begin().await.unwrap();
    for (key, value) in [(0, 1), (513, 1), (1, 60 * 1024 + 1)] {
        let refused = tx.index_put(&vec![1; key], &vec![1; value]).await;
        assert!(matches!(refused, Err(StoreError::RowTooLarge { .. })));
    }
    tx.index_put(&[1; 512], &vec![1; 60 * 1024]).await.unwrap();
    assert!(matches!(tx.append_entry(&LEDGER, u64::MAX, b"").await, Err(StoreError::OutOfRange)));
    tx.commit().await.unwrap();
    assert_eq!(store.index_value(&[1; 512]).await.unwrap().unwrap().len(), 60 * 1024);
    let mut state = store.state.lock().await;
    let longest: i64 =
        sqlx::query_scalar("SELECT max(length(bytes)) FROM pages").fetch_one(&mut state.connection).await.unwrap();
    assert!(longest <= 64 * 1024 - 96);
}

#[tokio::test]
async fn value_of_any_length_comes_back_whole() {
    let folder = tempfile::tempdir().unwrap();
    let store = unlocked(folder.path()).await;
    assert!(store.index_long_value(b"fold").await.unwrap().is_none());
    for len in [500_000, 200_001, 7_900, 0, 90_000] {
        let value: Vec<u8> = (0..len).map(|at: u32| at.to_le_bytes()[0] ^ at.to_le_bytes()[1]).collect();
        let mut tx = store.begin().await.unwrap();
        tx.index_put(b"fold", b"beside").await.unwrap();
        tx.index_put(b"foldx", b"beside").await.unwrap();
        tx.index_put_long(b"fold", &value).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(store.index_long_value(b"fold").await.unwrap().unwrap().as_slice(), value);
        let parts = value.chunks(7_900).count().max(1) as u64;
        assert_eq!(store.index_len().await.unwrap(), 2 + parts);
    }
}

#[tokio::test]
async fn value_that_stays_the_same_is_not_stored_again() {
    let folder = tempfile::tempdir().unwrap();
    let store = unlocked(folder.path()).await;
    append(&store, 0).await;
    let before = (store.index_generation().await.unwrap(), store.index_counts().await.pages_written);
    let mut tx = store.begin().await.unwrap();
    tx.index_put(b"head", &0_u64.to_le_bytes()).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!((store.index_generation().await.unwrap(), store.index_counts().await.pages_written), before);
}

#[tokio::test]
async fn view_records_are_kept_in_order_until_they_are_carried() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path()).await.unwrap();
    assert_eq!(store.last_view_counter().await.unwrap(), 0);
    for counter in 1..=300 {
        store.write_view_record(counter, counter.to_le_bytes().to_vec()).await.unwrap();
    }
    let again = store.write_view_record(300, vec![]).await;
    assert!(matches!(again, Err(StoreError::ViewOutOfOrder { counter: 300, last: 300 })));
    let long = store.write_view_record(301, vec![0; VIEW_LIMIT + 1]).await;
    assert!(matches!(long, Err(StoreError::ViewTooLarge { .. })));
    let size = || fs::metadata(folder.path().join("views")).unwrap().len();
    let before = size();

    let mut tx = store.begin().await.unwrap();
    tx.mark_views_carried(300);
    drop(tx);
    assert_eq!(store.view_records_after(0, 1000).await.unwrap().len(), 300, "a dropped change frees nothing");
    let mut tx = store.begin().await.unwrap();
    tx.mark_views_carried(300);
    tx.commit().await.unwrap();
    drop(store);

    let store = Store::open(folder.path()).await.unwrap();
    assert_eq!(store.last_view_counter().await.unwrap(), 300);
    store.write_view_record(301, vec![1; VIEW_LIMIT]).await.unwrap();
    let kept = store.view_records_after(299, 1000).await.unwrap();
    assert_eq!(kept[0].bytes, 300_u64.to_le_bytes(), "the next record names the hash of this one");
    for counter in 302..=500 {
        store.write_view_record(counter, vec![1; VIEW_LIMIT]).await.unwrap();
    }
    let kept = store.view_records_after(300, 1000).await.unwrap();
    assert_eq!(kept.iter().map(|record| record.counter).collect::<Vec<_>>(), (301..=500).collect::<Vec<_>>());
    assert_eq!(size(), before, "slots of carried records are used again");
}

#[test]
fn released_layouts_are_frozen() {
    use sha2::{Digest, Sha256};
    let first = Sha256::digest(include_bytes!("../../../migrations/0001_first.sql"));
    assert_eq!(
        first[..8],
        [0x61, 0xe7, 0xc8, 0x36, 0x37, 0xe5, 0xfb, 0x65],
        "a released migration is never edited; add a new file"
    );
}

async fn pragma(folder: &std::path::Path, sql: &'static str) {
    let options = SqliteConnectOptions::from_str("sqlite:").unwrap();
    let options = options.filename(folder.join("vitrine.db")).create_if_missing(true);
    let mut connection = options.connect().await.unwrap();
    sqlx::raw_sql(sql).execute(&mut connection).await.unwrap();
    connection.close().await.unwrap();
}
