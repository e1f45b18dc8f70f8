//! The fuzz bodies on the stable compiler: over a corpus of good bytes, over mutations of them, and over random bytes.
//! `VITRINE_DEEP=1` runs a hundred times as many; `VITRINE_SEED` draws others.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "../../../fuzz/src/vault.rs"]
#[allow(unreachable_pub, reason = "public to the fuzz targets, which are another package")]
mod bodies;

use bodies::{BODIES, header, key};
use data_encoding::HEXLOWER;
use rand::{RngExt, SeedableRng, rngs::StdRng};
use std::collections::BTreeMap;
use std::iter;
use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Good bytes of every format: the accepted cases of the frozen vectors, and what else a body reads.
fn corpus() -> Vec<Vec<u8>> {
    let mut corpus: Vec<Vec<u8>> = vec![
        vec![],
        b"JBSWY3DPEHPK3PXP".to_vec(),
        b"otpauth://totp/x?secret=JBSWY3DPEHPK3PXP&digits=8&period=60&algorithm=SHA256".to_vec(),
        b"0123-4567-89AB-CDEF".to_vec(),
    ];
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/vectors/vault");
    for file in std::fs::read_dir(folder).unwrap() {
        let file: BTreeMap<String, serde_json::Value> =
            serde_json::from_slice(&std::fs::read(file.unwrap().path()).unwrap()).unwrap();
        for case in file["cases"].as_array().unwrap().iter().filter(|case| case["verdict"] == "accept") {
            corpus.extend(case["bytes"].as_str().map(|text| HEXLOWER.decode(text.as_bytes()).unwrap()));
            corpus.extend(["text", "code"].iter().filter_map(|key| Some(case[key].as_str()?.as_bytes().to_vec())));
        }
    }
    let rng = &mut StdRng::seed_from_u64(1);
    let item = vitrine_vault::items::AccountItem::new("a@b.onmicrosoft.com", "Emergency").encode().unwrap();
    corpus.push(vitrine_vault::object::seal(&header(), &item, &key(), rng).unwrap());
    corpus.push(vitrine_vault::page::PageKey::derive(&key()).seal(1, 2, b"index", rng).unwrap());
    corpus.push(item.expose().clone());
    corpus
}

fn mutate(bytes: &mut Vec<u8>, other: &[u8], rng: &mut StdRng) {
    for _ in 0..rng.random_range(1..4) {
        let at = rng.random_range(0..=bytes.len());
        match rng.random_range(0..6) {
            0 => bytes.truncate(at),
            1 => bytes.insert(at, rng.random()),
            2 if at < bytes.len() => bytes[at] ^= 1 << rng.random_range(0..8),
            3 if at < bytes.len() => bytes[at] = rng.random(),
            4 if at < bytes.len() => drop(bytes.remove(at)),
            _ => {
                let from = rng.random_range(0..=other.len());
                bytes.truncate(at);
                bytes.extend_from_slice(&other[from..]);
            }
        }
    }
}

#[test]
fn no_body_panics_on_good_mutated_or_random_bytes() {
    // Minutes of a run of full counts, whose fuzzing then goes a minute along the branches of each body.
    let rounds = if std::env::var("VITRINE_DEEP").is_ok_and(|deep| deep == "1") { 10_000 } else { 1_000 };
    let seed: u64 = std::env::var("VITRINE_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(2);
    let corpus = corpus();
    assert!(corpus.len() > 20);
    let run = |number: usize| {
        let (_, body) = BODIES[number];
        let rng = &mut StdRng::seed_from_u64(seed.wrapping_add(number as u64));
        for bytes in &corpus {
            body(bytes);
        }
        for _ in 0..rounds {
            let mut bytes = corpus[rng.random_range(0..corpus.len())].clone();
            mutate(&mut bytes, &corpus[rng.random_range(0..corpus.len())], rng);
            body(&bytes);
            let mut noise = vec![0; rng.random_range(0..300)];
            rng.fill(&mut noise[..]);
            body(&noise);
        }
    };
    // Side by side: some bodies take longer than all others together.
    let next = AtomicUsize::new(0);
    let take = || Some(next.fetch_add(1, Ordering::Relaxed)).filter(|number| *number < BODIES.len());
    let cores = std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
    std::thread::scope(|scope| {
        for _ in 0..cores {
            scope.spawn(|| iter::from_fn(take).for_each(run));
        }
    });
}

#[test]
fn every_body_has_a_fuzz_target() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/fuzz_targets");
    for (name, _) in BODIES {
        assert!(folder.join(format!("vault_{name}.rs")).is_file(), "vault_{name}");
    }
}
