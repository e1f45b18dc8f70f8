//! Fuzzes `ledger::entry`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| vitrine_fuzz::ledger::entry(bytes));
