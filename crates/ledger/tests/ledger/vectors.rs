//! The frozen vectors in `tests/vectors/ledger`: what was valid stays valid, what was refused stays refused, by the
//! same code. A second reader, `tests/vectors/ledger_reader.py`, gives the same verdicts.

use std::collections::BTreeMap;

use serde::Deserialize;
use vitrine_ledger::{Entry, MspChain, OrganizationState};

#[derive(Deserialize)]
struct File {
    bases: BTreeMap<String, Vec<String>>,
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    name: String,
    sort: String,
    msp: Option<String>,
    #[serde(default)]
    base: String,
    bytes: String,
    verdict: String,
    hash: Option<String>,
}

fn bytes(hex: &str) -> Vec<u8> {
    (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()).collect()
}

fn read() -> File {
    serde_json::from_str(include_str!("../../../../tests/vectors/ledger/vectors.json")).unwrap()
}

impl File {
    fn entries(&self, base: &str) -> Vec<Entry> {
        self.bases[base].iter().map(|hex| Entry::decode(&bytes(hex)).unwrap()).collect()
    }

    fn chain(&self, base: &str) -> MspChain {
        let entries = self.entries(base);
        let mut chain = MspChain::genesis(&entries[0]).unwrap();
        entries[1..].iter().for_each(|entry| chain.apply(entry).unwrap());
        chain
    }

    fn verdict(&self, case: &Case) -> &'static str {
        let entry = match Entry::decode(&bytes(&case.bytes)) {
            Ok(entry) => entry,
            Err(error) => return error.code(),
        };
        if let Some(hash) = &case.hash {
            assert_eq!(entry.hash().to_string(), *hash, "{}", case.name);
        }
        let result = match (case.sort.as_str(), case.base.as_str()) {
            ("entry", _) => Ok(()),
            ("msp", "") => MspChain::genesis(&entry).map(drop),
            ("msp", base) => self.chain(base).apply(&entry),
            (_, base) => {
                let msp = self.chain(case.msp.as_deref().unwrap());
                if base.is_empty() {
                    OrganizationState::genesis(&entry, &msp).map(drop)
                } else {
                    let entries = self.entries(base);
                    let begun = OrganizationState::genesis(&entries[0], &msp).unwrap();
                    let state = entries[1..].iter().fold(begun, |state, entry| state.apply(entry, &msp).unwrap());
                    state.apply(&entry, &msp).map(drop)
                }
            }
        };
        result.map_or_else(|refusal| refusal.code(), |()| "ok")
    }
}

#[test]
fn frozen_vectors_keep_their_verdicts() {
    let file = read();
    for case in &file.cases {
        assert_eq!(file.verdict(case), case.verdict, "{}", case.name);
    }
}

#[test]
fn most_vectors_are_broken_and_there_are_enough() {
    let file = read();
    let broken = file.cases.iter().filter(|case| case.verdict != "ok").count();
    assert!(file.cases.len() >= 100 && broken * 10 >= file.cases.len() * 7, "{broken} of {}", file.cases.len());
}
