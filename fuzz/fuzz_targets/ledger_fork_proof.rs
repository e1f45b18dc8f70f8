//! Fuzzes `ledger::fork_proof`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| vitrine_fuzz::ledger::fork_proof(bytes));
