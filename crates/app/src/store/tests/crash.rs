//! The process is killed at any instant: the next one finds the state before or the state after.

use std::{
    collections::BTreeMap,
    hash::{BuildHasher, RandomState},
    io::{BufRead, BufReader, Write},
    path::Path,
    process::{Child, Command, Stdio},
};

use zeroize::Zeroizing;

use super::{hash, unlocked};
use crate::store::{Direction, Span, Store};

const LEDGERS: u64 = 3;

fn ledger(number: u64) -> [u8; 32] {
    hash(1_000_000 + number % LEDGERS)
}

fn number_in(value: Option<Zeroizing<Vec<u8>>>) -> u64 {
    value.map_or(0, |value| u64::from_le_bytes(value.as_slice().try_into().unwrap()))
}

/// Changes everything there is to change, and says when it is done.
async fn write_for_ever(store: Store) {
    let mut number = store.entries_by_arrival(0, usize::MAX).await.unwrap().len() as u64;
    loop {
        store.write_view_record(store.last_view_counter().await.unwrap() + 1, vec![1; 100]).await.unwrap();
        let counter = store.last_view_counter().await.unwrap();
        let mut tx = store.begin().await.unwrap();
        let ledger = ledger(number);
        let seq = number_in(tx.index_value(&ledger).await.unwrap());
        tx.append_entry(&ledger, seq, &hash(number)).await.unwrap();
        tx.put_object(&hash(number), &[9; 1200]).await.unwrap();
        tx.index_put(&ledger, &(seq + 1).to_le_bytes()).await.unwrap();
        for row in 0..8_u64 {
            tx.index_put(&hash(number * 8 + row), &[3; 150]).await.unwrap();
        }
        if number > 40 {
            tx.index_delete(&hash((number - 40) * 8)).await.unwrap();
        }
        tx.mark_views_carried(counter);
        tx.commit().await.unwrap();
        number += 1;
        writeln!(std::io::stdout(), "acknowledged {counter}").unwrap();
    }
}

/// Opens what a killed process left and checks that it is whole. Returns the number of entries.
async fn check(folder: &Path, acknowledged: u64) -> usize {
    let store = unlocked(folder).await;
    let mut rows = 0;
    store
        .index_scan(&Span::all(), Direction::Backward, |_, _| {
            rows += 1;
            std::ops::ControlFlow::Continue(())
        })
        .await
        .unwrap();
    assert_eq!(rows, store.index_len().await.unwrap());

    let mut next = BTreeMap::<_, u64>::new();
    let entries = store.entries_by_arrival(0, usize::MAX).await.unwrap();
    for entry in &entries {
        let seq = next.entry(entry.ledger).or_default();
        assert_eq!(entry.seq, *seq, "entries are contiguous");
        *seq += 1;
        assert!(store.object(entry.bytes.as_slice().try_into().unwrap()).await.unwrap().is_some());
    }
    for number in 0..LEDGERS {
        let head = store.index_value(&ledger(number)).await.unwrap();
        assert_eq!(
            number_in(head),
            next.get(&ledger(number)).copied().unwrap_or(0),
            "the index names the newest entry"
        );
    }
    assert_eq!(store.objects_by_arrival(0, usize::MAX).await.unwrap().len(), entries.len());
    assert!(store.last_view_counter().await.unwrap() >= acknowledged, "an acknowledged view record is durable");
    store.close().await.unwrap();
    entries.len()
}

/// Runs in the processes that the tests below kill; elsewhere there is nothing to do.
#[tokio::test]
async fn writes_until_killed() {
    if let Some(folder) = std::env::var_os("VITRINE_TEST_WRITE") {
        write_for_ever(unlocked(Path::new(&folder)).await).await;
    }
}

fn writer(folder: &Path) -> Command {
    let test = concat!(module_path!(), "::writes_until_killed");
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", test.split_once("::").unwrap().1, "--nocapture"]);
    command.env("VITRINE_TEST_WRITE", folder).stdout(Stdio::piped());
    command
}

/// Reads what the writer acknowledged, killing it after `lines` lines, until its output ends.
fn follow(writer: &mut Child, lines: u64) -> (u64, u64) {
    let (mut seen, mut newest) = (0, 0);
    for line in BufReader::new(writer.stdout.take().unwrap()).lines() {
        if let Some(counter) = line.unwrap().strip_prefix("acknowledged ") {
            newest = counter.parse().unwrap();
            seen += 1;
            if seen == lines {
                writer.kill().unwrap();
            }
        }
    }
    writer.wait().unwrap();
    (seen, newest)
}

#[tokio::test]
async fn killed_at_any_instant_the_store_is_whole_and_nothing_acknowledged_is_lost() {
    let folder = tempfile::tempdir().unwrap();
    let (mut acknowledged, mut total, mut stored) = (0, 0, 0);
    for round in 0..32_u64 {
        let mut child = writer(folder.path()).spawn().unwrap();
        // The writer runs on while the line is read, so the kill falls anywhere in what it does next.
        let lines = 1 + RandomState::new().hash_one(round) % 12;
        let (seen, newest) = follow(&mut child, lines);
        assert!(seen >= lines, "round {round}: the writer ended by itself");
        acknowledged = acknowledged.max(newest);
        total += seen;
        stored = check(folder.path(), acknowledged).await;
    }
    assert!(stored as u64 >= total, "{stored} entries are stored, {total} were acknowledged");
}

/// Every named point in turn, at its third pass or its last.
#[cfg(feature = "failpoints")]
#[tokio::test]
async fn killed_at_every_named_point_the_store_is_whole() {
    let log = tempfile::NamedTempFile::new().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let mut child = writer(folder.path()).env("VITRINE_FAILPOINT_LOG", log.path()).spawn().unwrap();
    follow(&mut child, 5);
    let passed = std::fs::read_to_string(log.path()).unwrap();
    let mut points = std::collections::BTreeMap::new();
    for point in passed.lines().filter(|line| line.starts_with("store.")) {
        *points.entry(point).or_insert(0) += 1;
    }
    assert!(points.len() >= 8, "{points:?}");
    for (point, passes) in points {
        let folder = tempfile::tempdir().unwrap();
        let at = format!("{point}:{}", passes.min(3));
        let mut child = writer(folder.path()).env("VITRINE_FAILPOINT", at).spawn().unwrap();
        let (seen, newest) = follow(&mut child, 100);
        assert!(seen < 100, "{point} killed nothing");
        let stored = check(folder.path(), newest).await as u64;
        assert!(stored == seen || stored == seen + 1, "{point}: {seen} acknowledged, {stored} stored");
    }
}

/// What ships has no switch that kills it.
#[cfg(not(feature = "failpoints"))]
#[tokio::test]
async fn without_the_feature_no_variable_kills_the_process() {
    let folder = tempfile::tempdir().unwrap();
    let mut child = writer(folder.path()).env("VITRINE_FAILPOINT", "store.begin.before:1").spawn().unwrap();
    let (seen, _) = follow(&mut child, 3);
    assert!(seen >= 3);
}
